"""GrokAdamW."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from ..nn.utils import clip_grad_norm_
from ..utils import logging
from .optimizer import Optimizer, check_at_least, check_betas

logger = logging.get_logger(__name__)


class GrokAdamW(Optimizer):
    """AdamW on gradients to which their slow average is added, which shortens grokking (Lee et al., 2024,
    arXiv:2405.20233), with a shorter memory in later parameters.

    Args:
        params: tensors, or dicts of a group.
        alpha_init: how much of the slow average is kept at each step.
        lamb: how much of it is added to the gradient.
        gamma: the first moment of the i-th parameter remembers `beta1 · (1 - gamma)^i`.
        grokking_signal_fns: functions without arguments; the mean of their numbers shortens the slow average. Without
            them it is how far `eval_loss` of a group is above its `train_loss`, where both were set.
        grokking_signal_decay_rate: how fast it does.
        gradient_clipping: the norm of each parameter's gradient, at most; 0 for none.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.GrokAdamW([w], lr=0.1, weight_decay=0.0)
    >>> w.square().sum().backward()
    >>> optimizer.step()
    >>> round(w.item(), 4)
    0.9
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, alpha_init: float = 0.98, lamb: float = 2.0, gamma: float = 0.1,
        grokking_signal_fns: list[Callable[[], float]] | None = None, grokking_signal_decay_rate: float = 0.1,
        gradient_clipping: float = 1.0,
    ):  # fmt: skip
        check_at_least(0.0, lr, "learning rate")
        check_at_least(0.0, eps, "epsilon value")
        check_betas(betas)
        check_at_least(0.0, weight_decay, "weight_decay value")
        if not 0.0 <= alpha_init <= 1.0:
            raise ValueError(f"Invalid alpha_init value: {alpha_init}")
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "alpha_init": alpha_init, "lamb": lamb,
            "gamma": gamma, "grokking_signal_fns": grokking_signal_fns,
            "grokking_signal_decay_rate": grokking_signal_decay_rate, "gradient_clipping": gradient_clipping,
        }  # fmt: skip
        super().__init__(params, defaults)

    @staticmethod
    def _signal(group: dict[str, Any]) -> float | None:
        if group["grokking_signal_fns"] is None:
            train, held_out = group.get("train_loss"), group.get("eval_loss")
            if train is None or held_out is None:
                return 0.0
            largest = max(train, held_out)
            return max(0, held_out - train) / largest if largest > 0 else 0.0
        found = []
        for function in group["grokking_signal_fns"]:
            try:
                found.append(function())
            except Exception as error:  # the user's function; training goes on
                logger.warning(f"Error in grokking_signal_fn: {error}. Ignoring this function.")
        found = [value for value in found if value is not None]
        return sum(found) / len(found) if found else None

    @_core.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; returns what `closure` returns."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            signal = self._signal(group)
            alpha = group["alpha_init"]
            if signal is not None:
                alpha *= math.exp(-group["grokking_signal_decay_rate"] * signal)
            beta1, beta2 = group["betas"]
            for i, p in enumerate(p for p in group["params"] if p.grad is not None):
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state.update({name: _core.zeros_like(p) for name in ("exp_avg", "exp_avg_sq", "grok_ema")})
                state["step"] += 1
                if group["gradient_clipping"] > 0:
                    clip_grad_norm_(p, group["gradient_clipping"])
                memory = beta1 * (1 - group["gamma"]) ** i
                state["grok_ema"].mul_(alpha).add_(p.grad * (1 - alpha))
                grad = p.grad + state["grok_ema"] * group["lamb"]
                state["exp_avg"].mul_(memory).add_(grad * (1 - memory))
                state["exp_avg_sq"].mul_(beta2).add_(grad * grad * (1 - beta2))
                rate = float(group["lr"])
                p.mul_(1 - rate * group["weight_decay"])
                rate *= math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
                p.sub_(state["exp_avg"] / (state["exp_avg_sq"].sqrt() + group["eps"]) * rate)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """As every optimizer's, without the functions."""
        out = super().state_dict()
        for group in out["param_groups"]:
            group["grokking_signal_fns"] = None
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As every optimizer's; the functions stay."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["grokking_signal_fns"] = self.defaults["grokking_signal_fns"]
