"""The base of all tokenizers under the names that scripts import it from."""

from __future__ import annotations

from .tokenization.base import PreTrainedTokenizerBase
from .tokenization.batch_encoding import BatchEncoding, CharSpan, TokenSpan
from .tokenization.enums import ExplicitEnum, PaddingStrategy, TensorType, TruncationStrategy
from .tokenizers import AddedToken

__all__ = [
    "AddedToken",
    "BatchEncoding",
    "CharSpan",
    "ExplicitEnum",
    "PaddingStrategy",
    "PreTrainedTokenizerBase",
    "TensorType",
    "TokenSpan",
    "TruncationStrategy",
]
