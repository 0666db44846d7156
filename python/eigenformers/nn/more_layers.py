"""Layers written in Python: convolutions, group norm, shapes."""

from __future__ import annotations

import math
from typing import Any

from .. import _core
from .._core import nn as _native
from ..errors import UnsupportedError
from . import functional, init
from .parameter import Parameter


class Conv1d(_native.Module):
    """Correlates `[N, in_channels, L]` with a kernel; `padding` numbers, "same" or "valid"."""

    _dims, _function = 1, staticmethod(functional.conv1d)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        init.check_device(device)
        super().__init__()
        if padding_mode != "zeros":
            raise UnsupportedError(f"{type(self).__name__}(padding_mode={padding_mode!r}) is not supported yet")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if groups <= 0 or channels % groups:
                raise ValueError(f"{name} must be divisible by groups")
        size = (kernel_size,) * self._dims if isinstance(kernel_size, int) else tuple(kernel_size)
        self.in_channels, self.out_channels, self.kernel_size, self.groups = in_channels, out_channels, size, groups
        self.stride, self.padding, self.dilation, self.padding_mode = stride, padding, dilation, padding_mode
        fan_in = in_channels // groups * math.prod(size)
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        dtype = dtype or _core.get_default_dtype()
        weight = _core.empty((out_channels, in_channels // groups, *size), dtype=dtype)
        self.weight = Parameter(weight.uniform_(-bound, bound))
        if bias:
            self.bias = Parameter(_core.empty((out_channels,), dtype=dtype).uniform_(-bound, bound))
        else:
            self.register_parameter("bias", None)

    def forward(self, input: Any) -> Any:
        return self._function(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )

    def extra_repr(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"


class Conv2d(Conv1d):
    """Correlates `[N, in_channels, H, W]` with a kernel."""

    _dims, _function = 2, staticmethod(functional.conv2d)


class GroupNorm(_native.Module):
    """Mean 0, variance 1 over groups of channels of `[N, C, …]`, then gain and bias by channel."""

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, bias: bool = True,
    ):  # fmt: skip
        init.check_device(device)
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.register_parameter("weight", Parameter(_core.ones((num_channels,), dtype=dtype)) if affine else None)
        filled = affine and bias
        self.register_parameter("bias", Parameter(_core.zeros((num_channels,), dtype=dtype)) if filled else None)

    def forward(self, input: Any) -> Any:
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)


class Bilinear(_native.Module):
    """`x1ᵀ W x2 + b` for each output."""

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        init.check_device(device)
        super().__init__()
        bound = 1 / math.sqrt(in1_features)
        dtype = dtype or _core.get_default_dtype()
        weight = _core.empty((out_features, in1_features, in2_features), dtype=dtype)
        self.weight = Parameter(weight.uniform_(-bound, bound))
        values = _core.empty((out_features,), dtype=dtype).uniform_(-bound, bound) if bias else None
        self.register_parameter("bias", None if values is None else Parameter(values))

    def forward(self, input1: Any, input2: Any) -> Any:
        y = _core.einsum("...i,oij,...j->...o", input1, self.weight, input2)
        return y if self.bias is None else y + self.bias


class Flatten(_native.Module):
    """The dimensions `start_dim … end_dim` as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        return input.flatten(self.start_dim, self.end_dim)


class Unflatten(_native.Module):
    """The dimension `dim` as several."""

    def __init__(self, dim: int, unflattened_size: Any):
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Any) -> Any:
        return input.unflatten(self.dim, self.unflattened_size)


class PReLU(_native.Module):
    """`x` where positive, else a trained factor times `x`."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None):
        super().__init__()
        self.weight = Parameter(_core.full((num_parameters,), init, dtype=dtype or _core.get_default_dtype()))

    def forward(self, input: Any) -> Any:
        return functional.prelu(input, self.weight)
