"""The base of tokenizers that are written in Python under the names that scripts import it from."""

from __future__ import annotations

from .tokenization.slow import PreTrainedTokenizer
from .tokenization.trie import Trie
from .tokenizers import AddedToken

__all__ = ["AddedToken", "PreTrainedTokenizer", "Trie"]
