"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_variants, with_grads, zero_step


class Adagrad(Optimizer):
    """Adagrad (Duchi et al., 2011), with torch's arguments and state.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.Adagrad([w], lr=0.5)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> w.item()
    0.5
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, lr_decay, "lr_decay value")
        check_at_least(0.0, weight_decay, "weight_decay value")
        check_at_least(0.0, initial_accumulator_value, "initial_accumulator_value value")
        check_at_least(0.0, eps, "epsilon value")
        check_variants(foreach=foreach, fused=fused, differentiable=differentiable)
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                self._state_of(p, group)

    def _state_of(self, p: Any, group: dict[str, Any]) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["step"] = zero_step()
            state["sum"] = _core.full_like(p, group["initial_accumulator_value"]).detach()
        return state

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            by_rate: dict[float, tuple[list, list, list]] = {}  # parameters that joined later have taken fewer steps
            for p, g in zip(params, grads):
                state = self._state_of(p, group)
                state["step"] += 1
                rate = float(group["lr"]) / (1 + (state["step"].item() - 1) * group["lr_decay"])
                for values, value in zip(by_rate.setdefault(rate, ([], [], [])), (p, g, state["sum"])):
                    values.append(value)
            for rate, (some, their, sums) in by_rate.items():
                _native.adagrad(
                    some, their, sums, lr=rate, weight_decay=group["weight_decay"], eps=group["eps"],
                    maximize=group["maximize"],
                )  # fmt: skip
        return loss
