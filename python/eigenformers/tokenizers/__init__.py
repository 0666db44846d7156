"""The component API of the tokenizer engine, with the names of the `tokenizers` library.

>>> from eigenformers.tokenizers import Tokenizer, models, pre_tokenizers
>>> tokenizer = Tokenizer(models.WordLevel({"hello": 0, "world": 1, "?": 2}, unk_token="?"))
>>> tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
>>> tokenizer.encode("hello big world").ids
[0, 2, 1]
"""

from __future__ import annotations

from .._core.tokenizers import AddedToken, Encoding, NormalizedString, PreTokenizedString, Token, Tokenizer, _wrap
from .._lazy import lazy_exports
from . import _methods, custom

# Public name -> module that defines it; the module itself where a colon ends it.
_MODULES = {
    **{name: f".{name}:" for name in ("decoders", "models", "normalizers", "pre_tokenizers", "processors", "trainers")},
    **dict.fromkeys(
        ("BertWordPieceTokenizer", "ByteLevelBPETokenizer", "CharBPETokenizer", "SentencePieceBPETokenizer",
         "SentencePieceUnigramTokenizer"),
        ".implementations",
    ),
    "Regex": ".pattern",
    **dict.fromkeys(
        ("EncodeInput", "InputSequence", "OffsetReferential", "OffsetType", "Offsets", "PreTokenizedEncodeInput",
         "PreTokenizedInputSequence", "SplitDelimiterBehavior", "TextEncodeInput", "TextInputSequence"),
        ".types",
    ),
}  # fmt: skip
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)

__version__ = "0.23.3"  # of the `tokenizers` library whose interface this is

_methods.attach()
custom.attach()


def _restore(role: str, state: bytes):
    """Builds a component from its pickled state."""
    return _wrap(role, state.decode())


__all__ = [  # noqa: PLE0604
    "AddedToken", "Encoding", "NormalizedString", "PreTokenizedString", "Token", "Tokenizer", *_MODULES,
]  # fmt: skip
