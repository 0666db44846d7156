"""Typed errors. Each also inherits the builtin that existing `except` clauses catch.

Messages read: *where: what was found, what was needed; likely cause or next step.* Where the real library has a text
that people search for, that text is kept. The extension module raises these same classes.
"""

from __future__ import annotations


class Error(RuntimeError):
    """Base class of every error that eigenformers raises itself. Plain ones are where torch raises RuntimeError."""


class ShapeError(Error, ValueError, RuntimeError):
    """Sizes that do not fit together."""


class DtypeError(Error, TypeError):
    """A dtype that an operation does not take."""


class ConfigError(Error, ValueError):
    """A configuration that contradicts itself, or holds a value of the wrong kind."""


class CheckpointError(Error, OSError):
    """A weight file that is damaged, incomplete or not what its header says."""


class TokenizerError(Error, ValueError):
    """A tokenizer file or a text that the tokenizer cannot take."""


class UnsupportedError(Error, NotImplementedError):
    """Something the real library offers and eigenformers does not: the message names it."""


class UnsupportedModelError(UnsupportedError, ValueError):
    """A model that eigenformers cannot build: of an unknown family, or defined by code in its repository."""
