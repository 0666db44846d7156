"""Patterns that texts are split or replaced by."""

from __future__ import annotations

from typing import Any, Union

from .._core.tokenizers import NormalizedString


class Regex:
    """A regular expression, where a plain `str` would be taken literally."""

    __slots__ = ("pattern",)

    def __init__(self, s: str) -> None:
        if not isinstance(s, str):
            raise TypeError(f"'{type(s).__name__}' object is not an instance of 'str'")
        self.pattern = s
        NormalizedString("").replace(self, "")  # an expression that cannot be read is an error here, not later

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"


Pattern = Union[str, Regex]


def to_json(pattern: Pattern) -> dict[str, Any]:
    """A pattern as tokenizer.json holds it."""
    if isinstance(pattern, Regex):
        return {"Regex": pattern.pattern}
    if isinstance(pattern, str):
        return {"String": pattern}
    raise TypeError(f"a pattern is a str or a Regex, not {type(pattern).__name__}")
