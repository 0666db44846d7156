"""Single tensors to and from the block types of GGUF files."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..errors import ConfigError


def quantize(x: Any, tensor_type: str, importance: Any = None) -> Any:
    """Blocks of a GGUF type, byte for byte those of ggml.

    Args:
        x: numbers of shape [..., k]; k is a multiple of the type's block length.
        tensor_type: `"Q4_K"`, `"IQ4_XS"`, … in any case; see `tensor_types`.
        importance: k positive weights, one for each column: how much an error there matters.

    Returns:
        A uint8 tensor of shape [..., bytes of a row].

    Raises:
        ValueError: an unknown type, rows that don't end on a block, or numbers that are not finite.
        NotImplementedError: a type without an encoder, or one that needs `importance`.

    >>> quantize([[1.0, -1.0] * 16], "q8_0").tolist()[0][:4]
    [8, 32, 127, 129]
    """
    weights = None if importance is None else _core.as_tensor(importance)
    if weights is not None and not bool(((weights >= 0) & _core.isfinite(weights)).all()):
        raise ConfigError("quantize: importance must be finite and not negative")
    return _core.gguf_quantize(_core.as_tensor(x), tensor_type, weights)


def dequantize(blocks: Any, tensor_type: str) -> Any:
    """The float32 numbers of uint8 blocks [..., bytes of a row]; the reverse of `quantize` up to rounding."""
    return _core.gguf_dequantize(_core.as_tensor(blocks), tensor_type)


def tensor_types() -> dict[str, tuple[int, int, bool]]:
    """type -> (weights a block, bytes a block, whether it can be written).

    >>> tensor_types()["Q4_K"]
    (256, 144, True)
    """
    return _core.gguf_types()
