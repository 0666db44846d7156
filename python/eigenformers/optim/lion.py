"""Lion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_betas, with_grads


class Lion(Optimizer):
    """Lion (Chen et al., 2023, arXiv:2302.06675): the sign of a mixed momentum, with decoupled weight decay.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0, -1.0], requires_grad=True)
    >>> optimizer = ef.optim.Lion([w], lr=0.25)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.75, -0.75]
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-4, betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_betas(betas)
        check_at_least(0.0, weight_decay, "weight_decay value")
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            for p in params:
                if not self.state[p]:
                    self.state[p]["exp_avg"] = _core.zeros_like(p)
            _native.lion(
                params, grads, [self.state[p]["exp_avg"] for p in params], lr=float(group["lr"]),
                beta1=group["betas"][0], beta2=group["betas"][1], weight_decay=group["weight_decay"],
            )  # fmt: skip
        return loss
