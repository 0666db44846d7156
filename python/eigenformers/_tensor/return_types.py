"""The named tuples that some functions return."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


def _show(self: tuple) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self))  # type: ignore[attr-defined]
    return f"eigenformers.return_types.{type(self).__name__}(\n{fields})"


def make(name: str, fields: str) -> Any:
    """A class of tuples, kept here so that they pickle.

    >>> make("mode", "values indices")(1, 2)
    eigenformers.return_types.mode(
    values=1,
    indices=2)
    """
    if name not in globals():
        kind = namedtuple(name, fields, module=__name__)
        kind.__repr__ = _show  # type: ignore[assignment]
        globals()[name] = kind
    return globals()[name]
