"""What a run remembers (`TrainerState`), and the switches that callbacks set (`TrainerControl`)."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from dataclasses import dataclass
from typing import Any

from ..errors import CheckpointError
from ..utils.files import atomic_write


class ExportableState:
    """Something whose state goes into checkpoints: `state()` returns `{"args": …, "attributes": …}` of plain values."""

    def state(self) -> dict:
        """Arguments of `__init__`, and attributes to set after it."""
        raise NotImplementedError("You must implement a `state` function to utilize this class.")

    @classmethod
    def from_state(cls, state: dict) -> Any:
        """An object with that state."""
        made = cls(**state["args"])
        for name, value in state["attributes"].items():
            setattr(made, name, value)
        return made


@dataclass
class TrainerState:
    """How far training is, and what was logged: saved as `trainer_state.json` in every checkpoint.

    `epoch` counts fractions; `log_history` holds what each log said, with its `step`; `best_*` belong to
    `metric_for_best_model`.
    """

    epoch: float = 0
    global_step: int = 0
    max_steps: int = 0
    logging_steps: int = 500
    eval_steps: int = 500
    save_steps: int = 500
    train_batch_size: int | None = None
    num_train_epochs: int = 0
    num_input_tokens_seen: int = 0
    total_flos: float = 0
    log_history: list[dict[str, float]] = None  # type: ignore[assignment]
    best_metric: float | None = None
    best_global_step: int | None = None
    best_model_checkpoint: str | None = None
    is_local_process_zero: bool = True
    is_world_process_zero: bool = True
    is_hyper_param_search: bool = False
    trial_name: str | None = None
    trial_params: dict[str, Any] | None = None
    stateful_callbacks: Any = None

    def __post_init__(self) -> None:
        if self.log_history is None:
            self.log_history = []
        if self.stateful_callbacks is None:
            self.stateful_callbacks = {}
        elif not isinstance(self.stateful_callbacks, dict):
            self.stateful_callbacks = states_of(self.stateful_callbacks)

    def save_to_json(self, json_path: str | os.PathLike) -> None:
        """Write the state; the file appears whole or not at all."""
        atomic_write(json_path, json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True) + "\n")

    @classmethod
    def load_from_json(cls, json_path: str | os.PathLike) -> TrainerState:
        """The state in a file. CheckpointError when it is damaged."""
        with open(json_path, encoding="utf-8") as file:
            text = file.read()
        try:
            values = json.loads(text)
            known = {field.name for field in dataclasses.fields(cls)}
            state = cls(**{name: value for name, value in values.items() if name in known})
            if not isinstance(state.global_step, int) or state.global_step < 0:
                raise ValueError(f"global_step is {state.global_step!r}")
            if not isinstance(state.log_history, list):
                raise ValueError("log_history is not a list")
            return state
        except (ValueError, AttributeError, TypeError) as error:
            raise CheckpointError(f"{json_path}: not a state of Trainer: {error}; take an earlier checkpoint") from None

    def compute_steps(self, args: Any, max_steps: int) -> None:
        """Steps between logs, evaluations and checkpoints: shares become numbers."""
        for kind in ("logging_steps", "eval_steps", "save_steps"):
            steps = getattr(args, kind)
            if steps is not None:
                setattr(self, kind, math.ceil(max_steps * steps) if steps < 1 else steps)

    def init_training_references(self, trainer: Any, max_steps: int, num_train_epochs: int, trial: Any) -> None:
        """Length of the run, and the trial of a search."""
        if trainer.hp_name is not None and trainer._trial is not None:
            self.trial_name = trainer.hp_name(trainer._trial)
        self.trial_params = None if trial is None else getattr(trial, "params", trial)
        self.max_steps, self.num_train_epochs = max_steps, num_train_epochs
        self.is_local_process_zero = trainer.is_local_process_zero()
        self.is_world_process_zero = trainer.is_world_process_zero()


def states_of(callbacks: list) -> dict[str, Any]:
    """States by class name; a list where several have the same class."""
    found: dict[str, Any] = {}
    for callback in callbacks:
        if not isinstance(callback, ExportableState):
            raise TypeError(
                f"All callbacks passed to be saved must inherit `ExportableState`, but received {type(callback)}"
            )
        found.setdefault(type(callback).__name__, []).append(callback.state())
    return {name: states[0] if len(states) == 1 else states for name, states in found.items()}


@dataclass
class TrainerControl(ExportableState):
    """Switches that callbacks set; all but `should_training_stop` go off by themselves."""

    should_training_stop: bool = False
    should_epoch_stop: bool = False
    should_save: bool = False
    should_evaluate: bool = False
    should_log: bool = False

    def state(self) -> dict:
        """The switches."""
        return {"args": dataclasses.asdict(self), "attributes": {}}
