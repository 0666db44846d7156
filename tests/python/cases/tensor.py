"""Tensors: the same expressions in torch and here. `lib` is torch or eigenformers."""

from __future__ import annotations

import math

LIBRARY = "torch"
# ruff: noqa: E501

FLOATS = ["float32", "float64", "float16", "bfloat16"]
DTYPES = [*FLOATS, "int64", "int32", "int16", "int8", "uint8", "bool"]


def _plain(value):
    """A result as values that JSON holds: the numbers with shape and dtype."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "detach"):
        value = value.detach()
        numbers = value.double().reshape(-1).tolist() if value.dtype.is_floating_point else value.reshape(-1).tolist()
        return {"dtype": str(value.dtype).split(".")[-1], "shape": list(value.shape), "values": numbers}
    return value


def _names(lib):
    """The tensors that expressions use."""

    def grid(*shape, start=0.0, step=0.37, wrap=2.9, shift=-1.4):
        count = math.prod(shape)
        return lib.tensor([(start + step * i) % wrap + shift for i in range(count)]).reshape(shape)

    return {
        "lib": lib, "F": lib.nn.functional, "inf": float("inf"), "nan": float("nan"), "math": math,
        "a": grid(2, 3), "b": grid(2, 3, start=1.3), "c": grid(3), "d": grid(2, 1, start=0.5), "s": lib.tensor(1.5),
        "p": grid(2, 3, shift=0.2), "m": grid(3, 4), "n": grid(4, 2, start=0.9), "x": grid(2, 3, 4), "y": grid(2, 4, 5),
        "h": grid(2, 3).to(lib.bfloat16), "f16": grid(2, 3).to(lib.float16), "f64": grid(2, 3).double(),
        "i": lib.tensor([[7, -7, 3], [-2, 5, 0]]), "j": lib.tensor([[2, 3, -2], [-3, 4, 5]]), "u": lib.tensor([1, 200, 7], dtype=lib.uint8),
        "k": lib.tensor([2, 0, 1]), "mask": lib.tensor([[True, False, True], [False, True, False]]),
        "odd": lib.tensor([1.0, nan, inf, -inf, 0.0, -2.5]), "e": lib.zeros(0, 3), "t3": lib.arange(24).reshape(2, 3, 4),
    }  # fmt: skip


nan, inf = float("nan"), float("inf")


def _evaluate(lib, expressions):
    names = _names(lib)
    return {text: _plain(eval(text, dict(names))) for text in expressions}  # noqa: S307 (our own table)


def case_arithmetic(lib):
    return _evaluate(
        lib,
        """a + b|a - c|a * d|a / b|a + s|2 + a|2 - a|3 / a|a ** 2|p ** 0.5|p ** b|2.0 ** a|i // j|i % j|i / j|-i|abs(i)
        lib.fmod(i, j)|a // d|a % d|lib.div(i, j, rounding_mode='trunc')|lib.div(a, d, rounding_mode='floor')|i ** 2|2 ** i.abs()
        i & j|i | j|i ^ j|~i|~mask|mask & mask.flip(0)|i << 2|i >> 1|u + 100|u * 2|u - 8|u + i[0]|u + 1.5|mask + 1|mask + mask|mask * 2.5
        h + a|h + 1.5|h * s|f16 + h|h + f64|i + s|i + h|i * 2.5|lib.tensor(3) * h|lib.tensor(2.5) + i|lib.add(a, b, alpha=3)|a.sub(b, alpha=0.5)
        lib.maximum(a, c)|lib.minimum(i, j)|lib.atan2(a, b)|lib.lerp(a, b, 0.3)|a.addcmul(b, b, value=2)|a.addcdiv(b, p)
        lib.rsub(a, 4)|a.sigmoid().logit()|mask.float().logit(eps=0.1)|lib.logaddexp(a, b)|lib.logaddexp(odd, odd)|lib.xlogy(i, p)|a.mul(2).add_(b).div_(p).neg_()|a.clone().clamp_(-0.5, 0.5)|e + 1|odd + odd|odd * 0|odd // 2|odd % 2""".replace(
            "\n        ", "|"
        ).split("|"),
    )  # noqa: E501


