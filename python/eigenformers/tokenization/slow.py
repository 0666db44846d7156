"""PreTrainedTokenizer: the base for tokenizers written in Python."""

from __future__ import annotations

from typing import Any

from ..utils import logging
from ._engine import AddedToken, UnsupportedError
from .base import PreTrainedTokenizerBase
from .batch_encoding import BatchEncoding
from .enums import PaddingStrategy
from .slow_layout import SlowLayoutMixin
from .trie import Trie

logger = logging.get_logger(__name__)


class PreTrainedTokenizer(SlowLayoutMixin, PreTrainedTokenizerBase):
    """Base for tokenizers written in Python. A subclass sets up its vocabulary, calls `super().__init__(**kwargs)`
    and provides `vocab_size`, `get_vocab`, `_tokenize`, `_convert_token_to_id`, `_convert_id_to_token`, and
    `save_vocabulary`; it may override `build_inputs_with_special_tokens`, `convert_tokens_to_string`.

    Args:
        special_tokens_pattern: what a call puts around the ids: "none", "cls_sep", "cls_double_sep", "eos", "bos",
            "bos_eos", or "prefix_suffix" (the lists `prefix_tokens` and `suffix_tokens` of the tokenizer).
        token_type_ids_pattern: "bert_style" (0 for the first text, 1 for the second) or "all_zeros".
        token_type_ids_include_special_tokens: whether `token_type_ids` has entries for the special tokens.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    def __init__(self, **kwargs: Any):
        if "_added_tokens_decoder" not in self.__dict__:
            self._added_tokens_decoder: dict[int, AddedToken] = {}
        self._added_tokens_decoder.update(kwargs.pop("added_tokens_decoder", None) or {})
        self._added_tokens_encoder = {str(token): index for index, token in self._added_tokens_decoder.items()}
        self.token_type_ids_pattern = kwargs.pop("token_type_ids_pattern", "bert_style")
        self.token_type_ids_include_special_tokens = kwargs.pop("token_type_ids_include_special_tokens", True)
        self.special_tokens_pattern = kwargs.pop("special_tokens_pattern", None)
        self.tokens_trie = Trie()
        kwargs.setdefault("backend", "custom")
        super().__init__(**kwargs)
        missing = [token for token in self.all_special_tokens if token not in self._added_tokens_encoder]
        self._add_tokens(missing, special_tokens=True)
        self._update_trie()

    @property
    def is_fast(self) -> bool:
        """False: this tokenizer runs in Python."""
        return False

    # Vocabulary

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """Id to added token, in the order of the ids."""
        return dict(sorted(self._added_tokens_decoder.items()))

    @added_tokens_decoder.setter
    def added_tokens_decoder(self, value: dict[int, AddedToken | str]) -> None:
        for index, token in value.items():
            if not isinstance(token, (str, AddedToken)) or not isinstance(index, int):
                raise TypeError(
                    f"The provided `added_tokens_decoder` has an element of type {(type(index), type(token))}, "
                    f"should be a dict of {(int, AddedToken, str)}"
                )
            self._added_tokens_decoder[index] = AddedToken(token) if isinstance(token, str) else token
            self._added_tokens_encoder[str(token)] = index

    @property
    def added_tokens_encoder(self) -> dict[str, int]:
        """Added token to id, in the order of the ids."""
        return {token.content: index for index, token in self.added_tokens_decoder.items()}

    def get_added_vocab(self) -> dict[str, int]:
        """Added token to id."""
        return dict(self._added_tokens_encoder)

    def __len__(self) -> int:
        return len(self.get_vocab())

    def _update_trie(self, unique_no_split_tokens: list[str] | None = None) -> None:
        """Tell the trie that splits texts about the added tokens, and about tokens that are whole besides them."""
        known = self.tokens_trie._tokens
        for token in [*(token.content for token in self._added_tokens_decoder.values()), *(unique_no_split_tokens or [])]:
            if token not in known:
                self.tokens_trie.add(token)

    def _add_tokens(self, new_tokens: list, special_tokens: bool = False) -> int:
        vocab = dict(self._vocab_to_add_to())
        size, added = len(self), 0
        for token in new_tokens:
            token = self._as_added_token(token, special_tokens)
            if token is None:
                continue
            if token.content not in vocab:
                vocab[token.content] = size + added
                added += 1
            self._keep_added_token(token, vocab[token.content])
        self._update_trie()
        return added

    def _vocab_to_add_to(self) -> dict[str, int]:
        """The tokens that have an id, which they keep when they are added."""
        return self.get_vocab()

    def _as_added_token(self, token: str | AddedToken, special_tokens: bool) -> AddedToken | None:
        """The token with its flags; None when there is nothing to add."""
        if not isinstance(token, (str, AddedToken)):
            raise TypeError(f"Token {token} is not a string but a {type(token)}.")
        if str(token) == "" or (isinstance(token, str) and token in self._added_tokens_encoder):
            return None
        if isinstance(token, str):
            special = special_tokens or token in self.all_special_tokens
            token = AddedToken(token, normalized=not special, special=special)
        elif special_tokens and not token.special:
            flags = {**token.__getstate__(), "special": True}
            token = AddedToken(flags.pop("content"), **flags)
        if not token.special and token.normalized and getattr(self, "do_lower_case", False):
            flags = token.__getstate__()
            token = AddedToken(flags.pop("content").lower(), **flags)
        return token

    def _keep_added_token(self, token: AddedToken, index: int) -> None:
        if token.special and token.content not in self.all_special_tokens:
            self._extra_special_tokens.append(token)
        self._added_tokens_decoder[index] = token
        self._added_tokens_encoder[token.content] = index

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
        """Token strings of a text: added tokens whole, the rest as `_tokenize` splits it.

        As in transformers, `pair` and `add_special_tokens` are taken and change nothing.
        """
        split_special_tokens = kwargs.pop("split_special_tokens", self.split_special_tokens)
        text, kwargs = self.prepare_for_tokenization(text, **kwargs)
        if kwargs:
            logger.warning_once(f"Keyword arguments {sorted(kwargs)} not recognized by {type(self).__name__}.")
        if split_special_tokens:
            return self._tokenize(text)
        pieces = self.tokens_trie.split(text)
        for place, piece in enumerate(pieces):
            if piece in self._added_tokens_encoder:
                self._apply_flags(pieces, place)
        special = set(self.all_special_tokens)
        tokens: list[str] = []
        for piece in filter(None, pieces):
            if piece in self._added_tokens_encoder or piece in special:
                tokens.append(piece)
            else:
                tokens.extend(self._tokenize(piece))
        return tokens

    def _apply_flags(self, pieces: list[str], place: int) -> None:
        """What an added token does to its neighbours: take their blanks, or become a part of them."""
        content = pieces[place]
        token = self._added_tokens_decoder.get(self._added_tokens_encoder[content])
        left = pieces[place - 1] if place > 0 else None
        right = pieces[place + 1] if place + 1 < len(pieces) else None
        if token is None:
            return
        if token.rstrip and right:
            pieces[place + 1] = right.lstrip()
        if token.lstrip and left:
            pieces[place - 1] = left.rstrip()
        if token.single_word and left and left[-1] != " ":  # no word of its own: as the neighbours were before
            pieces[place - 1] += content
            pieces[place] = ""
        elif token.single_word and right and right[0] != " ":
            pieces[place + 1] = content + pieces[place + 1]
            pieces[place] = ""

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
        if batch is None:
            ids = self._ids_of(text, is_split_into_words, **kwargs)
            pair_ids = None if text_pair is None else self._ids_of(text_pair, is_split_into_words, **kwargs)
            return self.prepare_for_model(
                ids, pair_ids=pair_ids, padding=padding_strategy, return_attention_mask=return_attention_mask,
                pad_to_multiple_of=pad_to_multiple_of, padding_side=padding_side, return_tensors=return_tensors,
                prepend_batch_axis=True, **options,
            )  # fmt: skip
        outputs = []
        for first, second in batch:
            ids = self._ids_of(first, is_split_into_words, **kwargs)
            pair_ids = None if second is None else self._ids_of(second, is_split_into_words, **kwargs)
            outputs.append(self.prepare_for_model(ids, pair_ids=pair_ids, return_attention_mask=False, **options))
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
        return [PreTrainedTokenizer._row(row, is_split_into_words) for row in text]

    @staticmethod
    def _row(row: Any, is_split_into_words: bool) -> tuple:
        """A row of a batch: one text, or a pair of them."""
        if not isinstance(row, (list, tuple)) or not row or isinstance(row[0], int):
            return row, None
        texts = all(isinstance(part, (str, list, tuple)) for part in row)
        if len(row) == 2 and texts and (isinstance(row, tuple) or not is_split_into_words):
            return tuple(row)
        if len(row) == 1:
            return row[0], None
        if not is_split_into_words:
            raise ValueError(f"Expected a pair of sequences, got {len(row)} sequences.")
        return row, None

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


PythonBackend = PreTrainedTokenizer
