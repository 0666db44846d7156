"""Caches of keys and values (the classes are C++; this names them, and those that are not here)."""

from __future__ import annotations

from typing import Any

from ._core import Cache, DynamicCache, StaticCache
from .errors import UnsupportedError

__all__ = ["Cache", "DynamicCache", "StaticCache", "layer_windows"]

_OFFLOADS = "it moves keys and values between devices, and there is one here: use DynamicCache"
REFUSED = {
    "QuantizedCache": "keys and values are kept in float32 here",
    "QuantoQuantizedCache": "keys and values are kept in float32 here",
    "HQQQuantizedCache": "keys and values are kept in float32 here",
    "EncoderDecoderCache": "no family with a decoder that looks at an encoder is here yet",
    "OffloadedCache": _OFFLOADS,
    "OffloadedStaticCache": _OFFLOADS,
    "SinkCache": "it left transformers; pass a 4-D attention_mask",
    "SlidingWindowCache": "use DynamicCache(config=model.config), which keeps the windows of the configuration",
    "HybridCache": "use DynamicCache(config=model.config), which keeps the windows of the configuration",
    "HybridChunkedCache": "use DynamicCache(config=model.config), which keeps the windows of the configuration",
    "MambaCache": "no family with a recurrent state is here yet",
}


def __getattr__(name: str) -> Any:
    if name in REFUSED:
        raise UnsupportedError(f"{name} is not supported: {REFUSED[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def layer_windows(config: Any) -> list[int]:
    """The sliding window of each layer of a model, 0 where all positions are kept.

    >>> from eigenformers import MistralConfig
    >>> layer_windows(MistralConfig(num_hidden_layers=2, sliding_window=8))
    [8, 8]
    """
    config = config.get_text_config(decoder=True)
    window = int(getattr(config, "sliding_window", None) or 0)
    types = getattr(config, "layer_types", None)
    if types is None:
        return [window] * int(getattr(config, "num_hidden_layers", 0))
    return [window if kind == "sliding_attention" else 0 for kind in types]
