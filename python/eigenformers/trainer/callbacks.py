"""Callbacks: what happens at each event of a run, in transformers' order."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..utils import logging
from .enums import IntervalStrategy, SaveStrategy
from .state import ExportableState

logger = logging.get_logger(__name__)

EVENTS = (
    "on_init_end", "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_step_begin",
    "on_pre_optimizer_step", "on_optimizer_step", "on_substep_end", "on_step_end", "on_evaluate", "on_predict",
    "on_save", "on_log", "on_prediction_step", "on_push_begin",
)  # fmt: skip


class TrainerCallback:
    """Base of callbacks: define the events that matter, `def on_log(self, args, state, control, logs, **kwargs)`.

    Keyword arguments of every event: `model, processing_class, optimizer, lr_scheduler, train_dataloader,
    eval_dataloader`; `logs` in `on_log`, `metrics` in `on_evaluate` and `on_predict`. Change `control` and return it,
    or return None. Events: before and after training, epochs and steps; `on_substep_end` after a batch that is only
    accumulated; `on_pre_optimizer_step` after clipping; `on_optimizer_step` before gradients are forgotten.
    """


def _event(name: str) -> Any:
    def method(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        return None

    method.__name__, method.__qualname__, method.__doc__ = name, f"TrainerCallback.{name}", f"Event `{name}`."
    return method


for _name in EVENTS:
    setattr(TrainerCallback, _name, _event(_name))

# What an event switches off before the callbacks are asked.
_RESETS = {
    "on_train_begin": ("should_training_stop",),
    "on_epoch_begin": ("should_epoch_stop",),
    "on_step_begin": ("should_log", "should_evaluate", "should_save"),
    "on_evaluate": ("should_evaluate",),
    "on_save": ("should_save",),
    "on_log": ("should_log",),
}


class CallbackHandler(TrainerCallback):
    """Calls a list of callbacks in order."""

    def __init__(self, callbacks: list, model: Any, processing_class: Any, optimizer: Any, lr_scheduler: Any):
        self.callbacks: list[Any] = []
        for callback in callbacks:
            self.add_callback(callback)
        self.model, self.processing_class = model, processing_class
        self.optimizer, self.lr_scheduler = optimizer, lr_scheduler
        self.train_dataloader = self.eval_dataloader = None
        if not any(isinstance(callback, DefaultFlowCallback) for callback in self.callbacks):
            logger.warning(
                "The Trainer will not work properly if you don't have a `DefaultFlowCallback` in its callbacks. You\n"
                "should add one before training with `trainer.add_callback(DefaultFlowCallback). The current list of"
                "callbacks is\n:" + self.callback_list
            )

    def add_callback(self, callback: Any) -> None:
        """Add a callback, or one made of a class."""
        kind = callback if isinstance(callback, type) else type(callback)
        if any(type(present) is kind for present in self.callbacks):
            logger.warning(
                f"You are adding a {kind} to the callbacks of this Trainer, but there is already one. The current"
                "list of callbacks is\n:" + self.callback_list
            )
        self.callbacks.append(callback() if isinstance(callback, type) else callback)

    def pop_callback(self, callback: Any) -> Any:
        """Take out and return a callback, or the first of a class; None when there is none."""
        for present in self.callbacks:
            if isinstance(present, callback) if isinstance(callback, type) else present == callback:
                self.callbacks.remove(present)
                return present
        return None

    def remove_callback(self, callback: Any) -> None:
        """Take out a callback, or the first of a class."""
        if isinstance(callback, type):
            self.pop_callback(callback)
        else:
            self.callbacks.remove(callback)

    @property
    def callback_list(self) -> str:
        """The names of the callbacks."""
        return "\n".join(type(callback).__name__ for callback in self.callbacks)

    def call_event(self, event: str, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Tell all callbacks; returns the control that the last of them returned."""
        for switch in _RESETS.get(event, ()):
            setattr(control, switch, False)
        for callback in list(self.callbacks):
            result = getattr(callback, event)(
                args, state, control, model=self.model, processing_class=self.processing_class,
                optimizer=self.optimizer, lr_scheduler=self.lr_scheduler, train_dataloader=self.train_dataloader,
                eval_dataloader=self.eval_dataloader, **kwargs,
            )  # fmt: skip
            control = control if result is None else result
        return control


