"""RoCBertTokenizer: BERT's tokenizer, with the shapes and the sounds of Chinese characters beside the ids."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from ..utils.files import atomic_write
from .basic_words import BasicTokenizer, WordPieceFileTokenizer
from .batch_encoding import BatchEncoding
from .enums import PaddingStrategy, TruncationStrategy
from .slow_vocab import file_in
from .vocab_files import read_vocab

_SIDES = ("input_shape_ids", "input_pronunciation_ids")


class _Ids(list):
    """Ids of a text, which carry the ids of shapes and sounds along."""

    def __init__(self, ids: Iterable[int], sides: list[list[int]]):
        super().__init__(ids)
        self.sides = sides


class RoCBertTokenizer(WordPieceFileTokenizer):
    """Tokenizer of RoCBert (Su et al. 2022). A call also gives `input_shape_ids` and `input_pronunciation_ids`.

    Args:
        vocab_file: vocab.txt.
        word_shape_file, word_pronunciation_file: JSON objects from tokens to the ids of their shapes and sounds.
        do_lower_case, tokenize_chinese_chars, strip_accents, never_split: see `BasicTokenizer`.
        do_basic_tokenize: False only looks for blanks.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {
        "vocab_file": "vocab.txt",
        "word_shape_file": "word_shape.json",
        "word_pronunciation_file": "word_pronunciation.json",
    }

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        word_shape_file: str | os.PathLike,
        word_pronunciation_file: str | os.PathLike,
        do_lower_case: bool = True,
        do_basic_tokenize: bool = True,
        never_split: Iterable[str] | None = None,
        unk_token: str = "[UNK]",
        sep_token: str = "[SEP]",
        pad_token: str = "[PAD]",
        cls_token: str = "[CLS]",
        mask_token: str = "[MASK]",
        tokenize_chinese_chars: bool = True,
        strip_accents: bool | None = None,
        **kwargs: Any,
    ):
        self._read(vocab_file, unk_token)
        self.word_shape, self.word_pronunciation = read_vocab(word_shape_file), read_vocab(word_pronunciation_file)
        self.do_basic_tokenize = do_basic_tokenize
        self.basic_tokenizer = BasicTokenizer(do_lower_case, never_split, tokenize_chinese_chars, strip_accents)
        kwargs.setdefault("special_tokens_pattern", "cls_sep")
        super().__init__(
            do_lower_case=do_lower_case, do_basic_tokenize=do_basic_tokenize, never_split=never_split,
            unk_token=unk_token, sep_token=sep_token, pad_token=pad_token, cls_token=cls_token, mask_token=mask_token,
            tokenize_chinese_chars=tokenize_chinese_chars, strip_accents=strip_accents, **kwargs,
        )  # fmt: skip

    @property
    def do_lower_case(self) -> bool:
        """Whether capitals are made small."""
        return self.basic_tokenizer.do_lower_case

    def convert_tokens_to_shape_ids(self, tokens: list[str] | None) -> list[int] | None:
        """Ids of the shapes of tokens."""
        return None if tokens is None else [self._side(self.word_shape, token) for token in tokens]

    def convert_tokens_to_pronunciation_ids(self, tokens: list[str] | None) -> list[int] | None:
        """Ids of the sounds of tokens."""
        return None if tokens is None else [self._side(self.word_pronunciation, token) for token in tokens]

    def _side(self, ids: dict[str, int], token: str) -> int | None:
        return ids.get(token, ids.get(self.unk_token))

    def _ids_of(self, text: Any, is_split_into_words: bool, **kwargs: Any) -> list[int]:
        if isinstance(text, str):
            tokens = self.tokenize(text, **kwargs)
        elif isinstance(text, (list, tuple)) and text and isinstance(text[0], str):
            tokens = list(text)
            if is_split_into_words:
                tokens = [token for word in text for token in self.tokenize(word, **kwargs)]
        else:
            ids = super()._ids_of(text, is_split_into_words, **kwargs)
            return _Ids(ids, [[0] * len(ids)] * 2)
        sides = [self.convert_tokens_to_shape_ids(tokens), self.convert_tokens_to_pronunciation_ids(tokens)]
        return _Ids(self.convert_tokens_to_ids(tokens), sides)

    def prepare_for_model(
        self,
        ids: list[int],
        shape_ids: list[int] | None = None,
        pronunciation_ids: list[int] | None = None,
        pair_ids: list[int] | None = None,
        pair_shape_ids: list[int] | None = None,
        pair_pronunciation_ids: list[int] | None = None,
        add_special_tokens: bool = True,
        padding: bool | str | PaddingStrategy = False,
        truncation: bool | str | TruncationStrategy | None = None,
        max_length: int | None = None,
        stride: int = 0,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors: str | None = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_length: bool = False,
        prepend_batch_axis: bool = False,
        **options: Any,
    ) -> BatchEncoding:
        """Model inputs of the ids of one or two texts, with those of their shapes and sounds. Arguments as in a call."""
        if shape_ids is None:
            shape_ids, pronunciation_ids = ids.sides
            pair_shape_ids, pair_pronunciation_ids = (None, None) if pair_ids is None else pair_ids.sides
        if return_token_type_ids and not add_special_tokens:
            raise ValueError(
                "Asking to return token_type_ids while setting add_special_tokens to False results in an undefined "
                "behavior. Please set add_special_tokens to True or set return_token_type_ids to None."
            )
        pad, cut, longest, _ = self._get_padding_truncation_strategies(
            padding, truncation, max_length, pad_to_multiple_of, options.get("verbose", True)
        )
        total = len(ids) + len(pair_ids or [])
        total += self.num_special_tokens_to_add(pair_ids is not None) if add_special_tokens else 0
        remove = total - longest if cut is not TruncationStrategy.DO_NOT_TRUNCATE and longest else 0
        data = super().prepare_for_model(
            list(ids), pair_ids, add_special_tokens, truncation=cut, max_length=longest, stride=stride,
            return_token_type_ids=return_token_type_ids, return_attention_mask=False, **options,
        ).data  # fmt: skip
        marks = self.word_shape["[UNK]"], self.word_pronunciation["[UNK]"]
        sides = ((shape_ids, pair_shape_ids), (pronunciation_ids, pair_pronunciation_ids))
        for name, mark, (row, pair) in zip(_SIDES, marks, sides):
            row, pair, _ = self.truncate_sequences(row, pair, remove, cut, stride)
            wrapped = add_special_tokens and self.build_inputs_with_special_tokens(row, pair, mark, mark)
            data[name] = wrapped or [*row, *(pair or [])]
        if return_attention_mask is None:
            return_attention_mask = "attention_mask" in self.model_input_names
        if pad is not PaddingStrategy.DO_NOT_PAD or return_attention_mask:
            data = dict(self.pad(data, pad, longest, pad_to_multiple_of, padding_side, return_attention_mask))
        if return_length:
            data["length"] = len(data["input_ids"])
        if return_tensors:
            data.pop("overflowing_tokens", None)
            data.pop("num_truncated_tokens", None)
        return BatchEncoding(data, tensor_type=return_tensors, prepend_batch_axis=prepend_batch_axis)

    def _pad(self, encoded_inputs: dict[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        side = kwargs.get("padding_side") or (args[3] if len(args) > 3 else None) or self.padding_side
        padded = super()._pad(encoded_inputs, *args, **kwargs)
        missing = len(padded[self.model_input_names[0]])
        for name in _SIDES:
            if name in padded and len(padded[name]) < missing:
                fill = [self.pad_token_id] * (missing - len(padded[name]))
                padded[name] = [*padded[name], *fill] if side == "right" else [*fill, *padded[name]]
        return padded

    def build_inputs_with_special_tokens(
        self,
        token_ids_0: list[int],
        token_ids_1: list[int] | None = None,
        cls_token_id: int | None = None,
        sep_token_id: int | None = None,
    ) -> list[int]:
        """[CLS], the text, [SEP]; of a pair, the second text and [SEP] behind it."""
        cls = [self.cls_token_id if cls_token_id is None else cls_token_id]
        sep = [self.sep_token_id if sep_token_id is None else sep_token_id]
        second = [] if token_ids_1 is None else list(token_ids_1) + sep
        return cls + list(token_ids_0) + sep + second

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write the three files; returns their paths."""
        paths = super().save_vocabulary(save_directory, filename_prefix)
        if not paths:
            return ()
        for argument, content in (("word_shape_file", self.word_shape), ("word_pronunciation_file", self.word_pronunciation)):
            path = file_in(save_directory, filename_prefix, self.vocab_files_names[argument])
            atomic_write(path, json.dumps(content, ensure_ascii=False, indent=4, separators=(", ", ": ")))
            paths += (path,)
        return paths
