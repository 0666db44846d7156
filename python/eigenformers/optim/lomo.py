"""Optimizers that step inside backward, so that gradients never exist all at once."""

from __future__ import annotations

import math
import weakref
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from ..errors import UnsupportedError
from .adafactor import over_moment, start_moment
from .optimizer import Optimizer


def step_in_backward(optimizer: Optimizer) -> Optimizer:
    """Each parameter steps, and forgets its gradient, as soon as `backward()` has it.

    A gradient lives from its layer to its step only, and `optimizer.step()` finds none. Not for gradients that are
    accumulated or clipped together.

    >>> import eigenformers as ef
    >>> w = ef.tensor([1.0], requires_grad=True)
    >>> optimizer = ef.optim.step_in_backward(ef.optim.SGD([w], lr=0.25))
    >>> w.square().sum().backward()
    >>> w.item(), w.grad
    (0.5, None)
    """

    def step(me: Optimizer, p: Tensor) -> None:
        me.step()
        p.grad = None

    _when_accumulated(optimizer, [p for group in optimizer.param_groups for p in group["params"]], step)
    return optimizer


def _when_accumulated(optimizer: Optimizer, params: list[Tensor], act: Callable[[Any, Tensor], None]) -> None:
    """`act(optimizer, p)` once p has its gradient, for as long as the optimizer lives."""
    owner = weakref.ref(optimizer)

    def hook(p: Tensor) -> None:
        me = owner()
        if me is not None and p.grad is not None:
            act(me, p)

    handles = [p.register_post_accumulate_grad_hook(hook) for p in params if p.requires_grad]
    weakref.finalize(optimizer, lambda: [handle.remove() for handle in handles])


