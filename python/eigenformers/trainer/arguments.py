"""`TrainingArguments`: every argument of transformers 5, and the names it had before."""

# ruff: noqa: UP006, UP007, UP035, UP045 (`HfArgumentParser` resolves these annotations, on Python 3.9 as well)

from __future__ import annotations

import contextlib
import json
import logging as python_logging
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from enum import Enum
from typing import Any, Dict, List, Optional, Union

from ..utils import logging
from .arguments_checks import check_combinations, normalize, warn_and_refuse
from .arguments_legacy import AcceptsFormerNames
from .arguments_setters import Setters
from .enums import HubStrategy, IntervalStrategy, OptimizerNames, ParallelMode, SaveStrategy, SchedulerType

logger = logging.get_logger(__name__)
LOG_LEVELS = {**logging.get_log_levels_dict(), "passive": -1}


def _a(default: Any, help: str, **metadata: Any) -> Any:
    return field(default=default, metadata={"help": help, **metadata})


@dataclass(repr=False)
class TrainingArguments(Setters, metaclass=AcceptsFormerNames):
    """How to train; the names, defaults and checks of transformers 5.

    Names of transformers 4 (`evaluation_strategy`, `no_cuda`, `warmup_ratio`, `group_by_length` …) are accepted. What
    has no meaning on a CPU is accepted without effect, or refused with a reason where results would differ:
    `docs/training.md` says which.

    >>> args = TrainingArguments("out", learning_rate=1e-4, evaluation_strategy="epoch", report_to="none")
    >>> args.eval_strategy, args.train_batch_size, args.get_warmup_steps(1000)
    (<IntervalStrategy.EPOCH: 'epoch'>, 8, 0)
    """

    output_dir: Optional[str] = _a(None, "Folder for checkpoints and results (default trainer_output).")

    # Length and size
    per_device_train_batch_size: int = _a(8, "Items in a training batch.")
    num_train_epochs: float = _a(3.0, "Passes over the training set.")
    max_steps: int = _a(-1, "Number of optimizer steps; if positive, instead of num_train_epochs.")

    # Learning rate
    learning_rate: float = _a(5e-5, "The optimizer's initial learning rate.")
    lr_scheduler_type: Union[SchedulerType, str] = _a("linear", "Which schedule the learning rate follows.")
    lr_scheduler_kwargs: Union[dict, str, None] = _a(None, "Further arguments of the schedule.")
    warmup_steps: float = _a(0, "Steps in which the learning rate rises; below 1, a share of all steps.")

    # Optimizer
    optim: Union[OptimizerNames, str] = _a("adamw_torch_fused", "The optimizer.")
    optim_args: Optional[str] = _a(None, "Further arguments of the optimizer, as key=value,key=value.")
    weight_decay: float = _a(0.0, "Weight decay, of everything but biases and norms.")
    adam_beta1: float = _a(0.9, "Decay of Adam's first moment.")
    adam_beta2: float = _a(0.999, "Decay of Adam's second moment.")
    adam_epsilon: float = _a(1e-8, "Adam's epsilon.")
    optim_target_modules: Union[None, str, List[str]] = _a(None, "Modules for low-rank optimizers (GaLore).")

    # Gradients and loss
    gradient_accumulation_steps: int = _a(1, "Batches whose gradients are summed before a step.")
    average_tokens_across_devices: bool = _a(True, "Count labels over all processes.")
    max_grad_norm: float = _a(1.0, "Gradients are scaled down to this norm; 0: never.")
    label_smoothing_factor: float = _a(0.0, "Share of the loss that goes to all classes alike.")

    # Precision
    bf16: bool = _a(False, "Multiply in bfloat16, keep weights in float32.")
    fp16: bool = _a(False, "Not on a CPU: use bf16.")
    bf16_full_eval: bool = _a(False, "Evaluate with weights in bfloat16.")
    fp16_full_eval: bool = _a(False, "Evaluate with weights in float16.")
    tf32: Optional[bool] = _a(None, "A format of GPUs.")

    # Memory
    activation_checkpointing: Optional[bool] = _a(
        None, "Recompute activations in the backward pass.", nargs="?", const=True
    )
    activation_checkpointing_kwargs: Union[Dict[str, Any], str, None] = _a(None, "Its arguments.")
    gradient_checkpointing: Optional[bool] = _a(None, "Former name of activation_checkpointing.", nargs="?", const=True)
    gradient_checkpointing_kwargs: Union[Dict[str, Any], str, None] = _a(None, "Former name of its arguments.")

    # Compilation and kernels
    torch_compile: bool = _a(False, "Without effect: there is nothing to compile.")
    torch_compile_backend: Optional[str] = _a(None, "Without effect.")
    torch_compile_mode: Optional[str] = _a(None, "Without effect.")
    use_liger_kernel: bool = _a(False, "Without effect: fused kernels are built in.")
    liger_kernel_config: Union[Dict[str, bool], str, None] = _a(None, "Without effect.")
    use_cache: bool = _a(False, "Set config.use_cache while training.")
    neftune_noise_alpha: Optional[float] = _a(None, "Strength of the noise on embeddings (NEFTune).")
    torch_empty_cache_steps: Optional[int] = _a(None, "Without effect: there is no device cache.")
    auto_find_batch_size: bool = _a(False, "Try smaller batches when memory runs out.")

    # Logging
    logging_strategy: Union[IntervalStrategy, str] = _a("steps", "When to log: no, steps, epoch.")
    logging_steps: float = _a(500, "Steps between logs; below 1, a share of all steps.")
    logging_first_step: bool = _a(False, "Log the first step.")
    log_on_each_node: bool = _a(True, "For several machines.")
    logging_nan_inf_filter: bool = _a(True, "Leave nan and inf out of logged losses.")
    include_num_input_tokens_seen: Union[str, bool] = _a("no", "Count input tokens: all, non_padding, no.")
    log_level: str = _a("passive", "Level of the library's messages.", choices=list(LOG_LEVELS))
    log_level_replica: str = _a("warning", "For several processes.", choices=list(LOG_LEVELS))
    disable_tqdm: Optional[bool] = _a(None, "Print logs instead of a progress bar.")
    report_to: Union[None, str, List[str]] = _a("none", "tensorboard, wandb, mlflow, all or none.")
    run_name: Optional[str] = _a(None, "Name of the run for wandb and mlflow.")
    project: str = _a("huggingface", "Project name for trackio.")
    trackio_space_id: Optional[str] = _a(None, "For trackio.")
    trackio_bucket_id: Optional[str] = _a(None, "For trackio.")
    trackio_static_space_id: Optional[str] = _a(None, "For trackio.")

    # Evaluation
    eval_strategy: Union[IntervalStrategy, str] = _a("no", "When to evaluate: no, steps, epoch.")
    eval_steps: Optional[float] = _a(None, "Steps between evaluations (default logging_steps); below 1, a share.")
    eval_delay: float = _a(0, "Epochs or steps before the first evaluation.")
    per_device_eval_batch_size: int = _a(8, "Items in an evaluation batch.")
    prediction_loss_only: bool = _a(False, "Evaluate the loss alone.")
    eval_on_start: bool = _a(False, "Evaluate before the first step.")
    eval_do_concat_batches: bool = _a(True, "Concatenate predictions; else keep a list of batches.")
    eval_use_gather_object: bool = _a(False, "For several processes.")
    eval_accumulation_steps: Optional[int] = _a(None, "Batches after which predictions become numpy arrays.")
    include_for_metrics: List[str] = field(
        default_factory=list, metadata={"help": "Also give compute_metrics: inputs, loss."}
    )
    batch_eval_metrics: bool = _a(False, "Call compute_metrics for each batch.")

    # Checkpoints
    save_only_model: bool = _a(False, "Save no optimizer and no generator: such a checkpoint can't be resumed.")
    save_strategy: Union[SaveStrategy, str] = _a("steps", "When to save: no, steps, epoch, best.")
    save_steps: float = _a(500, "Steps between checkpoints; below 1, a share of all steps.")
    save_on_each_node: bool = _a(False, "For several machines.")
    save_total_limit: Optional[int] = _a(None, "How many checkpoints to keep.")
    enable_jit_checkpoint: bool = _a(False, "Save and stop at SIGTERM.")

    # Hub
    push_to_hub: bool = _a(False, "Upload what is saved.")
    hub_token: Optional[str] = _a(None, "Access token.")
    hub_private_repo: Optional[bool] = _a(None, "Make a new repository private.")
    hub_model_id: Optional[str] = _a(None, "Repository (default: the name of output_dir).")
    hub_strategy: Union[HubStrategy, str] = _a("every_save", "end, every_save, checkpoint or all_checkpoints.")
    hub_always_push: bool = _a(False, "Push also while the push before is running.")
    hub_revision: Optional[str] = _a(None, "Branch to push to.")

    # Best model
    load_best_model_at_end: bool = _a(False, "Go back to the best checkpoint at the end.")
    metric_for_best_model: Optional[str] = _a(None, "Which metric decides (default loss).")
    greater_is_better: Optional[bool] = _a(None, "Whether more is better (default: unless its name ends in loss).")

    # Resuming
    ignore_data_skip: bool = _a(False, "Resume at the beginning of the data.")
    restore_callback_states_from_checkpoint: bool = _a(False, "Give callbacks the state they were saved with.")

    # Seeds
    full_determinism: bool = _a(False, "Nothing to switch on: results are deterministic.")
    seed: int = _a(42, "Seed of everything random.")
    data_seed: Optional[int] = _a(None, "Seed of the order of the data (default seed).")

    # Machine
    use_cpu: bool = _a(False, "Always the case.")
    accelerator_config: Union[dict, str, None] = _a(None, "Settings of accelerate; use_seedable_sampler has a meaning.")
    parallelism_config: Any = _a(None, "For several devices.")

    # Data
    dataloader_drop_last: bool = _a(False, "Leave out a last batch that is shorter.")
    dataloader_num_workers: int = _a(0, "Threads that prepare batches ahead.")
    dataloader_pin_memory: bool = _a(True, "Without effect on a CPU.")
    dataloader_persistent_workers: bool = _a(False, "Without effect: workers are threads.")
    dataloader_prefetch_factor: Optional[int] = _a(None, "Batches that each worker prepares ahead.")
    dataloader_multiprocessing_context: Optional[str] = _a(
        None, "Without effect: workers are threads.", choices=["fork", "spawn", "forkserver"]
    )
    dataloader_in_order: bool = _a(True, "Take batches in their order; else as they are ready.")
    remove_unused_columns: bool = _a(True, "Drop columns that the model's forward does not take.")
    label_names: Optional[List[str]] = _a(None, "Columns with labels (default: from the model's forward).")
    train_sampling_strategy: str = _a(
        "random", "random, sequential, group_by_length or batch_rebalance.",
        choices=["random", "sequential", "group_by_length", "batch_rebalance"],
    )  # fmt: skip
    length_column_name: str = _a("length", "Column with lengths, for group_by_length.")

    # Several devices
    ddp_find_unused_parameters: Optional[bool] = _a(None, "For several processes.")
    ddp_bucket_cap_mb: Optional[int] = _a(None, "For several processes.")
    ddp_broadcast_buffers: Optional[bool] = _a(None, "For several processes.")
    ddp_static_graph: Optional[bool] = _a(None, "For several processes.")
    ddp_backend: Optional[str] = _a(
        None, "For several processes.", choices=["nccl", "gloo", "mpi", "xccl", "hccl", "cncl", "mccl"]
    )
    ddp_timeout: int = _a(1800, "For several processes.")
    fsdp: Optional[str] = _a(None, "For several processes.", nargs="?", const=True)
    fsdp_config: Union[Dict[str, Any], str, None] = _a(None, "For several processes.")
    deepspeed: Union[dict, str, None] = _a(None, "For several processes.")

    # The rest
    debug: Union[str, List[str]] = _a("", "Checks of transformers that are not here.")
    skip_memory_metrics: bool = _a(True, "Leave memory out of the metrics.")
    do_train: bool = _a(False, "For scripts.")
    do_eval: bool = _a(False, "For scripts.")
    do_predict: bool = _a(False, "For scripts.")
    resume_from_checkpoint: Optional[str] = _a(None, "For scripts.")
    local_rank: int = _a(-1, "For launchers.")

    def __post_init__(self) -> None:
        normalize(self)
        check_combinations(self)
        warn_and_refuse(self)

    def __str__(self) -> str:
        shown = {k: f"<{k.upper()}>" if k.endswith("_token") else v for k, v in asdict(self).items()}
        return f"{type(self).__name__}(\n" + "".join(f"{k}={v},\n" for k, v in sorted(shown.items())) + ")"

    __repr__ = __str__

    # --- the machine ----------------------------------------------------------------------------------------------
    @property
    def device(self) -> Any:
        """The CPU."""
        from .. import _core

        return _core.device("cpu")

    n_gpu = 0
    world_size = 1
    process_index = local_process_index = 0
    parallel_mode = ParallelMode.NOT_PARALLEL
    place_model_on_device = None

    @property
    def train_batch_size(self) -> int:
        """Items in a training batch."""
        return self.per_device_train_batch_size

    @property
    def eval_batch_size(self) -> int:
        """Items in an evaluation batch."""
        return self.per_device_eval_batch_size

    @property
    def ddp_timeout_delta(self) -> timedelta:
        """`ddp_timeout` as a timedelta."""
        return timedelta(seconds=self.ddp_timeout)

    should_log = should_save = True

    def get_process_log_level(self) -> int:
        """The level of the library's messages while training."""
        level = LOG_LEVELS[self.log_level]
        return logging.get_verbosity() if level == -1 else level

    @contextlib.contextmanager
    def main_process_first(self, local: bool = True, desc: str = "work") -> Iterator[None]:
        """There is one process: runs the body."""
        yield

    def get_warmup_steps(self, num_training_steps: int) -> int:
        """`warmup_steps` as a number of steps."""
        steps = self.warmup_steps
        return int(steps) if steps >= 1 else math.ceil(num_training_steps * steps)

    # --- as values ------------------------------------------------------------------------------------------------
    def to_dict(self) -> dict[str, Any]:
        """All arguments as JSON values; tokens are hidden."""
        found = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.init}
        return {k: f"<{k.upper()}>" if k.endswith("_token") else v for k, v in found.items()}

    def to_json_string(self) -> str:
        """All arguments as JSON."""
        return json.dumps(self.to_dict(), indent=2)

    def to_sanitized_dict(self) -> dict[str, Any]:
        """All arguments as numbers and strings, for loggers."""
        values = {**self.to_dict(), "train_batch_size": self.train_batch_size, "eval_batch_size": self.eval_batch_size}
        return {k: v if type(v) in (bool, int, float, str) else str(v) for k, v in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.to_dict() if hasattr(value, "to_dict") else str(value).rsplit(".", 1)[-1]


def default_disable_tqdm() -> bool:
    """No bar when even warnings are silenced."""
    return logger.getEffectiveLevel() > python_logging.WARNING
