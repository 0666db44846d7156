"""Callbacks that send logs elsewhere, for the services that are installed."""

from __future__ import annotations

import importlib.util
import numbers
import os
from typing import Any

from ..errors import UnsupportedError
from ..utils import logging
from .callbacks import TrainerCallback

logger = logging.get_logger(__name__)

_FINAL = (
    "train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss", "total_flos",
)  # fmt: skip


def rewrite_logs(logs: dict[str, Any]) -> dict[str, Any]:
    """`eval_loss` becomes `eval/loss`, `loss` becomes `train/loss`.

    >>> rewrite_logs({"loss": 1.0, "eval_accuracy": 0.5})
    {'train/loss': 1.0, 'eval/accuracy': 0.5}
    """
    out = {}
    for name, value in logs.items():
        group = next((g for g in ("eval", "test") if name.startswith(f"{g}_")), None)
        out[f"{group}/{name[len(group) + 1 :]}" if group else f"train/{name}"] = value
    return out


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


class TensorBoardCallback(TrainerCallback):
    """Writes event files below `TENSORBOARD_LOGGING_DIR`, or `<output_dir>/runs`."""

    def __init__(self, tb_writer: Any = None):
        self.tb_writer = tb_writer

    def _open(self, args: Any, folder: str | None = None) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            from torch.utils.tensorboard import SummaryWriter  # the only maker of event files beside tensorboardX
        where = folder or os.environ.get("TENSORBOARD_LOGGING_DIR") or os.path.join(args.output_dir, "runs")
        self.tb_writer = SummaryWriter(where)

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Opens the file, writes arguments and configuration."""
        if not state.is_world_process_zero:
            return
        folder = os.path.join(args.output_dir, "runs", state.trial_name) if state.is_hyper_param_search else None
        if self.tb_writer is None:
            self._open(args, folder)
        self.tb_writer.add_text("args", args.to_json_string())
        if getattr(model, "config", None) is not None:
            self.tb_writer.add_text("model_config", model.config.to_json_string())

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Writes numbers."""
        if not state.is_world_process_zero:
            return
        if self.tb_writer is None:
            self._open(args)
        for name, value in rewrite_logs(logs).items():
            if isinstance(value, numbers.Number):
                self.tb_writer.add_scalar(name, value, state.global_step)
            elif not isinstance(value, str):
                logger.warning(f"Trainer is attempting to log a value of {value!r} of type {type(value)}; dropped")
        self.tb_writer.flush()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Closes the file."""
        if self.tb_writer is not None:
            self.tb_writer.close()
            self.tb_writer = None


class WandbCallback(TrainerCallback):
    """Logs to Weights & Biases; `WANDB_PROJECT` names the project, `WANDB_DISABLED` switches it off."""

    def __init__(self) -> None:
        import wandb

        self._wandb, self._initialized = wandb, False

    def setup(self, args: Any, state: Any, model: Any, **kwargs: Any) -> None:
        """Begins a run, unless the script has one."""
        self._initialized = True
        if not state.is_world_process_zero or os.environ.get("WANDB_DISABLED", "").upper() in ("1", "TRUE", "YES"):
            return
        config = args.to_dict()
        if getattr(model, "config", None) is not None:
            config = {**model.config.to_dict(), **config}
        name = state.trial_name or args.run_name
        if self._wandb.run is None:
            self._wandb.init(project=os.environ.get("WANDB_PROJECT", "huggingface"), **({"name": name} if name else {}))
        self._wandb.config.update(config, allow_val_change=True)

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Begins a run."""
        if state.is_hyper_param_search:
            self._wandb.finish()
            self._initialized = False
        if not self._initialized:
            self.setup(args, state, model)

    def on_log(self, args: Any, state: Any, control: Any, model: Any = None, logs: Any = None, **kwargs: Any) -> None:
        """Sends the numbers; those of the whole run as its summary."""
        if not self._initialized:
            self.setup(args, state, model)
        if not state.is_world_process_zero or self._wandb.run is None:
            return
        for name in _FINAL:
            if name in logs:
                self._wandb.run.summary[name] = logs[name]
        rest = {name: value for name, value in logs.items() if name not in _FINAL}
        self._wandb.log({**rewrite_logs(rest), "train/global_step": state.global_step})

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """Sends metrics of predict."""
        if not self._initialized:
            self.setup(args, state, kwargs.get("model"))
        if state.is_world_process_zero and self._wandb.run is not None:
            self._wandb.log(rewrite_logs(metrics))


class MLflowCallback(TrainerCallback):
    """Logs to MLflow; `MLFLOW_EXPERIMENT_NAME`, `MLFLOW_TRACKING_URI` and its other variables apply."""

    def __init__(self) -> None:
        import mlflow

        self._mlflow, self._initialized, self._own_run = mlflow, False, False

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Begins a run, unless the script has one, and logs arguments."""
        if self._initialized or not state.is_world_process_zero:
            return
        self._initialized = True
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME")
        if name:
            self._mlflow.set_experiment(name)
        if self._mlflow.active_run() is None:
            self._mlflow.start_run(run_name=args.run_name)
            self._own_run = True
        values = args.to_dict()
        if getattr(model, "config", None) is not None:
            values = {**model.config.to_dict(), **values}
        items = [(k, v) for k, v in values.items() if len(str(v)) <= 500]
        for i in range(0, len(items), 100):  # what the service takes at once
            self._mlflow.log_params(dict(items[i : i + 100]))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Sends the numbers."""
        if not self._initialized:
            self.on_train_begin(args, state, control, **kwargs)
        if state.is_world_process_zero:
            numeric = {k: v for k, v in logs.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
            self._mlflow.log_metrics(metrics=numeric, step=state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends the run that it began."""
        if self._own_run and self._mlflow.active_run() is not None:
            self._mlflow.end_run()
            self._own_run = self._initialized = False


def _tensorboard_there() -> bool:
    return _is_there("tensorboardX") or (_is_there("torch") and _is_there("tensorboard"))


REPORTERS: dict[str, tuple[Any, type]] = {
    "tensorboard": (_tensorboard_there, TensorBoardCallback),
    "wandb": (lambda: _is_there("wandb"), WandbCallback),
    "mlflow": (lambda: _is_there("mlflow"), MLflowCallback),
}
_ELSEWHERE = (
    "azure_ml", "clearml", "codecarbon", "comet_ml", "dagshub", "dvclive", "flyte", "kubeflow", "neptune", "swanlab",
    "trackio",
)  # fmt: skip


def available_reporters() -> list[str]:
    """Which of tensorboard, wandb and mlflow are installed."""
    return [name for name, (there, _) in REPORTERS.items() if there()]


def reporter_callbacks(names: list[str]) -> list[type]:
    """The callbacks for `report_to`.

    Raises:
        ImportError: not installed. NotImplementedError: a service without a callback here. ValueError: unknown.
    """
    found = []
    for name in names:
        if name in _ELSEWHERE:
            raise UnsupportedError(f"report_to={name!r} is not supported; write a TrainerCallback with on_log for it")
        if name not in REPORTERS:
            raise ValueError(f"{name} is not supported, only {', '.join(REPORTERS)} are supported.")
        there, kind = REPORTERS[name]
        if not there():
            what = {"tensorboard": "tensorboardX"}.get(name, name)
            raise ImportError(f"report_to={name!r} needs {what}, which is not installed. Run `pip install {what}`.")
        found.append(kind)
    return found
