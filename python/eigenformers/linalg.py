"""Dense linear algebra with torch's names, by numpy's LAPACK. Gradients where a closed form is short; where there is
none, tensors that require grad raise.

>>> import eigenformers as ef
>>> ef.linalg.inv(ef.tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
[[0.5, 0.0], [0.0, 0.25]]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from ._core import Tensor
from ._tensor.return_types import make
from .errors import UnsupportedError

__all__ = [
    "cholesky", "det", "eigh", "eigvalsh", "inv", "lstsq", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot",
    "norm", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "vector_norm",
]  # fmt: skip


def _arrays(name: str, *tensors: Tensor) -> list[np.ndarray]:
    """The values, float32 or float64; RuntimeError for other dtypes, UnsupportedError where a gradient is expected."""
    for t in tensors:
        if t.dtype not in (_core.float32, _core.float64):
            raise RuntimeError(f"linalg.{name}: Expected a floating point tensor (float32 or float64). Got {t.dtype}")
        if t.requires_grad and _core.is_grad_enabled():
            raise UnsupportedError(f"linalg.{name}: no gradient here; use no_grad() or detach()")
    return [t.detach().numpy() for t in tensors]


def _call(name: str, f: Any, *tensors: Tensor, **options: Any) -> Any:
    try:
        found = f(*_arrays(name, *tensors), **options)
    except np.linalg.LinAlgError as error:
        raise RuntimeError(f"linalg.{name}: {error}") from error
    dtype = tensors[0].dtype

    def tensor(value: Any) -> Tensor:
        made = _core.from_numpy(np.array(value, order="C"))
        return made.to(dtype) if made.is_floating_point() else made

    return tuple(tensor(x) for x in found) if isinstance(found, tuple) else tensor(found)


def inv(A: Tensor) -> Tensor:  # noqa: N803
    """The inverse, differentiable. `[..., n, n]`; RuntimeError for a singular matrix."""
    y = _call("inv", np.linalg.inv, A.detach())
    if not (A.requires_grad and _core.is_grad_enabled()):
        return y
    return 2 * y - y @ A @ y  # y, with the derivative -y·dA·y


def solve(A: Tensor, B: Tensor) -> Tensor:  # noqa: N803
    """X with A·X = B, differentiable."""
    if (A.requires_grad or B.requires_grad) and _core.is_grad_enabled():
        return inv(A) @ B
    vector = B.dim() == 1 or tuple(B.shape) == tuple(A.shape[:-1])
    found = _call("solve", np.linalg.solve, A, B.unsqueeze(-1) if vector else B)
    return found.squeeze(-1) if vector else found


def det(A: Tensor) -> Tensor:  # noqa: N803
    """The determinant, differentiable where it isn't 0."""
    y = _call("det", np.linalg.det, A.detach())
    if not (A.requires_grad and _core.is_grad_enabled()):
        return y
    change = (inv(A.detach()).transpose(-2, -1) * (A - A.detach())).sum((-2, -1))
    return y * (1 + change)


def slogdet(A: Tensor) -> Any:  # noqa: N803
    """Sign and logarithm of the determinant."""
    return make("slogdet", "sign logabsdet")(*_call("slogdet", lambda a: tuple(np.linalg.slogdet(a)), A))


def svd(A: Tensor, full_matrices: bool = True) -> Any:  # noqa: N803
    """U, S, Vh."""
    f = lambda a: tuple(np.linalg.svd(a, full_matrices=full_matrices))  # noqa: E731
    return make("linalg_svd", "U S Vh")(*_call("svd", f, A))


def svdvals(A: Tensor) -> Tensor:  # noqa: N803
    """Singular values, largest first."""
    return _call("svdvals", lambda a: np.linalg.svd(a, compute_uv=False), A)


