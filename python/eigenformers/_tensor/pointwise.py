"""Element by element."""

from __future__ import annotations

import math
from typing import Any

from .. import _core
from .._core import Tensor
from .register import both, function


def _tensors(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    a = a if isinstance(a, Tensor) else _core.as_tensor(a)
    return a, b if isinstance(b, Tensor) else _core.as_tensor(b)


def _real(x: Tensor) -> Tensor:
    return x if x.is_floating_point() else x.float()


@both
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two numbers; a number rather than NaN."""
    return _core.where(_core.isnan(input), other, _core.where(_core.isnan(other), input, _core.maximum(input, other)))


@both
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two numbers; a number rather than NaN."""
    return _core.where(_core.isnan(input), other, _core.where(_core.isnan(other), input, _core.minimum(input, other)))


@both
def signbit(input: Tensor) -> Tensor:
    """Whether the sign is set, also that of -0."""
    return (input < 0) | ((input == 0) & (_core.reciprocal(_real(input)) < 0)) if input.is_floating_point() else input < 0


@both
def copysign(input: Tensor, other: Any) -> Tensor:
    """The magnitude of `input` with the sign of `other`."""
    input, other = _tensors(_real(input), other)
    return _core.where(signbit(other), -input.abs(), input.abs())


@both
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """√(x² + y²), scaled so that squares don't overflow."""
    a, b = input.abs(), other.abs()
    large, small = _core.maximum(a, b), _core.minimum(a, b)
    ratio = _core.where(large == 0, small, small / _core.where(large == 0, _core.ones_like(large), large))
    return large * (1 + ratio * ratio).sqrt()


@both
def deg2rad(input: Tensor) -> Tensor:
    """Degrees to radians."""
    return _real(input) * (math.pi / 180)


@both
def rad2deg(input: Tensor) -> Tensor:
    """Radians to degrees."""
    return _real(input) * (180 / math.pi)


@both
def exp2(input: Tensor) -> Tensor:
    """2ˣ."""
    return _core.pow(2.0, _real(input))


@both
def sinc(input: Tensor) -> Tensor:
    """sin(πx)/πx, 1 at 0."""
    x = _real(input) * math.pi
    zero = x == 0
    return _core.where(zero, _core.ones_like(x), x.sin() / _core.where(zero, _core.ones_like(x), x))


@both
def float_power(input: Any, exponent: Any) -> Tensor:
    """A power in float64."""
    input, exponent = _tensors(input, exponent)
    return _core.pow(input.double(), exponent.double())


@both
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below zero, 1 above, `values` at zero."""
    return _core.where(input == 0, values, (input > 0).to(input.dtype))


@both
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log₂(2ˣ + 2ʸ)."""
    return _core.logaddexp(input * math.log(2), other * math.log(2)) / math.log(2)


@both
def positive(input: Tensor) -> Tensor:
    """The tensor itself."""
    if input.dtype is _core.bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


@both
def isposinf(input: Tensor) -> Tensor:
    """Where it is +∞."""
    return _core.isinf(input) & (input > 0)


@both
def isneginf(input: Tensor) -> Tensor:
    """Where it is -∞."""
    return _core.isinf(input) & (input < 0)


@both
def asinh(input: Tensor) -> Tensor:
    """The inverse hyperbolic sine."""
    a = _real(input).abs()
    return copysign((a + a * a / (1 + (a * a + 1).sqrt())).log1p(), _real(input))


@both
def acosh(input: Tensor) -> Tensor:
    """The inverse hyperbolic cosine."""
    t = _real(input) - 1
    return (t + (2 * t + t * t).sqrt()).log1p()


@both
def atanh(input: Tensor) -> Tensor:
    """The inverse hyperbolic tangent."""
    x = _real(input)
    return 0.5 * (2 * x / (1 - x)).log1p()


@both
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """x · 2ʸ."""
    return input * _core.pow(2.0, other)


@function
def can_cast(from_: Any, to: Any) -> bool:
    """Whether a conversion keeps the kind of number.

    >>> can_cast(_core.int64, _core.float32), can_cast(_core.float32, _core.int64)
    (True, False)
    """
    if from_.is_floating_point and not to.is_floating_point:
        return False
    return to is not _core.bool or from_ is _core.bool


@function
def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype of `tensor1 + tensor2`, tensors or numbers."""

    def one(value: Any) -> Any:
        return _core.empty((0,) * max(value.dim(), 0) if value.dim() else (), dtype=value.dtype) if isinstance(
            value, Tensor
        ) else value

    a, b = one(tensor1), one(tensor2)
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        a = _core.tensor(a)
    kinds = [x.dtype if isinstance(x, Tensor) else _core.tensor(x).dtype for x in (a, b)]
    if kinds[0] is _core.bool and kinds[1] is _core.bool:
        return _core.bool
    return _core.mul(a, b).dtype if isinstance(a, Tensor) else _core.mul(b, a).dtype
