"""Gradients by hand: `grad`, `backward`, and operations with a gradient of their own.

>>> import eigenformers as ef
>>> class Cube(ef.autograd.Function):
...     @staticmethod
...     def forward(ctx, x):
...         ctx.save_for_backward(x)
...         return x * x * x
...     @staticmethod
...     def backward(ctx, grad_output):
...         (x,) = ctx.saved_tensors
...         return 3 * x * x * grad_output
>>> x = ef.tensor(2.0, requires_grad=True)
>>> ef.autograd.grad(Cube.apply(x), x)
(tensor(12.),)
"""

from __future__ import annotations

from ._core import (
    checkpoint,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from ._core.autograd import Function, backward, grad

__all__ = [
    "Function", "backward", "checkpoint", "enable_grad", "grad", "inference_mode", "is_grad_enabled", "no_grad",
    "set_grad_enabled",
]  # fmt: skip