def qr(A: Tensor, mode: str = "reduced") -> Any:  # noqa: N803
    """Q and R; `mode` reduced, complete or r."""
    kind = make("linalg_qr", "Q R")
    if mode == "r":
        return kind(_core.empty(0, dtype=A.dtype), _call("qr", lambda a: np.linalg.qr(a, "r"), A))
    return kind(*_call("qr", lambda a: tuple(np.linalg.qr(a, mode)), A))


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:  # noqa: N803
    """L with A = L·Lᵀ; RuntimeError when A is not positive definite."""
    found = _call("cholesky", np.linalg.cholesky, A)
    return found.transpose(-2, -1) if upper else found


def eigh(A: Tensor, UPLO: str = "L") -> Any:  # noqa: N803
    """Eigenvalues, smallest first, and eigenvectors of a symmetric matrix."""
    return make("linalg_eigh", "eigenvalues eigenvectors")(
        *_call("eigh", lambda a: tuple(np.linalg.eigh(a, UPLO=UPLO)), A)
    )


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:  # noqa: N803
    """Eigenvalues of a symmetric matrix, smallest first."""
    return _call("eigvalsh", np.linalg.eigvalsh, A, UPLO=UPLO)


def pinv(A: Tensor, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:  # noqa: N803
    """The Moore-Penrose inverse."""
    if atol is not None:
        raise UnsupportedError("linalg.pinv: atol is not supported; pass rtol")
    default = max(A.shape[-2:]) * _core.finfo(A.dtype).eps
    return _call("pinv", np.linalg.pinv, A, rcond=default if rtol is None else float(rtol), hermitian=hermitian)


def matrix_rank(A: Tensor, *, tol: Any = None, hermitian: bool = False) -> Tensor:  # noqa: N803
    """The number of singular values above the tolerance."""
    return _call("matrix_rank", lambda a: np.asarray(np.linalg.matrix_rank(a, tol, hermitian), dtype=np.int64), A)


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: Any = None) -> Any:  # noqa: N803
    """The X with the least |A·X - B|."""
    solution, residuals, rank, values = _call("lstsq", lambda a, b: tuple(np.linalg.lstsq(a, b, rcond=rcond)), A, B)
    return make("linalg_lstsq", "solution residuals rank singular_values")(
        solution, residuals, rank.to(_core.int64), values
    )


def vector_norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The p-norm of all elements, or along `dim`."""
    x = x if dtype is None else x.to(dtype)
    return _core.norm(x, ord, dim, keepdim) if dim is not None or keepdim else _core.norm(x.reshape(-1), ord)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None  # noqa: N803
) -> Tensor:
    """Norms of matrices: fro, nuc, inf, -inf, 1, -1, 2, -2."""
    A = A if dtype is None else A.to(dtype)  # noqa: N806
    A = _core.movedim(A, tuple(dim), (-2, -1))  # noqa: N806
    if ord == "fro":
        found = (A * A).sum((-2, -1)).sqrt()
    elif ord in (float("inf"), float("-inf"), 1, -1):
        sums = A.abs().sum(-1 if abs(ord) > 1 else -2)
        found = sums.amax(-1) if ord > 0 else sums.amin(-1)
    elif ord in ("nuc", 2, -2):
        values = svdvals(A)
        found = values.sum(-1) if ord == "nuc" else values.amax(-1) if ord == 2 else values.amin(-1)
    else:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    return _core.movedim(found[..., None, None], (-2, -1), tuple(dim)) if keepdim else found


def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:  # noqa: N803
    """The norm of vectors, or of matrices when there are two dimensions and an order."""
    dims = (dim,) if isinstance(dim, int) else dim
    if ord is not None and (isinstance(ord, str) or len(dims if dims is not None else A.shape) == 2):
        return matrix_norm(A, ord, (-2, -1) if dims is None else dims, keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype)


def matrix_power(A: Tensor, n: int) -> Tensor:  # noqa: N803
    """A square matrix times itself, n times."""
    return _core.matrix_power(A, n)


def multi_dot(tensors: Any) -> Tensor:
    """The product of all matrices."""
    return _core.chain_matmul(*tensors)
