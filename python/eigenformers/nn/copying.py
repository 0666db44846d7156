"""Copies and pickles of modules: layers, containers and classes written in Python. Hooks are left behind."""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedError

# What a native class's __init__ needs to make an empty twin. The values come from the C++ side.
_ARGUMENTS = {
    "Module": lambda m: (),
    "Linear": lambda m: (m.in_features, m.out_features, _has(m, "bias")),
    "Embedding": lambda m: (m.num_embeddings, m.embedding_dim),
    "RMSNorm": lambda m: (_size(m), m.eps),
    "LayerNorm": lambda m: (_size(m), m.eps, True, _has(m, "bias")),
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


def _size(module: Any) -> int:
    """The size of a norm, which may have no values yet."""
    return int((dict(module._empty_slots()).get("weight") or module.weight.shape)[0])


def _native(cls: type) -> type:
    return next(c for c in cls.__mro__ if c.__module__.startswith("eigenformers._core"))


def _empty(cls: type, arguments: tuple) -> Any:
    twin = cls.__new__(cls)
    _native(cls).__init__(twin, *arguments)
    return twin


def _same(value: Any) -> Any:
    return value


def _reduce_module(self: Any, protocol: Any) -> Any:
    """What pickle and `copy.deepcopy` keep of a module.

    Raises:
        UnsupportedError: a part of a model that only the model as a whole can make again.
    """
    cls = type(self)
    arguments = _ARGUMENTS.get(_native(cls).__name__)
    if arguments is None:
        raise UnsupportedError(
            f"copy.deepcopy and pickle of a {_native(cls).__name__} are not supported; copy the model it belongs to"
        )
    state = {
        "children": self._children(),
        "parameters": self._own_slots(False),
        "buffers": self._own_slots(True),
        "attributes": dict(getattr(self, "__dict__", {})),
        "training": self.training,
    }
    if hasattr(_native(cls), "padding_idx"):
        state["padding_idx"] = self.padding_idx
    return _empty, (cls, arguments(self)), state


def _set_module_state(self: Any, state: dict[str, Any]) -> None:
    """Give an empty module what `_reduce_module` kept."""
    for name, child in state["children"]:
        self.add_module(name, child)
    for kind, register in (("parameters", self.register_parameter), ("buffers", self.register_buffer)):
        for name, value in state[kind]:
            if _has(self, name):
                setattr(self, name, value)
            else:
                register(name, value)
    for name, value in state["attributes"].items():
        setattr(self, name, value)
    if "padding_idx" in state:
        self.padding_idx = state["padding_idx"]
    self._set_training(state["training"])


def _reduce_packed(self: Any, protocol: Any) -> Any:
    """A packed matrix is kept as dense float32."""
    return _same, (self.dequantize(),)


def install(module: Any, packed: Any) -> None:
    """Give these methods to every native class: pybind11 puts a `__reduce_ex__` that refuses into each."""
    packed.__reduce_ex__ = _reduce_packed
    module.__setstate__ = _set_module_state
    classes = [module]
    while classes:
        cls = classes.pop()
        cls.__reduce_ex__ = _reduce_module
        classes += [c for c in cls.__subclasses__() if c.__module__.startswith("eigenformers._core")]
