"""Reductions, sorting, statistics."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import Tensor
from .register import FUNCTIONS, both, function
from .return_types import make

_all_median, _flat_unique = _core.median, _core.unique


@both
def median(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The middle value, the lower of two; along `dim` with its index."""
    if dim is None:
        return _all_median(input)
    size = input.shape[dim] if input.dim() else 1
    values, indices = _core.kthvalue(input, (size + 1) // 2, dim, keepdim)
    if input.is_floating_point():  # NaN wins
        nan = _core.isnan(input)
        bad = nan.any(dim, keepdim=keepdim)
        values = _core.where(bad, _core.full_like(values, float("nan")), values)
        indices = _core.where(bad, nan.to(_core.int64).argmax(dim, keepdim=keepdim), indices)
    return make("median", "values indices")(values, indices)


@both
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent value, the smallest of several, with an index where it stands."""
    ordered, places = input.sort(dim, stable=True)
    last = _core.movedim(ordered, dim, -1)
    counts = (last.unsqueeze(-1) == last.unsqueeze(-2)).sum(-1)
    best = counts.argmax(-1, keepdim=True)
    value = last.gather(-1, best)
    # the last place of that value, as torch's CPU code gives
    end = best + counts.gather(-1, best) - 1
    index = _core.movedim(places, dim, -1).gather(-1, end)
    if not keepdim:
        return make("mode", "values indices")(value.squeeze(-1), index.squeeze(-1))
    return make("mode", "values indices")(_core.movedim(value, -1, dim), _core.movedim(index, -1, dim))


def _unique_parts(values: Tensor, inverse: Any, counts: Any, return_inverse: bool, return_counts: bool) -> Any:
    if not (return_inverse or return_counts):
        return values
    return (values, *([inverse] if return_inverse else []), *([counts] if return_counts else []))


@both
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """Without elements (or slices along `dim`) that equal the one before."""
    rows = input.reshape(-1) if dim is None else _core.movedim(input, dim, 0)
    flat = rows.reshape(rows.shape[0], -1)
    first = _core.ones(rows.shape[0], dtype=_core.bool)
    if rows.shape[0] > 1:
        first[1:] = (flat[1:] != flat[:-1]).any(1)
    group = first.to(_core.int64).cumsum(0) - 1
    kept = rows[first]
    values = kept if dim is None else _core.movedim(kept, 0, dim)
    inverse = group.reshape(input.shape) if dim is None else group
    counts = _core.bincount(group) if group.numel() else group
    return _unique_parts(values, inverse, counts, return_inverse, return_counts)


@both
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """The different elements, or slices along `dim`, in order."""
    if dim is None:
        return _flat_unique(input, sorted, return_inverse, return_counts)
    rows = _core.movedim(input, dim, 0)
    flat = rows.reshape(rows.shape[0], -1)
    order = _core.arange(rows.shape[0])
    for column in reversed(range(flat.shape[1])):  # by the last column first: a stable sort keeps what is decided
        order = order[flat[order, column].argsort(stable=True)]
    values, group, counts = unique_consecutive(rows[order], True, True, 0)
    inverse = _core.empty_like(group)
    inverse[order] = group
    return _unique_parts(_core.movedim(values, 0, dim), inverse, counts, return_inverse, return_counts)


@both
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall in each of `bins` equal intervals."""
    x = input.reshape(-1)
    low, high = (x.min().item(), x.max().item()) if min == max == 0 and x.numel() else (float(min), float(max))
    if low == high:
        low, high = low - 1, high + 1
    if low > high:
        raise RuntimeError("max must be larger than min")
    x = x[(x >= low) & (x <= high)]
    place = ((x - low) * (bins / (high - low))).to(_core.int64).clamp(0, bins - 1)
    return _core.bincount(place, minlength=bins).to(input.dtype)


@both
def msort(input: Tensor) -> Tensor:
    """Sorted along the first dimension."""
    return input.sort(0).values


@both
def nanmedian(input: Tensor) -> Tensor:
    """The median of what is a number."""
    return _all_median(input[~_core.isnan(input)])


@both
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest so far, with its index."""
    values, indices = _core.cummax(-input, dim)
    return make("cummin", "values indices")(-values, indices)


@both
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log of the running sum of exponentials."""
    top = input.amax(dim, keepdim=True).detach()
    top = _core.where(_core.isfinite(top), top, _core.zeros_like(top))
    return (input - top).exp().cumsum(dim).log() + top


@both
def cov(input: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
    """Covariances of the rows."""
    if fweights is not None or aweights is not None:
        raise NotImplementedError("cov: fweights and aweights are not supported")
    x = input.reshape(1, -1) if input.dim() < 2 else input
    centred = x - x.mean(1, keepdim=True)
    out = centred @ centred.t() / max(x.shape[1] - correction, 0)
    return out.reshape(()) if input.dim() < 2 else out


@both
def corrcoef(input: Tensor) -> Tensor:
    """Correlations of the rows."""
    c = cov(input)
    if c.dim() == 0:
        return c / c
    spread = c.diagonal().sqrt()
    return (c / spread.unsqueeze(1) / spread.unsqueeze(0)).clamp(-1, 1)


@function
def trapezoid(y: Tensor, x: Any = None, *, dx: float = 1.0, dim: int = -1) -> Tensor:
    """The integral by the trapezoidal rule."""
    y = _core.movedim(y, dim, -1)
    middle = (y[..., 1:] + y[..., :-1]) / 2
    return (middle * (_core.diff(x) if x is not None else dx)).sum(-1)


_core.trapz = trapezoid
FUNCTIONS.add("trapz")
