"""Schedule-free AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_betas, with_grads


class AdamWScheduleFree(Optimizer):
    """AdamW that averages its iterates instead of lowering the learning rate (Defazio et al., 2024, arXiv:2405.15682).

    Call `train()` before training and `eval()` before using or saving the weights: the parameters hold the point of
    the gradients in one mode and the average in the other.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.AdamWScheduleFree([w], lr=0.1)
    >>> optimizer.train()
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     w.square().sum().backward()
    ...     optimizer.step()
    >>> optimizer.eval()
    >>> w.item() < 1
    True
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 0.0025, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, warmup_steps: int = 0, r: float = 0.0,
        weight_lr_power: float = 2.0, foreach: bool | None = None,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, eps, "epsilon value")
        check_betas(betas)
        check_at_least(0.0, weight_decay, "weight_decay value")
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "r": r, "k": 0, "warmup_steps": warmup_steps, "train_mode": False,
            "weight_sum": 0.0, "lr_max": -1.0, "scheduled_lr": 0.0, "weight_lr_power": weight_lr_power,
            "weight_decay": weight_decay, "foreach": foreach,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _move(self, train: bool) -> None:
        for group in self.param_groups:
            if group["train_mode"] == train:
                continue
            beta1 = group["betas"][0]
            for p in group["params"]:
                if "z" in self.state[p]:
                    p.lerp_(self.state[p]["z"], 1 - beta1 if train else 1 - 1 / beta1)
            group["train_mode"] = train

    @_core.no_grad()
    def train(self) -> None:
        """Parameters hold the point where gradients are taken."""
        self._move(True)

    @_core.no_grad()
    def eval(self) -> None:
        """Parameters hold the average: what is evaluated and saved."""
        self._move(False)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns. Raises outside of train mode."""
        if not self.param_groups[0]["train_mode"]:
            raise Exception(
                "Optimizer was not in train mode when step is called. Please insert .train() and .eval() calls on the "
                "optimizer. See documentation for details."
            )
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            for p in params:
                if "z" not in self.state[p]:
                    self.state[p]["z"] = p.detach().clone()
                    self.state[p]["exp_avg_sq"] = _core.zeros_like(p)
            k, warmup = group["k"], group["warmup_steps"]
            lr = float(group["lr"]) * ((k + 1) / warmup if k < warmup else 1.0)
            group["scheduled_lr"] = lr
            group["lr_max"] = max(lr, group["lr_max"])
            weight = (k + 1) ** group["r"] * group["lr_max"] ** group["weight_lr_power"]
            group["weight_sum"] += weight
            _native.schedule_free_adamw(
                params, grads, [self.state[p]["z"] for p in params], [self.state[p]["exp_avg_sq"] for p in params],
                lr=lr, beta1=group["betas"][0], beta2=group["betas"][1], eps=group["eps"],
                weight_decay=group["weight_decay"],
                weight=weight / group["weight_sum"] if group["weight_sum"] else 0.0,
                correction=1 - group["betas"][1] ** (k + 1),
            )  # fmt: skip
            group["k"] = k + 1
        return loss
