"""What training arguments mean together: values filled in, errors, and what a CPU has no use for."""

from __future__ import annotations

import json
import os
import warnings
from typing import Any

from ..errors import UnsupportedError
from ..utils import logging
from .enums import HubStrategy, IntervalStrategy, OptimizerNames, SaveStrategy, SchedulerType

logger = logging.get_logger(__name__)

_DICTS = (
    "accelerator_config", "fsdp_config", "deepspeed", "activation_checkpointing_kwargs",
    "gradient_checkpointing_kwargs", "lr_scheduler_kwargs", "liger_kernel_config",
)  # fmt: skip
_BY_METRIC = (SchedulerType.REDUCE_ON_PLATEAU, SchedulerType.GREEDY)


def normalize(args: Any) -> None:
    """Strings become enums and dicts, and what follows from other arguments is filled in."""
    from .integrations import available_reporters

    if args.output_dir is None:
        args.output_dir = "trainer_output"
        logger.info(
            "No output directory specified, defaulting to 'trainer_output'. To change this behavior, specify "
            "--output_dir when creating TrainingArguments."
        )
    args.output_dir = os.path.expanduser(os.fspath(args.output_dir))
    for name in _DICTS:
        value = getattr(args, name)
        if isinstance(value, str) and value.startswith("{"):
            setattr(args, name, json.loads(value))
    for old, new in (
        ("gradient_checkpointing", "activation_checkpointing"),
        ("gradient_checkpointing_kwargs", "activation_checkpointing_kwargs"),
    ):
        if getattr(args, new) is None:
            setattr(args, new, getattr(args, old))
        setattr(args, old, getattr(args, new))
    if args.activation_checkpointing is None:
        args.activation_checkpointing = args.gradient_checkpointing = False
    if args.disable_tqdm is None:
        from .arguments import default_disable_tqdm

        args.disable_tqdm = default_disable_tqdm()
    if isinstance(args.include_num_input_tokens_seen, bool):
        args.include_num_input_tokens_seen = "all" if args.include_num_input_tokens_seen else "no"
    args.eval_strategy = IntervalStrategy(args.eval_strategy)
    args.logging_strategy = IntervalStrategy(args.logging_strategy)
    args.save_strategy = SaveStrategy(args.save_strategy)
    args.hub_strategy = HubStrategy(args.hub_strategy)
    args.lr_scheduler_type = SchedulerType(args.lr_scheduler_type)
    args.optim = OptimizerNames(args.optim)
    args.debug = args.debug.split() if isinstance(args.debug, str) else list(args.debug or [])
    if args.eval_strategy != IntervalStrategy.NO:
        args.do_eval = True
    if args.eval_strategy == IntervalStrategy.STEPS and not args.eval_steps:
        if args.logging_steps <= 0:
            raise ValueError(
                f"evaluation strategy {args.eval_strategy} requires either non-zero --eval_steps or --logging_steps"
            )
        args.eval_steps = args.logging_steps
    if (args.load_best_model_at_end or args.lr_scheduler_type in _BY_METRIC) and args.metric_for_best_model is None:
        args.metric_for_best_model = "loss"
    if args.greater_is_better is None and args.metric_for_best_model is not None:
        args.greater_is_better = not args.metric_for_best_model.endswith("loss")
    if args.report_to in ("all", ["all"]):
        args.report_to = available_reporters()
    elif args.report_to in (None, "none", ["none"]):
        args.report_to = []
    elif not isinstance(args.report_to, list):
        args.report_to = [args.report_to]
    if args.torch_compile_mode is not None or args.torch_compile_backend is not None:
        args.torch_compile = True
    if args.use_cpu:
        args.dataloader_pin_memory = False
    args.mixed_precision = "bf16" if args.bf16 else "no"
    if isinstance(args.accelerator_config, str):
        with open(args.accelerator_config, encoding="utf-8") as file:
            args.accelerator_config = json.load(file)


