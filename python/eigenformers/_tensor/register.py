"""How a Python function becomes a method of Tensor and a function of the extension module."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from .. import _core

FUNCTIONS: set[str] = set()  # all that became functions of the extension; the package exports them
F = TypeVar("F", bound=Callable[..., Any])


def function(f: F) -> F:
    """`eigenformers.f(...)`."""
    setattr(_core, f.__name__, f)
    FUNCTIONS.add(f.__name__)
    return f


def method(f: F) -> F:
    """`tensor.f(...)`."""
    setattr(_core.Tensor, f.__name__, f)
    return f


def both(f: F) -> F:
    """`eigenformers.f(tensor, ...)` and `tensor.f(...)`."""
    return method(function(f))
