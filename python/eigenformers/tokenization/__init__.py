"""Tokenizers: text to model inputs and back."""

from __future__ import annotations

from ._engine import AddedToken
from .auto import AutoTokenizer
from .base import PreTrainedTokenizerBase
from .batch_encoding import BatchEncoding, CharSpan, TokenSpan
from .enums import ExplicitEnum, PaddingStrategy, TensorType, TruncationStrategy
from .fast import PreTrainedTokenizerFast, TokenizersBackend
from .json_schema import get_json_schema
from .models import *  # noqa: F403 (the classes of the table)
from .models import CLASSES

__all__ = [
    "AddedToken",
    "AutoTokenizer",
    "BatchEncoding",
    "CharSpan",
    "ExplicitEnum",
    "PaddingStrategy",
    "PreTrainedTokenizerBase",
    "PreTrainedTokenizerFast",
    "TensorType",
    "TokenSpan",
    "TokenizersBackend",
    "TruncationStrategy",
    "get_json_schema",
    *sorted(CLASSES),
]
