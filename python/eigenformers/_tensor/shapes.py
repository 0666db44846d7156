"""Views, joins and arrangements."""

from __future__ import annotations

import itertools
from typing import Any

from .. import _core
from .._core import Tensor
from .register import both, function, method


@both
def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order."""
    return input.flip(1)


@both
def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order."""
    return input.flip(0)


@both
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Turned by `k` quarters from the first of `dims` towards the second."""
    first, second = dims
    turns = k % 4
    if turns == 0:
        return input.clone()
    if turns == 2:
        return input.flip(first, second)
    return input.flip(second).transpose(first, second) if turns == 1 else input.transpose(first, second).flip(second)


@both
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of nearly equal size, or parts that begin at the given indices."""
    size = input.shape[dim]
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        count = indices_or_sections
        if count <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {count}")
        edges = [size // count * i + min(i, size % count) for i in range(count + 1)]
    else:
        edges = [0, *(min(max(i + size if i < 0 else i, 0), size) for i in indices_or_sections), size]
    return tuple(input.narrow(dim, a, max(b - a, 0)) for a, b in zip(edges, edges[1:]))


def _even_split(name: str, input: Tensor, parts: Any, dim: int, at_least: int) -> tuple[Tensor, ...]:
    if input.dim() < at_least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {at_least} dimension, but got a tensor with"
            f" {input.dim()} dimensions!"
        )
    size = input.shape[dim]
    if isinstance(parts, int) and (parts <= 0 or size % parts):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {size} is not"
            f" divisible by the split_size {parts}!"
        )
    return tensor_split(input, parts, dim)


@both
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along columns into parts of one size, or at the given indices."""
    return _even_split("hsplit", input, indices_or_sections, 0 if input.dim() == 1 else 1, 1)


@both
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along rows into parts of one size, or at the given indices."""
    return _even_split("vsplit", input, indices_or_sections, 0, 2)


@both
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the third dimension into parts of one size, or at the given indices."""
    return _even_split("dsplit", input, indices_or_sections, 2, 3)


@both
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension as a diagonal of new matrices."""
    size = input.shape[-1] + abs(offset)
    columns = _core.arange(input.shape[-1])
    placed = _core.zeros(*input.shape[:-1], size * size, dtype=input.dtype)
    at = (columns + max(-offset, 0)) * size + columns + max(offset, 0)
    placed = placed.scatter(-1, at.expand(input.shape), input).unflatten(-1, (size, size))
    return _core.movedim(placed, (-2, -1), (dim1, dim2))


@both
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements on the diagonal of a matrix."""
    return diag_embed(input.reshape(-1), offset)


@function
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one."""
    blocks = [_core.atleast_2d(t) for t in tensors]
    width, rows, before = sum(b.shape[1] for b in blocks), [], 0
    for block in blocks:
        left = _core.zeros(block.shape[0], before, dtype=block.dtype)
        before += block.shape[1]
        rows.append(_core.cat([left, block, _core.zeros(block.shape[0], width - before, dtype=block.dtype)], 1))
    return _core.cat(rows, 0)


def _at_least(x: Tensor, dims: int) -> Tensor:
    if dims >= 1 and x.dim() == 0:
        x = x.reshape(1)
    if dims >= 2 and x.dim() == 1:
        x = x.unsqueeze(0)
    return x.unsqueeze(-1) if dims >= 3 and x.dim() == 2 else x


def _for_each(dims: int, tensors: tuple[Any, ...]) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return _at_least(tensors[0], dims)
    return tuple(_at_least(t, dims) for t in (tensors[0] if len(tensors) == 1 else tensors))


@function
def atleast_1d(*tensors: Any) -> Any:
    """One dimension or more."""
    return _for_each(1, tensors)


@function
def atleast_2d(*tensors: Any) -> Any:
    """Two dimensions or more."""
    return _for_each(2, tensors)


@function
def atleast_3d(*tensors: Any) -> Any:
    """Three dimensions or more."""
    return _for_each(3, tensors)


@function
def dstack(tensors: Any) -> Tensor:
    """Joined along the third dimension."""
    return _core.cat(list(atleast_3d(*tensors)) if len(tensors) > 1 else [_at_least(tensors[0], 3)], 2)


@function
def column_stack(tensors: Any) -> Tensor:
    """Vectors as columns, matrices side by side."""
    return _core.cat([t.reshape(-1, 1) if t.dim() <= 1 else t for t in tensors], 1)


@function
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All tuples of elements, a row each."""
    if len(tensors) == 1:
        return tensors[0]
    return _core.stack([grid.reshape(-1) for grid in _core.meshgrid(*tensors, indexing="ij")], 1)


@function
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of `r` elements, a row each."""
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(input.shape[0]), r))
    return input[_core.tensor(rows, dtype=_core.int64).reshape(-1, r)]


@method
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """Summed over the dimensions that broadcasting from `size` would repeat."""
    target = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    extra = input.dim() - len(target)
    if extra < 0 or any(t not in (1, s) for t, s in zip(target, input.shape[extra:])):
        raise RuntimeError(f"size {{{list(target)}}} is not expandable to size {{{list(input.shape)}}}.")
    dims = [*range(extra), *(extra + i for i, t in enumerate(target) if t == 1 and input.shape[extra + i] != 1)]
    return (input.sum(dims, keepdim=True) if dims else input).reshape(target)


@both
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Flat indices as one index a dimension."""
    out = []
    for size in reversed((shape,) if isinstance(shape, int) else tuple(shape)):
        out.append(indices % size)
        indices = indices // size
    return tuple(reversed(out))


@both
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`narrow`, with memory of its own."""
    return input.narrow(dim, start, length).clone()


@method
def new_empty_strided(input: Tensor, size: Any, stride: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Memory of that layout, without values."""
    return empty_strided(size, stride, dtype=dtype or input.dtype, device=device)


@function
def empty_strided(size: Any, stride: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Memory of that layout, without values."""
    span = 1 + sum((n - 1) * s for n, s in zip(size, stride)) if all(size) else 0
    return _core.as_strided(_core.empty(span, dtype=dtype, device=device), size, stride)
