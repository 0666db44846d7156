"""Training arguments under the names that transformers 4 gave them."""

from __future__ import annotations

from typing import Any, Callable

from ..utils import logging

logger = logging.get_logger(__name__)

_RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "no_cuda": "use_cpu",
    "push_to_hub_token": "hub_token",
    "push_to_hub_model_id": "hub_model_id",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
}
# Accepted without effect, as long as they ask for what happens anyway.
_WITHOUT_EFFECT = (
    "overwrite_output_dir", "logging_dir", "half_precision_backend", "fp16_backend", "fp16_opt_level", "use_mps_device",
    "save_safetensors", "tpu_num_cores", "tpu_metrics_debug", "use_ipex", "jit_mode_eval", "ray_scope", "torchdynamo",
    "mp_parameters", "dispatch_batches", "split_batches", "xpu_backend", "fsdp_min_num_params",
    "fsdp_transformer_layer_cls_to_wrap", "include_tokens_per_second", "past_index",
)  # fmt: skip


def _warmup_ratio(kwargs: dict[str, Any], value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError("warmup_ratio must lie in range [0,1]")
    if not kwargs.get("warmup_steps"):  # steps come first, as they did
        kwargs["warmup_steps"] = value


def _group_by_length(kwargs: dict[str, Any], value: bool) -> None:
    if value:
        kwargs.setdefault("train_sampling_strategy", "group_by_length")


def _include_inputs(kwargs: dict[str, Any], value: bool) -> None:
    if value:
        kwargs["include_for_metrics"] = [*kwargs.get("include_for_metrics", []), "inputs"]


def _adafactor(kwargs: dict[str, Any], value: bool) -> None:
    if value:
        kwargs.setdefault("optim", "adafactor")


_MEANT: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "warmup_ratio": _warmup_ratio,
    "group_by_length": _group_by_length,
    "include_inputs_for_metrics": _include_inputs,
    "adafactor": _adafactor,
}


class AcceptsFormerNames(type):
    """Metaclass of the argument classes: translates former names before `__init__`, in subclasses as well."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        for old in [name for name in kwargs if name in _RENAMED or name in _MEANT or name in _WITHOUT_EFFECT]:
            if old in cls.__dataclass_fields__:
                continue  # a subclass uses the name for something else
            value = kwargs.pop(old)
            if value is None:
                continue
            if old in _RENAMED:
                kwargs.setdefault(_RENAMED[old], value)
            elif old in _MEANT:
                _MEANT[old](kwargs, value)
            else:
                logger.warning_once(f"TrainingArguments: `{old}` belongs to earlier versions and has no effect")
        return super().__call__(*args, **kwargs)
