"""`copy.deepcopy` of modules: layers, containers and classes written in Python. Hooks are not copied."""

from __future__ import annotations

import copy
from typing import Any

from .. import _core
from ..errors import UnsupportedError

# What a native class's __init__ needs to make an empty twin. The values come from the C++ side.
_ARGUMENTS = {
    "Module": lambda m: (),
    "Linear": lambda m: (m.in_features, m.out_features, _has(m, "bias")),
    "Embedding": lambda m: (m.num_embeddings, m.embedding_dim),
    "RMSNorm": lambda m: (m.weight.shape[0], m.eps),
    "LayerNorm": lambda m: (m.weight.shape[0], m.eps, True, _has(m, "bias")),
    "Dropout": lambda m: (m.p,),
    "Activation": lambda m: (m.name,),
    "Identity": lambda m: (),
    "ModuleList": lambda m: (),
    "Sequential": lambda m: (),
    "ModuleDict": lambda m: (),
    "ParameterDict": lambda m: (),
}


def _has(module: Any, name: str) -> bool:
    return name in dict(module._own_slots()) or name in dict(module._empty_slots())


def _value(value: Any) -> Any:
    if isinstance(value, _core.PackedWeight):
        value = value.dequantize()
    twin = value.detach().clone()
    twin.requires_grad_(getattr(value, "requires_grad", False))
    return twin


def deepcopy_module(self: Any, memo: dict) -> Any:
    """A copy that shares nothing with the original; packed matrices become dense float32."""
    cls = type(self)
    native = next(c for c in cls.__mro__ if c.__module__.startswith("eigenformers._core"))
    arguments = _ARGUMENTS.get(native.__name__)
    if arguments is None:
        raise UnsupportedError(f"copy.deepcopy of a {native.__name__} is not supported; copy the model it belongs to")
    twin = cls.__new__(cls)
    native.__init__(twin, *arguments(self))
    memo[id(self)] = twin
    for name, child in self._children():
        twin.add_module(name, copy.deepcopy(child, memo))
    for buffers in (False, True):
        for name, value in self._own_slots(buffers):
            fresh = memo.setdefault(id(value), _value(value))
            if _has(twin, name):
                setattr(twin, name, fresh)
            elif buffers:
                twin.register_buffer(name, fresh)
            else:
                twin.register_parameter(name, fresh)
    for name, value in getattr(self, "__dict__", {}).items():
        setattr(twin, name, copy.deepcopy(value, memo))
    if native.__name__ == "Embedding":
        twin.padding_idx = self.padding_idx
    twin._set_training(self.training)
    return twin
