"""How the classes of components come about: each builds the JSON that its C++ counterpart is read from."""

from __future__ import annotations

import json
from typing import Any, Callable

from .._core import tokenizers as _engine


def spec(type_name: str, **options: Any) -> str:
    """The JSON of a component."""
    return json.dumps({"type": type_name, **options}, ensure_ascii=False)


def parts(components: Any) -> list[Any]:
    """The JSON of several components, for a Sequence."""
    return [json.loads(component.to_json()) for component in components]


def set_part(sequence: Any, key: str, index: int, value: Any) -> None:
    """Replace a part of a Sequence in place."""
    components = sequence._get(key)
    components[index] = json.loads(value.to_json())
    sequence._set(key, json.dumps(components, ensure_ascii=False))


def register(type_name: str | None = None) -> Callable[[type], type]:
    """Makes `type_name` in a tokenizer.json come back as the decorated class."""

    def decorate(cls: type) -> type:
        role = next(base.__name__ for base in cls.__mro__ if base.__module__ == _engine.__name__)
        _engine._register_class(role, type_name or cls.__name__, cls)
        return cls

    return decorate


def option(name: str, doc: str) -> property:
    """An attribute that is a field of the component's JSON. Setting it rebuilds the component in place."""

    def get(self: Any) -> Any:
        return self._get(name)

    def set_(self: Any, value: Any) -> None:
        self._set(name, json.dumps(value, ensure_ascii=False))

    return property(get, set_, doc=doc)
