"""Optimizers on gradients projected to a low rank."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Callable

from .. import _core, linalg
from .._core import Tensor
from .adafactor import Adafactor
from .eight_bit import AdamW8bit
from .optimizer import Optimizer, check_at_least, check_betas, with_grads

_TYPES = ("std", "reverse_std", "right", "left")


def side(matrix: Tensor, group: dict[str, Any]) -> str:
    """Which singular vectors span the subspace: those of the shorter side, or of the other."""
    kind, tall = group.get("proj_type", "std"), matrix.shape[0] >= matrix.shape[1]
    if kind in ("std", "reverse_std"):
        return "right" if tall == (kind == "std") else "left"
    return kind


def in_subspace(group: dict[str, Any], p: Tensor) -> bool:
    """Whether a parameter's gradients are projected."""
    return "rank" in group and p.dim() == 2


def _leading(grad: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
    u, _, v = linalg.svd(grad if grad.dtype == _core.float64 else grad.float(), full_matrices=False)
    return (v[: group["rank"]] if side(grad, group) == "right" else u[:, : group["rank"]]).contiguous()


def project(
    grad: Tensor, group: dict[str, Any], state: dict[str, Any], basis: Callable[..., Tensor] | None = None
) -> Tensor:
    """A matrix's gradient in a basis that is made anew every so many steps: its leading singular vectors, or
    `basis(grad, group, state)`."""
    if "basis" not in state or state["step"] % group.get("update_proj_gap", 200) == 0:
        state["basis"] = (basis or _leading)(grad, group, state)
    return grad @ state["basis"].t() if side(grad, group) == "right" else state["basis"].t() @ grad


def _back(update: Tensor, p: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
    whole = update @ state["basis"] if side(p, group) == "right" else state["basis"] @ update
    return whole * group.get("scale", 1.0)


def check_groups(method: str, groups: list[dict[str, Any]]) -> None:
    """ValueError for a projection that is not known."""
    for group in groups:
        if "rank" in group and group.get("proj_type", "std") not in _TYPES:
            raise ValueError(f"{method}: proj_type={group['proj_type']!r} is unknown, known are {', '.join(_TYPES)}")


class ProjectedAdamW(Optimizer):
    """AdamW with weight decay after the step, whose moments are of a matrix's gradient in a subspace.

    A method says what is kept of a gradient (`_low`), and what the step in there means for the parameter (`_high`).
    """

    _method = ""

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-6,
        weight_decay: float = 0.0, correct_bias: bool = True, no_deprecation_warning: bool = True,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_betas(betas)
        check_at_least(0.0, eps, "epsilon value")
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "correct_bias": correct_bias,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_groups(self._method, self.param_groups)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        number = 0
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                number += 1
                if p.grad is None:
                    continue
                state = self.state[p]
                state.setdefault("step", 0)
                low = in_subspace(group, p)
                grad = self._low(p.grad, group, state, number) if low else p.grad
                if "exp_avg" not in state:
                    state["exp_avg"], state["exp_avg_sq"] = _core.zeros_like(grad), _core.zeros_like(grad)
                state["step"] += 1
                state["exp_avg"].mul_(beta1).add_(grad * (1 - beta1))
                state["exp_avg_sq"].mul_(beta2).add_(grad * grad * (1 - beta2))
                rate = float(group["lr"])
                if group["correct_bias"]:
                    rate *= math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
                update = state["exp_avg"] / (state["exp_avg_sq"].sqrt() + group["eps"])
                p.sub_((self._high(update, p, grad, group, state) if low else update) * rate)
                if group["weight_decay"] > 0:
                    p.mul_(1 - float(group["lr"]) * group["weight_decay"])
        return loss

    def _low(self, grad: Tensor, group: dict[str, Any], state: dict[str, Any], number: int) -> Tensor:
        """The gradient in the subspace; `number` counts parameters from 1."""
        return project(grad, group, state)

    def _high(self, update: Tensor, p: Tensor, low: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        """The step of `p`, from that in the subspace, where the gradient was `low`."""
        raise NotImplementedError


class GaLoreAdamW(ProjectedAdamW):
    """AdamW whose state lives in a low-rank subspace of the gradient (Zhao et al., 2024, arXiv:2403.03507).

    Groups with `rank` are projected (matrices only), with `update_proj_gap`, `scale` and `proj_type` ("std",
    "reverse_std", "right", "left"); other groups are plain AdamW with weight decay after the step.

    >>> import eigenformers as ef
    >>> w = ef.ones(8, 4, requires_grad=True)
    >>> optimizer = ef.optim.GaLoreAdamW([{"params": [w], "rank": 2, "update_proj_gap": 200, "scale": 1.0,
    ...                                    "proj_type": "std"}], lr=0.1)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> tuple(optimizer.state[w]["exp_avg"].shape)
    (8, 2)
    """

    _method = "GaLore"

    def _high(self, update: Tensor, p: Tensor, low: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        return _back(update, p, group, state)


class GaLoreAdafactor(Adafactor):
    """Adafactor whose state lives in a low-rank subspace of the gradient; groups as in `GaLoreAdamW`.

    >>> import eigenformers as ef
    >>> w = ef.ones(8, 4, requires_grad=True)
    >>> optimizer = ef.optim.GaLoreAdafactor([{"params": [w], "rank": 2}], lr=0.1, relative_step=False)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> tuple(optimizer.state[w]["exp_avg_sq_col"].shape)
    (2,)
    """

    def __init__(self, params: Iterable[Any], lr: float | None = None, **options: Any):
        super().__init__(params, lr, **options)
        check_groups("GaLore", self.param_groups)

    def _reduced(self, p: Tensor, grad: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        return project(grad, group, state) if in_subspace(group, p) else grad

    def _restored(self, update: Tensor, p: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        return _back(update, p, group, state) if in_subspace(group, p) else update


class GaLoreAdamW8bit(AdamW8bit):
    """`AdamW8bit` whose state lives in a low-rank subspace of the gradient; groups as in `GaLoreAdamW`.

    A projected gradient of fewer than `min_8bit_size` elements keeps its state in float32.

    >>> import eigenformers as ef
    >>> w = ef.ones(64, 32, requires_grad=True)
    >>> optimizer = ef.optim.GaLoreAdamW8bit([{"params": [w], "rank": 8}], lr=0.1, min_8bit_size=256)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> tuple(optimizer.state[w]["state1"].shape)
    (64, 8)
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, **options: Any):
        super().__init__(params, lr, **options)
        check_groups("GaLore", self.param_groups)

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            whole, low = [], []
            for p, grad in zip(*with_grads(group)):
                if in_subspace(group, p):
                    grad = project(grad, group, self.state[p]).contiguous()
                    low.append((p, _core.zeros_like(grad), grad))  # the step of what is zero is the update
                else:
                    whole.append((p, grad, self.state[p]))
            self._update_all(whole, group)
            self._update_all([(update, grad, self.state[p]) for p, update, grad in low], {**group, "weight_decay": 0.0})
            for p, update, _ in low:
                p.add_(_back(update, p, group, self.state[p]))
                if group["weight_decay"] > 0:
                    p.mul_(1 - float(group["lr"]) * group["weight_decay"])
        return loss
