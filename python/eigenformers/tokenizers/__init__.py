"""The component API of the tokenizer engine, with the names of the `tokenizers` library.

>>> from eigenformers.tokenizers import Tokenizer, models, pre_tokenizers
>>> tokenizer = Tokenizer(models.WordLevel({"hello": 0, "world": 1, "?": 2}, unk_token="?"))
>>> tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
>>> tokenizer.encode("hello big world").ids
[0, 2, 1]
"""

from __future__ import annotations

from .._core.tokenizers import (
    AddedToken,
    Encoding,
    NormalizedString,
    PreTokenizedString,
    Token,
    Tokenizer,
    _wrap,
)
from . import _methods, custom, decoders, models, normalizers, pre_tokenizers, processors, trainers
from .implementations import (
    BertWordPieceTokenizer,
    ByteLevelBPETokenizer,
    CharBPETokenizer,
    SentencePieceBPETokenizer,
    SentencePieceUnigramTokenizer,
)
from .pattern import Regex
from .types import (
    EncodeInput,
    InputSequence,
    OffsetReferential,
    Offsets,
    OffsetType,
    PreTokenizedEncodeInput,
    PreTokenizedInputSequence,
    SplitDelimiterBehavior,
    TextEncodeInput,
    TextInputSequence,
)

__version__ = "0.23.3"  # of the `tokenizers` library whose interface this is

_methods.attach()
custom.attach()


def _restore(role: str, state: bytes):
    """Builds a component from its pickled state."""
    return _wrap(role, state.decode())


__all__ = [
    "AddedToken",
    "BertWordPieceTokenizer",
    "ByteLevelBPETokenizer",
    "CharBPETokenizer",
    "EncodeInput",
    "Encoding",
    "InputSequence",
    "NormalizedString",
    "OffsetReferential",
    "OffsetType",
    "Offsets",
    "PreTokenizedEncodeInput",
    "PreTokenizedInputSequence",
    "PreTokenizedString",
    "Regex",
    "SentencePieceBPETokenizer",
    "SentencePieceUnigramTokenizer",
    "SplitDelimiterBehavior",
    "TextEncodeInput",
    "TextInputSequence",
    "Token",
    "Tokenizer",
    "decoders",
    "models",
    "normalizers",
    "pre_tokenizers",
    "processors",
    "trainers",
]
