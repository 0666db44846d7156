"""Third role: turn one word into tokens of a vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .._core.tokenizers import Model, _bpe, _set_unigram_sampling, _unigram, _unigram_sampling
from ..errors import TokenizerError
from .checks import count
from .component import option, register, spec


def _read_json_vocab(path: str) -> dict[str, int]:
    try:
        with open(path, encoding="utf-8") as file:
            vocab = json.load(file)
    except ValueError as error:
        raise TokenizerError(f"{path}: {error}") from error
    if not isinstance(vocab, dict):
        raise TokenizerError(f"{path}: the vocabulary is a {type(vocab).__name__}, needed an object of tokens and ids")
    for token, index in vocab.items():
        if type(index) is not int or not 0 <= index < 1 << 32:
            raise TokenizerError(
                f"{path}: the id of {token!r} is {index!r}, needed a whole number from 0 to 4294967295; damaged file?"
            )
    return vocab


class _Cached:
    """The cache of `tokenizers` beside a model. Here it is the tokenizer's, of a fixed size, and never changes a result."""

    __slots__ = ()

    def _clear_cache(self) -> None:
        """Accepted; there is nothing to clear."""

    def _resize_cache(self, capacity: int) -> None:
        """Accepted; the cache has a fixed size."""
        count(capacity)


# What Unicode calls white space; str.rstrip() takes four separators more.
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def word_pieces(text: str) -> dict[str, int]:
    """The contents of a vocab.txt: one token a line, without the blanks behind it."""
    lines = text.split("\n")
    return {line.rstrip(_BLANKS): number for number, line in enumerate(lines[:-1] if lines[-1] == "" else lines)}


def _float32(value: float | None) -> float | None:
    import ctypes  # a hundredth of the time to a first token, rarely needed

    return None if value is None else ctypes.c_float(value).value


