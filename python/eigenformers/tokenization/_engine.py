"""The one place where the Python layer meets the tokenizer engine."""

from __future__ import annotations

from ..errors import TokenizerError, UnsupportedError
from ..tokenizers import AddedToken, Encoding, Tokenizer


def checked_count(name: str, value: object, most: int = 1 << 20) -> int:
    """A number of tokens out of a configuration, before so many are made."""
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value <= most:
        raise TokenizerError(f"{name}: found {value!r}, needed a whole number up to {most}")
    return value


__all__ = ["AddedToken", "Encoding", "Tokenizer", "TokenizerError", "UnsupportedError", "checked_count"]
