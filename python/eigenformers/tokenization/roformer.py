"""RoFormer: BERT's pipeline with Chinese words found by jieba instead of single characters."""

from __future__ import annotations

import copy
from typing import Any

from ..tokenizers import NormalizedString, PreTokenizedString, Tokenizer, normalizers, pre_tokenizers


class JiebaPreTokenizer:
    """Words that jieba finds and the vocabulary has; everything else is split as BERT does.

    Args:
        vocab: token to id.

    Raises:
        ImportError: the package rjieba is not installed.
    """

    def __init__(self, vocab: dict[str, int]):
        try:
            import rjieba
        except ImportError:
            raise ImportError(
                "You need to install rjieba to use RoFormerTokenizer. "
                "See https://pypi.org/project/rjieba/ for installation."
            ) from None
        self.vocab, self.jieba = vocab, rjieba
        self.split_characters = normalizers.BertNormalizer(
            clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False
        )

    def split(self, index: int, text: NormalizedString) -> list[NormalizedString]:
        """The words of one piece."""
        out = []
        for token, start, end in self.jieba.tokenize(str(text), hmm=False):
            if token in self.vocab:
                out.append(text[start:end])
                continue
            for part in self.split_characters.normalize_str(token).split():
                out.append(text[start : start + len(part)])
                start += len(part)
        return out

    def pre_tokenize(self, pretok: PreTokenizedString) -> None:
        """Cut a text."""
        pretok.split(self.split)


class RoFormerBehaviour:
    """Puts jieba in, and takes it out where the tokenizer is written: a file cannot hold it."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._with_jieba()

    def _with_jieba(self) -> None:
        words = JiebaPreTokenizer(self._tokenizer.get_vocab())
        self._tokenizer.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(words)

    def _without_jieba(self) -> Tokenizer:
        plain = copy.deepcopy(self._tokenizer)
        plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return plain

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_tokenizer": self._without_jieba()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._with_jieba()

    def _state_to_save(self) -> str:
        used, self._tokenizer = self._tokenizer, self._without_jieba()
        try:
            return super()._state_to_save()
        finally:
            self._tokenizer = used
