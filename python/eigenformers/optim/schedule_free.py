"""Optimizers without a schedule (Defazio et al., 2024, arXiv:2405.15682): the iterates are averaged instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_betas, with_grads


class _ScheduleFree(Optimizer):
    """Keeps the base iterate z beside y, where gradients are taken; the average x follows from the two."""

    _moments = True  # of the gradient's square

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        check_at_least(0.0, defaults["lr"], "learning rate")
        check_at_least(0.0, defaults["weight_decay"], "weight_decay value")
        progress = {"k": 0, "train_mode": False, "weight_sum": 0.0, "lr_max": -1.0, "scheduled_lr": 0.0}
        super().__init__(params, {**defaults, **progress})

    def _momentum(self, group: dict[str, Any]) -> float:
        return group["betas"][0]

    def _move(self, train: bool) -> None:
        for group in self.param_groups:
            if group["train_mode"] == train:
                continue
            beta = self._momentum(group)
            for p in group["params"]:
                if "z" in self.state[p]:
                    p.lerp_(self.state[p]["z"], 1 - beta if train else 1 - 1 / beta)
            group["train_mode"] = train

    @_core.no_grad()
    def train(self) -> None:
        """Parameters hold the point where gradients are taken."""
        self._move(True)

    @_core.no_grad()
    def eval(self) -> None:
        """Parameters hold the average: what is evaluated and saved."""
        self._move(False)

    def _rate(self, group: dict[str, Any], step: int) -> tuple[float, dict[str, Any]]:
        """Learning rate of a step, and what else the step is told."""
        warmup = group["warmup_steps"]
        return float(group["lr"]) * (step / warmup if step <= warmup else 1.0), {}

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
            states = [self.state[p] for p in params]
            for p, state in zip(params, states):
                if "z" not in state:
                    state["z"] = p.detach().clone()
                    if self._moments:
                        state["exp_avg_sq"] = _core.zeros_like(p)
            step = group["k"] + 1
            lr, options = self._rate(group, step)
            group["scheduled_lr"] = lr
            group["lr_max"] = max(lr, group["lr_max"])
            weight = step ** group["r"] * group["lr_max"] ** group["weight_lr_power"]
            group["weight_sum"] += weight
            if self._moments:
                beta2 = group["betas"][1]
                options.update(beta2=beta2, eps=group["eps"], correction=1 - beta2**step)
            _native.schedule_free(
                params, grads, [s["z"] for s in states], [s["exp_avg_sq"] for s in states] if self._moments else [],
                lr=lr, beta1=self._momentum(group), weight_decay=group["weight_decay"],
                weight=weight / group["weight_sum"] if group["weight_sum"] else 0.0, **options,
            )  # fmt: skip
            group["k"] = step
        return loss


class AdamWScheduleFree(_ScheduleFree):
    """AdamW that averages its iterates instead of lowering the learning rate.

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
        check_at_least(0.0, eps, "epsilon value")
        check_betas(betas)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "r": r, "warmup_steps": warmup_steps,
            "weight_lr_power": weight_lr_power, "weight_decay": weight_decay, "foreach": foreach,
        }  # fmt: skip
        super().__init__(params, defaults)


class SGDScheduleFree(_ScheduleFree):
    """SGD that averages its iterates; `train()` and `eval()` as in `AdamWScheduleFree`. `momentum` is in (0, 1).

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.SGDScheduleFree([w], lr=0.25)
    >>> optimizer.train()
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> optimizer.eval()
    >>> w.item()
    0.5
    """

    _moments = False

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1.0, momentum: float = 0.9, weight_decay: float = 0,
        warmup_steps: int = 0, r: float = 0.0, weight_lr_power: float = 2, foreach: bool | None = None,
    ):  # fmt: skip
        if not 0 < momentum < 1:
            raise ValueError(f"Momentum must be between 0 and 1 exclusive: {momentum}")
        defaults = {
            "lr": lr, "momentum": momentum, "r": r, "warmup_steps": warmup_steps, "weight_lr_power": weight_lr_power,
            "weight_decay": weight_decay, "foreach": foreach,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _momentum(self, group: dict[str, Any]) -> float:
        return group["momentum"]


class RAdamScheduleFree(_ScheduleFree):
    """RAdam (Liu et al., 2020, arXiv:1908.03265) that averages its iterates; it needs no warmup.

    Its first steps, whose second moment is too uncertain to divide by, change nothing, or are plain SGD
    (`silent_sgd_phase=False`). `train()` and `eval()` as in `AdamWScheduleFree`.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.RAdamScheduleFree([w], lr=0.1)
    >>> optimizer.train()
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> w.item()
    1.0
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 0.0025, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, r: float = 0.0, weight_lr_power: float = 2.0,
        foreach: bool | None = None, silent_sgd_phase: bool = True,
    ):  # fmt: skip
        check_at_least(0.0, eps, "epsilon value")
        check_betas(betas)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "r": r, "weight_lr_power": weight_lr_power,
            "weight_decay": weight_decay, "foreach": foreach, "silent_sgd_phase": silent_sgd_phase,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _rate(self, group: dict[str, Any], step: int) -> tuple[float, dict[str, Any]]:
        beta2 = group["betas"][1]
        most = 2 / (1 - beta2) - 1  # length of the average, at last and now
        now = most - 2 * step * beta2**step / (1 - beta2**step)
        if now <= 4:
            return float(group["lr"]) * (not group["silent_sgd_phase"]), {"adaptive": False}
        factor = ((now - 4) * (now - 2) * most / ((most - 4) * (most - 2) * now)) ** 0.5
        return float(group["lr"]) * factor, {}