def case_unary(lib):
    names = """abs sign exp expm1 sin cos tan sinh cosh tanh atan erf floor ceil trunc frac square sigmoid relu neg reciprocal isnan isinf
        isfinite logical_not""".split()  # fmt: skip
    positive = "log log2 log10 log1p sqrt rsqrt".split()
    every = [f"{v}.{name}()" for name in names for v in ("a", "odd")] + [
        f"{v}.{name}()" for name in positive for v in ("p", "odd")
    ]
    every += [f"lib.{name}(i)" for name in ("exp", "sqrt", "sin", "sigmoid", "abs", "sign", "square", "floor")]
    every += [f"h.{name}()" for name in ("exp", "tanh", "sigmoid", "abs", "square")]
    every += ["a.asin()", "a.clamp(-1, 1).acos()", "a.round()", "(a * 100).round(decimals=1)", "a.clamp(-0.5, 0.5)", "a.clamp(min=0.1)", "i.clamp(max=2)",
              "a.clamp(min=c)", "i.clamp(0.5)", "odd.clamp(-1, 1)", "odd.nan_to_num()", "odd.nan_to_num(7.0, 8.0, -9.0)"]  # fmt: skip
    return _evaluate(lib, every)


def case_comparison(lib):
    return _evaluate(lib, """a == b|a != a|a < c|a <= d|i > j|i >= 0|i < 0.5|odd == odd|odd < inf|h == a|lib.isclose(a, a + 1e-9)
        lib.allclose(a, a + 1e-9)|lib.allclose(odd, odd, equal_nan=True)|lib.equal(a, a.clone())|a.equal(b)|lib.logical_and(i, j)
        lib.logical_xor(mask, i)|lib.where(mask, a, b)|lib.where(mask, a, 0)|lib.where(mask, 1.5, c)|lib.where(mask, i, 0.5)
        lib.where(mask, 1, 2)|lib.where(mask, 1.0, 2)|a.where(mask, 0)|a.masked_fill(mask, -inf)|i.masked_fill(mask, 9)|c.masked_fill(mask, 1)
        3 in i|bool((a == a).all())|bool(s)|float(s)|int(s)|lib.isin(i, k)""".replace("\n        ", "|").split("|"))  # fmt: skip


def case_promotion(lib):
    ones = {d: lib.ones(2, dtype=getattr(lib, d)) for d in DTYPES}
    zero = {d: lib.ones((), dtype=getattr(lib, d)) for d in DTYPES}
    return {
        "pairs": {f"{p} {q}": str((ones[p] * ones[q]).dtype).split(".")[-1] for p in DTYPES for q in DTYPES},
        "with 0-dim": {f"{p} {q}": str((ones[p] * zero[q]).dtype).split(".")[-1] for p in DTYPES for q in DTYPES},
        "with int": {p: str((ones[p] * 2).dtype).split(".")[-1] for p in DTYPES},
        "with float": {p: str((ones[p] * 2.5).dtype).split(".")[-1] for p in DTYPES},
        "divided": {p: str((ones[p] / 2).dtype).split(".")[-1] for p in DTYPES},
        "sum": {p: str(ones[p].sum().dtype).split(".")[-1] for p in DTYPES},
        "made": [str(lib.tensor(v).dtype).split(".")[-1] for v in (1, 1.0, True, [1, 2.0], [True, 2], [])],
    }


def case_conversion(lib):
    source = lib.tensor([0.0, 1.0, -1.5, 2.5, 100.7, 3.3e4, 1e-8])
    out = {
        d: _plain(source.abs().to(getattr(lib, d)).to(lib.float32))
        for d in ("float16", "bfloat16", "int64", "int32", "bool", "float64", "uint16", "uint32")
    }
    steps = lib.arange(-700, 700) * 0.731 + 0.003
    wide = lib.cat(
        [steps, steps * 1e-3, steps * 100, lib.tensor([inf, -inf, nan, 0.0, 448.0, 464.0, 480.0, 57344.0, 61440.0])]
    )
    out["float8"] = {d: _plain(wide.to(getattr(lib, d)).to(lib.float32)) for d in ("float8_e4m3fn", "float8_e5m2")}
    out["float8"]["float8_e8m0fnu"] = _plain(wide.abs().to(lib.float8_e8m0fnu).to(lib.float32))
    return out


