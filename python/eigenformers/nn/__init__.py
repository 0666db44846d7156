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

from typing import TYPE_CHECKING

from .._core import PackedWeight
from .._core import nn as _native
from .._lazy import lazy_exports
from . import copying as _copying
from . import module as _module
from .parameter import Buffer, Parameter

Module = _module.install(_native.Module)
_copying.install(Module, PackedWeight)
Activation = _native.Activation
from .containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential  # noqa: E402, I001

if TYPE_CHECKING:
    from . import functional, init, utils  # noqa: F401
    from .layers import *  # noqa: F403
    from .modules_of_functions import *  # noqa: F403
    from .more_layers import *  # noqa: F403

# What a model of C++ layers needs nothing of: name -> module, imported when it is first used.
_MODULES = {
    **{name: f".{name}:" for name in ("functional", "init", "utils")},
    **dict.fromkeys(
        ("Dropout", "Embedding", "GELU", "Identity", "LayerNorm", "Linear", "RMSNorm", "ReLU", "SiLU", "Sigmoid", "Tanh"),
        ".layers",
    ),
    **dict.fromkeys(
        ("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AvgPool1d", "AvgPool2d", "BCELoss", "BCEWithLogitsLoss", "CELU",
         "CosineEmbeddingLoss", "CosineSimilarity", "CrossEntropyLoss", "ELU", "GLU", "GaussianNLLLoss", "Hardshrink",
         "Hardsigmoid", "Hardswish", "Hardtanh", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "LeakyReLU",
         "LogSigmoid", "LogSoftmax", "MSELoss", "MarginRankingLoss", "MaxPool1d", "MaxPool2d", "Mish",
         "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PairwiseDistance", "PoissonNLLLoss", "ReLU6", "SELU",
         "SmoothL1Loss", "SoftMarginLoss", "Softmax", "Softmin", "Softplus", "Softshrink", "Softsign", "Tanhshrink",
         "Threshold", "TripletMarginLoss"),
        ".modules_of_functions",
    ),
    **dict.fromkeys(("Bilinear", "Conv1d", "Conv2d", "Flatten", "GroupNorm", "PReLU", "Unflatten"), ".more_layers"),
}  # fmt: skip
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)

__all__ = [  # noqa: PLE0604
    "Activation", "Buffer", "Module", "ModuleDict", "ModuleList", "PackedWeight", "Parameter", "ParameterDict",
    "ParameterList", "Sequential", *_MODULES,
]  # fmt: skip
