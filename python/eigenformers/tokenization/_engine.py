"""The one place where the Python layer meets the tokenizer engine."""

from __future__ import annotations

from ..errors import TokenizerError, UnsupportedError
from ..tokenizers import AddedToken, Encoding, Tokenizer, processors

__all__ = ["AddedToken", "Encoding", "Tokenizer", "TokenizerError", "UnsupportedError", "processors"]