def case_views(lib):
    return _evaluate(lib, """x.permute(2, 0, 1)|x.transpose(0, 2)|x.mT|m.t()|m.T|x.unsqueeze(1).shape|x.unsqueeze(-1).stride()|d.squeeze()
        x.reshape(4, -1)|x.transpose(0, 1).reshape(6, 4)|x.view(2, 12)|x.flatten(1)|x.unflatten(2, (2, 2)).shape|c.expand(2, 3)|d.expand(-1, 4)
        x.narrow(2, 1, 2)|x.select(1, -1)|x.unfold(2, 2, 2)|m.diagonal(1)|m.diagonal(-1)|x.movedim(0, -1)|x.swapaxes(0, 1).is_contiguous()
        lib.cat([a, b])|lib.cat([a, d], dim=1)|lib.cat([i, a])|lib.stack([a, b], -1)|lib.hstack([c, c])|lib.vstack([c, c])|x.split(2, 1)
        x.split([1, 3], 2)|x.chunk(3, 2)|lib.chunk(c, 2)|x.unbind(1)|c.repeat(2, 2)|x.repeat(1, 2, 1)|lib.tile(c, (2,))|c.repeat_interleave(2)
        a.repeat_interleave(2, dim=0)|a.repeat_interleave(k, dim=1)|x.flip(0, 2)|lib.flip(c, (0,))|x.roll(1)|x.roll((1, -1), (0, 2))|m.tril()|m.triu(1)
        m.tril(-1)|lib.diag(c)|lib.diag(m)|lib.eye(3)|lib.eye(2, 3)|lib.arange(5)|lib.arange(1, 2, 0.25)|lib.arange(5, 0, -2)|lib.linspace(0, 1, 5)
        lib.zeros_like(i)|lib.full((2,), 7)|lib.full((2,), 1.5)|lib.full_like(h, 3)|a.new_zeros(2)|a.new_tensor([1])|lib.meshgrid(c, s, indexing='ij')
        lib.meshgrid(c, s, indexing='xy')|lib.broadcast_tensors(a, c)|lib.as_tensor([1, 2])|F.pad(a, (1, 2))|F.pad(x, (0, 1, -1, 1), value=7.0)
        F.one_hot(k, 4)|a.view(lib.int32)|h.view(lib.int16)|c.broadcast_to((2, 3))|e.sum(0)|lib.cat([e, a])|x.squeeze((0, 1)).shape|x.stride()
        x.size(1)|x.numel()|len(x)|x.dim()|h.element_size()|lib.broadcast_shapes((2, 1), (3,)) == (2, 3)""".replace("\n        ", "|").split("|"))  # fmt: skip  # noqa: E501


def case_indexing(lib):
    return _evaluate(lib, """x[0]|x[-1, 1]|x[:, 1:]|x[..., ::2]|x[:, None, 0]|x[0, ..., 1]|x[k[:2] % 2]|x[[1, 0]]|x[:, [0, 2]]|x[:, [0, 2], [1, 3]]|x[[0, 1], :, [1, 2]]
        x[0, [0, 2]]|x[[0, 1], 1]|x[None, [0, 1]].shape|a[mask]|x[:, mask[0]]|x[mask[:, 0]]|x[..., lib.tensor([True, False, True, True])]|x[k[:2] > 5].shape
        x[lib.tensor(1)]|x[1:1].shape|x[5:].shape|t3[t3 > 20]|x[:, k]|x[:, :, lib.tensor([[0, 1], [2, 3]])].shape|x[lib.tensor([[0, 1]]), k[:1]]|x[True].shape
        a[:, -1]|a[1][2].item()|x[(0, 1)]|x[()].shape|c[...]|x[:, 1, None, ::3]|x[[0], :, 1:3]|x[1, :, [0, 1]]
        a.gather(1, k[:2, None])|lib.gather(a, 0, mask.long())|a.scatter(1, k[None], 9.0)|a.scatter(0, mask.long(), b)|a.scatter_add(1, lib.tensor([[0, 0, 2]]), b)
        x.index_select(2, k)|a.index_add(1, k, b)|a.index_copy(1, k, b)|a.index_fill(1, k[:1], 5.0)|lib.masked_select(a, mask)|a.masked_scatter(mask, b)
        i.nonzero()|lib.nonzero(mask, as_tuple=True)|lib.take_along_dim(a, a.argsort(1), 1)|lib.where(mask)|a.index_put((lib.tensor([0, 0]), lib.tensor([1, 1])), lib.tensor(1.0), True)""".replace("\n        ", "|").split("|"))  # fmt: skip  # noqa: E501


