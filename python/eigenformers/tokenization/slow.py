"""PreTrainedTokenizer: the base for tokenizers written in Python."""

from __future__ import annotations

import re
from typing import Any

from ..utils import logging
from ._engine import AddedToken, UnsupportedError
from .base import PreTrainedTokenizerBase
from .batch_encoding import BatchEncoding
from .enums import PaddingStrategy

logger = logging.get_logger(__name__)

# What stands before, between and after the texts, as names of special tokens.
_PATTERNS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "none": ((), (), ()),
    "cls_sep": (("cls",), ("sep",), ("sep",)),
    "cls_double_sep": (("cls",), ("sep", "sep"), ("sep",)),
    "eos": ((), ("eos",), ("eos",)),
    "bos": (("bos",), ("bos",), ()),
    "bos_eos": (("bos",), ("eos",), ("eos",)),
}


class PreTrainedTokenizer(PreTrainedTokenizerBase):
    """Base for tokenizers written in Python. A subclass sets up its vocabulary, calls `super().__init__(**kwargs)`
    and provides `vocab_size`, `get_vocab`, `_tokenize`, `_convert_token_to_id`, `_convert_id_to_token`, and
    `save_vocabulary`; it may override `build_inputs_with_special_tokens`, `convert_tokens_to_string`.

    Args:
        special_tokens_pattern: what a call puts around the ids: "none", "cls_sep", "cls_double_sep", "eos", "bos",
            "bos_eos", or "prefix_suffix" (the lists `prefix_tokens` and `suffix_tokens` of the tokenizer).
        token_type_ids_pattern: "bert_style" (0 for the first text, 1 for the second) or "all_zeros".
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    def __init__(self, **kwargs: Any):
        if "_added_tokens_decoder" not in self.__dict__:
            self._added_tokens_decoder: dict[int, AddedToken] = {}
        self._added_tokens_decoder.update(kwargs.pop("added_tokens_decoder", None) or {})
        self._added_tokens_encoder = {str(token): index for index, token in self._added_tokens_decoder.items()}
        self.token_type_ids_pattern = kwargs.pop("token_type_ids_pattern", "bert_style")
        self.special_tokens_pattern = kwargs.pop("special_tokens_pattern", None)
        self._splitter: re.Pattern | None = None
        kwargs.setdefault("backend", "custom")
        super().__init__(**kwargs)
        missing = [token for token in self.all_special_tokens if token not in self._added_tokens_encoder]
        self._add_tokens(missing, special_tokens=True)

    @property
    def is_fast(self) -> bool:
        """False: this tokenizer runs in Python."""
        return False

    # Vocabulary

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """Id to added token, in the order of the ids."""
        return dict(sorted(self._added_tokens_decoder.items()))

    @property
    def added_tokens_encoder(self) -> dict[str, int]:
        """Added token to id, in the order of the ids."""
        return {token.content: index for index, token in self.added_tokens_decoder.items()}

    def get_added_vocab(self) -> dict[str, int]:
        """Added token to id."""
        return dict(self._added_tokens_encoder)

    def __len__(self) -> int:
        return len({**self.get_vocab(), **self._added_tokens_encoder})

    def _add_tokens(self, new_tokens: list, special_tokens: bool = False) -> int:
        vocab = {**self.get_vocab(), **self._added_tokens_encoder}
        size, added = len(vocab), 0
        for token in new_tokens:
            if not isinstance(token, (str, AddedToken)):
                raise TypeError(f"Token {token} is not a string but a {type(token)}.")
            if str(token) == "" or (isinstance(token, str) and token in self._added_tokens_encoder):
                continue
            if isinstance(token, str):
                special = special_tokens or token in self.all_special_tokens
                token = AddedToken(token, normalized=not special, special=special)
            elif special_tokens and not token.special:
                flags = {**token.__getstate__(), "special": True}
                token = AddedToken(flags.pop("content"), **flags)
            if not token.special and token.normalized and getattr(self, "do_lower_case", False):
                flags = token.__getstate__()
                token = AddedToken(flags.pop("content").lower(), **flags)
            if token.content not in vocab:
                vocab[token.content] = size + added
                added += 1
            if token.special and token.content not in self.all_special_tokens:
                self._extra_special_tokens.append(token)
            self._added_tokens_decoder[vocab[token.content]] = token
            self._added_tokens_encoder[token.content] = vocab[token.content]
        self._splitter = None
        return added

    def _convert_token_to_id_with_added_voc(self, token: str) -> int | None:
        index = self._added_tokens_encoder.get(token)
        return self._convert_token_to_id(token) if index is None else index

    def convert_ids_to_tokens(self, ids, skip_special_tokens: bool = False):
        """Token string of an id, or a list for a list of ids."""
        if isinstance(ids, int):
            return self._id_to_token(ids)
        skip = set(self.all_special_ids) if skip_special_tokens else ()
        return [self._id_to_token(index) for index in map(int, ids) if index not in skip]

    def _id_to_token(self, index: int) -> str:
        token = self._added_tokens_decoder.get(index)
        return self._convert_id_to_token(index) if token is None else token.content

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        raise NotImplementedError(f"{type(self).__name__} does not define _tokenize")

    def _convert_token_to_id(self, token: str) -> int | None:
        raise NotImplementedError(f"{type(self).__name__} does not define _convert_token_to_id")

    def _convert_id_to_token(self, index: int) -> str:
        raise NotImplementedError(f"{type(self).__name__} does not define _convert_id_to_token")

    # Text to tokens

    def prepare_for_tokenization(self, text: str, is_split_into_words: bool = False, **kwargs: Any):
        """Hook: change a text before it is split; returns it and the arguments that were not used."""
        return text, kwargs

    def tokenize(self, text: str, pair: str | None = None, add_special_tokens: bool = False, **kwargs) -> list[str]:
        """Token strings of a text: added tokens whole, the rest as `_tokenize` splits it."""
        split_special_tokens = kwargs.pop("split_special_tokens", self.split_special_tokens)
        if pair is not None or add_special_tokens:
            return self.convert_ids_to_tokens(self.encode(text, pair, add_special_tokens=add_special_tokens))
        text, kwargs = self.prepare_for_tokenization(text, **kwargs)
        if kwargs:
            logger.warning_once(f"Keyword arguments {sorted(kwargs)} not recognized by {type(self).__name__}.")
        if split_special_tokens:
            return self._tokenize(text)
        tokens: list[str] = []
        for piece, is_added in self._split_added(text):
            if is_added:
                tokens.append(piece)
            elif piece:
                tokens.extend(self._tokenize(piece))
        return tokens

    def _split_added(self, text: str) -> list[tuple[str, bool]]:
        """The text in pieces, and whether each is an added token; blanks go where the tokens' flags say."""
        if not self._added_tokens_encoder:
            return [(text, False)]
        if self._splitter is None:
            longest_first = sorted(self._added_tokens_encoder, key=len, reverse=True)
            self._splitter = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
        pieces = self._splitter.split(text)
        added = [index % 2 == 1 for index in range(len(pieces))]
        for index in range(1, len(pieces), 2):
            content, left, right = pieces[index], pieces[index - 1], pieces[index + 1]
            token = self._added_tokens_decoder[self._added_tokens_encoder[content]]
            if token.rstrip:
                pieces[index + 1] = right = right.lstrip()
            if token.lstrip:
                pieces[index - 1] = left = left.rstrip()
            if token.single_word and ((left and left[-1] != " ") or (right and right[0] != " ")):
                if left and left[-1] != " ":
                    pieces[index - 1], pieces[index] = left + content, ""
                else:
                    pieces[index + 1], pieces[index] = content + right, ""
                added[index] = False
        return list(zip(pieces, added))

    def _encode_without_added_tokens(self, text: str) -> list[int]:
        return self.convert_tokens_to_ids(self.tokenize(text, split_special_tokens=True))

    def _ids_of(self, text: Any, is_split_into_words: bool, **kwargs: Any) -> list[int]:
        """Ids of a text, a list of words, a list of tokens, or a list of ids."""
        if isinstance(text, str):
            return self.convert_tokens_to_ids(self.tokenize(text, **kwargs))
        if isinstance(text, (list, tuple)) and text:
            if isinstance(text[0], int):
                return list(text)
            if isinstance(text[0], str) and is_split_into_words:
                words = (self.tokenize(word, **kwargs) for word in text)
                return self.convert_tokens_to_ids([token for word in words for token in word])
            if isinstance(text[0], str):
                return self.convert_tokens_to_ids(list(text))
        raise ValueError(f"Input must be a string, list of strings, or list of ints, got: {type(text)}")

    def _encode_plus(
        self,
        text,
        text_pair=None,
        add_special_tokens: bool = True,
        padding_strategy: PaddingStrategy = PaddingStrategy.DO_NOT_PAD,
        truncation_strategy="do_not_truncate",
        max_length: int | None = None,
        stride: int = 0,
        is_split_into_words: bool = False,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors=None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        **kwargs: Any,
    ) -> BatchEncoding:
        if return_offsets_mapping:
            raise UnsupportedError(
                "return_offset_mapping is not available when using Python tokenizers. "
                "To use this feature, change your tokenizer to one deriving from PreTrainedTokenizerFast."
            )
        options = {
            "add_special_tokens": add_special_tokens,
            "truncation": truncation_strategy,
            "max_length": max_length,
            "stride": stride,
            "return_token_type_ids": return_token_type_ids,
            "return_overflowing_tokens": return_overflowing_tokens,
            "return_special_tokens_mask": return_special_tokens_mask,
            "return_length": return_length,
            "verbose": verbose,
        }
        kwargs["split_special_tokens"] = kwargs.get("split_special_tokens", self.split_special_tokens)
        batch = self._batch_of(text, text_pair, is_split_into_words)
        rows = batch if batch is not None else [(text, text_pair)]
        outputs = []
        for first, second in rows:
            ids = self._ids_of(first, is_split_into_words, **kwargs)
            pair_ids = None if second is None else self._ids_of(second, is_split_into_words, **kwargs)
            mask = return_attention_mask if batch is None else False  # a batch gets it when it is padded
            outputs.append(self.prepare_for_model(
                ids, pair_ids, padding=padding_strategy if batch is None else False, return_attention_mask=mask,
                pad_to_multiple_of=pad_to_multiple_of, padding_side=padding_side, **options,
            ))  # fmt: skip
        if batch is None:
            return BatchEncoding(outputs[0].data, tensor_type=return_tensors, prepend_batch_axis=True)
        data: dict[str, list] = {}
        for output in outputs:
            for key, value in output.items():
                data.setdefault(key, []).append(value)
        if return_tensors:
            data.pop("overflowing_tokens", None)
            data.pop("num_truncated_tokens", None)
        if not outputs:
            return BatchEncoding({self.model_input_names[0]: []}, tensor_type=return_tensors)
        return self.pad(
            data, padding_strategy, max_length, pad_to_multiple_of, padding_side, return_attention_mask, return_tensors
        )

    @staticmethod
    def _batch_of(text, text_pair, is_split_into_words: bool) -> list[tuple] | None:
        """(text, pair) rows of a batch; None when the call has one input."""
        if not isinstance(text, (list, tuple)):
            return None
        first = text[0] if text else None
        if text and not isinstance(first, (list, tuple) if is_split_into_words else (str, list, tuple)):
            return None
        if not text and is_split_into_words:
            return None
        if text_pair is not None:
            if not isinstance(text_pair, (list, tuple)) or len(text_pair) != len(text):
                raise ValueError("If `text` is a batch, `text_pair` must also be a batch of the same length.")
            return list(zip(text, text_pair))
        rows = []
        for row in text:
            is_pair = isinstance(row, tuple) if is_split_into_words else isinstance(row, (list, tuple))
            is_pair = is_pair and len(row) == 2 and all(isinstance(part, (str, list, tuple)) for part in row)
            rows.append(tuple(row) if is_pair else (row, None))
        return rows

    # Special tokens around the ids

    def _pattern_ids(self) -> tuple[list[int], list[int], list[int]]:
        pattern = self.special_tokens_pattern or "none"
        if pattern == "prefix_suffix":
            return list(getattr(self, "prefix_tokens", [])), [], list(getattr(self, "suffix_tokens", []))
        names = _PATTERNS.get(pattern, ((), (), ()))
        ids = tuple([getattr(self, f"{name}_token_id") for name in part] for part in names)
        if any(index is None for part in ids for index in part):
            raise ValueError(
                f"Cannot add special tokens following '{pattern}' pattern because one or several special tokens "
                "are not defined. Set the required special tokens in tokenizer or update "
                "`tokenizer.special_tokens_pattern`"
            )
        return ids

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """Ids of a text, or of a pair, with the special tokens around them."""
        before, between, after = self._pattern_ids()
        if token_ids_1 is None:
            return [*before, *token_ids_0, *after]
        return [*before, *token_ids_0, *between, *token_ids_1, *after]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for text; see `PrepareMixin.get_special_tokens_mask`."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        marks = [None] * len(token_ids_0), None if token_ids_1 is None else [None] * len(token_ids_1)
        return [int(mark is not None) for mark in PreTrainedTokenizer.build_inputs_with_special_tokens(self, *marks)]

    def create_token_type_ids_from_sequences(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """0 for the first text and its special tokens, 1 for the second (unless the pattern is "all_zeros")."""
        first = len(self.build_inputs_with_special_tokens(token_ids_0))
        if token_ids_1 is None:
            return [0] * first
        whole = len(self.build_inputs_with_special_tokens(token_ids_0, token_ids_1))
        if self.token_type_ids_pattern != "bert_style" or self.special_tokens_pattern == "prefix_suffix":
            return [0] * whole
        return [0] * first + [1] * (whole - first)

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """How many tokens a call adds around a text, or a pair."""
        return len(self.build_inputs_with_special_tokens([], [] if pair else None))

    # Tokens to text

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings; here they are joined with blanks."""
        return " ".join(tokens)

    def _decode(self, token_ids, skip_special_tokens=False, clean_up_tokenization_spaces=None, **kwargs: Any) -> str:
        if isinstance(token_ids, int):
            token_ids = [token_ids]
        text = self.convert_tokens_to_string(self.convert_ids_to_tokens(token_ids, skip_special_tokens))
        clean = clean_up_tokenization_spaces
        clean = self.clean_up_tokenization_spaces if clean is None else clean
        return self.clean_up_tokenization(text) if clean else text

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write the vocabulary files; a subclass that has some overrides this. Here there are none."""
        return ()


PythonBackend = PreTrainedTokenizer
