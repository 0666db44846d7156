"""Adam and AdamW, all parameters in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_betas, check_variants, with_grads, zero_step


class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015), with torch's arguments, state and order of operations.

    `weight_decay` is added to the gradient, or with `decoupled_weight_decay` taken from the weights. `amsgrad` divides
    by the largest second moment so far. `foreach` and `fused` are accepted: all parameters take one pass in any case.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = ef.optim.Adam([w], lr=0.1)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> [round(v, 4) for v in w.tolist()]
    [0.9, -1.9]
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, eps, "epsilon value")
        check_betas(betas)
        check_at_least(0.0, weight_decay, "weight_decay value")
        check_variants(foreach=foreach, fused=fused, capturable=capturable, differentiable=differentiable)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            states = [self._state_of(p, group["amsgrad"]) for p in params]
            beta1, beta2 = group["betas"]
            _native.adam(
                params, grads, [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states],
                [s["max_exp_avg_sq"] for s in states] if group["amsgrad"] else [], [s["step"] for s in states],
                lr=float(group["lr"]), beta1=float(beta1), beta2=float(beta2), eps=group["eps"],
                weight_decay=group["weight_decay"], decoupled=group["decoupled_weight_decay"],
                maximize=group["maximize"],
            )  # fmt: skip
        return loss

    def _state_of(self, p: Any, amsgrad: bool) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["step"] = zero_step()
            state["exp_avg"] = _core.zeros_like(p)
            state["exp_avg_sq"] = _core.zeros_like(p)
            if amsgrad:
                state["max_exp_avg_sq"] = _core.zeros_like(p)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:  # of older versions
            for name in ("amsgrad", "maximize", "decoupled_weight_decay"):
                group.setdefault(name, self.defaults[name])


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019), with torch's arguments and state."""

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
        foreach: bool | None = None, capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
