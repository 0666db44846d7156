"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_variants, with_grads, zero_step


class RMSprop(Optimizer):
    """RMSprop (Hinton, 2012; centered: Graves, 2013), with torch's arguments and state.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.RMSprop([w], lr=0.05)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w.item(), 4)
    0.5
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0, momentum: float = 0, centered: bool = False, capturable: bool = False,
        foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, eps, "epsilon value")
        check_at_least(0.0, momentum, "momentum value")
        check_at_least(0.0, weight_decay, "weight_decay value")
        check_at_least(0.0, alpha, "alpha value")
        check_variants(foreach=foreach, capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _state_of(self, p: Any, group: dict[str, Any]) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["step"] = zero_step()
            state["square_avg"] = _core.zeros_like(p)
            if group["momentum"] > 0:
                state["momentum_buffer"] = _core.zeros_like(p)
            if group["centered"]:
                state["grad_avg"] = _core.zeros_like(p)
        return state

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            states = [self._state_of(p, group) for p in params]
            for state in states:
                state["step"] += 1
            _native.rmsprop(
                params, grads, [s["square_avg"] for s in states],
                [s["grad_avg"] for s in states] if group["centered"] else [],
                [s["momentum_buffer"] for s in states] if group["momentum"] > 0 else [],
                lr=float(group["lr"]), alpha=group["alpha"], eps=group["eps"], weight_decay=group["weight_decay"],
                momentum=group["momentum"], maximize=group["maximize"],
            )  # fmt: skip
        return loss
