"""Functions of tensors that are compositions of others, shapes as `Size`, printing, linear algebra."""

from __future__ import annotations

import numpy as np
from cases.tensor import _names, _plain

LIBRARY = "torch"
# ruff: noqa: E501

EXPRESSIONS = """
lib.fmax(odd, lib.zeros(6)); lib.fmin(odd, lib.zeros(6)); lib.signbit(lib.tensor([-0.0, 1, -3])); lib.copysign(a, lib.tensor([-1.0, 1, -0.0])); lib.hypot(a, b)
lib.deg2rad(a * 90); lib.rad2deg(a); lib.exp2(a); lib.sinc(lib.tensor([0.0, 0.5, -1.2])); lib.float_power(i, 2); lib.heaviside(lib.tensor([-1.0, 0, 2]), lib.tensor(0.5))
lib.logaddexp2(a, b); lib.isposinf(odd); lib.isneginf(odd); lib.asinh(a * 100); lib.acosh(1 + a.abs()); lib.atanh(a / 2); lib.ldexp(a, lib.tensor([1, 2, 3]))
lib.can_cast(lib.float32, lib.int64); lib.can_cast(lib.int64, lib.float16); lib.can_cast(lib.int64, lib.bool); str(lib.result_type(a, 1)).split(".")[-1]; str(lib.result_type(i, 1.5)).split(".")[-1]; str(lib.result_type(f16, lib.tensor(1.0))).split(".")[-1]
lib.greater(a, b); lib.less_equal(a, 0); lib.not_equal(i, 3); lib.subtract(a, b); lib.true_divide(i, 2); lib.moveaxis(x, 0, -1).shape; a.greater(0); a.clone().subtract_(1); a.clone().multiply_(2)
lib.fliplr(m); m.flipud(); lib.rot90(m); m.rot90(-1); m.rot90(2); lib.rot90(x, 1, (1, 2)); lib.tensor_split(lib.arange(7), 3); lib.arange(7).tensor_split((2, 5)); lib.hsplit(m, 2); lib.vsplit(m, 3); lib.dsplit(x, 2); x.dsplit([1])
lib.diag_embed(a); lib.diag_embed(a, 1); lib.diag_embed(a, -2, 0, 2); lib.diagflat(c, 1); lib.block_diag(a, n, lib.ones(1, 1)); lib.atleast_1d(s).shape; lib.atleast_2d(c, s)[1].shape; lib.atleast_3d(c).shape
lib.dstack([a, b]); lib.column_stack([c, c, m]); lib.cartesian_prod(lib.arange(2), lib.arange(3)); lib.combinations(lib.arange(4), 3); lib.combinations(c, 2, True); x.sum_to_size(1, 4); lib.unravel_index(lib.tensor([5, 11]), (3, 4))
a.median(1); lib.median(a, dim=0, keepdim=True); lib.tensor([1.0, nan, 2.0]).median(0); lib.mode(lib.tensor([[2, 3, 3], [1, 1, 0]])); lib.mode(lib.tensor([3, 1, 3, 1]), keepdim=True)
lib.unique(lib.tensor([[3, 1], [1, 2], [3, 1]]), dim=0, return_inverse=True, return_counts=True); lib.unique(lib.tensor([[3, 1, 3], [1, 2, 1]]), dim=1); lib.unique_consecutive(lib.tensor([1, 1, 2, 2, 1]), return_counts=True, return_inverse=True); lib.unique_consecutive(lib.tensor([[1, 2], [1, 2], [0, 1]]), dim=0)
lib.histc(a, 4, -1, 1); lib.histc(a, 3); lib.msort(a); lib.cummin(a, 1); lib.logcumsumexp(a, 1); lib.cov(m); lib.corrcoef(m); lib.trapezoid(a); lib.trapezoid(a, dx=0.5, dim=0); lib.nanmedian(odd)
lib.take(a, lib.tensor([[0, 5]])); a.put(lib.tensor([1, 4]), lib.tensor([9.0, 8.0])); a.put(lib.tensor([1, 1]), lib.tensor([9.0, 8.0]), accumulate=True); lib.argwhere(mask); mask.argwhere()
lib.zeros(3).scatter_reduce(0, lib.tensor([0, 0, 2]), c, "sum"); lib.ones(3).scatter_reduce(0, lib.tensor([0, 0, 2]), c, "prod"); lib.zeros(3).scatter_reduce(0, lib.tensor([0, 0, 2]), c, "amax", include_self=False); a.scatter_reduce(1, lib.tensor([[0, 0, 1], [2, 2, 2]]), b, "mean"); a.scatter_reduce(1, lib.tensor([[0, 0, 1], [2, 2, 2]]), b, "mean", include_self=False); a.scatter_reduce(0, lib.tensor([[1, 0, 1], [1, 1, 1]]), b, "amin"); i.scatter_reduce(1, lib.tensor([[0, 0, 0]]), j, "prod")
lib.zeros(3).scatter(0, lib.tensor([0, 0, 2]), c, reduce="add"); lib.ones(3).scatter_(0, lib.tensor([0, 0, 2]), 3.0, reduce="multiply"); a.scatter(1, lib.tensor([[0], [2]]), value=7.0); a.scatter(1, lib.tensor([[0], [2]]), 7.0)
lib.slice_scatter(a, lib.zeros(2, 2), 1, 0, 2); lib.select_scatter(a, lib.zeros(3), 0, 1); lib.diagonal_scatter(lib.zeros(3, 3), c)
a.clone().atan2_(b); a.abs().cumsum_(1); odd.clone().nan_to_num_(0.0, 1.0, -1.0); lib.zeros(3, 3).fill_diagonal_(2.0); a.clone().t_().shape; x.clone().transpose_(0, 2).shape; lib.ones(1, 2, 1).squeeze_().shape; lib.ones(1, 2, 1).squeeze_(0).shape; lib.arange(6).resize_(2, 2)
lib.inner(c, c); lib.inner(a, b); lib.tensordot(a, m, 1); lib.tensordot(x, m, ([2], [1])); lib.kron(c, a); lib.cross(a, b, dim=1); lib.dist(a, b); lib.addmv(lib.ones(2), a, c, beta=2, alpha=3); lib.matrix_power(m[:, :3], 3); lib.vdot(c, c)
lib.linalg.norm(a); lib.linalg.norm(a, 1); lib.linalg.norm(a, dim=1); lib.linalg.vector_norm(a, 3, dim=0, keepdim=True); lib.linalg.matrix_norm(x, "fro"); lib.linalg.matrix_norm(a, inf, keepdim=True); lib.linalg.matrix_norm(a, "nuc"); lib.linalg.matrix_norm(a, 2)
lib.linalg.inv(m[:, :3] + 3 * lib.eye(3)); lib.linalg.det(m[:, :3]); lib.linalg.solve(m[:, :3] + 3 * lib.eye(3), c); lib.linalg.solve(m[:, :3] + 3 * lib.eye(3), m); lib.linalg.slogdet(m[:, :3] + 3 * lib.eye(3)); lib.linalg.svdvals(m); lib.linalg.svd(m, full_matrices=False).S; lib.linalg.qr(m).R.abs(); lib.linalg.cholesky(m @ m.t() + lib.eye(3)); lib.linalg.cholesky(m @ m.t() + lib.eye(3), upper=True)
lib.linalg.eigh(m @ m.t()).eigenvalues; lib.linalg.pinv(m); lib.linalg.matrix_rank(m @ m.t() + lib.eye(3)); lib.linalg.lstsq(lib.eye(4)[:, :3] + m.t() / 10, lib.ones(4, 1)).solution
lib.LongTensor([1, 2]); lib.FloatTensor(2, 3).shape; isinstance(a, lib.FloatTensor); isinstance(a, lib.LongTensor); a.type(lib.LongTensor); a.type("torch.HalfTensor").dtype.itemsize; lib.normal(lib.zeros(2, 3), lib.ones(3)).shape; lib.randint_like(a, 0, 5).shape; lib.logspace(0, 2, 3); lib.empty_strided((2, 3), (1, 2)).stride()
isinstance(a.shape, lib.Size); isinstance(a.shape[1:], lib.Size); isinstance(a.shape + (1,), lib.Size); a.shape.numel(); lib.Size([2, 3]) == (2, 3); repr(a.shape).split(".")[-1]; a.size() == lib.Size((2, 3)); hash(a.shape) == hash((2, 3)); lib.Size([1]) + lib.Size([2])
repr(lib.tensor([nan, inf, 1])); repr(lib.tensor([nan, 0, 0])); repr(lib.tensor([nan, 1.5, -100.25])); repr(lib.tensor([inf, 1e-9])); repr(lib.zeros(0, 3)); repr(lib.tensor(-0.0)); repr(lib.finfo(lib.float32)); repr(lib.finfo(lib.bfloat16)); repr(lib.iinfo(lib.int8)); lib.finfo(lib.float16).resolution; lib.finfo(lib.float64).resolution
a.untyped_storage().nbytes(); a[1:].untyped_storage().data_ptr() == a.untyped_storage().data_ptr(); a.is_cpu; a.layout == lib.strided; np.exp(lib.zeros(2)); np.add(i, 1); np.argmax(c)
""".strip()


