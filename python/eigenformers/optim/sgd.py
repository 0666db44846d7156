"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_variants, with_grads


class SGD(Optimizer):
    """Gradient descent with momentum, with torch's arguments and state.

    >>> import eigenformers as ef
    >>> w = ef.tensor([4.0], requires_grad=True)
    >>> optimizer = ef.optim.SGD([w], lr=0.25, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     w.square().sum().backward()
    ...     optimizer.step()
    >>> w.item()
    0.0
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, momentum, "momentum value")
        check_at_least(0.0, weight_decay, "weight_decay value")
        check_variants(foreach=foreach, fused=fused, differentiable=differentiable)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach, "differentiable": differentiable,
            "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            buffers, first = [], []
            if group["momentum"] != 0:
                states = [self.state[p] for p in params]
                first = [state.get("momentum_buffer") is None for state in states]
                for p, state, new in zip(params, states, first):
                    if new:
                        state["momentum_buffer"] = _core.zeros_like(p)
                buffers = [state["momentum_buffer"] for state in states]
            _native.sgd(
                params, grads, buffers, first, lr=float(group["lr"]), momentum=group["momentum"],
                dampening=group["dampening"], weight_decay=group["weight_decay"], nesterov=group["nesterov"],
                maximize=group["maximize"],
            )  # fmt: skip
        return loss

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # of older versions
            for name in ("nesterov", "maximize"):
                group.setdefault(name, False)