def case_assignment(lib):
    def after(assign):
        names = _names(lib)
        x = names["x"].clone()
        exec(assign, {**names, "x": x})  # noqa: S102 (our own table)
        return _plain(x)

    return {text: after(text) for text in (
        "x[0] = 1", "x[:, 1] = lib.arange(4)", "x[..., ::2] = -x[..., ::2]", "x[k[:2] % 2, 0] = 5.5", "x[x > 0] = 0", "x[:, [0, 2]] = x[:, [2, 0]]",
        "x[mask] = 3", "x[0, 1, 2] = lib.tensor(9)", "x[:, None, 0] = 4", "x[1] = x[0]", "x[mask[:, 0]] = c[0]", "x += 1", "x[0] *= 2", "x[:, 0] -= x[:, 1]",
        "x[x < 0] *= -1", "x.fill_(3)", "x.zero_()", "x.copy_(m)", "x[0][1] = 8", "x.masked_fill_(mask[0][:, None], 2.0)", "x[...] = 1.5", "x[[1], 0] = m[0]",
        "x.index_fill_(2, k, 1.0)", "x.clamp_(0, 1)", "x.mul_(2).sub_(1)", "x.transpose(0, 1)[0] = 6", "x[:, :, lib.tensor([1, 3])] = 0",
    )}  # fmt: skip


def case_reductions(lib):
    return _evaluate(lib, """x.sum()|x.sum(1)|x.sum((0, 2), keepdim=True)|x.sum(-1)|i.sum()|mask.sum()|mask.sum(0)|h.sum()|i.sum(dtype=lib.float32)|x.mean()|x.mean(1)
        x.mean((0, 1))|h.mean(0)|x.prod()|a.prod(1)|i.prod()|x.var()|x.var(1)|x.var(0, unbiased=False)|x.std(-1)|x.std(1, keepdim=True, correction=0)|x.norm()|x.norm(dim=1)
        a.norm(p=1)|a.norm(p=inf)|a.norm(3.0, dim=1)|x.logsumexp(1)|x.amax((0, 1))|x.amin(2)|x.max()|x.min()|x.max(1)|x.min(-1, keepdim=True)|lib.max(a, b)|x.argmax()
        x.argmax(2)|x.argmin(0, keepdim=True)|mask.any()|mask.all()|mask.any(0)|i.all(1)|i.any()|lib.count_nonzero(i)|x.cumsum(1)|i.cumsum(0)|x.cumprod(2)|mask.cumsum(1)
        c.cummax(0)|odd.max()|odd.argmax()|odd.sum()|odd[2:].max(0)|x.sort(1)|i.sort(descending=True)|x.argsort(-1)|x.topk(2)|x.topk(2, dim=0, largest=False)
        m.topk(1, 0)|i.unique()|i.unique(return_inverse=True, return_counts=True)|x.median()|c.kthvalue(2)|lib.bincount(k, minlength=5)|lib.searchsorted(c.sort()[0], a)
        lib.bucketize(a, c.sort()[0])|e.sum()|e.prod()|lib.std(s.expand(3))|x.double().sum(1)|f16.sum(1)|lib.nansum(odd[:2])|odd.sort()|s.sum()|s.max()|s.argmax()|x.quantile(0.3)|lib.quantile(a, lib.tensor([0.0, 0.25, 1.0]), dim=1)|a.quantile(0.5, dim=1, keepdim=True)|a.diff()|i.diff(n=2)|lib.diff(mask, dim=0)
        m[:, :3].trace()|lib.aminmax(x, dim=1)|x.aminmax()|lib.var_mean(x, 1)|lib.std_mean(x)|odd[:2].nanmean()|lib.cdist(a, b)|lib.tril_indices(3, 3)|lib.triu_indices(2, 3, 1)""".replace("\n        ", "|").split("|"))  # fmt: skip  # noqa: E501


