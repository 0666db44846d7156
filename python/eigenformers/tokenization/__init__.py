"""Tokenizers: text to model inputs and back. Everything is imported when it is first used."""

from __future__ import annotations

from .._lazy import lazy_exports
from .families import FAMILIES, NOT_YET

# Public name -> module that defines it.
MODULES = {
    "AddedToken": "._engine",
    "AutoTokenizer": ".auto",
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
    "StreamDetokenizer": ".streaming",
    "get_json_schema": ".json_schema",
    **{f"{name}{fast}": ".models" for name in FAMILIES for fast in ("", "Fast")},
    **{f"{name}{fast}": ".models" for name in sorted(NOT_YET) for fast in ("", "Fast")},
}

__all__ = sorted(name for name, module in MODULES.items() if name.replace("Fast", "") not in NOT_YET)
__getattr__, __dir__ = lazy_exports(__name__, MODULES)
