"""Layers ready to use: made in Python, they start with torch's initial values."""

from __future__ import annotations

import math
from typing import Any

from .._core import nn as _native
from . import init


class _NativeToo(type(_native.Linear)):
    """Layers of models built in C++ are instances of the Python class as well."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (cls is Linear and isinstance(instance, _native.Linear))


class Linear(_native.Linear, metaclass=_NativeToo):
    """`y = x Wᵀ + b`: `[..., in_features]` to `[..., out_features]`; weight `[out_features, in_features]`."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None):
        init.check_device(device)
        super().__init__(in_features, out_features, bool(bias))
        bound = 1 / math.sqrt(in_features) if in_features > 0 else 0.0
        init.fill(self, dtype, lambda tensor: tensor.uniform_(-bound, bound))


class Embedding(_native.Embedding):
    """Rows of a table by id: int64 `[...]` to `[..., embedding_dim]`."""

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        init.check_device(device)
        super().__init__(num_embeddings, embedding_dim)
        init.fill(self, dtype, lambda tensor: tensor.normal_())
        self.padding_idx = padding_idx
        if padding_idx is not None:
            init.zero_row(self.weight, padding_idx)


def _size(shape: Any) -> int:
    if isinstance(shape, int):
        return shape
    if len(shape) != 1:
        raise NotImplementedError(f"normalized_shape={tuple(shape)}: only the last dimension can be normalized")
    return int(shape[0])


class LayerNorm(_native.LayerNorm):
    """Mean 0, variance 1 over the last dimension, then gain and bias."""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        init.check_device(device)
        super().__init__(_size(normalized_shape), eps, elementwise_affine, bias)
        init.fill(self, dtype, lambda tensor: tensor.fill_(1), lambda tensor: tensor.fill_(0))


class RMSNorm(_native.RMSNorm):
    """Root mean square 1 over the last dimension, then a gain."""

    def __init__(self, normalized_shape: Any, eps: float | None = 1e-6, device: Any = None, dtype: Any = None):
        init.check_device(device)
        super().__init__(_size(normalized_shape), 1.1920928955078125e-07 if eps is None else eps)
        init.fill(self, dtype, lambda tensor: tensor.fill_(1))


class Dropout(_native.Dropout):
    """Zeroes elements with probability `p` while training, and scales the rest by `1 / (1 - p)`."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        if inplace:
            raise NotImplementedError("Dropout(inplace=True) is not supported")
        super().__init__(p)


class Identity(_native.Identity):
    """Returns its input; takes any arguments."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()


class _Named(_native.Activation):
    _activation = ""

    def __init__(self) -> None:
        super().__init__(self._activation)


class _MaybeInPlace(_Named):
    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        output = super().forward(input)
        return input.copy_(output) if self.inplace else output


class SiLU(_MaybeInPlace):
    """`x · sigmoid(x)`"""

    _activation = "silu"


class ReLU(_MaybeInPlace):
    """`max(x, 0)`"""

    _activation = "relu"


class Sigmoid(_Named):
    """`1 / (1 + exp(-x))`"""

    _activation = "sigmoid"


class Tanh(_Named):
    """`tanh(x)`"""

    _activation = "tanh"


class GELU(_native.Activation):
    """`x · Φ(x)`; `approximate="tanh"` for the approximation."""

    def __init__(self, approximate: str = "none"):
        names = {"none": "gelu", "tanh": "gelu_pytorch_tanh"}
        if approximate not in names:
            raise ValueError(f"approximate argument must be either none or tanh, found {approximate!r}")
        super().__init__(names[approximate])
