"""AdamW with its moments in bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from .._core import optim as _native
from .optimizer import Optimizer, check_at_least, check_betas, with_grads, zero_step

_BLOCK = 256


class AdamW8bit(Optimizer):
    """AdamW with 8-bit state in blocks of 256 elements (Dettmers et al., 2022, arXiv:2110.02861): a quarter of the memory.

    Parameters of fewer than `min_8bit_size` elements keep their state in float32.

    >>> import eigenformers as ef
    >>> w = ef.ones(64, 64, requires_grad=True)
    >>> optimizer = ef.optim.AdamW8bit([w], lr=0.1, weight_decay=0.0)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w[0, 0].item(), 2), optimizer.state[w]["state1"].dtype
    (0.9, eigenformers.uint8)
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 1e-2, min_8bit_size: int = 4096,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, eps, "epsilon value")
        check_betas(betas)
        check_at_least(0.0, weight_decay, "weight_decay value")
        self._smallest = min_8bit_size
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        state = self.state[p]
        if state:
            return state
        state["step"] = zero_step()
        if p.numel() < self._smallest:
            state["exp_avg"], state["exp_avg_sq"] = _core.zeros_like(p), _core.zeros_like(p)
            return state
        for i, signed in ((1, True), (2, False)):
            zero = min(range(256), key=lambda j, signed=signed: abs(_native.dynamic_map(signed)[j]))
            state[f"state{i}"] = _core.full(p.shape, zero, dtype=_core.uint8)
            state[f"absmax{i}"] = _core.zeros((p.numel() + _BLOCK - 1) // _BLOCK)
        return state

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            params, grads = with_grads(group)
            options = {
                "lr": float(group["lr"]), "beta1": group["betas"][0], "beta2": group["betas"][1], "eps": group["eps"],
                "weight_decay": group["weight_decay"], "decoupled": True,
            }  # fmt: skip
            small, by_step = [], {}
            for p, g in zip(params, grads):
                state = self._state_of(p)
                if "state1" in state:
                    state["step"] += 1
                    by_step.setdefault(int(state["step"].item()), []).append((p, g, state))
                else:
                    small.append((p, g, state))
            for step, items in by_step.items():
                names = ("state1", "state2", "absmax1", "absmax2")
                lists = [[s[name] for _, _, s in items] for name in names]
                _native.adamw_8bit([p for p, _, _ in items], [g for _, g, _ in items], *lists, step=step, **options)
            if small:
                _native.adam(
                    [p for p, _, _ in small], [g for _, g, _ in small], [s["exp_avg"] for _, _, s in small],
                    [s["exp_avg_sq"] for _, _, s in small], [], [s["step"] for _, _, s in small], maximize=False,
                    **options,
                )  # fmt: skip
        return loss

    def _fitted_tensor(self, p: Tensor, value: Tensor, key: str | None) -> Tensor:
        return value.clone() if key and key.startswith("absmax") else super()._fitted_tensor(p, value, key)