def case_products(lib):
    return _evaluate(lib, """m @ n|x @ y|c @ c|m.t() @ c|c @ m|x @ n|lib.matmul(c, x)|lib.mm(m, n)|lib.bmm(x, y)|lib.addmm(c[:2], m, n)|lib.addmm(c[:2], m, n, beta=0.5, alpha=2)
        lib.outer(c, c)|lib.dot(c, c)|lib.mv(m, n[:, 0])|i @ j.t()|lib.einsum('ij,jk->ik', m, n)|lib.einsum('bij,bjk', x, y)|lib.einsum('bij->bi', x)|lib.einsum('ii', m[:, :3])
        lib.einsum('...ij,...jk->...ik', x, y)|lib.einsum('bij,kj->bik', x, m)|lib.einsum('i,j->ij', c, k.float())|F.linear(x, n.t())|F.linear(x, n.t(), c[:2])
        h @ h.t()|f16 @ f16.t()|f64 @ f64.t()|lib.baddbmm(c[:1].expand(2, 3, 5), x, y)|lib.zeros(2, 0) @ lib.zeros(0, 3)|x.unsqueeze(1) @ y|c.unsqueeze(0) @ m""".replace("\n        ", "|").split("|"))  # fmt: skip  # noqa: E501


def case_functional(lib):
    return _evaluate(lib, """F.softmax(x, dim=1)|x.softmax(-1)|lib.softmax(h, -1)|F.softmax(h, dim=-1, dtype=lib.float32)|F.log_softmax(x, dim=0)|F.gelu(a)|F.gelu(a, approximate='tanh')
        F.silu(a)|F.mish(a)|F.softplus(a)|F.softplus(a, 2, 1)|F.elu(a)|F.leaky_relu(a, 0.2)|F.hardswish(a)|F.hardsigmoid(a)|F.logsigmoid(a)|F.relu(i)|F.silu(h)
        F.layer_norm(x, (4,))|F.layer_norm(x, (4,), m[0], m[1], 1e-3)|F.rms_norm(x, (4,), m[0], 1e-3)|F.rms_norm(x, (4,))|F.normalize(a, dim=1)|F.normalize(x)
        F.embedding(k, m)|F.embedding(k, h.expand(2, 3)[:, :2].repeat(2, 1))|F.cross_entropy(m, k)|F.cross_entropy(m, k, reduction='sum', ignore_index=0)
        F.cross_entropy(m, k, label_smoothing=0.1)|F.cross_entropy(m, k, weight=m[0].abs())|F.cross_entropy(m, k, weight=m[0].abs(), label_smoothing=0.2, reduction='none')
        F.cross_entropy(m, m.softmax(1))|F.cross_entropy(x.transpose(1, 2), t3[:, :, 0] % 4)|F.cross_entropy(m, k * 0 - 100)
        F.nll_loss(m, k)|F.nll_loss(m, k, reduction='none')|F.mse_loss(a, b)|F.l1_loss(a, b, reduction='sum')|F.smooth_l1_loss(a, b, beta=0.5)
        F.binary_cross_entropy(a.sigmoid(), mask.float())|F.binary_cross_entropy_with_logits(a, mask.float(), pos_weight=p[0])|F.kl_div(a.log_softmax(1), b.softmax(1))
        F.kl_div(a.log_softmax(1), b.softmax(1), reduction='batchmean')|F.cosine_similarity(a, b)|lib.cosine_similarity(x, x + 1, dim=-1)
        F.scaled_dot_product_attention(x[None], x[None] * 0.5, x[None])|F.scaled_dot_product_attention(x, x, x, is_causal=True)
        F.scaled_dot_product_attention(x, x, x, attn_mask=mask[0][None])|F.scaled_dot_product_attention(x, x, x, attn_mask=a[:, None, :1], scale=0.3)""".replace("\n        ", "|").split("|"))  # fmt: skip  # noqa: E501


