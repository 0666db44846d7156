"""Containers: ModuleList, Sequential, ModuleDict, ParameterDict and ParameterList, with the methods of Python's own.

The classes are those of the C++ tree, so that a list or a dict that C++ made has the methods too.

>>> from eigenformers import nn
>>> layers = nn.ModuleList([nn.Linear(2, 2)])
>>> layers.extend([nn.ReLU(), nn.Linear(2, 1)]).pop(1)
ReLU(relu)
>>> nn.Sequential(*layers)[:1]
Sequential(
  (0): Linear(in_features=2, out_features=2, bias=True)
)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .. import _core
from .._core import nn as _native
from .parameter import Parameter


def _refill(container: Any, modules: list[Any]) -> None:
    """Give a list these entries, numbered anew."""
    for name, _ in list(container._children()):
        delattr(container, name)
    for index, module in enumerate(modules):
        container.add_module(str(index), module)


class _ListMethods:
    def __iter__(self) -> Iterator[Any]:
        return iter([module for _, module in self._children()])

    def extend(self, modules: Iterable[Any]) -> Any:
        """Append every module of an iterable."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Any) -> Any:
        """Put a module before the one at `index`."""
        modules = list(self)
        modules.insert(index, module)
        _refill(self, modules)
        return self

    def pop(self, key: int = -1) -> Any:
        """Take the module at `key` out and return it."""
        module = self[key]
        del self[key]
        return module

    def __delitem__(self, index: Any) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self[index]  # checks the index
        del modules[index]
        _refill(self, modules)

    def __add__(self, other: Iterable[Any]) -> Any:
        return self._like([*self, *other])

    def __iadd__(self, other: Iterable[Any]) -> Any:
        return self.extend(other)

    def __contains__(self, module: Any) -> bool:
        return any(module is mine for mine in self)


class _DictMethods:
    """Shared by ModuleDict and ParameterDict: `_entries` lists them, `_put` adds one."""

    def __getitem__(self, key: str) -> Any:
        for name, value in self._entries():
            if name == key:
                return value
        raise KeyError(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._put(key, value)

    def __delitem__(self, key: str) -> None:
        self[key]  # KeyError
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._entries())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: Any) -> bool:
        return key in self.keys()

    def keys(self) -> Any:
        """The names, in order."""
        return dict(self._entries()).keys()

    def values(self) -> Any:
        """The entries, in order."""
        return dict(self._entries()).values()

    def items(self) -> Any:
        """`(name, entry)`, in order."""
        return dict(self._entries()).items()

    def pop(self, key: str, *default: Any) -> Any:
        """Take an entry out and return it; `default` when it is not there."""
        if default and key not in self:
            return default[0]
        value = self[key]
        del self[key]
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The entry, or `default`."""
        return self[key] if key in self else default

    def update(self, entries: Any) -> None:
        """Add the entries of a mapping or of an iterable of pairs."""
        pairs = entries.items() if isinstance(entries, Mapping) or hasattr(entries, "items") else entries
        for key, value in pairs:
            self[key] = value

    def clear(self) -> None:
        """Remove all entries."""
        for key in list(self.keys()):
            del self[key]


def _module_put(self: Any, key: str, value: Any) -> None:
    if not isinstance(key, str):
        raise TypeError(f"module name should be a string, but got {type(key).__name__}")
    if key not in self and hasattr(type(self), key):
        raise KeyError(f"attribute '{key}' already exists")
    self.add_module(key, value)


def _parameter_put(self: Any, key: str, value: Any) -> None:
    if key not in self and hasattr(type(self), key):
        raise KeyError(f"attribute '{key}' already exists")
    if isinstance(value, _core.Tensor) and not getattr(value, "_is_parameter", False):
        value = Parameter(value, requires_grad=value.requires_grad)
    if key in self:
        self._resize_slot(key, tuple(value.shape))
    self.register_parameter(key, value)


def _give(cls: Any, methods: type, **more: Any) -> Any:
    for name, value in {**vars(methods), **more}.items():
        if callable(value) and name not in ("__init__", "__class__", "__getattribute__"):
            setattr(cls, name, value)
    return cls


def _sliced(cls: Any) -> None:
    """A slice of a list is a list of the same class; in that of a Sequential the names stay."""
    native = cls.__getitem__

    def __getitem__(self: Any, index: Any) -> Any:
        return self._part(index) if isinstance(index, slice) else native(self, index)

    cls.__getitem__ = __getitem__


ModuleDict = _give(_native.ModuleDict, _DictMethods, _entries=lambda self: self._children(), _put=_module_put)
ParameterDict = _give(_native.ParameterDict, _DictMethods, _entries=lambda self: self._own_slots(), _put=_parameter_put)
ModuleList = _give(_native.ModuleList, _ListMethods, _like=lambda self, modules: ModuleList(list(modules)))
Sequential = _native.Sequential
ModuleList._part = lambda self, index: ModuleList(list(self)[index])
Sequential._like = lambda self, modules: Sequential(*modules)
Sequential._part = lambda self, index: Sequential(dict(self._children()[index]))
_sliced(ModuleList)


class ParameterList(_native.Module):
    """A list of parameters; tensors that are added become parameters."""

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self.extend(values or [])

    def append(self, value: Any) -> ParameterList:
        """Add one at the end."""
        _parameter_put_at(self, len(self), value)
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Append every value of an iterable."""
        for value in values:
            self.append(value)
        return self

    def __len__(self) -> int:
        return len(self._own_slots())

    def __iter__(self) -> Iterator[Any]:
        return iter([value for _, value in self._own_slots()])

    def __getitem__(self, index: Any) -> Any:
        values = list(self)
        return ParameterList(values[index]) if isinstance(index, slice) else values[index]

    def __setitem__(self, index: int, value: Any) -> None:
        self[index]  # checks the index
        _parameter_put_at(self, index % len(self), value)


def _parameter_put_at(module: Any, index: int, value: Any) -> None:
    if not getattr(value, "_is_parameter", False):
        value = Parameter(value)
    if index < len(module):
        module._resize_slot(str(index), tuple(value.shape))
    module.register_parameter(str(index), value)
