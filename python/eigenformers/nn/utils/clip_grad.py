"""Gradients cut to a norm or to a value, in place."""

from __future__ import annotations

from collections.abc import Iterable

from ..._core import Tensor
from ..._core import optim as _native


def _grads(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    if isinstance(parameters, Tensor):
        parameters = [parameters]
    return [g for g in (p.grad for p in parameters) if g is not None]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """The norm of all tensors as one vector: a scalar.

    Raises RuntimeError where it is NaN or infinite and `error_if_nonfinite` says so.
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    total = _native.total_norm(tensors, float(norm_type))
    if error_if_nonfinite and not total.isfinite().item():
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients by `max_norm / (total_norm + 1e-6)`, at most 1."""
    grads = _grads(parameters)
    if not grads:
        return
    factor = float(max_norm) / (total_norm.item() + 1e-6)
    if not factor >= 1:  # NaN scales too, as in torch
        _native.scale_all(grads, factor)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scale the gradients so that their norm, taken together, is at most `max_norm`. Returns the norm before.

    >>> import eigenformers as ef
    >>> w = ef.zeros(2, requires_grad=True)
    >>> (w * ef.tensor([3.0, 4.0])).sum().backward()
    >>> ef.nn.utils.clip_grad_norm_([w], max_norm=1.0)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_grads(parameters), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total, foreach)
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Cut every element of the gradients to `[-clip_value, clip_value]`."""
    _native.clamp_all(_grads(parameters), float(clip_value))
