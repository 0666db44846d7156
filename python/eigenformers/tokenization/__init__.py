"""Tokenizers: text to model inputs and back. Everything is imported when it is first used."""

from __future__ import annotations

from .._lazy import lazy_exports
from .families import FAMILIES, ONE_CLASS, SLOW_CLASSES

# Public name -> module that defines it.
MODULES = {
    "AddedToken": "._engine",
    "AutoTokenizer": ".auto",
    "TOKENIZER_MAPPING": ".auto",
    "TOKENIZER_MAPPING_NAMES": ".families",
    "PreTrainedTokenizerBase": ".base",
    "BatchEncoding": ".batch_encoding",
    "CharSpan": ".batch_encoding",
    "TokenSpan": ".batch_encoding",
    "ExplicitEnum": ".enums",
    "PaddingStrategy": ".enums",
    "TensorType": ".enums",
    "TruncationStrategy": ".enums",
    "PreTrainedTokenizerFast": ".fast",
    "TokenizersBackend": ".fast",
    "PreTrainedTokenizer": ".slow",
    "PythonBackend": ".slow",
    "SentencePieceBackend": ".sentencepiece_slow",
    **{name: f".{module}" for name, module in SLOW_CLASSES.items()},
    "StreamDetokenizer": ".streaming",
    "get_json_schema": ".json_schema",
    **{f"{name}{fast}": ".models" for name in FAMILIES for fast in ("", "Fast")},
    **{f"{name}Fast": f".{SLOW_CLASSES[name]}" for name in ONE_CLASS},
    **dict.fromkeys(("BasicTokenizer", "WordpieceTokenizer"), ".basic_words"),
    **dict.fromkeys(("CharacterTokenizer", "MecabTokenizer"), ".japanese"),
    "SpecialTokensMixin": ".special_tokens",
}

__all__ = sorted(MODULES)  # noqa: PLE0605 (the names of the table)
__getattr__, __dir__ = lazy_exports(__name__, MODULES)
