"""AdEMAMix."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_betas, with_grads


def grown(group: dict[str, Any], step: int) -> tuple[float, float]:
    """alpha and beta3 of a step: beta3 grows linearly in its half-life."""
    beta1, _, beta3 = group["betas"]
    alpha = group["alpha"]
    if group["t_alpha"]:
        alpha = min(step * alpha / group["t_alpha"], alpha)
    if group["t_beta3"]:
        part = step / group["t_beta3"]
        low, high = math.log(beta1), math.log(beta3)
        beta3 = min(math.exp(low * high / ((1 - part) * high + part * low)), beta3)
    return alpha, beta3


class AdEMAMix(Optimizer):
    """AdamW with a second, slow average of the gradient (Pagliardini et al., 2024, arXiv:2409.03137).

    `t_alpha` and `t_beta3` are the steps over which `alpha` and the slow average's beta grow to their values; None:
    they hold from the start.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.AdEMAMix([w], lr=0.1, weight_decay=0.0)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w.item(), 4)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-3, betas: tuple[float, float, float] = (0.9, 0.999, 0.9999),
        alpha: float = 5.0, t_alpha: int | None = None, t_beta3: int | None = None, eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, eps, "epsilon value")
        check_betas(betas)
        check_at_least(0.0, alpha, "alpha value")
        check_at_least(0.0, weight_decay, "weight_decay value")
        defaults = {
            "lr": lr, "betas": betas, "alpha": alpha, "t_alpha": t_alpha, "t_beta3": t_beta3, "eps": eps,
            "weight_decay": weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            by_step: dict[int, list[tuple[Any, Any]]] = {}
            for p, g in zip(params, grads):
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    for name in ("exp_avg", "exp_avg_slow", "exp_avg_sq"):
                        state[name] = _core.zeros_like(p)
                state["step"] += 1
                by_step.setdefault(state["step"], []).append((p, g))
            for step, pairs in by_step.items():
                alpha, beta3 = grown(group, step)
                states = [self.state[p] for p, _ in pairs]
                _native.ademamix(
                    [p for p, _ in pairs], [g for _, g in pairs], [s["exp_avg"] for s in states],
                    [s["exp_avg_slow"] for s in states], [s["exp_avg_sq"] for s in states], lr=float(group["lr"]),
                    beta1=group["betas"][0], beta2=group["betas"][1], beta3=beta3, alpha=alpha, eps=group["eps"],
                    weight_decay=group["weight_decay"], step=step,
                )  # fmt: skip
        return loss
