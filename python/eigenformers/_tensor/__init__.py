"""Tensor functions that are compositions of those in the extension. Importing this gives them to `_core.Tensor` as
methods and to `_core` as functions; the extension does that when it is loaded."""

from __future__ import annotations

from . import aliases, indexing, inplace, legacy, linear, pointwise, reductions, shapes  # noqa: F401