def case_expressions(lib):
    out = {}
    for text in (part.strip() for line in EXPRESSIONS.splitlines() for part in line.split(";")):
        out[text] = _plain(eval(text, {**_names(lib), "np": np}))  # noqa: S307
    return out


def case_print_options(lib):
    try:
        values = lib.tensor([1.23456, 1000.5])
        out = []
        for options in (
            {"precision": 2}, {"sci_mode": True}, {"threshold": 5, "edgeitems": 2}, {"linewidth": 30},
            {"profile": "short"}, {"profile": "full"},
        ):  # fmt: skip
            lib.set_printoptions(profile="default")
            lib.set_printoptions(**options)
            out.append([repr(values), repr(lib.arange(20)), repr(lib.arange(12.0).reshape(3, 4) / 7)])
        return out
    finally:
        lib.set_printoptions(profile="default")


def case_gradients(lib):
    """Through compositions and the closed forms of linear algebra."""
    names, out = _names(lib), {}
    for text in (
        "lib.linalg.inv(g[:, :3] + 3 * lib.eye(3))", "lib.linalg.det(g[:, :3])", "lib.hypot(g, g + 1)",
        "lib.linalg.solve(g[:, :3] + 3 * lib.eye(3), g)", "lib.tensordot(g, g, 2)", "lib.diag_embed(g)",
        "lib.kron(g, g)", "lib.sinc(g)", "lib.logcumsumexp(g, 1)", "lib.take(g, lib.tensor([1, 1]))",
        "g.scatter_reduce(1, lib.tensor([[0, 0, 1, 1]]), g[:1] * 2, 'sum')", "lib.tensor_split(g, 3, 1)[1]",
        "g.scatter_reduce(1, lib.tensor([[0, 0, 1, 1]]), g[:1] * 2, 'amax')", "lib.linalg.norm(g)", "lib.cov(g)",
    ):  # fmt: skip
        g = names["m"].clone().requires_grad_(True)
        y = eval(text, {"lib": lib, "g": g})  # noqa: S307
        (y * y).sum().backward()
        out[text] = _plain(g.grad)
    return out