GRADIENTS = """(a * b + c).sum()|(a / p).exp().mean()|(m @ n).square().sum()|(x @ y).softmax(-1).max()|x.permute(2, 0, 1).reshape(4, 6)[1:3].sum()|x[:, [0, 0, 2]].pow(3).sum()
        lib.cat([a, a * 2], 1).cumsum(1).sum()|lib.where(mask, a, b * 2).norm()|F.layer_norm(x, (4,), m[0], m[1]).square().sum()|F.cross_entropy(m * 2, k)
        F.gelu(a).sum() + F.silu(b).mean()|a.max(1)[0].sum() + a.amax()|x.std(1).sum()|a.clamp(-0.5, 0.5).prod()|(a.sort(1)[0] * b).sum()|x.gather(2, k.expand(2, 3, 3)).sum()
        F.embedding(k, m).square().sum()|lib.einsum('bij,kj->bik', x, m).sum()|(a.masked_fill(mask, 0.0) * b).sum()|F.scaled_dot_product_attention(x, x * 2, x).sum()
        (c.expand(2, 3) * a).sum() + s * c.sum()|(a - a.mean(1, keepdim=True)).abs().sum()|lib.stack([a, b]).logsumexp(0).sum()|x.unfold(2, 2, 1).square().sum()
        a.index_put((k[:2] % 2, k[:2]), c[:2]).square().sum()|(a.bfloat16() * 2).float().sum()|F.pad(a, (1, -1)).square().sum()|x.flip(1).roll(1, 2)[0].square().sum()
        a.repeat(2, 2).tril().square().sum()|a.scatter_add(1, lib.tensor([[0, 0, 2], [1, 1, 1]]), b).square().sum()|F.normalize(a, dim=1).sum()|(a.topk(2)[0] * 3).sum()""".replace("\n        ", "|").split("|")  # fmt: skip  # noqa: E501


def case_gradients(lib):
    out = {}
    for text in GRADIENTS:
        names = _names(lib)
        leaves = {n: t.requires_grad_() for n, t in names.items() if n in "abcdspmnxy" and len(n) == 1}
        loss = eval(text, names)  # noqa: S307
        loss.backward()
        out[text] = {n: _plain(t.grad) for n, t in leaves.items() if t.grad is not None}
    return out


def case_inplace_gradients(lib):
    def run(statement):
        names = _names(lib)
        a, b = names["a"].requires_grad_(), names["b"].requires_grad_()
        y = a * 1
        exec(statement, {**names, "a": a, "b": b, "y": y})  # noqa: S102
        y.square().sum().backward()
        return [_plain(a.grad), _plain(b.grad) if b.grad is not None else None]

    return {s: run(s) for s in ("y[0] = b[1]", "y[mask] = 0", "y += b", "y *= 2", "y[:, 1] = b[:, 0] * 3", "y.exp_()", "y.copy_(b)",
                                "y[[0, 1], [1, 2]] = b[0, :2]", "y.masked_fill_(mask, 3.0)", "y.relu_()", "y[0] += b[0]", "y.tanh_()", "v = y[:, 1:]; v *= b[:, 1:]; y += v.sum()",
                                "y.view(3, 2)[1].fill_(2)", "y.t()[0].mul_(3.0)", "z = y[0]; z[1] = b[0, 0]; y *= 2")}  # fmt: skip


def case_random(lib):
    out = {}
    for text in ("lib.rand(5)", "lib.rand(2, 3, dtype=lib.float64)", "lib.randn(7)", "lib.randn(16)", "lib.randn(37)", "lib.randn(20, dtype=lib.float64)",
                 "lib.randint(0, 100, (6,))", "lib.randint(7, (2, 3))", "lib.randint(0, 2**40, (3,))", "lib.randint(-5, 5, (4,))", "lib.randperm(12)", "lib.bernoulli(p / 4)",
                 "F.dropout(lib.ones(4, 8), 0.3)", "lib.empty(4).uniform_(-2, 5)", "lib.empty(5).normal_(1, 2)", "lib.empty(4).exponential_(2.0)",
                 "lib.empty(9).bernoulli_(0.4)", "lib.rand(3, dtype=lib.bfloat16)", "lib.normal(0.0, 1.0, (3,))", "[lib.randn(3), lib.rand(2), lib.randn(3)]",
                 "lib.rand_like(a)", "lib.randn_like(x)", "lib.randint(0, 2**31, (3,))", "lib.randint(0, 2**32 - 1, (3,))", "lib.multinomial(p, 1)",
                 "lib.multinomial(p[0], 3)", "lib.multinomial(p[0], 6, replacement=True)"):  # fmt: skip
        lib.manual_seed(20)
        out[text] = _plain(eval(text, _names(lib)))  # noqa: S307
    lib.manual_seed(3)
    state = lib.get_rng_state()
    first = lib.rand(3).tolist()
    lib.set_rng_state(state)
    out["state"] = [lib.rand(3).tolist() == first, lib.initial_seed()]
    own = lib.Generator().manual_seed(9)
    out["own"] = [_plain(lib.rand(3, generator=own)), own.initial_seed()]
    return out


