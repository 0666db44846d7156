"""Getting a quantized model ready for adapters."""

from __future__ import annotations

import inspect
from typing import Any

from .. import _core


def prepare_model_for_kbit_training(
    model: Any,
    use_gradient_checkpointing: bool = True,
    gradient_checkpointing_kwargs: dict[str, Any] | None = None,
    auto_clear_cache: bool = True,
) -> Any:
    """Freeze everything, turn 16-bit parameters into float32, and switch gradient checkpointing on.

    Args:
        model: a model loaded with a quantization_config.
        use_gradient_checkpointing: recompute activations in backward; the embeddings' output then requires a gradient.
        gradient_checkpointing_kwargs: for `model.gradient_checkpointing_enable`.
        auto_clear_cache: accepted; there is no cache of an accelerator.
    """
    quantized = bool(
        getattr(model, "is_loaded_in_8bit", False)
        or getattr(model, "is_loaded_in_4bit", False)
        or getattr(model, "is_quantized", False)
    )
    for parameter in model.parameters():
        parameter.requires_grad = False
    if getattr(model, "quantization_method", None) not in ("gptq", "awq", "eetq", "hqq", "aqlm", "torchao"):
        for module in model.modules():
            for name, value in module._own_slots():
                if isinstance(value, _core.Tensor) and value.dtype in (_core.float16, _core.bfloat16):
                    setattr(module, name, value.detach().float().requires_grad_(False))
        if hasattr(model, "tie_weights"):
            model.tie_weights()
    if not (quantized and use_gradient_checkpointing):
        return model
    given = gradient_checkpointing_kwargs or {}
    if given.get("use_reentrant", True):
        model.enable_input_require_grads()
    takes = "gradient_checkpointing_kwargs" in inspect.signature(model.gradient_checkpointing_enable).parameters
    model.gradient_checkpointing_enable(**({"gradient_checkpointing_kwargs": given} if takes else {}))
    return model
