"""Forms with an underscore: the result replaces the tensor's values."""

from __future__ import annotations

from typing import Any, Callable

from .. import _core
from .._core import Tensor
from ..errors import UnsupportedError
from .register import method

_OF = (
    "asinh", "acosh", "atanh", "atan2", "copysign", "cumsum", "cumprod", "deg2rad", "rad2deg", "exp2", "float_power",
    "heaviside", "hypot", "ldexp", "logit", "nan_to_num", "put", "scatter_reduce", "sinc", "xlogy", "logical_and",
    "logical_or", "logical_xor", "addmm", "baddbmm", "acos", "asin", "atan", "expm1", "frac", "log10", "log1p",
    "log2", "sinh", "cosh", "tan", "index_reduce",
)  # fmt: skip


def _in_place(name: str) -> Callable[..., Tensor]:
    def f(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return input.copy_(getattr(input.detach() if not _core.is_grad_enabled() else input, name)(*args, **kwargs))

    f.__name__ = f.__qualname__ = name + "_"
    f.__doc__ = f"`{name}` in place."
    return f


for _name in _OF:
    if hasattr(Tensor, _name) and not hasattr(Tensor, _name + "_"):
        method(_in_place(_name))


@method
def fill_diagonal_(input: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """A number on the main diagonal."""
    if wrap and input.dim() == 2 and input.shape[0] > input.shape[1]:
        input.view(-1)[:: input.shape[1] + 1] = fill_value
    else:
        input.diagonal().fill_(fill_value)
    return input


@method
def random_(input: Tensor, from_: int = 0, to: Any = None, *, generator: Any = None) -> Tensor:
    """Whole numbers in `[from_, to)`; `random_(n)` draws from `[0, n)`; by default all that the dtype holds exactly."""
    low, high = (from_, to) if to is not None else (0, from_)
    if to is None and from_ == 0 and input.dtype == _core.int64:  # 64 random bits, the sign's cleared
        drawn = _core.randint(-(2**63), 2**63 - 1, tuple(input.shape), generator=generator)
        return input.copy_(drawn & (2**63 - 1))
    if to is None and from_ == 0:
        exact = {_core.float32: 2**24, _core.float64: 2**53, _core.float16: 2**11, _core.bfloat16: 2**8, _core.bool: 1}
        high = (exact[input.dtype] if input.dtype in exact else min(_core.iinfo(input.dtype).max, 2**63 - 2)) + 1
    return input.copy_(_core.randint(low, high, tuple(input.shape), generator=generator))


@method
def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Tensor:
    """exp of normal numbers."""
    return input.normal_(mean, std, generator=generator).exp_()


@method
def geometric_(input: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """The number of the first success."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    u = _core.rand(*input.shape, generator=generator).clamp(min=2.0**-25)
    return input.copy_((u.log() / float(_core.tensor(-p).log1p())).ceil().clamp(min=1))


@method
def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Tensor:
    """Numbers of a Cauchy distribution."""
    u = _core.rand(*input.shape, generator=generator)
    return input.copy_(median + sigma * (_core.pi * (u - 0.5)).tan())


@method
def resize_(input: Tensor, *sizes: Any) -> Tensor:
    """Another shape for the same memory; more elements than there are is an error here."""
    shape = tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
    count = 1
    for n in shape:
        count *= n
    if count > input.numel():
        raise UnsupportedError(f"resize_: found {input.numel()} elements, needed at least {count}; make a new tensor")
    input.data = input.detach().reshape(-1)[:count].view(shape)
    return input


@method
def set_(input: Tensor, source: Tensor) -> Tensor:
    """Share the memory of another tensor."""
    input.data = source
    return input
