"""Products."""

from __future__ import annotations

import operator
from typing import Any

from .. import _core
from .._core import Tensor
from .register import both, function


@both
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last dimensions."""
    if input.dim() == 0 or other.dim() == 0:
        return input * other
    return tensordot(input, other, ([-1], [-1]))


@both
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The product of two vectors."""
    return _core.dot(input, other)


@function
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over pairs of dimensions: the last of `a` and first of `b`, or those listed."""
    if isinstance(dims, int):
        over_a, over_b = list(range(a.dim() - dims, a.dim())), list(range(dims))
    else:
        over_a, over_b = ([d % t.dim() for d in ([ds] if isinstance(ds, int) else ds)] for t, ds in zip((a, b), dims))
    if [a.shape[d] for d in over_a] != [b.shape[d] for d in over_b]:
        raise RuntimeError(
            f"contracted dimensions need to match, but first has size {[a.shape[d] for d in over_a]} and second has "
            f"size {[b.shape[d] for d in over_b]}"
        )
    rest_a = [d for d in range(a.dim()) if d not in over_a]
    rest_b = [d for d in range(b.dim()) if d not in over_b]
    count = 1
    for d in over_a:
        count *= a.shape[d]
    left = a.permute(*rest_a, *over_a).reshape(-1, count) if a.dim() else a.reshape(1, 1)
    right = b.permute(*over_b, *rest_b).reshape(count, -1) if b.dim() else b.reshape(1, 1)
    return (left @ right).reshape([a.shape[d] for d in rest_a] + [b.shape[d] for d in rest_b])


@both
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product."""
    dims = max(input.dim(), other.dim())
    a = input.reshape((1,) * (dims - input.dim()) + tuple(input.shape))
    b = other.reshape((1,) * (dims - other.dim()) + tuple(other.shape))
    wide = a.reshape([n for s in a.shape for n in (s, 1)]) * b.reshape([n for s in b.shape for n in (1, s)])
    return wide.reshape([x * y for x, y in zip(a.shape, b.shape)])


@both
def cross(input: Tensor, other: Tensor, dim: Any = None) -> Tensor:
    """The cross product of vectors of three."""
    if dim is None:
        dim = next((d for d in range(input.dim()) if input.shape[d] == 3), None)
    if dim is None or input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim or 0]} and "
            f"{other.shape[dim or 0]}"
        )
    a, b = input.unbind(dim), other.unbind(dim)
    return _core.stack([a[i] * b[j] - a[j] * b[i] for i, j in ((1, 2), (2, 0), (0, 1))], dim)


@both
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference."""
    return (input - other).norm(p)


@both
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """β·input + α·mat·vec."""
    return beta * input + alpha * (mat @ vec)


@both
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """β·input + α·vec1·vec2ᵀ."""
    return beta * input + alpha * _core.outer(vec1, vec2)


@both
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """β·input + α·the sum of all batch1·batch2."""
    return beta * input + alpha * _core.bmm(batch1, batch2).sum(0)


@both
def matrix_power(input: Tensor, n: int) -> Tensor:
    """A square matrix times itself, n times."""
    from ..linalg import inv

    base = inv(input) if n < 0 else input
    out, n = _core.eye(input.shape[-1], dtype=input.dtype).expand(input.shape), abs(operator.index(n))
    while n:
        if n % 2:
            out = out @ base
        base, n = base @ base, n // 2
    return out


@function
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of all matrices."""
    out = matrices[0]
    for matrix in matrices[1:]:
        out = out @ matrix
    return out