class _FusedBackward(Optimizer):
    """`fused_backward(loss, lr)` is backward and step in one; `grad_norm(loss)` before it where norms are clipped."""

    def __init__(
        self, model: Any, defaults: dict[str, Any], clip_grad_norm: float | None, clip_grad_value: float | None
    ):
        if clip_grad_norm is not None and clip_grad_norm <= 0:
            raise ValueError(f"clip_grad_norm should be positive, got {clip_grad_norm}.")
        self.lr, self.clip_grad_norm, self.clip_grad_value = defaults["lr"], clip_grad_norm, clip_grad_value
        self.clip_coef: float | None = None
        self.grad_norms: list[float] = []
        self._gathers = False
        params = list(model.parameters())
        super().__init__(params, {**defaults, "clip_grad_norm": clip_grad_norm, "clip_grad_value": clip_grad_value})
        _when_accumulated(self, params, type(self)._take)

    loss_scale = 1.0

    @_core.no_grad()
    def _take(self, p: Tensor) -> None:
        grad = p.grad if p.dtype == _core.float64 else p.grad.float()
        p.grad = None
        if self.loss_scale != 1.0:
            grad = grad / self.loss_scale
        if self._gathers:
            self.grad_norms.append(grad.norm(2).item())
            return
        if self.clip_grad_value is not None and self.clip_grad_value > 0:
            grad = grad.clamp(-self.clip_grad_value, self.clip_grad_value)
        if self.clip_grad_norm is not None and self.clip_coef is not None:
            grad = grad * self.clip_coef
        p.copy_(self._stepped(p, p.detach() if p.dtype == _core.float64 else p.detach().float(), grad))

    def _stepped(self, p: Tensor, value: Tensor, grad: Tensor) -> Tensor:
        raise NotImplementedError

    def _scaled(self, loss: Tensor) -> Tensor:
        return loss if self.loss_scale == 1.0 else loss * self.loss_scale

    def fused_backward(self, loss: Tensor, lr: float) -> None:
        """Backward, in which every parameter takes its step at the learning rate `lr`."""
        if self.clip_grad_norm is not None and self.clip_coef is None:
            raise ValueError(
                "clip_grad_norm is not None, but clip_coef is None. "
                "Please call optimizer.grad_norm() before optimizer.fused_backward()."
            )
        self.lr = float(lr)
        self._scaled(loss).backward()

    def grad_norm(self, loss: Tensor) -> None:
        """A backward for the norm of all gradients only; `fused_backward` clips by it."""
        if self.clip_grad_norm is None:
            raise ValueError(f"{type(self).__name__}.grad_norm: clip_grad_norm is None, nothing is to be clipped")
        self._gathers, self.grad_norms = True, []
        try:
            self._scaled(loss).backward(retain_graph=True)
        finally:
            self._gathers = False
        self.clip_coef = min(1.0, self.clip_grad_norm / (math.hypot(*self.grad_norms) + 1e-6))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Nothing: `fused_backward` took the step."""
        return self._evaluate(closure)


class Lomo(_FusedBackward):
    """Gradient descent inside backward: neither gradients nor state take memory (Lv et al., 2023, arXiv:2306.09782).

    Args:
        model: a module; all its parameters are trained.
        clip_grad_norm: clips by the norm of all gradients: call `grad_norm(loss)` before `fused_backward(loss, lr)`.
        clip_grad_value: clips each element.
        weight_decay: decoupled.
        loss_scale_args: of losses in float16, which do not occur here.

    >>> import eigenformers as ef
    >>> model = ef.nn.Linear(1, 1, bias=False)
    >>> _ = ef.nn.init.ones_(model.weight)
    >>> optimizer = ef.optim.Lomo(model, lr=0.25)
    >>> optimizer.fused_backward(model(ef.ones(1, 1)).square().sum(), lr=0.25)
    >>> model.weight.item(), model.weight.grad
    (0.5, None)
    """

    def __init__(
        self, model: Any, lr: float = 1e-3, clip_grad_norm: float | None = None, clip_grad_value: float | None = None,
        weight_decay: float = 0.0, loss_scale_args: dict[str, Any] | None = None,
    ):  # fmt: skip
        if loss_scale_args:
            raise UnsupportedError("Lomo: loss_scale_args is not supported: there are no losses in float16")
        self.weight_decay = weight_decay
        super().__init__(model, {"lr": lr}, clip_grad_norm, clip_grad_value)

    def _stepped(self, p: Tensor, value: Tensor, grad: Tensor) -> Tensor:
        if self.weight_decay > 0:
            value = value * (1.0 - self.lr * self.weight_decay)
        return value - grad * self.lr


class AdaLomo(_FusedBackward):
    """Lomo with Adafactor's second moments, and steps in proportion to the parameter (Lv et al., 2023,
    arXiv:2310.10195).

    Args:
        model: a module; all its parameters are trained.
        loss_scale: the loss is multiplied by it, the gradients divided; None for neither.
        eps: added to squared gradients; the least scale of a parameter.
        clip_threshold: of the root mean square of an update.
        decay_rate: of the second moments, as a power of the step.
        clip_grad_norm, clip_grad_value, weight_decay: as in `Lomo`.

    >>> import eigenformers as ef
    >>> model = ef.nn.Linear(1, 1, bias=False)
    >>> _ = ef.nn.init.ones_(model.weight)
    >>> optimizer = ef.optim.AdaLomo(model, lr=0.25)
    >>> optimizer.fused_backward(model(ef.ones(1, 1)).square().sum(), lr=0.25)
    >>> model.weight.item(), sorted(optimizer.state[model.weight])
    (0.75, ['exp_avg_sq_col', 'exp_avg_sq_row', 'step'])
    """

    def __init__(
        self, model: Any, lr: float = 1e-3, loss_scale: float | None = 2**10, eps: tuple[float, float] = (1e-30, 1e-3),
        clip_threshold: float = 1.0, decay_rate: float = -0.8, clip_grad_norm: float | None = None,
        clip_grad_value: float | None = None, weight_decay: float = 0.0,
    ):  # fmt: skip
        self.loss_scale, self.eps, self.clip_threshold = float(loss_scale or 1.0), eps, clip_threshold
        self.decay_rate, self.weight_decay = decay_rate, weight_decay
        super().__init__(
            model, {"lr": lr, "eps": eps, "weight_decay": weight_decay}, clip_grad_norm, clip_grad_value
        )

    def _stepped(self, p: Tensor, value: Tensor, grad: Tensor) -> Tensor:
        state = self.state[p]
        if not state:
            state["step"] = 0
            start_moment(state, grad)
        state["step"] += 1
        update = over_moment(state, grad, 1.0 - math.pow(state["step"], self.decay_rate), self.eps[0])
        update = update / max(1.0, update.norm(2).item() / math.sqrt(update.numel()) / self.clip_threshold)
        rate = self.lr * max(self.eps[1], value.norm(2).item() / math.sqrt(value.numel()))
        if self.weight_decay > 0:
            value = value * (1.0 - rate * self.weight_decay)
        return value - update * rate