def check_combinations(args: Any) -> None:
    """ValueError with transformers' text where arguments contradict each other."""
    empty = args.torch_empty_cache_steps
    if empty is not None and not (isinstance(empty, int) and empty > 0):
        raise ValueError(f"`torch_empty_cache_steps` must be an integer bigger than 0, got {empty}.")
    if args.logging_strategy == IntervalStrategy.STEPS and args.logging_steps == 0:
        raise ValueError(f"logging strategy {args.logging_strategy} requires non-zero --logging_steps")
    for kind in ("logging", "eval", "save"):
        steps = getattr(args, f"{kind}_steps")
        if getattr(args, f"{kind}_strategy") == "steps" and steps > 1:
            if steps != int(steps):
                raise ValueError(f"--{kind}_steps must be an integer if bigger than 1: {steps}")
            setattr(args, f"{kind}_steps", int(steps))
    if args.load_best_model_at_end and args.save_strategy != SaveStrategy.BEST:
        _check_best(args)
    if args.fp16 and args.bf16:
        raise ValueError("At most one of fp16 and bf16 can be True, but not both")
    if args.fp16_full_eval and args.bf16_full_eval:
        raise ValueError("At most one of fp16 and bf16 can be True for full eval, but not both")
    if args.lr_scheduler_type in _BY_METRIC and args.eval_strategy == IntervalStrategy.NO:
        raise ValueError(f"lr_scheduler_type {args.lr_scheduler_type.value} requires an eval strategy")
    if args.warmup_steps < 0:
        raise ValueError(f"Got warmup_steps = {args.warmup_steps}, Expected value warmup_steps >= 0")
    if args.dataloader_num_workers == 0 and args.dataloader_prefetch_factor is not None:
        raise ValueError(
            "--dataloader_prefetch_factor can only be set when data is loaded in a different process, i.e."
            " when --dataloader_num_workers > 0."
        )
    if args.include_num_input_tokens_seen not in ("all", "non_padding", "no"):
        raise ValueError(
            "include_num_input_tokens_seen must be one of 'all', 'non_padding', 'no' or a boolean, got "
            f"{args.include_num_input_tokens_seen!r}"
        )
    for name, least in (
        ("gradient_accumulation_steps", 1), ("per_device_train_batch_size", 1), ("per_device_eval_batch_size", 1),
    ):  # fmt: skip
        if getattr(args, name) < least:
            raise ValueError(f"{name} must be at least {least}, got {getattr(args, name)}")


def _check_best(args: Any) -> None:
    if args.eval_strategy.value != args.save_strategy.value:
        raise ValueError(
            "--load_best_model_at_end requires the save and eval strategy to match, except when "
            f'--save_strategy="best", but found\n- Evaluation strategy: {args.eval_strategy}\n- Save strategy: '
            f"{args.save_strategy}"
        )
    if args.eval_strategy != IntervalStrategy.STEPS or args.save_steps % args.eval_steps == 0:
        return
    if args.eval_steps >= 1 and args.save_steps >= 1:
        raise ValueError(
            "--load_best_model_at_end requires the saving steps to be a round multiple of the evaluation "
            f"steps, but found {args.save_steps}, which is not a round multiple of {args.eval_steps}."
        )
    if args.eval_steps >= 1 or args.save_steps >= 1:
        raise ValueError(
            "--load_best_model_at_end requires the saving steps to be a multiple of the evaluation steps, which cannot "
            f"get guaranteed when mixing ratio and absolute steps for save_steps {args.save_steps} and eval_steps "
            f"{args.eval_steps}."
        )
    if (args.save_steps * 1_000_000) % (args.eval_steps * 1_000_000) != 0:
        raise ValueError(
            "--load_best_model_at_end requires the saving steps to be a multiple of the evaluation "
            f"steps, but found {args.save_steps}, which is not a multiple of {args.eval_steps}."
        )


def warn_and_refuse(args: Any) -> None:
    """Arguments for other machines: a warning where results stay the same, an error where they would not."""
    if args.fp16:
        raise ValueError(
            "fp16 mixed precision requires a GPU (not 'cpu'): its range needs loss scaling, and a CPU gains nothing "
            "from it; use bf16=True"
        )
    if args.tf32:
        raise ValueError("--tf32 requires Ampere or a newer GPU arch, cuda>=11 and torch>=1.7")
    for name in ("fsdp", "deepspeed", "parallelism_config"):
        if getattr(args, name):
            raise UnsupportedError(f"TrainingArguments: `{name}` spreads a run over devices; one process trains here")
    if args.ddp_backend is not None:
        logger.warning_once("TrainingArguments: `ddp_backend` has no effect, one process trains")
    if args.debug:
        raise UnsupportedError(f"TrainingArguments: debug={args.debug} is not supported")
    if args.train_sampling_strategy == "batch_rebalance":
        raise UnsupportedError(
            "TrainingArguments: train_sampling_strategy='batch_rebalance' balances work between processes; "
            "use 'group_by_length'"
        )
    if not args.skip_memory_metrics:
        raise UnsupportedError("TrainingArguments: skip_memory_metrics=False is not supported; measure the process")
    if args.torch_compile:
        warnings.warn("torch_compile has no effect: there is nothing to compile", stacklevel=4)
    if args.use_liger_kernel:
        warnings.warn("use_liger_kernel has no effect: fused kernels are always used", stacklevel=4)
