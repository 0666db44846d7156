"""`get_peft_model` and `inject_adapter_in_model`."""

from __future__ import annotations

import warnings
from typing import Any

from ..errors import UnsupportedError
from .config import PeftConfig, _unknown_type
from .model import PeftModel, _check_name
from .registry import PEFT_TYPE_TO_TUNER_MAPPING
from .tasks import MODEL_TYPE_TO_PEFT_MODEL_MAPPING
from .tuners.base import BaseTuner, outermost_tuners


def get_peft_model(
    model: Any,
    peft_config: Any,
    adapter_name: str = "default",
    mixed: bool = False,
    autocast_adapter_dtype: bool = True,
    revision: str | None = None,
    low_cpu_mem_usage: bool = False,
) -> Any:
    """Give a model adapters. The model is changed in place: all else in it is frozen.

    Args:
        model: any module; what `task_type` adds is meant for models of this library.
        peft_config: what to adapt, and how: a `LoraConfig`.
        adapter_name: the name of the adapter.
        autocast_adapter_dtype: adapters of half-precision layers are float32.
        revision: of the base model; noted in the configuration.
        low_cpu_mem_usage: accepted; first values cost nothing here.

    Returns:
        The PeftModel class of `peft_config.task_type`.

    Raises:
        NoMatchingPeftModuleError: the configuration means no layer of the model.
        UnsupportedError: a method or `mixed=True`, by name.
    """
    if mixed:
        raise UnsupportedError("get_peft_model(mixed=True) is not supported yet")
    if not isinstance(peft_config, PeftConfig):
        raise TypeError(f"peft_config: found {type(peft_config).__name__}, needed a PeftConfig such as LoraConfig")
    if peft_config.peft_type not in PEFT_TYPE_TO_TUNER_MAPPING:
        raise _unknown_type(peft_config.peft_type)
    config = BaseTuner.get_model_config(model)
    asked = peft_config.base_model_name_or_path
    name = getattr(model, "name_or_path", None) or config.get("_name_or_path") or None
    peft_config.base_model_name_or_path = name
    if asked is not None and asked != name:
        warnings.warn(
            f"The PEFT config's `base_model_name_or_path` was renamed from '{asked}' to '{name}'. Please ensure that "
            "the correct base model is loaded when loading this checkpoint.",
            stacklevel=2,
        )
    if outermost_tuners(model):
        warnings.warn(
            "You are trying to modify a model with PEFT for a second time. If you want to reload the model with a "
            "different config, make sure to call `.unload()` before.",
            stacklevel=2,
        )
    if revision is not None:
        if peft_config.revision is not None and peft_config.revision != revision:
            warnings.warn(
                f"peft config has already set base model revision to {peft_config.revision}, overwriting with revision "
                f"{revision}",
                stacklevel=2,
            )
        peft_config.revision = revision
    _check_name(adapter_name, peft_config)
    task = MODEL_TYPE_TO_PEFT_MODEL_MAPPING.get(peft_config.task_type, PeftModel)
    return task(model, peft_config, adapter_name, autocast_adapter_dtype=autocast_adapter_dtype)


def inject_adapter_in_model(
    peft_config: Any,
    model: Any,
    adapter_name: str = "default",
    low_cpu_mem_usage: bool = False,
    state_dict: dict[str, Any] | None = None,
) -> Any:
    """Give a model adapters without a PeftModel around it; returns the model itself.

    Args:
        state_dict: an adapter's tensors; their names, not the configuration, say which layers are meant.
    """
    if peft_config.peft_type not in PEFT_TYPE_TO_TUNER_MAPPING:
        raise ValueError(
            "`inject_adapter_in_model` does not support prompt learning yet."
            if peft_config.is_prompt_learning
            else f"Unknown PEFT type passed: {peft_config.peft_type}"
        )
    tuner = PEFT_TYPE_TO_TUNER_MAPPING[peft_config.peft_type]
    return tuner(model, peft_config, adapter_name=adapter_name, state_dict=state_dict).model
