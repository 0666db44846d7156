"""Options and what they may be: a check returns the value as it is kept, or raises the error of `tokenizers`."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, Callable

from .._core.tokenizers import AddedToken

Check = Callable[[Any], Any]


def _wrong(value: Any, needed: str) -> TypeError:
    found = "'None'" if value is None else f"'{type(value).__name__}' object"
    return TypeError(f"{found} is not an instance of '{needed}'")


def count(value: Any) -> int:
    """A whole number that is not negative."""
    number = operator.index(value)
    if number < 0:
        raise OverflowError("can't convert negative int to unsigned")
    if number >= 1 << 64:
        raise OverflowError("int too big to convert")
    return number


def number(value: Any) -> float:
    """A real number."""
    if isinstance(value, (str, bytes)) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError(f"must be real number, not {type(value).__name__}")
    return float(value)


def flag(value: Any) -> bool:
    """True or False, or numpy's."""
    if type(value).__name__ not in ("bool", "bool_"):
        raise _wrong(value, "bool")
    return bool(value)


def text(value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise _wrong(value, "str")
    return value


def items(value: Any) -> list[Any]:
    """Several values: of a text nobody means its characters."""
    if isinstance(value, str):
        raise TypeError("Can't extract `str` to `Vec`")
    if not isinstance(value, Iterable):
        raise _wrong(value, "Sequence")
    return list(value)


def optional(check: Check) -> Check:
    """None, or what the check lets pass."""
    return lambda value: None if value is None else check(value)


def one_of(*names: str) -> Check:
    """One of these texts."""

    def check(value: Any) -> str:
        if text(value) not in names:
            raise ValueError(f"found {value!r}, needed one of {list(names)}")
        return value

    return check


def characters(value: Any) -> list[str]:
    """Texts of one character, each once."""
    alphabet = [text(character) for character in items(value)]
    if any(len(character) != 1 for character in alphabet):
        raise ValueError("expected a string of length 1")
    return list(dict.fromkeys(alphabet))


def tokens(value: Any) -> list[AddedToken]:
    """Special tokens, as copies; tokens that were none become special."""
    out = []
    for token in items(value):
        if isinstance(token, str):
            token = AddedToken(token, special=True)
        elif not isinstance(token, AddedToken):
            raise TypeError("special_tokens must be a List[Union[str, AddedToken]]")
        token.special = True
        flags = {name: getattr(token, name) for name in ("single_word", "lstrip", "rstrip", "normalized")}
        out.append(AddedToken(token.content, special=True, **flags))
    return out


class _Option:
    def __init__(self, check: Check) -> None:
        self._check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self._check(instance._values[self._name])

    def __set__(self, instance: Any, value: Any) -> None:
        instance._values[self._name] = self._check(value)


def option(check: Check) -> Any:
    """An attribute of `Options`: what it is set to is checked at once, what is read is a copy."""
    return _Option(check)


class Options:
    """Its attributes are options. There are no others: a misspelt one is an error."""

    __slots__ = ("_values",)

    def __init__(self, **options: Any) -> None:
        self._values: dict[str, Any] = {}
        for name, value in options.items():
            setattr(self, name, value)
