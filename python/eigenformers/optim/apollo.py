"""APOLLO: Adam's scale of each gradient, estimated from a few random directions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from .galore import ProjectedAdamW, project, side

_GROWTH = 1.01  # of the norm of an update, at most, from one step to the next


class APOLLOAdamW(ProjectedAdamW):
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

    _method = "APOLLO"

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-6,
        weight_decay: float = 0.0, correct_bias: bool = True, scale_front: bool = False, disable_nl: bool = False,
        no_deprecation_warning: bool = True,
    ):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, correct_bias)
        self.scale_front, self.disable_nl = scale_front, disable_nl
        for group in self.param_groups:
            if "rank" in group and group.get("proj", "random") not in ("random", "svd"):
                raise ValueError(f"Invalid projector type specified in group: proj={group['proj']!r}, not random or svd")
            if "rank" in group and group.get("scale_type", "channel") not in ("channel", "tensor"):
                raise ValueError(f"APOLLO: scale_type={group['scale_type']!r} is unknown, known are channel, tensor")

    def _low(self, grad: Tensor, group: dict[str, Any], state: dict[str, Any], number: int) -> Tensor:
        return project(grad, group, state, None if group.get("proj", "random") == "svd" else _directions(number))

    def _high(self, update: Tensor, p: Tensor, low: Tensor, group: dict[str, Any], state: dict[str, Any]) -> Tensor:
        """The gradient, scaled as Adam scales its projection."""
        grad = p.grad
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
