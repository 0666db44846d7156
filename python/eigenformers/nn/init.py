"""First values of parameters: torch's functions, which fill a tensor in place and return it.

>>> import eigenformers as ef
>>> ef.nn.init.constant_(ef.empty(2, 2), 3.0).sum().item()
12.0
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from ..errors import UnsupportedError

__all__ = [
    "calculate_gain", "constant_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_",
    "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

_state = threading.local()


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Even between `a` and `b`."""
    with _core.no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal."""
    with _core.no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal, between `a` and `b`: drawn again what lies outside; where little lies inside, by the inverse of erf."""

    def below(x: float) -> float:
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    low, high = below((a - mean) / std), below((b - mean) / std)
    with _core.no_grad():
        if high - low > 0.25:
            tensor.normal_(mean, std, generator=generator)
            outside = (tensor < a) | (tensor > b)
            while outside.any():
                again = _core.empty_like(tensor).normal_(mean, std, generator=generator)
                tensor.copy_(_core.where(outside, again, tensor))
                outside = (tensor < a) | (tensor > b)
            return tensor
        tensor.uniform_(2 * low - 1, 2 * high - 1, generator=generator)
        tensor.copy_(_erfinv(tensor)).mul_(std * math.sqrt(2.0)).add_(mean)
        return tensor.clamp_(min=a, max=b)


def _erfinv(y: Tensor) -> Tensor:
    """The inverse of erf: an estimate (Winitzki 2008), and three steps of Newton in double precision."""
    y = y.double()
    log = (1 - y * y).log()
    part = 2 / (math.pi * 0.147) + log / 2
    x = y.sign() * ((part * part - log / 0.147).sqrt() - part).sqrt()
    for _ in range(3):
        x = x - (x.erf() - y) * (x * x).exp() * (math.sqrt(math.pi) / 2)
    return x


def constant_(tensor: Tensor, val: float) -> Tensor:
    """The same everywhere."""
    with _core.no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """1"""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """0"""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """1 on the diagonal of a matrix."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with _core.no_grad():
        return tensor.copy_(_core.eye(*tensor.shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity.

    Raises:
        ValueError: an unknown name.
    """
    known = {"sigmoid": 1.0, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}
    if nonlinearity.startswith(("linear", "conv")):
        return 1.0
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in known:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return known[nonlinearity]


def _fans(tensor: Tensor) -> tuple[int, int]:
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Even, of variance `2·gain²/(fan_in + fan_out)` (Glorot & Bengio 2010)."""
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal, of variance `2·gain²/(fan_in + fan_out)`."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"])


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Even, of variance `gain²/fan` (He et al. 2015)."""
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal, of variance `gain²/fan`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Rows (or columns) at right angles, of length `gain` (Saxe et al. 2013)."""
    from .. import linalg

    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    with _core.no_grad():
        flat = _core.empty(rows, columns).normal_(0, 1, generator=generator)
        q, r = linalg.qr(flat.t().contiguous() if rows < columns else flat)
        q = q * r.diagonal().sign()
        return tensor.copy_((q.t() if rows < columns else q).reshape(tensor.shape)).mul_(gain)


# --- for the layers ---------------------------------------------------------------------------------------------------
def check_device(device: Any) -> None:
    """Raises for any device but the CPU."""
    if device is not None and str(device).split(":")[0] not in ("cpu", "meta"):
        raise UnsupportedError(f"device={device!r}: eigenformers computes on the CPU only")


@contextlib.contextmanager
def empty_weights() -> Iterator[None]:
    """Layers made inside, in this thread, have shapes but no memory."""
    before, _state.empty = getattr(_state, "empty", False), True
    try:
        yield
    finally:
        _state.empty = before


def fill(module: Any, dtype: Any, first: Callable[[Any], Any], bias: Callable[[Any], Any] | None = None) -> None:
    """Give every parameter of `module` that has none yet memory and values; `bias` defaults to `first`."""
    if getattr(_state, "empty", False):
        return
    for name, shape in module._empty_slots():
        value = _core.empty(shape, dtype=dtype or _core.get_default_dtype())
        (bias or first if name == "bias" else first)(value)
        value.requires_grad_(True)
        setattr(module, name, value)


def zero_row(table: Any, row: int) -> None:
    """Set `table[row]` to zero."""
    if table is None:
        return
    with _core.no_grad():
        table[row] = 0
