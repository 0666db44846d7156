"""Optimizers with their moments in bytes (Dettmers et al., 2022, arXiv:2110.02861)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from .._core import optim as _native
from .ademamix import grown
from .optimizer import Optimizer, check_at_least, check_betas, with_grads, zero_step

_BLOCK = 256
_Items = list[tuple[Tensor, Tensor, dict[str, Any]]]  # parameter, gradient, state


class _EightBit(Optimizer):
    """State in blocks of 256 bytes with a scale each; parameters of fewer than `min_8bit_size` elements keep float32."""

    _moments: tuple[tuple[str, bool, int], ...] = ()  # state, whether it has a sign, how many of them lie side by side
    _plain: tuple[str, ...] = ()  # names of the float32 states

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any], min_8bit_size: int):
        check_at_least(0.0, defaults["lr"], "learning rate")
        check_at_least(0.0, defaults.get("eps", 0.0), "epsilon value")
        check_betas(defaults.get("betas", ()))
        check_at_least(0.0, defaults["weight_decay"], "weight_decay value")
        self._smallest = min_8bit_size
        super().__init__(params, defaults)

    def _start(self, p: Tensor, state: dict[str, Any]) -> None:
        if "step" in state:
            return
        state["step"] = zero_step()
        if p.numel() < self._smallest:
            state.update({name: _core.zeros_like(p, dtype=_core.float32) for name in self._plain})
            return
        blocks = (p.numel() + _BLOCK - 1) // _BLOCK
        for i, (name, signed, copies) in enumerate(self._moments):
            zero = _native.dynamic_map(signed).index(0.0)
            more = (copies,) if copies > 1 else ()
            state[name] = _core.full((*more, *p.shape), zero, dtype=_core.uint8)
            state[f"absmax{i + 1}"] = _core.zeros(*more, blocks)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            self._update_all([(p, g, self.state[p]) for p, g in zip(*with_grads(group))], group)
        return loss

    def _update_all(self, items: _Items, group: dict[str, Any]) -> None:
        alike: dict[tuple[bool, int], _Items] = {}
        for p, g, state in items:
            self._start(p, state)
            state["step"] += 1
            alike.setdefault(("state1" in state, int(state["step"].item())), []).append((p, g, state))
        for (packed, step), same in alike.items():
            update = self._packed_step if packed else self._plain_step
            update([p for p, _, _ in same], [g for _, g, _ in same], [s for _, _, s in same], group, step)

    def _packed_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        raise NotImplementedError

    def _plain_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        raise NotImplementedError

    def _fitted_tensor(self, p: Tensor, value: Tensor, key: str | None) -> Tensor:
        keep = key is not None and (key.startswith("absmax") or key in self._plain)
        return value.clone() if keep else super()._fitted_tensor(p, value, key)


def _each(states: list[dict[str, Any]], *names: str) -> list[list[Tensor]]:
    return [[state[name] for state in states] for name in names]


class AdamW8bit(_EightBit):
    """AdamW with 8-bit state in blocks of 256 elements: a quarter of the memory.

    Parameters of fewer than `min_8bit_size` elements keep their state in float32.

    >>> import eigenformers as ef
    >>> w = ef.ones(64, 64, requires_grad=True)
    >>> optimizer = ef.optim.AdamW8bit([w], lr=0.1, weight_decay=0.0)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w[0, 0].item(), 2), optimizer.state[w]["state1"].dtype
    (0.9, eigenformers.uint8)
    """

    _moments = (("state1", True, 1), ("state2", False, 1))
    _plain = ("exp_avg", "exp_avg_sq")

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 1e-2, min_8bit_size: int = 4096,
    ):  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}, min_8bit_size)

    @staticmethod
    def _options(group: dict[str, Any]) -> dict[str, Any]:
        beta1, beta2 = group["betas"]
        return {"lr": float(group["lr"]), "beta1": beta1, "beta2": beta2, "eps": group["eps"],
                "weight_decay": group["weight_decay"]}  # fmt: skip

    def _packed_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        moments = _each(states, "state1", "state2", "absmax1", "absmax2")
        _native.adamw_8bit(params, grads, *moments, step=step, **self._options(group))

    def _plain_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        before = [_core.full((), step - 1.0) for _ in params]
        _native.adam(
            params, grads, *_each(states, "exp_avg", "exp_avg_sq"), [], before, maximize=False, decoupled=True,
            **self._options(group),
        )  # fmt: skip


class Lion8bit(_EightBit):
    """Lion (Chen et al., 2023, arXiv:2302.06675) with its momentum in bytes.

    Parameters of fewer than `min_8bit_size` elements keep it in float32.

    >>> import eigenformers as ef
    >>> w = ef.ones(64, 64, requires_grad=True)
    >>> optimizer = ef.optim.Lion8bit([w], lr=0.25)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> w[0, 0].item()
    0.75
    """

    _moments = (("state1", True, 1),)
    _plain = ("exp_avg",)

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-4, betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0, min_8bit_size: int = 4096,
    ):  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay}, min_8bit_size)

    def _update(self, native: Callable, params: Any, grads: Any, moments: Any, group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        decay = group["weight_decay"]
        native(params, grads, *moments, lr=float(group["lr"]), beta1=beta1, beta2=beta2, weight_decay=decay)

    def _packed_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        self._update(_native.lion_8bit, params, grads, _each(states, "state1", "absmax1"), group)

    def _plain_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        self._update(_native.lion, params, grads, _each(states, "exp_avg"), group)


class AdEMAMix8bit(_EightBit):
    """AdEMAMix (Pagliardini et al., 2024, arXiv:2409.03137) with its three averages in bytes.

    Parameters of fewer than `min_8bit_size` elements keep them in float32. `t_alpha` and `t_beta3` are as in
    `AdEMAMix`.

    >>> import eigenformers as ef
    >>> w = ef.ones(64, 64, requires_grad=True)
    >>> optimizer = ef.optim.AdEMAMix8bit([w], lr=0.1, weight_decay=0.0)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w[0, 0].item(), 2), tuple(optimizer.state[w]["state1"].shape)
    (0.9, (2, 64, 64))
    """

    _moments = (("state1", True, 2), ("state2", False, 1))
    _plain = ("exp_avg", "exp_avg_slow", "exp_avg_sq")

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-3, betas: tuple[float, float, float] = (0.9, 0.999, 0.9999),
        alpha: float = 5.0, t_alpha: int | None = None, t_beta3: int | None = None, eps: float = 1e-8,
        weight_decay: float = 1e-2, min_8bit_size: int = 4096,
    ):  # fmt: skip
        check_at_least(0.0, alpha, "alpha value")
        defaults = {
            "lr": lr, "betas": betas, "alpha": alpha, "t_alpha": t_alpha, "t_beta3": t_beta3, "eps": eps,
            "weight_decay": weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults, min_8bit_size)

    def _update(
        self, native: Callable, params: Any, grads: Any, moments: Any, group: dict[str, Any], step: int
    ) -> None:
        alpha, beta3 = grown(group, step)
        beta1, beta2, _ = group["betas"]
        native(params, grads, *moments, lr=float(group["lr"]), beta1=beta1, beta2=beta2, beta3=beta3, alpha=alpha,
               eps=group["eps"], weight_decay=group["weight_decay"], step=step)  # fmt: skip

    def _packed_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        fast, slow = ([s["state1"][i] for s in states] for i in (0, 1))
        of_fast, of_slow = ([s["absmax1"][i] for s in states] for i in (0, 1))
        square, of_square = _each(states, "state2", "absmax2")
        moments = (fast, slow, square, of_fast, of_slow, of_square)
        self._update(_native.ademamix_8bit, params, grads, moments, group, step)

    def _plain_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        self._update(_native.ademamix, params, grads, _each(states, *self._plain), group, step)


class RMSprop8bit(_EightBit):
    """RMSprop (Hinton, 2012) with its average in bytes.

    Parameters of fewer than `min_8bit_size` elements keep it in float32. There is no momentum and no centered form.

    >>> import eigenformers as ef
    >>> w = ef.ones(64, 64, requires_grad=True)
    >>> optimizer = ef.optim.RMSprop8bit([w], lr=0.01, alpha=0.0)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w[0, 0].item(), 2)
    0.99
    """

    _moments = (("state1", True, 1),)
    _plain = ("square_avg",)

    def __init__(
        self, params: Iterable[Any], lr: float | Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0, min_8bit_size: int = 4096,
    ):  # fmt: skip
        check_at_least(0.0, alpha, "alpha value")
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}, min_8bit_size)

    @staticmethod
    def _options(group: dict[str, Any]) -> dict[str, Any]:
        return {"lr": float(group["lr"]), **{name: group[name] for name in ("alpha", "eps", "weight_decay")}}

    def _packed_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        _native.rmsprop_8bit(params, grads, *_each(states, "state1", "absmax1"), **self._options(group))

    def _plain_step(self, params: Any, grads: Any, states: Any, group: dict[str, Any], step: int) -> None:
        square_avgs = _each(states, "square_avg")[0]
        _native.rmsprop(params, grads, square_avgs, [], [], momentum=0.0, maximize=False, **self._options(group))
