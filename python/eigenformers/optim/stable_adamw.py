"""StableAdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, with_grads

_NARROW = (_core.bfloat16, _core.float16)


class StableAdamW(Optimizer):
    """AdamW whose step shrinks where gradients outgrow their second moment (Wortsman et al., 2023, arXiv:2304.13013).

    Args:
        params: tensors, or dicts of a group.
        lr: learning rate.
        betas: of the averages, debiased as they are updated.
        weight_decay: times the learning rate of the step, or (decouple_lr) times its share of `max_lr`.
        eps: added to the denominator.
        decouple_lr: weight decay does not shrink with `lr`, only with its schedule.
        max_lr: the largest learning rate of the schedule; `lr` where it is not given.
        kahan_sum: remember what rounding takes from parameters of 16 bits; None: where there are any.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.StableAdamW([w], lr=0.1, weight_decay=0.0)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w.item(), 4)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any, betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 1e-2, eps: float = 1e-6, decouple_lr: bool = False, max_lr: float | None = None,
        kahan_sum: bool | None = None,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, eps, "epsilon")
        check_at_least(0.0, weight_decay, "weight decay")
        for i, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta{i + 1} parameter: {beta}")
        if decouple_lr and max_lr is None:
            max_lr = float(lr)
        if max_lr is not None:
            check_at_least(0.0, max_lr, "maximum learning rate")
        defaults = {
            "lr": lr, "beta1": betas[0], "beta2": betas[1], "eps": eps, "weight_decay": weight_decay,
            "decouple_lr": decouple_lr, "max_lr": max_lr, "kahan_sum": kahan_sum, "step": 0,
        }  # fmt: skip
        super().__init__(params, defaults)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            group["step"] += 1
            alike: dict[bool, list[tuple[Any, Any]]] = {}
            for p, g in zip(*with_grads(group)):
                state = self.state[p]
                if not state:
                    state["exp_avg"], state["exp_avg_sq"] = _core.zeros_like(p), _core.zeros_like(p)
                    if group["kahan_sum"] is not False and p.dtype in _NARROW:
                        state["kahan_comp"] = _core.zeros_like(p)
                alike.setdefault("kahan_comp" in state, []).append((p, g))
            for kahan, pairs in alike.items():
                states = [self.state[p] for p, _ in pairs]
                _native.stable_adamw(
                    [p for p, _ in pairs], [g for _, g in pairs], [s["exp_avg"] for s in states],
                    [s["exp_avg_sq"] for s in states], [s["kahan_comp"] for s in states] if kahan else [],
                    lr=float(group["lr"]), beta1=group["beta1"], beta2=group["beta2"], eps=group["eps"],
                    weight_decay=group["weight_decay"], step=group["step"],
                    max_lr=float(group["max_lr"]) if group["decouple_lr"] else 0.0,
                )  # fmt: skip
        return loss
