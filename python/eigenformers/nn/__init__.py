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
from . import copying as _copying
from . import functional, init, utils
from . import module as _module
from .parameter import Buffer, Parameter

Module = _module.install(_native.Module)
_copying.install(Module, PackedWeight)
Activation = _native.Activation
from .containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential  # noqa: E402, I001
from .layers import Dropout, Embedding, LayerNorm, Linear, RMSNorm, SiLU, GELU, ReLU, Sigmoid, Tanh, Identity  # noqa: E402, I001
from .modules_of_functions import *  # noqa: E402, F403
from .modules_of_functions import __all__ as _functions  # noqa: E402
from .more_layers import *  # noqa: E402, F403
from .more_layers import __all__ as _layers  # noqa: E402

__all__ = [  # noqa: PLE0604
    "Activation", "Buffer", "Dropout", "Embedding", "GELU", "Identity", "LayerNorm", "Linear", "Module",
    "ModuleDict", "ModuleList", "PackedWeight", "Parameter", "ParameterDict", "ParameterList", "RMSNorm",
    "ReLU", "Sequential", "SiLU", "Sigmoid", "Tanh", "functional", "init", "utils",
    *_functions, *_layers,
]  # fmt: skip
