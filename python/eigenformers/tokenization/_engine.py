"""The one place where the Python layer meets the tokenizer engine."""

from __future__ import annotations

import os

from ..errors import TokenizerError, UnsupportedError

if os.environ.get("EF_DEV_TOKENIZERS") == "1":
    from tokenizers import AddedToken, Encoding, Tokenizer, processors
else:
    from ..tokenizers import AddedToken, Encoding, Tokenizer, processors

__all__ = ["AddedToken", "Encoding", "Tokenizer", "TokenizerError", "UnsupportedError", "processors"]
