"""Caches of keys and values (the classes are C++; this names them, and those that are not here)."""

from __future__ import annotations

from typing import Any

from ._core import Cache, DynamicCache, EncoderDecoderCache, StaticCache, _QuantizedCache
from .errors import UnsupportedError

__all__ = ["Cache", "DynamicCache", "EncoderDecoderCache", "QuantizedCache", "StaticCache", "layer_windows"]

_OFFLOADS = "it moves keys and values between devices, and there is one here: use DynamicCache"
REFUSED = {
    "QuantoQuantizedCache": 'use QuantizedCache("quanto", config)',
    "HQQQuantizedCache": 'use QuantizedCache("hqq", config)',
    "OffloadedCache": _OFFLOADS,
    "OffloadedStaticCache": _OFFLOADS,
    "SinkCache": "it left transformers; pass a 4-D attention_mask",
    "SlidingWindowCache": "use DynamicCache(config=model.config), which keeps the windows of the configuration",
    "HybridCache": "use DynamicCache(config=model.config), which keeps the windows of the configuration",
    "HybridChunkedCache": "use DynamicCache(config=model.config), which keeps the windows of the configuration",
    "MambaCache": "use DynamicCache(config=model.config), which keeps the states of recurrent layers",
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


def recurrent_layers(config: Any) -> list[bool]:
    """Which layers of a model keep a state instead of keys and values; empty where none does.

    >>> from eigenformers import LlamaConfig
    >>> recurrent_layers(LlamaConfig())
    []
    """
    types = getattr(config.get_text_config(decoder=True), "layer_types", None) or []
    kept = [kind in ("linear_attention", "conv") for kind in types]
    return kept if any(kept) else []


class QuantizedCache(_QuantizedCache):
    """Keys and values as integers of `nbits` bits: a few queries meet the integers, many have them unpacked block by block.

    Every `q_group_size` numbers of a position share a range. The newest positions stay float32 until there are
    `residual_length` of them. After Liu et al., "KIVI" (2024), https://huggingface.co/papers/2402.02750.

    A pass sees its own positions as they are, and those of earlier passes as they were packed. `generate` takes prompts
    in pieces of 512 positions, so that memory stays below that of a DynamicCache; for transformers' results behind
    longer ones, which are one pass there, set `prefill_chunk_size` to the prompt's length.

    Args:
        backend: "quanto" or "hqq": the same computation here.
        config: of the model; all its layers must have full attention.
        nbits: 4 (default) or 8.
        axis_key, axis_value: 0, the only layout here.
        q_group_size: 64; residual_length: 128.

    Raises:
        ValueError: an unknown backend, layers with a sliding window.
        NotImplementedError: a number of bits or an axis that is not computed here.

    >>> from eigenformers import LlamaConfig, QuantizedCache
    >>> QuantizedCache("quanto", LlamaConfig(num_hidden_layers=2), nbits=8).get_seq_length()
    0
    """

    def __init__(
        self,
        backend: str,
        config: Any,
        nbits: int | None = None,
        axis_key: int | None = None,
        axis_value: int | None = None,
        q_group_size: int | None = None,
        residual_length: int | None = None,
    ):
        if backend == "fp8":
            raise UnsupportedError("QuantizedCache: backend='fp8' is not supported: use 'quanto' with nbits=8")
        if backend not in ("quanto", "hqq"):
            raise ValueError(f"Unknown quantization backend `{backend}`")
        for name, axis in (("axis_key", axis_key), ("axis_value", axis_value)):
            if axis not in (None, 0):
                raise UnsupportedError(f"QuantizedCache: {name}={axis}: ranges are over the numbers of a position (0)")
        if any(layer_windows(config)):
            raise ValueError(
                "`QuantizedCache` is only supported for models with only full attention layers. We found the following "
                "invalid layer types: {'sliding_attention'}"
            )
        super().__init__(
            4 if nbits is None else nbits,
            64 if q_group_size is None else q_group_size,
            128 if residual_length is None else residual_length,
        )
