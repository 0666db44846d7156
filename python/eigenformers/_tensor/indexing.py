"""By index."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import Tensor
from .register import both, method

_scatter, _scatter_ = _core.scatter, _core.Tensor.scatter_


_argwhere = _core.argwhere


@both
def argwhere(input: Tensor) -> Tensor:
    """The indices of what is not 0, a row each."""
    return _argwhere(input)


@both
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their number in the flattened tensor."""
    return input.reshape(-1)[index]


@both
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Elements by their number in the flattened tensor replaced, or added to."""
    flat = input.reshape(-1)
    source = source.reshape(-1)
    changed = flat.index_put((index.reshape(-1),), source, accumulate)
    return changed.reshape(input.shape)


@both
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Elements of `src` that land on the same place combined by sum, prod, mean, amax or amin."""
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}.")
    if index.numel() == 0:
        return input.clone()
    src = src[tuple(slice(0, n) for n in index.shape)]
    counts = _core.zeros_like(input, dtype=_core.int64).scatter_add(dim, index, _core.ones_like(index))
    touched = counts > 0
    if reduce in ("sum", "mean"):
        start = input if include_self else _core.where(touched, _core.zeros_like(input), input)
        total = start.scatter_add(dim, index, src)
        if reduce == "sum":
            return total
        counts = (counts + int(include_self)).clamp(min=1)
        mean = total / counts if input.is_floating_point() else _core.div(total, counts, rounding_mode="floor")
        return _core.where(touched, mean.to(input.dtype), input)
    return _one_by_one(input, dim, index, src, reduce, include_self, touched)


def _one_by_one(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool, touched: Tensor
) -> Tensor:
    """Pass by pass: in each, every place takes one of the elements that it has not had yet."""
    combine = {"prod": _core.mul, "amax": _core.maximum, "amin": _core.minimum}[reduce]
    order = index.argsort(dim, stable=True)
    index, src = index.gather(dim, order), src.gather(dim, order)
    size = index.shape[dim]
    out, started = input, _core.zeros_like(touched) | include_self
    # the number of an element among those with the same index
    steps = _core.arange(size).reshape([-1 if d == dim % index.dim() else 1 for d in range(index.dim())])
    fresh = _core.ones_like(index, dtype=_core.bool)
    if size > 1:
        fresh.narrow(dim, 1, size - 1).copy_(index.narrow(dim, 1, size - 1) != index.narrow(dim, 0, size - 1))
    began = _core.cummax(_core.where(fresh, steps.expand(index.shape), _core.zeros_like(index)), dim).values
    rank = steps - began
    for turn in range(int(rank.max().item()) + 1):
        now = rank == turn
        spare = out.shape[dim]  # elements of other turns land beyond the end
        wide = _core.cat([out, out.narrow(dim, 0, 1)], dim)
        at = _core.where(now, index, _core.full_like(index, spare))
        here = _core.zeros_like(wide, dtype=_core.bool).scatter(dim, at, True).narrow(dim, 0, spare)
        given = _scatter(wide, dim, at, src.to(out.dtype)).narrow(dim, 0, spare)
        out = _core.where(here, _core.where(started, combine(out, given), given), out)
        started = started | here
    return out


@both
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None) -> Tensor:
    """A copy with elements replaced by `src` (a tensor or a number); `reduce="add"` or `"multiply"` combines them."""
    src = value if src is None else src
    if reduce is None:
        return _scatter(input, dim, index, src)
    kinds = {"add": "sum", "multiply": "prod"}
    if reduce not in kinds:
        raise RuntimeError("reduce argument must be either add or multiply.")
    if not isinstance(src, Tensor):
        src = _core.full_like(index, src, dtype=input.dtype)
    return scatter_reduce(input, dim, index, src, kinds[reduce])


@method
def scatter_(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None) -> Tensor:
    """`scatter` in place."""
    if reduce is None:
        return _scatter_(input, dim, index, value if src is None else src)
    return input.copy_(scatter(input, dim, index, src, value=value, reduce=reduce))


@both
def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Tensor:
    """A copy with `src` in a slice of it."""
    out = input.clone()
    out[(slice(None),) * (dim % input.dim()) + (slice(start, end, step),)] = src
    return out


@both
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with `src` at one index."""
    out = input.clone()
    out.select(dim, index).copy_(src)
    return out


@both
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with `src` on a diagonal."""
    out = input.clone()
    _core.diagonal(out, offset, dim1, dim2).copy_(src)
    return out
