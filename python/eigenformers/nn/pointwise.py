"""Activations and losses that are short compositions of others."""

from __future__ import annotations

import math
from typing import Any

from .. import _core
from .._core import Tensor
from .._core import functional as _f
from .._core.functional import cosine_similarity, one_hot, softplus

__all__ = [
    "celu", "cosine_embedding_loss", "gaussian_nll_loss", "glu", "gumbel_softmax", "hardshrink", "hardtanh",
    "hinge_embedding_loss", "huber_loss", "layer_norm", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_soft_margin_loss", "pairwise_distance", "poisson_nll_loss", "prelu", "relu6", "rms_norm", "selu",
    "soft_margin_loss", "softmin", "softshrink", "softsign", "tanhshrink", "threshold", "triplet_margin_loss",
]  # fmt: skip


def _reduced(value: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return value
    if reduction == "mean":
        return value.mean()
    if reduction == "sum":
        return value.sum()
    raise ValueError(f"{reduction} is not a valid value for reduction")


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """`min(max(x, 0), 6)`"""
    return hardtanh(input, 0.0, 6.0)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """The input, clipped."""
    return input.clamp(min_val, max_val)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`max(0, x) + min(0, α·(exp(x/α) - 1))`"""
    return input.clamp(min=0) + alpha * _core.expm1(input.clamp(max=0) / alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Self-normalising ELU (Klambauer et al. 2017)."""
    return 1.0507009873554804934193349852946 * _f.elu(input, 1.6732632423543772848170429916717)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half times the sigmoid of the second."""
    if input.shape[dim] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {input.shape[dim]}")
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`x` where positive, else `weight·x`; one weight, or one a channel."""
    if weight.numel() > 1:
        weight = weight.reshape((1, -1) + (1,) * (input.dim() - 2))
    return input.clamp(min=0) + weight * input.clamp(max=0)


def softsign(input: Tensor) -> Tensor:
    """`x / (1 + |x|)`"""
    return input / (1 + input.abs())


def tanhshrink(input: Tensor) -> Tensor:
    """`x - tanh(x)`"""
    return input - input.tanh()


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """`x` where its magnitude is above `lambd`, else 0."""
    return _core.where(input.abs() > lambd, input, _core.zeros_like(input))


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """`x` moved towards 0 by `lambd`, at most to 0."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return input - input.clamp(-lambd, lambd)


def _last_as_one(input: Tensor, shape: tuple[int, ...], *parameters: Tensor | None) -> list[Tensor | None]:
    """The dimensions that are normalized together as one."""
    size, lead = math.prod(shape), tuple(input.shape)[: max(0, input.dim() - len(shape))]
    if tuple(input.shape) != (*lead, *shape):
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size{list(input.shape)}"
        )
    for parameter in parameters:
        if parameter is not None and tuple(parameter.shape) != shape:
            raise RuntimeError(
                "Expected weight to be of same shape as normalized_shape, but got weight of shape "
                f"{list(parameter.shape)} and normalized_shape = {list(shape)}"
            )
    return [input.reshape((*lead, size)), *(None if p is None else p.reshape((size,)) for p in parameters)]


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Mean 0, variance 1 over the last dimensions, which are `normalized_shape`, then gain and bias of that shape."""
    shape = tuple(normalized_shape)
    if len(shape) == 1:
        return _f.layer_norm(input, shape, weight, bias, eps)
    x, gain, offset = _last_as_one(input, shape, weight, bias)
    return _f.layer_norm(x, x.shape[-1:], gain, offset, eps).reshape(input.shape)


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """Root mean square 1 over the last dimensions, which are `normalized_shape`, then a gain of that shape."""
    shape = tuple(normalized_shape)
    if len(shape) == 1:
        return _f.rms_norm(input, shape, weight, eps)
    x, gain = _last_as_one(input, shape, weight)
    return _f.rms_norm(x, x.shape[-1:], gain, eps).reshape(input.shape)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Binary cross-entropy of each class, averaged over the last dimension. target: 0 or 1, of the input's shape."""
    loss = -(target * _f.logsigmoid(input) + (1 - target) * _f.logsigmoid(-input))
    return _reduced((loss if weight is None else loss * weight).mean(-1), reduction)


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Hinge of how far each class is below the right one. input: [batch, classes] or [classes]; target: int64."""
    if p not in (1, 2):
        raise RuntimeError("only p == 1 and p == 2 supported")
    at = target.unsqueeze(-1)
    hinge = (margin - input.gather(-1, at) + input).clamp(min=0) ** p
    if weight is not None:
        hinge = hinge * weight[at]
    others = _core.ones_like(input).scatter(-1, at, 0.0)
    return _reduced((hinge * others).sum(-1) / input.shape[-1], reduction)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """`x` where it is above the threshold, else `value`."""
    return _core.where(input > threshold, input, _core.full_like(input, value))


def softmin(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Softmax of `-x`."""
    return _f.softmax(-input, dim, dtype=dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Softmax of the logits plus Gumbel noise (Jang et al. 2016); `hard`: one-hot, with the soft gradient."""
    noise = -_core.empty_like(logits).exponential_().log()
    soft = _f.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    picked = one_hot(soft.argmax(dim), soft.shape[dim]).to(soft.dtype).movedim(-1, dim)
    return picked - soft.detach() + soft


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """Squared below `delta`, linear above."""
    away = (input - target).abs()
    near = away.clamp(max=delta)
    value = 0.5 * near * near + delta * (away - near)
    return _reduced(value if weight is None else value * weight, reduction)


def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """`log(1 + exp(-y·x))`"""
    return _reduced(softplus(-target * input), reduction)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """`x` where the target is 1, `max(0, margin - x)` where it is -1."""
    zero = _core.zeros_like(input)
    value = _core.where(target != 1, (margin - input).clamp(min=0), zero) + _core.where(target != -1, input, zero)
    return _reduced(value, reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    """`max(0, -y·(x1 - x2) + margin)`"""
    return _reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, reduction: str = "mean"
) -> Tensor:
    """`1 - cos` where the target is 1, `max(0, cos - margin)` where it is -1."""
    cosine = cosine_similarity(input1, input2, dim=-1)
    zero = _core.zeros_like(cosine)
    value = _core.where(target == 1, 1 - cosine, zero) + _core.where(target == -1, (cosine - margin).clamp(min=0), zero)
    return _reduced(value, reduction)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of `x1 - x2 + eps` over the last dimension."""
    return _core.norm(x1 - x2 + eps, p=p, dim=-1, keepdim=keepdim)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """`max(0, d(anchor, positive) - d(anchor, negative) + margin)`"""
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = _core.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduced((pairwise_distance(anchor, positive, p, eps) - far + margin).clamp(min=0), reduction)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Negative log-likelihood of counts, `input` being the (log of the) rate."""
    value = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * 3.141592653589793 * target).log()
        value = value + _core.where(target > 1, stirling, _core.zeros_like(stirling))
    return _reduced(value, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Negative log-likelihood of normal distributions with means `input` and variances `var`."""
    var = var.clamp(min=eps)
    value = 0.5 * (var.log() + (input - target).square() / var)
    return _reduced(value + 0.5 * 1.8378770664093453 if full else value, reduction)