def case_printing(lib):
    values = ["a", "x", "i", "mask", "h", "f64", "odd", "s", "e", "lib.arange(2000)", "lib.rand(0)", "lib.tensor(7)", "lib.tensor([1e-6, 1.0])", "lib.tensor([1e9, 1.0])",
              "lib.tensor([1.0, 2.0])", "lib.zeros(50, 50)", "lib.arange(30) * 1000", "a.clone().requires_grad_()", "lib.tensor([True])", "u", "lib.zeros(2, 0)",
              "lib.tensor([0.5, 100.25])", "lib.tensor([1e-3, 1e3])", "lib.arange(6).to(lib.int32)", "lib.tensor([[1.5, -inf], [nan, 2.0]])", "lib.zeros(1, 1, 1, 2)"]  # fmt: skip
    return {t: repr(eval(t, _names(lib))).replace("torch.", "").replace("eigenformers.", "") for t in values}  # noqa: S307


def case_error_texts(lib):
    """Messages that people search for."""
    expressions = """lib.zeros(2, 3) + lib.zeros(2, 4)|lib.zeros(2, 3) @ lib.zeros(4, 5)|lib.zeros(2, 3).view(4, 2)|lib.zeros(2, 3).sum(2)|lib.zeros(2, 3)[2]
        lib.zeros(3)[[5]]|lib.zeros(2, 2).backward()|lib.zeros(2, requires_grad=True).backward()|lib.zeros(2, requires_grad=True).numpy()|lib.tensor([[1, 2], [3]])
        lib.zeros(2).bfloat16().numpy()|bool(lib.zeros(2))|lib.zeros(2).item()|len(lib.tensor(1))|lib.zeros(2)[0, 0]|lib.arange(3).requires_grad_()|lib.zeros(2, 3).t()[::-1]
        lib.cat([lib.zeros(2, 3), lib.zeros(3, 3)], 1)|lib.stack([lib.zeros(2), lib.zeros(3)])|lib.zeros(2, 3).expand(3, 3)|lib.arange(3).mean()|lib.zeros(2) & lib.zeros(2)
        lib.zeros(2, requires_grad=True).add_(1)|lib.zeros(3).topk(4)|lib.zeros(2, 3).transpose(0, 3)|lib.zeros(3).narrow(0, 2, 2)
        lib.arange(2).add_(0.5)|lib.zeros(2, 3).bmm(lib.zeros(1))|F.cross_entropy(lib.zeros(2, 3), lib.tensor([0, 3]))|lib.tensor('a')|-lib.tensor(True)|lib.zeros(2)[None][2]
        F.embedding(lib.tensor([5]), lib.zeros(3, 2))|lib.arange(0, 5, -1)|lib.zeros(2).to(lib.int64) % 0""".replace("\n        ", "|").split("|")  # fmt: skip  # noqa: E501
    out = {}
    for text in expressions:
        try:
            eval(text, _names(lib))  # noqa: S307
            out[text] = "no error"
        except Exception as error:  # noqa: BLE001
            # Ours may inherit several builtins: the first of this order is the one that torch raises.
            kind = next(k.__name__ for k in (IndexError, RuntimeError, ValueError, TypeError) if isinstance(error, k))
            message = str(error).split("\n")[0].split(": embedding found")[0]
            out[text] = [message.replace("torch.", "").replace("eigenformers.", ""), kind]
    return out
