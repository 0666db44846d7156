"""What goes into a pipeline and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from ... import tokenizers
from ...tokenizers import Tokenizer
from .._engine import checked_count
from .backend import Backend

Vocab = Any  # dict[str, int], or list[tuple[str, float]] with scores
ARGUMENT = "the vocabulary"  # how an error names a vocabulary that is no file


@dataclass(repr=False, eq=False)
class Parts:
    """A vocabulary with all that its class, its file and the caller say about it."""

    vocab: Optional[Vocab] = None  # noqa: UP045
    merges: Optional[list] = None  # noqa: UP045
    charsmap: Optional[bytes] = None  # noqa: UP045, of a SentencePiece model
    unk_id: Optional[int] = None  # noqa: UP045, of a SentencePiece model
    unk_piece: str = "<unk>"
    byte_fallback: bool = False
    pattern: Optional[str] = None  # noqa: UP045, that splits words, if the file states one
    extra: Optional[list] = None  # noqa: UP045, the further special tokens, if any were named
    added: list = field(default_factory=list)  # special tokens of the file itself, in the order of their ids
    tokens: dict[str, str] = field(default_factory=dict)  # "unk_token" -> its text
    options: dict[str, Any] = field(default_factory=dict)  # arguments of the class

    def option(self, name: str, default: Any = None) -> Any:
        """An argument of the class; None counts as not given."""
        value = self.options.get(name)
        return default if value is None else value

    def count(self, name: str, default: int) -> int:
        """An argument of the class that says how many tokens are made."""
        return checked_count(name, self.option(name, default))

    def starting_vocab(self, *names: str) -> Vocab:
        """The vocabulary, or the named special tokens alone, numbered from 0."""
        if self.vocab is not None:
            return self.vocab
        return {self.tokens[name]: index for index, name in enumerate(names)}

    def scored_vocab(self, *names: str, more: tuple = ()) -> list[tuple[str, float]]:
        """The vocabulary with scores, or the named special tokens alone with a score of 0, then `more`."""
        if self.vocab is None:
            return [*((self.tokens[name], 0.0) for name in names), *more]
        if isinstance(self.vocab, dict):
            raise TypeError("found a vocabulary without scores, needed a list of (piece, score)")
        return [(piece, float(score)) for piece, score in self.vocab]


def assemble(model: Any, normalizer: Any = None, pre_tokenizer: Any = None, decoder: Any = None) -> Tokenizer:
    """An engine tokenizer of these parts."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre_tokenizer, decoder
    return tokenizer


def special_token(tokenizer: Any, name: str, unset: dict[str, int]) -> tuple[str, int] | None:
    """The special token "cls" and so on, and its id.

    Where it was set to None, the id that `unset` gives its place, under the name that transformers uses; None if none.
    """
    token = getattr(tokenizer, f"{name}_token")
    if token is None:
        return ("None", unset[name]) if name in unset else None
    return token, tokenizer.convert_tokens_to_ids(token)


def template(single: str, pair: str, unset: dict[str, int] | None = None) -> Callable[[Any], Any]:
    """A post-processor by template; "{cls}" stands for the tokenizer's `cls_token`, and so on.

    There is none where a token of it was set to None, unless `unset` gives its id.
    """

    def post(tokenizer: Any, *more: tuple[str, int]) -> Any:
        used, fields = list(more), {}
        for name in ("bos", "eos", "unk", "pad", "cls", "sep", "mask", "question"):
            if f"{{{name}}}" in single + pair:
                token = special_token(tokenizer, name, unset or {})
                if token is None:
                    return None
                fields[name] = token[0]
                used.append(token)

        def fill(text: str) -> list[str]:
            return [part.format(**fields) for part in text.split(" ")]  # by part: a token may hold a blank

        make = tokenizers.processors.TemplateProcessing
        return make(single=fill(single), pair=fill(pair), special_tokens=list(dict(used).items()))

    return post


def bert_template(**unset: int) -> Callable[[Any], Any]:
    """[CLS] A [SEP] B [SEP]."""
    return template("{cls}:0 $A:0 {sep}:0", "{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1", unset)


__all__ = ["ARGUMENT", "Backend", "Parts", "Vocab", "assemble", "bert_template", "special_token", "template"]
