"""From a tokenizer that runs in Python, or a vocabulary file, to one of the engine."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterable
from typing import Any

from .._core.tokenizers import _byte_alphabet
from ..tokenizers import AddedToken, Regex, Tokenizer, pre_tokenizers, processors
from .families import FAMILIES
from .fast import PreTrainedTokenizerFast
from .models import class_of

_CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def bytes_to_unicode() -> dict[int, str]:
    """The printable character that stands for each byte in a byte-level vocabulary.

    >>> bytes_to_unicode()[32]
    'Ġ'
    """
    table = _byte_alphabet()
    first = [*range(33, 127), *range(161, 173), *range(174, 256)]  # bytes that stand for themselves
    return {byte: table[byte] for byte in [*first, *(byte for byte in range(256) if byte not in first)]}


class Converter:
    """Makes the engine's tokenizer of one that runs in Python; a class of one's own overrides `converted`.

    Args:
        original_tokenizer: a tokenizer whose class is one of `SLOW_TO_FAST_CONVERTERS`, by its name.
    """

    def __init__(self, original_tokenizer: Any):
        self.original_tokenizer = original_tokenizer

    def converted(self) -> Tokenizer:
        """The tokenizer of the engine, independent of the original."""
        original = self.original_tokenizer
        backend = getattr(original, "backend_tokenizer", None)
        if backend is not None:
            return copy.deepcopy(backend)
        with tempfile.TemporaryDirectory() as folder:  # by way of its files, which both know
            original.save_vocabulary(folder)
            options = {name: str(token) for name, token in original.special_tokens_map.items() if isinstance(token, str)}
            name = type(original).__name__
            kind = class_of(name)
            if kind is None:
                raise KeyError(name)
            tokenizer = kind.from_pretrained(folder, **options)
        added = [token for _, token in sorted(original.added_tokens_decoder.items())]
        tokenizer.add_tokens([token for token in added if token.content not in tokenizer.get_vocab()])
        return tokenizer.backend_tokenizer


class TikTokenConverter:
    """A tokenizer of a file of byte ranks.

    Args:
        vocab_file: path of the file, a token in base64 and its rank a line.
        pattern: regular expression that words match.
        add_prefix_space: put a blank in front of a text.
        extra_special_tokens: special tokens (or a dict of them) behind the vocabulary.
    """

    def __init__(
        self,
        vocab_file: str | os.PathLike | None = None,
        pattern: str = _CL100K,
        add_prefix_space: bool = False,
        extra_special_tokens: Iterable[str] | None = None,
        **kwargs: Any,
    ):
        self.vocab_file, self.pattern, self.add_prefix_space = vocab_file, pattern, add_prefix_space
        self.extra_special_tokens = None if extra_special_tokens is None else list(extra_special_tokens)

    def converted(self) -> Tokenizer:
        """The tokenizer of the engine."""
        tokenizer = PreTrainedTokenizerFast(vocab_file=os.fspath(self.vocab_file or "")).backend_tokenizer
        words = pre_tokenizers.Split(Regex(self.pattern), behavior="isolated", invert=False)
        bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=self.add_prefix_space, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, bytes_])
        if self.extra_special_tokens is not None:
            extra = [AddedToken(token, normalized=False, special=True) for token in self.extra_special_tokens]
            tokenizer.add_special_tokens(extra)
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
        return tokenizer


# Class name -> converter; a class of one's own may be put in.
SLOW_TO_FAST_CONVERTERS: dict[str, Any] = {name: Converter for name, family in FAMILIES.items() if family.vocab_format}


def convert_slow_tokenizer(transformer_tokenizer: Any, from_tiktoken: bool = False) -> Tokenizer:
    """The engine's tokenizer that does what a tokenizer does.

    Args:
        transformer_tokenizer: a tokenizer whose class is in `SLOW_TO_FAST_CONVERTERS`, or that has a `vocab_file`
            (byte ranks, tekken.json, SentencePiece).
        from_tiktoken: take the `vocab_file` whatever the class.

    Raises:
        ValueError: it is neither.
    """
    name = type(transformer_tokenizer).__name__
    if name in SLOW_TO_FAST_CONVERTERS and not from_tiktoken:
        return SLOW_TO_FAST_CONVERTERS[name](transformer_tokenizer).converted()
    path = getattr(transformer_tokenizer, "vocab_file", None)
    if not isinstance(path, (str, os.PathLike)) or not os.path.isfile(path):
        raise ValueError(
            f"Converting from SentencePiece and Tiktoken failed: {name} has no `vocab_file` that exists, if a converter for "
            "SentencePiece is available, provide a model path with a SentencePiece tokenizer.model file. "
            f"Currently available slow->fast converters: {list(SLOW_TO_FAST_CONVERTERS)}"
        )
    if os.path.basename(path).startswith("tekken") or os.fspath(path).endswith(".model"):
        return PreTrainedTokenizerFast(vocab_file=os.fspath(path)).backend_tokenizer
    extra = getattr(transformer_tokenizer, "extra_special_tokens", None) or None
    return TikTokenConverter(path, extra_special_tokens=extra).converted()


__all__ = ["SLOW_TO_FAST_CONVERTERS", "Converter", "TikTokenConverter", "bytes_to_unicode", "convert_slow_tokenizer"]
