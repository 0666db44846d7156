"""Activations and losses that are short compositions of others."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import Tensor
from .._core import functional as _f
from .._core.functional import cosine_similarity, one_hot, softplus

__all__ = [
    "celu", "cosine_embedding_loss", "gaussian_nll_loss", "glu", "gumbel_softmax", "hardtanh", "hinge_embedding_loss",
    "huber_loss", "margin_ranking_loss", "pairwise_distance", "poisson_nll_loss", "prelu", "relu6", "selu",
    "soft_margin_loss", "softmin", "softsign", "tanhshrink", "threshold", "triplet_margin_loss",
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
