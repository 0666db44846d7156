"""How the classes of components come about: each builds the JSON that its C++ counterpart is read from."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any, Callable

from .._core import tokenizers as _engine
from . import checks


def spec(type_name: str, **options: Any) -> str:
    """The JSON of a component."""
    return json.dumps({"type": type_name, **options}, ensure_ascii=False)


def of_type(needed: str, found: str) -> None:
    """Checks the field "type" of a state that a constructor is given."""
    if found != needed:
        raise ValueError(f"{needed}: type is {found!r}, needed {needed!r}")


class SequenceItems:
    """The parts of a Sequence as its items: what is done to them is done to the Sequence."""

    _role: str

    def __getitem__(self, index: int) -> Any:
        try:
            return self._parts()[index]
        except IndexError:
            raise IndexError("Index not found") from None

    def __setitem__(self, index: int, value: Any) -> None:
        getattr(_engine, f"_{self._role}_set_part")(self, index, value)

    def _parts(self) -> list[Any]:
        return getattr(_engine, f"_{self._role}_parts")(self)


def flat(parts: Iterable[Any]) -> list[Any]:
    """The parts, those of a Sequence among them in its place: what is done to one is done to both Sequences."""
    return [item for part in parts for item in (part._parts() if isinstance(part, SequenceItems) else [part])]


_CHECKS = {"bool": checks.flag, "str": checks.text, "int": checks.count, "float": checks.number}
_CHECKS |= {f"{name} | None": checks.optional(check) for name, check in _CHECKS.items()}


Wanted = dict[str, Callable[[Any], Any]]


def _checked(init: Callable[..., None], wanted: Wanted) -> Callable[..., None]:
    """A constructor whose arguments have the types that are wanted."""
    names = init.__code__.co_varnames[1 : init.__code__.co_argcount]

    @functools.wraps(init)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        given = [wanted[name](value) if name in wanted else value for name, value in zip(names, args)]
        named = {name: wanted[name](value) if name in wanted else value for name, value in kwargs.items()}
        init(self, *given, *args[len(names) :], **named)

    return checked


def _checked_attribute(attribute: property, check: Callable[[Any], Any]) -> property:
    set_: Any = attribute.fset
    return property(attribute.fget, lambda self, value: set_(self, check(value)), doc=attribute.__doc__)


def _check_types(cls: Any) -> None:
    """Lets the constructor of a class and the attributes of those names take the types that it states, if plain ones."""
    init = cls.__init__
    wanted = {name: _CHECKS[type_] for name, type_ in init.__annotations__.items() if type_ in _CHECKS}
    cls.__init__ = _checked(init, wanted)
    for name, check in wanted.items():
        attribute = vars(cls).get(name)
        if isinstance(attribute, property) and attribute.fset is not None:
            setattr(cls, name, _checked_attribute(attribute, check))


def register(type_name: str | None = None) -> Callable[[type], type]:
    """Makes `type_name` in a tokenizer.json come back as the decorated class."""

    def decorate(cls: Any) -> Any:
        if "__init__" in vars(cls):
            _check_types(cls)
        role = next(base.__name__ for base in cls.__mro__ if base.__module__ == _engine.__name__)
        _engine._register_class(role, type_name or cls.__name__, cls)
        return cls

    return decorate


def option(name: str, doc: str, read: Callable[[Any], Any] = lambda value: value) -> property:
    """An attribute that is a field of the component's JSON, which `read` turns into its value. Setting it rebuilds the
    component in place."""

    def get(self: Any) -> Any:
        return read(self._get(name))

    def set_(self: Any, value: Any) -> None:
        self._set(name, json.dumps(value, ensure_ascii=False))

    return property(get, set_, doc=doc)


def fixed_pattern(component: str, doc: str) -> property:
    """The field "pattern" of a component's JSON, which is what it was made with for good."""

    def refuse(self: Any, value: Any) -> None:
        raise AttributeError(f"Cannot set pattern, please instantiate a new {component} pattern instead")

    return property(lambda self: self._get("pattern"), refuse, doc=doc)
