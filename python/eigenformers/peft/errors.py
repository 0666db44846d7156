"""PEFT's exceptions."""

from __future__ import annotations


class PeftError(Exception):
    """Base of PEFT's own exceptions."""


class NoMatchingPeftModuleError(PeftError, ValueError):
    """The configuration names no module of the model."""


class PeftWarning(UserWarning):
    """Category of PEFT's own warnings."""
