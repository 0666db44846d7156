"""Small things around adapters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .config import PeftConfig
from .tuners.base import outermost_tuners


@contextlib.contextmanager
def rescale_adapter_scale(model: Any, multiplier: float) -> Iterator[None]:
    """While it is open, adapters count `multiplier` times.

    Raises:
        TypeError: the multiplier is no number.
        ValueError: the model has no LoRA layers.
    """
    if not isinstance(multiplier, (int, float)):
        raise TypeError(f"Argument multiplier should be of type float, got {type(multiplier)}")
    layers = [layer for _, layer in outermost_tuners(model) if hasattr(layer, "scaling")]
    if not layers:
        raise ValueError("scaling is only supported for models with `LoraLayer`s")
    before = [layer.scaling for layer in layers]
    for layer, scaling in zip(layers, before):
        layer.scaling = {name: value * multiplier for name, value in scaling.items()}
    try:
        yield
    finally:
        for layer, scaling in zip(layers, before):
            layer.scaling = scaling


def check_if_peft_model(model_name_or_path: Any) -> bool:
    """Whether a folder or repository holds an adapter whose configuration can be read."""
    try:
        PeftConfig.from_pretrained(model_name_or_path)
    except Exception:  # whatever is wrong with it: it is none
        return False
    return True
