"""Modules: layers with torch's names and arguments, on the C++ module tree.

A Python subclass of any of them can stand in a model built in C++:

>>> import eigenformers as ef
>>> from eigenformers import nn
>>> class Doubled(nn.Linear):
...     def forward(self, input):
...         return super().forward(input) * 2
>>> layer = Doubled(3, 2)
>>> tuple(layer(ef.ones(4, 3)).shape)
(4, 2)
"""

from __future__ import annotations

from .._core import PackedWeight
from .._core import nn as _native
from . import functional, utils
from . import module as _module
from .parameter import Buffer, Parameter

Module = _module.install(_native.Module)
ModuleList = _native.ModuleList
Sequential = _native.Sequential
Activation = _native.Activation
from .layers import Dropout, Embedding, LayerNorm, Linear, RMSNorm, SiLU, GELU, ReLU, Sigmoid, Tanh, Identity  # noqa: E402, I001

__all__ = [
    "Activation", "Buffer", "Dropout", "Embedding", "GELU", "Identity", "LayerNorm", "Linear", "Module", "ModuleList",
    "PackedWeight", "Parameter", "RMSNorm", "ReLU", "Sequential", "SiLU", "Sigmoid", "Tanh",
    "functional", "utils",
]  # fmt: skip
