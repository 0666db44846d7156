"""The training loop: epochs, accumulation, steps, in transformers' order of events."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

from .. import _core
from ..data.dataset import has_length
from ..data.loader import skip_first_batches
from ..errors import UnsupportedError
from ..nn.utils import clip_grad_norm_
from ..utils import logging
from .checkpoint_folders import last_complete_checkpoint
from .enums import SaveStrategy
from .neftune import activate_neftune
from .results import TrainOutput, speed_metrics

logger = logging.get_logger(__name__)


class _Plan:
    """How long the run is."""

    def __init__(self, trainer: Any, args: Any, dataloader: Any):
        batches = len(dataloader) if has_length(dataloader) else None
        self.batch = trainer._train_batch_size * args.gradient_accumulation_steps
        self.max_steps = args.max_steps
        if batches is not None:
            self.steps_per_epoch = max(math.ceil(batches / args.gradient_accumulation_steps), 1)
            if args.max_steps < 0:
                self.max_steps = math.ceil(args.num_train_epochs * self.steps_per_epoch)
        if batches:
            self.examples = trainer.num_examples(dataloader)
            if args.max_steps > 0:
                self.epochs = math.ceil(args.max_steps / self.steps_per_epoch)
                self.samples = args.max_steps * self.batch
            else:
                self.epochs = math.ceil(args.num_train_epochs)
                self.samples = self.examples * args.num_train_epochs
        elif args.max_steps > 0:  # nobody knows the length: as many passes as it takes
            self.epochs, self.steps_per_epoch = sys.maxsize, args.max_steps
            self.examples = self.samples = self.batch * args.max_steps
        else:
            raise ValueError(
                "args.max_steps must be set to a positive value if dataloader does not have a length, was"
                f" {args.max_steps}"
            )
        self.batches = batches if batches is not None else self.max_steps * args.gradient_accumulation_steps


class LoopMixin:
    """Part of Trainer."""

    def train(
        self, resume_from_checkpoint: str | bool | None = None, trial: Any = None,
        ignore_keys_for_eval: list[str] | None = None, **kwargs: Any,
    ) -> TrainOutput:  # fmt: skip
        """Train; returns steps, mean loss and metrics.

        Args:
            resume_from_checkpoint: a checkpoint folder, or True for the last one in `output_dir`. What follows has the
                same bits as if the run had never stopped.
            trial: of a hyperparameter search.
            ignore_keys_for_eval: outputs of the model that are no predictions.

        Raises:
            ValueError: True, and there is no checkpoint; an empty dataset. OSError: a checkpoint can't be written.
        """
        if "model_path" in kwargs:
            resume_from_checkpoint = kwargs.pop("model_path")
        if kwargs:
            raise TypeError(f"train() got unexpected keyword arguments: {', '.join(kwargs)}.")
        checkpoint = resume_from_checkpoint or None
        args = self.args
        self.is_in_train = True
        try:
            if self.model_init is not None:
                self._set_seed()
                self.model = self.model_wrapped = self.call_model_init(trial)
                self.optimizer = self.lr_scheduler = None
            if args.activation_checkpointing:
                self._enable_activation_checkpointing()
            self._align_special_tokens()
            self._hp_search_setup(trial)
            if checkpoint is True:
                checkpoint = last_complete_checkpoint(args.output_dir)
                if checkpoint is None:
                    raise ValueError(f"No valid checkpoint found in output directory ({args.output_dir})")
            hook = None if self.neftune_noise_alpha is None else activate_neftune(
                self._unwrapped_model(), self.neftune_noise_alpha
            )  # fmt: skip
            try:
                return self._with_fitting_batch(checkpoint, trial, ignore_keys_for_eval)
            finally:
                if hook is not None:
                    hook.remove()
        finally:
            self.is_in_train = False

    def _with_fitting_batch(self, checkpoint: str | None, trial: Any, ignore_keys: Any) -> TrainOutput:
        """The run; with `auto_find_batch_size`, with smaller batches when memory runs out."""
        if checkpoint is not None:
            self._load_from_checkpoint(checkpoint)
            stored = self._stored_state(checkpoint)
            if self.args.auto_find_batch_size and stored is not None and stored.train_batch_size is not None:
                self._train_batch_size = stored.train_batch_size
        if not self.args.auto_find_batch_size:
            return self._inner_training_loop(self._train_batch_size, self.args, checkpoint, trial, ignore_keys)
        start = {name: value.clone() for name, value in self.model.state_dict().items()}
        while self._train_batch_size > 0:
            try:
                return self._inner_training_loop(self._train_batch_size, self.args, checkpoint, trial, ignore_keys)
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                self._train_batch_size = int(self._train_batch_size * 0.9)
                logger.warning(f"Out of memory: trying again with batches of {self._train_batch_size}")
                self.model.load_state_dict(start)
                self.model.zero_grad()
                self.optimizer, self.lr_scheduler = self._given_optimizers
        raise RuntimeError("No executable batch size found, reached zero.")

    def _inner_training_loop(
        self, batch_size: int, args: Any, resume_from_checkpoint: str | None = None, trial: Any = None,
        ignore_keys_for_eval: Any = None,
    ) -> TrainOutput:  # fmt: skip
        self._train_batch_size = batch_size
        dataloader = self.get_train_dataloader()
        plan = _Plan(self, args, dataloader)
        self._init_state(plan, trial)
        resumed = None if resume_from_checkpoint is None else self._resume_state(resume_from_checkpoint, plan, trial)
        self._prepare_for_training(plan.max_steps, dataloader, resume_from_checkpoint)
        self._announce(plan)
        self._initial_tokens, self._initial_step = self.state.num_input_tokens_seen, self.state.global_step
        self._tr_loss, self._total_loss = 0.0, 0.0
        self._last_logged = self.state.global_step
        if resumed is not None:
            resumed.restore_sums(self)
        self.model.zero_grad()
        start = time.time()
        self.control = self.callback_handler.on_train_begin(args, self.state, self.control)
        if args.eval_on_start:
            self._evaluate(trial, ignore_keys_for_eval, skip_scheduler=True)
        # Whoever resumes from the last checkpoint of a run that was whole has no step left.
        complete = resumed is not None and self.state.global_step >= plan.max_steps
        first = 0 if resumed is None else resumed.epoch
        for epoch in range(first, first if complete else plan.epochs):
            self.control = self.callback_handler.on_epoch_begin(args, self.state, self.control)
            self._run_epoch(epoch, plan, dataloader, resumed, trial, ignore_keys_for_eval, start)
            resumed = None
            if self.control.should_training_stop:
                break
        return self._finalize_training(plan, trial, start)

    def _prepare_for_training(self, max_steps: int, dataloader: Any, checkpoint: str | None) -> None:
        if self._created_lr_scheduler:
            self.lr_scheduler, self._created_lr_scheduler = None, False
        self.create_optimizer_and_scheduler(num_training_steps=max_steps)
        if checkpoint is not None:
            self._load_optimizer_and_scheduler(checkpoint)
        handler = self.callback_handler
        handler.model, handler.optimizer, handler.lr_scheduler = self.model, self.optimizer, self.lr_scheduler
        handler.train_dataloader = dataloader

    def _run_epoch(
        self, epoch: int, plan: _Plan, dataloader: Any, resumed: Any, trial: Any, ignore_keys: Any, start: float
    ) -> None:
        """One pass over the data."""
        args, accumulate = self.args, self.args.gradient_accumulation_steps
        if callable(getattr(dataloader, "set_epoch", None)):
            dataloader.set_epoch(epoch)
        done = 0 if resumed is None else resumed.steps_done
        if resumed is not None:
            resumed.before_batches(self, dataloader)
        self._epoch_rng = self._rng_state()
        batches = iter(skip_first_batches(dataloader, done * accumulate) if done else dataloader)
        if resumed is not None:
            resumed.after_skipping(self)
        step, grad_norm, learning_rate = done * accumulate - 1, None, None
        for update in range(done, plan.steps_per_epoch):
            last = update == plan.steps_per_epoch - 1
            wanted = (plan.batches % accumulate or accumulate) if last else accumulate
            group, count = self.get_batch_samples(batches, wanted, args.device)
            self.current_gradient_accumulation_steps = len(group)
            for inputs in group:
                step += 1
                at_step = (step + 1) % accumulate == 0 or (step + 1) == plan.batches
                if step % accumulate == 0:
                    self.control = self.callback_handler.on_step_begin(args, self.state, self.control)
                self._add_loss(self.training_step(self.model, inputs, count))
                self.current_flos += float(self.floating_point_ops(inputs))
                self._track_num_input_tokens(inputs)
                if at_step:
                    grad_norm = self._clip_grad_norm()
                    learning_rate = self._optimizer_step()
                    self.state.global_step += 1
                    self.state.epoch = epoch + (step + 1) / plan.batches
                    self.control = self.callback_handler.on_step_end(args, self.state, self.control)
                    self._maybe_log_save_evaluate(grad_norm, trial, ignore_keys, start, learning_rate)
                else:
                    self.control = self.callback_handler.on_substep_end(args, self.state, self.control)
                if self.control.should_epoch_stop or self.control.should_training_stop:
                    break
            if len(group) < wanted or self.control.should_epoch_stop or self.control.should_training_stop:
                break
        if step < 0:
            logger.warning(
                "There seems not to be a single sample in your epoch_iterator, stopping training at step"
                f" {self.state.global_step}! This is expected if you're using an IterableDataset and set"
                f" num_steps ({self.state.max_steps}) higher than the number of available samples."
            )
            self.control.should_training_stop = True
        self._in_epoch_end = True
        self.control = self.callback_handler.on_epoch_end(args, self.state, self.control)
        self._maybe_log_save_evaluate(grad_norm, trial, ignore_keys, start, learning_rate)
        self._in_epoch_end = False

    def _add_loss(self, loss: Any) -> None:
        value = float(loss.item()) if hasattr(loss, "item") else float(loss)
        if self.args.logging_nan_inf_filter and not math.isfinite(value):
            self._tr_loss += self._tr_loss / (1 + self.state.global_step - self._last_logged)  # the mean so far
        else:
            self._tr_loss += value

    def _clip_grad_norm(self) -> Any:
        parameters = [p for p in self.model.parameters() if isinstance(p, _core.Tensor)]
        limit = self.args.max_grad_norm
        return clip_grad_norm_(parameters, limit if limit > 0 else math.inf)

    def _optimizer_step(self) -> float:
        """One step of optimizer and schedule; returns the learning rate it was made with."""
        from ..optim.schedules import GreedyLR, ReduceLROnPlateau

        args = self.args
        self.control = self.callback_handler.on_pre_optimizer_step(args, self.state, self.control)
        self.optimizer.step()
        self.control = self.callback_handler.on_optimizer_step(args, self.state, self.control)
        rate = self._get_learning_rate()
        if not isinstance(self.lr_scheduler, (ReduceLROnPlateau, GreedyLR)):  # those step after evaluations
            self.lr_scheduler.step()
        self.model.zero_grad()
        return rate

    # --- between steps --------------------------------------------------------------------------------------------
    def _maybe_log_save_evaluate(
        self, grad_norm: Any, trial: Any, ignore_keys: Any, start: float, learning_rate: float | None
    ) -> None:
        if self.control.should_log and self.state.global_step > self._last_logged:
            logs = {"loss": self._tr_loss / (self.state.global_step - self._last_logged)}
            if grad_norm is not None:
                logs["grad_norm"] = float(grad_norm)
            logs["learning_rate"] = self._get_learning_rate() if learning_rate is None else learning_rate
            self._total_loss += self._tr_loss
            self._tr_loss, self._last_logged = 0.0, self.state.global_step
            self.store_flos()
            self.log(logs, start)
        if self.control.should_evaluate:
            metrics = self._evaluate(trial, ignore_keys)
            is_best = self._determine_best_metric(metrics, trial)
            if self.args.save_strategy == SaveStrategy.BEST:
                self.control.should_save = is_best
        if self.control.should_save:
            self._save_checkpoint(self.model, trial)
            self.control = self.callback_handler.on_save(self.args, self.state, self.control)

    def _evaluate(self, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> dict[str, float]:
        from ..optim.schedules import GreedyLR, ReduceLROnPlateau

        try:
            metrics = self.evaluate(ignore_keys=ignore_keys_for_eval)
        except (MemoryError, RuntimeError) as error:
            if self.args.auto_find_batch_size and out_of_memory(error):
                raise RuntimeError(
                    "Evaluation hit an out-of-memory error. `auto_find_batch_size` only adjusts the training batch "
                    "size, reduce `per_device_eval_batch_size` instead."
                ) from error
            raise
        self._report_to_hp_search(trial, self.state.global_step, metrics)
        if isinstance(self.lr_scheduler, (ReduceLROnPlateau, GreedyLR)) and not skip_scheduler:
            self.lr_scheduler.step(self._watched_metric(metrics))
        return metrics

    def _watched_metric(self, metrics: dict[str, float]) -> float:
        name = self.args.metric_for_best_model
        name = name if name.startswith("eval_") else f"eval_{name}"
        if name not in metrics:
            raise KeyError(
                f"The `metric_for_best_model` training argument is set to '{name}', which is not found in the "
                f"evaluation metrics. The available evaluation metrics are: {list(metrics)}. Consider changing the "
                "`metric_for_best_model` via the TrainingArguments."
            )
        return metrics[name]

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        """Whether this evaluation was the best so far; remembers it."""
        if self.args.metric_for_best_model is None:
            return False
        value, best = self._watched_metric(metrics), self.state.best_metric
        if best is None:
            best = self.state.best_metric = -math.inf if self.args.greater_is_better else math.inf
        if not (value > best if self.args.greater_is_better else value < best):
            return False
        self.state.best_metric = value
        if self.args.save_strategy != SaveStrategy.NO:
            self.state.best_global_step = self.state.global_step
        return True

    def _finalize_training(self, plan: _Plan, trial: Any, start: float) -> TrainOutput:
        steps = self.state.global_step - self._initial_step
        loss = (self._total_loss + self._tr_loss) / max(steps, 0.001)
        done = plan.samples * steps / max(self.state.max_steps, 1)
        metrics = speed_metrics("train", start, num_samples=done, num_steps=steps)
        self.store_flos()
        metrics["total_flos"] = self.state.total_flos
        metrics["train_loss"] = loss
        self.log(metrics)
        if self.args.load_best_model_at_end and self.state.best_model_checkpoint is not None:
            self._load_best_model()
        self._drop_last_but_best(trial)
        self.control = self.callback_handler.on_train_end(self.args, self.state, self.control)
        self._finish_current_push()
        return TrainOutput(self.state.global_step, loss, metrics)

    def _announce(self, plan: _Plan) -> None:
        logger.info("***** Running training *****")
        logger.info(f"  Num examples = {plan.examples:,}")
        logger.info(f"  Num Epochs = {plan.epochs:,}")
        logger.info(f"  Num update steps per epoch = {plan.steps_per_epoch:,}")
        logger.info(f"  Instantaneous batch size per device = {self._train_batch_size:,}")
        logger.info(f"  Total train batch size (w. parallel, distributed & accumulation) = {plan.batch:,}")
        logger.info(f"  Gradient Accumulation steps = {self.args.gradient_accumulation_steps}")
        logger.info(f"  Total optimization steps = {plan.max_steps:,}")
        logger.info(f"  Number of trainable parameters = {self.get_num_trainable_parameters():,}")

    def _enable_activation_checkpointing(self) -> None:
        kwargs = dict(self.args.activation_checkpointing_kwargs or {})
        if kwargs.pop("every_n_layers", 1) != 1 or kwargs.pop("offload", False):
            raise UnsupportedError(
                "activation_checkpointing_kwargs: `every_n_layers` and `offload` are not supported; "
                "every block is recomputed"
            )
        self.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=kwargs or None)


def out_of_memory(error: BaseException) -> bool:
    """Whether smaller batches may help."""
    text = str(error)
    known = ("out of memory", "can't allocate memory", "std::bad_alloc")
    return isinstance(error, MemoryError) or any(part in text for part in known)