@register()
class BPE(_Cached, Model):
    """Byte pair encoding.

    Args:
        vocab: token -> id.
        merges: pairs of tokens, the first to be merged first.
        cache_capacity: accepted; the cache has a fixed size.
        dropout: probability that a merge is left out, 0 to 1.
        unk_token: stands for characters that are no tokens.
        continuing_subword_prefix, end_of_word_suffix: marks on pieces behind the first, and on the last.
        fuse_unk: whether neighbouring unknown characters become one token.
        byte_fallback: whether unknown characters become "<0x..>" tokens.
        ignore_merges: whether a word that is a token is taken as it is.
    """

    __slots__ = ()

    dropout = option("dropout", "Probability that a merge is left out, as the nearest float of 32 bits.", _float32)
    unk_token = option("unk_token", "Stands for characters that are no tokens.")
    continuing_subword_prefix = option("continuing_subword_prefix", "Marks pieces behind the first.")
    end_of_word_suffix = option("end_of_word_suffix", "Marks the last piece of a word.")
    fuse_unk = option("fuse_unk", "Whether neighbouring unknown characters become one token.")
    byte_fallback = option("byte_fallback", "Whether unknown characters become byte tokens.")
    ignore_merges = option("ignore_merges", "Whether a word that is a token is taken as it is.")

    def __init__(
        self,
        vocab: dict[str, int] | str | None = None,
        merges: Iterable[tuple[str, str]] | str | None = None,
        *,
        cache_capacity: int | None = None,
        dropout: float | None = None,
        unk_token: str | None = None,
        continuing_subword_prefix: str | None = None,
        end_of_word_suffix: str | None = None,
        fuse_unk: bool | None = None,
        byte_fallback: bool | None = False,
        ignore_merges: bool | None = False,
    ) -> None:
        if (vocab is None) != (merges is None):
            raise ValueError("`vocab` and `merges` must be both specified")
        if isinstance(vocab, str) != isinstance(merges, str):
            raise ValueError("`vocab` and `merges` must be both be from memory or both filenames")
        if isinstance(vocab, str) and isinstance(merges, str):
            vocab, merges = BPE.read_file(vocab, merges)
        options = {
            "dropout": dropout,
            "unk_token": unk_token,
            "continuing_subword_prefix": continuing_subword_prefix,
            "end_of_word_suffix": end_of_word_suffix,
            "fuse_unk": fuse_unk,
            "byte_fallback": byte_fallback,
            "ignore_merges": ignore_merges,
        }
        super().__init__(_bpe(vocab or {}, [tuple(pair) for pair in merges or ()], options))

    @staticmethod
    def read_file(vocab: str, merges: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
        """The contents of vocab.json and merges.txt."""
        pairs = []
        with open(merges, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate((text.rstrip("\n").rstrip("\r") for text in file), 1):
                if line.startswith("#version"):
                    continue
                parts = line.split(" ")
                if len(parts) != 2:
                    raise ValueError(f"{merges}: Merges text file invalid at line {number}")
                pairs.append((parts[0], parts[1]))
        return _read_json_vocab(vocab), pairs

    @classmethod
    def from_file(cls, vocab: str, merges: str, **options: Any) -> BPE:
        """From vocab.json and merges.txt; the options are those of the constructor."""
        return cls(*cls.read_file(vocab, merges), **options)


@register()
class WordPiece(Model):
    """The longest piece that fits, again and again.

    Args:
        vocab: token -> id.
        unk_token: stands for words that cannot be pieced together.
        max_input_chars_per_word: longer words are unknown.
        continuing_subword_prefix: marks pieces behind the first.
    """

    __slots__ = ()

    unk_token = option("unk_token", "Stands for unknown words.")
    max_input_chars_per_word = option("max_input_chars_per_word", "Longer words are unknown.")
    continuing_subword_prefix = option("continuing_subword_prefix", "Marks pieces behind the first.")

    def __init__(
        self,
        vocab: dict[str, int] | str | None = None,
        *,
        unk_token: str = "[UNK]",
        max_input_chars_per_word: int = 100,
        continuing_subword_prefix: str = "##",
    ) -> None:
        if isinstance(vocab, str):
            vocab = WordPiece.read_file(vocab)
        super().__init__(
            spec(
                "WordPiece",
                unk_token=unk_token,
                continuing_subword_prefix=continuing_subword_prefix,
                max_input_chars_per_word=max_input_chars_per_word,
                vocab=vocab or {},
            )
        )

    @staticmethod
    def read_file(vocab: str) -> dict[str, int]:
        """The contents of a vocab.txt: one token a line."""
        with open(vocab, encoding="utf-8", newline="\n") as file:
            return word_pieces(file.read())

    @classmethod
    def from_file(cls, vocab: str, **options: Any) -> WordPiece:
        """From a vocab.txt; the options are those of the constructor."""
        return cls(cls.read_file(vocab), **options)


@register()
class WordLevel(Model):
    """A word is a token, or unknown."""

    __slots__ = ()

    unk_token = option("unk_token", "Stands for unknown words.")

    def __init__(self, vocab: dict[str, int] | str | None = None, unk_token: str = "<unk>") -> None:
        if isinstance(vocab, str):
            vocab = WordLevel.read_file(vocab)
        super().__init__(spec("WordLevel", vocab=vocab or {}, unk_token=unk_token))

    @staticmethod
    def read_file(vocab: str) -> dict[str, int]:
        """The contents of a vocab.json."""
        return _read_json_vocab(vocab)

    @classmethod
    def from_file(cls, vocab: str, unk_token: str = "<unk>") -> WordLevel:
        """From a vocab.json."""
        return cls(cls.read_file(vocab), unk_token)


class _Sampling:
    """One of the two options of sampling, which no file keeps."""

    def __init__(self, index: int, doc: str) -> None:
        self._index, self.__doc__ = index, doc

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else _unigram_sampling(instance)[self._index]

    def __set__(self, instance: Any, value: Any) -> None:
        options = list(_unigram_sampling(instance))
        options[self._index] = value
        _set_unigram_sampling(instance, *options)


@register()
class Unigram(_Cached, Model):
    """The pieces with the highest sum of scores.

    Args:
        vocab: (token, score), in order of ids; by default only the unknown token.
        unk_id: id for characters that are no tokens.
        byte_fallback: whether unknown characters become "<0x..>" tokens.
        alpha: with a number but 0, the pieces are drawn at random instead, and this is how much the scores count
            (subword regularization, Kudo 2018).
        nbest_size: how many of the best ways to cut a word are drawn from, at most 65536; by default all of them.
    """

    __slots__ = ()

    alpha = _Sampling(0, "How much scores count where pieces are drawn at random; None or 0: the best are taken.")
    nbest_size = _Sampling(1, "How many of the best ways are drawn from.")

    def __init__(
        self,
        vocab: Iterable[tuple[str, float]] | None = None,
        unk_id: int | None = None,
        byte_fallback: bool | None = None,
        alpha: float | None = None,
        nbest_size: int | None = None,
    ) -> None:
        if vocab is None:
            if unk_id is not None:
                raise ValueError("`vocab` and `unk_id` must be both specified")
            vocab, unk_id = [("<unk>", 0.0)], 0
        super().__init__(_unigram([tuple(pair) for pair in vocab], unk_id, bool(byte_fallback)))
        if alpha is not None or nbest_size is not None:
            _set_unigram_sampling(self, alpha, nbest_size)


__all__ = ["BPE", "Model", "Unigram", "WordLevel", "WordPiece"]