def _handler_event(name: str) -> Any:
    extra = {"on_evaluate": "metrics", "on_predict": "metrics", "on_log": "logs"}.get(name)

    def method(self: Any, args: Any, state: Any, control: Any, *more: Any, **kwargs: Any) -> Any:
        if extra and more:
            kwargs[extra] = more[0]
        return self.call_event(name, args, state, control, **kwargs)

    method.__name__, method.__doc__ = name, f"Tell all callbacks of `{name}`."
    return method


for _name in EVENTS:
    setattr(CallbackHandler, _name, _handler_event(_name))


class DefaultFlowCallback(TrainerCallback):
    """Logs, evaluates and saves when the arguments say so, and ends the run."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """By steps; at the last step once more."""
        step = state.global_step
        if step == 1 and args.logging_first_step:
            control.should_log = True
        if args.logging_strategy == IntervalStrategy.STEPS and step % state.logging_steps == 0:
            control.should_log = True
        evaluates = args.eval_strategy == IntervalStrategy.STEPS and args.eval_delay <= step
        if evaluates and step % state.eval_steps == 0:
            control.should_evaluate = True
        saves = args.save_strategy == SaveStrategy.STEPS
        if saves and state.save_steps > 0 and step % state.save_steps == 0:
            control.should_save = True
        if step >= state.max_steps:
            control.should_training_stop = True
            control.should_evaluate = control.should_evaluate or evaluates
            control.should_save = control.should_save or saves
        return control

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """By epochs."""
        if args.logging_strategy == IntervalStrategy.EPOCH:
            control.should_log = True
        if args.eval_strategy == IntervalStrategy.EPOCH and args.eval_delay <= state.epoch:
            control.should_evaluate = True
        if args.save_strategy == SaveStrategy.EPOCH:
            control.should_save = True
        return control


class EarlyStoppingCallback(TrainerCallback, ExportableState):
    """Ends the run when `metric_for_best_model` has not improved for `early_stopping_patience` evaluations.

    Only improvements of more than `early_stopping_threshold` count.
    """

    def __init__(self, early_stopping_patience: int = 1, early_stopping_threshold: float | None = 0.0):
        self.early_stopping_patience = early_stopping_patience
        self.early_stopping_threshold = early_stopping_threshold
        self.early_stopping_patience_counter = 0

    def check_metric_value(self, args: Any, state: Any, control: Any, metric_value: float) -> None:
        """Count an evaluation without improvement."""
        better, best = np.greater if args.greater_is_better else np.less, state.best_metric
        if best is None or (better(metric_value, best) and abs(metric_value - best) > self.early_stopping_threshold):
            self.early_stopping_patience_counter = 0
        else:
            self.early_stopping_patience_counter += 1

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Checks the arguments that this needs."""
        if not args.load_best_model_at_end:
            logger.warning(
                "Using EarlyStoppingCallback without load_best_model_at_end=True. "
                "Once training is finished, the best model will not be loaded automatically."
            )
        if args.metric_for_best_model is None:
            raise AssertionError("EarlyStoppingCallback requires metric_for_best_model to be defined")
        if args.eval_strategy == IntervalStrategy.NO:
            raise AssertionError("EarlyStoppingCallback requires IntervalStrategy of steps or epoch")

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """Looks at the metric."""
        name = args.metric_for_best_model
        name = name if name.startswith("eval_") else f"eval_{name}"
        value = (metrics or {}).get(name)
        if value is None:
            logger.warning(
                f"early stopping required metric_for_best_model, but did not find {name} so early stopping is disabled"
            )
            return
        self.check_metric_value(args, state, control, value)
        if self.early_stopping_patience_counter >= self.early_stopping_patience:
            control.should_training_stop = True

    def state(self) -> dict:
        """Patience, threshold, and how much patience is used."""
        return {
            "args": {
                "early_stopping_patience": self.early_stopping_patience,
                "early_stopping_threshold": self.early_stopping_threshold,
            },
            "attributes": {"early_stopping_patience_counter": self.early_stopping_patience_counter},
        }
