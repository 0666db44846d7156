"""Making a model ready for training adapters."""

from __future__ import annotations

from typing import Any, Callable

from .. import _core

_HALF = (_core.float16, _core.bfloat16)


def _convert(model: Any, dtype_of: Callable[[Any], Any]) -> None:
    """Give each dense floating parameter the dtype that `dtype_of` says (None: its own)."""
    with _core.no_grad():
        for module in list(model.modules()):
            for name, value in module._own_slots():
                if not isinstance(value, _core.Tensor) or not value.is_floating_point():
                    continue
                dtype = dtype_of(value)
                if dtype is not None and dtype != value.dtype:
                    setattr(module, name, value.detach().to(dtype).requires_grad_(value.requires_grad))
    if hasattr(model, "tie_weights"):
        model.tie_weights()


def prepare_model_for_kbit_training(
    model: Any,
    use_gradient_checkpointing: bool = True,
    gradient_checkpointing_kwargs: dict[str, Any] | None = None,
    auto_clear_cache: bool = True,
) -> Any:
    """Freeze a model, and make its half-precision parameters float32; packed matrices stay packed.

    Args:
        use_gradient_checkpointing: of a model with packed matrices: make the embeddings' output require a gradient, and
            recompute activations in backward.

    Returns:
        The model.
    """
    packed = False
    for value in model.parameters():
        if isinstance(value, _core.Tensor):
            if value.is_floating_point():
                value.requires_grad_(False)
        else:
            packed = True
    _convert(model, lambda value: _core.float32 if value.dtype in _HALF else None)
    if packed and use_gradient_checkpointing:
        model.enable_input_require_grads()
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=gradient_checkpointing_kwargs or {})
    return model


def cast_mixed_precision_params(model: Any, dtype: Any) -> None:
    """Frozen parameters become `dtype`, trained ones float32."""
    _convert(model, lambda value: _core.float32 if value.requires_grad else dtype)
