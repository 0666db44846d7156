"""Checks of values against the annotations of configuration fields.

An annotation may be a string (`"int | None"`, as `from __future__ import annotations` leaves it) or a type object. What
is not understood (a user's own class in a string) accepts everything: these checks are there to catch a config.json
whose `hidden_size` is `"4096"`, not to be a type checker.
"""

from __future__ import annotations

import typing
from typing import Any, Callable

Check = Callable[[Any], bool]

_SIMPLE: dict[str, Check] = {
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "None": lambda value: value is None,
    "list": lambda value: isinstance(value, (list, tuple)),
    "tuple": lambda value: isinstance(value, (list, tuple)),
    "dict": lambda value: isinstance(value, dict),
}
_ALIASES = {"List": "list", "Tuple": "tuple", "Dict": "dict", "NoneType": "None"}


def _split(text: str, separator: str) -> list[str]:
    """Split at `separator` outside of brackets."""
    parts, depth, start = [], 0, 0
    for position, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if char == separator and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    return [*parts, text[start:].strip()]


def _describe(annotation: Any) -> str:
    """A type object in the spelling of annotations: `Optional[int]` becomes `int | None`."""
    if isinstance(annotation, str):
        return annotation
    if annotation is None:
        return "None"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        return getattr(annotation, "__name__", "Any")
    if origin is typing.Union or getattr(origin, "__name__", "") == "UnionType":
        return " | ".join(_describe(argument) for argument in arguments)
    if origin is typing.Literal:
        return f"Literal[{', '.join(repr(argument) for argument in arguments)}]"
    return f"{origin.__name__}[{', '.join(_describe(argument) for argument in arguments)}]"


def compile_check(annotation: Any) -> tuple[str, Check | None]:
    """Return the annotation's spelling and a predicate for it (None: anything goes)."""
    text = _describe(annotation).replace("typing.", "")
    return text, _compile(text)


def _compile(text: str) -> Check | None:
    options = _split(text, "|")
    if len(options) > 1:
        checks = [_compile(option) for option in options]
        return None if None in checks else lambda value: any(check(value) for check in checks)  # type: ignore[misc]
    name, bracket, rest = text.partition("[")
    name = _ALIASES.get(name, name)
    arguments = _split(rest[:-1], ",") if bracket else []
    if name in ("Optional", "Union"):
        return _compile(" | ".join(arguments + ["None"] * (name == "Optional")))
    if name == "Literal":
        allowed = [argument.strip("'\"") for argument in arguments]
        return lambda value: str(value) in allowed
    if name in ("list", "tuple", "Sequence") and arguments:
        item = _compile(arguments[0])
        return lambda value: isinstance(value, (list, tuple)) and (item is None or all(map(item, value)))
    return _SIMPLE.get(name)
