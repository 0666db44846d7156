"""APOLLO: Adam's scale of each gradient, estimated from a few random directions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from .galore import check_groups, in_subspace, project, side
from .optimizer import Optimizer, check_at_least, check_betas

_GROWTH = 1.01  # of the norm of an update, at most, from one step to the next


class APOLLOAdamW(Optimizer):
    """AdamW that keeps its moments for a random projection of the gradient (Zhu et al., 2024, arXiv:2412.05270).

    The moments only tell how much each row or column (`scale_type="channel"`) or the whole matrix ("tensor") of the
    gradient is to be scaled; growth of that update is limited (Chen et al., 2024, arXiv:2410.01623). Groups with
    `rank` are projected (matrices only), with `update_proj_gap`, `scale`, `scale_type`, `proj` ("random", "svd") and
    `proj_type` ("std", "reverse_std", "right", "left"); other groups are plain AdamW with weight decay after the step.

    Args:
        params: tensors, or dicts of a group.
        scale_front: `scale` applies before the growth of updates is limited, not after.
        disable_nl: the growth of updates is not limited.

    >>> import eigenformers as ef
    >>> w = ef.ones(8, 4, requires_grad=True)
    >>> optimizer = ef.optim.APOLLOAdamW([{"params": [w], "rank": 2, "update_proj_gap": 200, "scale": 1.0,
    ...                                    "proj": "random", "proj_type": "std", "scale_type": "channel"}], lr=0.1)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> tuple(optimizer.state[w]["exp_avg"].shape)
    (8, 2)
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-6,
        weight_decay: float = 0.0, correct_bias: bool = True, scale_front: bool = False, disable_nl: bool = False,
        no_deprecation_warning: bool = True,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_betas(betas)
        check_at_least(0.0, eps, "epsilon value")
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "correct_bias": correct_bias,
        }  # fmt: skip
        super().__init__(params, defaults)
        self.scale_front, self.disable_nl = scale_front, disable_nl
        check_groups("APOLLO", self.param_groups)
        for group in self.param_groups:
            if "rank" in group and group.get("proj", "random") not in ("random", "svd"):
                raise ValueError(f"Invalid projector type specified in group: proj={group['proj']!r}, not random or svd")
            if "rank" in group and group.get("scale_type", "channel") not in ("channel", "tensor"):
                raise ValueError(f"APOLLO: scale_type={group['scale_type']!r} is unknown, known are channel, tensor")

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        number = 0  # each parameter draws directions of its own
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
                p.sub_((self._scaled(p.grad, update, grad, group, state) if low else update) * rate)
                if group["weight_decay"] > 0:
                    p.mul_(1 - float(group["lr"]) * group["weight_decay"])
        return loss

    @staticmethod
    def _low(grad: Tensor, group: dict[str, Any], state: dict[str, Any], number: int) -> Tensor:
        return project(grad, group, state, None if group.get("proj", "random") == "svd" else _directions(number))

    def _scaled(
        self, grad: Tensor, update: Tensor, low: Tensor, group: dict[str, Any], state: dict[str, Any]
    ) -> Tensor:
        """The gradient, scaled as Adam scales its projection."""
        if group.get("scale_type", "channel") == "channel":
            along = 1 if side(grad, group) == "right" else 0
            factor = (update.norm(dim=along) / (low.norm(dim=along) + 1e-8)).unsqueeze(along)
        else:
            factor = update.norm() / (low.norm() + 1e-8)
        scaled, root = grad * factor, math.sqrt(group.get("scale", 1.0))
        if self.scale_front:
            scaled = scaled * root
        if not self.disable_nl:
            norm = scaled.norm()
            if "scaled_grad" in state:
                limiter = (norm / (state["scaled_grad"] + 1e-8)).clamp(min=_GROWTH) / _GROWTH
                scaled, norm = scaled / limiter, norm / limiter
            state["scaled_grad"] = norm
        return scaled if self.scale_front else scaled * root


def _directions(number: int) -> Callable[[Tensor, dict[str, Any], dict[str, Any]], Tensor]:
    """Draws a random basis; each of a parameter's bases has a seed that follows from the one before."""

    def draw(grad: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        seed = state.setdefault("seed", group.get("seed", number))
        rank, right = group["rank"], side(grad, group) == "right"
        shape = (rank, grad.shape[1]) if right else (grad.shape[0], rank)
        basis = _core.randn(shape, generator=_core.Generator().manual_seed(seed)) / math.sqrt(rank)
        state["seed"] = _core.randint(0, 2**63 - 1, (15,), generator=_core.Generator().manual_seed(seed)).tolist()[-1]
        return basis.to(grad.dtype)

    return draw
