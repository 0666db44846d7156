"""Adafactor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from .optimizer import Optimizer


def _rms(x: Tensor) -> float:
    return x.norm(2).item() / math.sqrt(x.numel())


def start_moment(state: dict[str, Any], grad: Tensor) -> None:
    """The second moment of a gradient: of a matrix a value each row and column."""
    if grad.dim() >= 2:
        state["exp_avg_sq_row"] = _core.zeros(*grad.shape[:-1], dtype=grad.dtype)
        state["exp_avg_sq_col"] = _core.zeros(*grad.shape[:-2], grad.shape[-1], dtype=grad.dtype)
    else:
        state["exp_avg_sq"] = _core.zeros_like(grad)


def over_moment(state: dict[str, Any], grad: Tensor, beta: float, eps: float) -> Tensor:
    """The gradient over the root of its second moment, which is updated."""
    square = grad * grad + eps
    if grad.dim() < 2:
        moment = state["exp_avg_sq"]
        moment.mul_(beta).add_(square * (1.0 - beta))
        return moment.rsqrt() * grad
    row, column = state["exp_avg_sq_row"], state["exp_avg_sq_col"]
    row.mul_(beta).add_(square.mean(-1) * (1.0 - beta))
    column.mul_(beta).add_(square.mean(-2) * (1.0 - beta))
    by_row = (row / row.mean(-1, keepdim=True)).rsqrt().unsqueeze(-1)
    return by_row * column.unsqueeze(-2).rsqrt() * grad


class Adafactor(Optimizer):
    """Adafactor (Shazeer & Stern, 2018, arXiv:1804.04235), with transformers' arguments and state.

    Second moments of a matrix are kept as one value a row and one a column. Without `lr` the step follows from the
    count of steps (`relative_step`) and the size of the parameter (`scale_parameter`).

    >>> import eigenformers as ef
    >>> w = ef.ones(4, 3, requires_grad=True)
    >>> optimizer = ef.optim.Adafactor([w], lr=0.1, relative_step=False, scale_parameter=False)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w[0, 0].item(), 4), sorted(optimizer.state[w])
    (0.9, ['RMS', 'exp_avg_sq_col', 'exp_avg_sq_row', 'step'])
    """

    def __init__(
        self, params: Iterable[Any], lr: float | None = None, eps: tuple[float, float] = (1e-30, 1e-3),
        clip_threshold: float = 1.0, decay_rate: float = -0.8, beta1: float | None = None, weight_decay: float = 0.0,
        scale_parameter: bool = True, relative_step: bool = True, warmup_init: bool = False,
    ):  # fmt: skip
        if lr is not None and relative_step:
            raise ValueError("Cannot combine manual `lr` and `relative_step=True` options")
        if warmup_init and not relative_step:
            raise ValueError("`warmup_init=True` requires `relative_step=True`")
        defaults = {
            "lr": lr, "eps": eps, "clip_threshold": clip_threshold, "decay_rate": decay_rate, "beta1": beta1,
            "weight_decay": weight_decay, "scale_parameter": scale_parameter, "relative_step": relative_step,
            "warmup_init": warmup_init,
        }  # fmt: skip
        super().__init__(params, defaults)

    @staticmethod
    def _get_lr(group: dict[str, Any], state: dict[str, Any]) -> float:
        rate = group["lr"]
        if group["relative_step"]:
            most = 1e-6 * state["step"] if group["warmup_init"] else 1e-2
            rate = min(most, 1.0 / math.sqrt(state["step"]))
        return rate * (max(group["eps"][1], state["RMS"]) if group["scale_parameter"] else 1.0)

    @staticmethod
    def _start(state: dict[str, Any], grad: Tensor, group: dict[str, Any]) -> None:
        state["step"] = 0
        if group["beta1"] is not None:
            state["exp_avg"] = _core.zeros_like(grad)
        start_moment(state, grad)
        state["RMS"] = 0

    @staticmethod
    def _update(state: dict[str, Any], grad: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient over the root of its second moment."""
        return over_moment(state, grad, 1.0 - math.pow(state["step"], group["decay_rate"]), group["eps"][0])

    def _reduced(self, p: Tensor, grad: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        """The gradient as the state sees it; GaLore projects it."""
        return grad

    def _restored(self, update: Tensor, p: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        """The update of the whole parameter."""
        return update

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                half = p.dtype in (_core.float16, _core.bfloat16)
                grad, values = (p.grad.float(), p.detach().float()) if half else (p.grad, p.detach())
                state = self.state[p]
                state.setdefault("step", 0)
                grad = self._reduced(p, grad, group, state)
                if "RMS" not in state:
                    self._start(state, grad, group)
                state["step"] += 1
                state["RMS"] = _rms(values)
                rate = self._get_lr(group, state)
                update = self._update(state, grad, group)
                update = update * (rate / max(1.0, _rms(update) / group["clip_threshold"]))
                if group["beta1"] is not None:
                    state["exp_avg"].mul_(group["beta1"]).add_(update * (1 - group["beta1"]))
                    update = state["exp_avg"]
                update = self._restored(update, p, group, state)
                if group["weight_decay"] != 0:
                    values.add_(values * (-group["weight_decay"] * rate))
                values.sub_(update)
                if half:
                    p.copy_(values)
        return loss
