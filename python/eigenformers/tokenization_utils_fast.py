"""The tokenizer over the engine under the names that scripts import it from."""

from __future__ import annotations

from .tokenization.fast import PreTrainedTokenizerFast

__all__ = ["PreTrainedTokenizerFast"]
