"""BatchEncoding: what a tokenizer returns. A dictionary for the model, with a way back from tokens to the text."""

from __future__ import annotations

import warnings
from collections import UserDict
from typing import Any, NamedTuple

from ._engine import Encoding, Tokenizer
from .enums import TensorType
from .tensors import converter


class CharSpan(NamedTuple):
    """Characters `start` (inclusive) to `end` (exclusive) of the original string."""

    start: int
    end: int


class TokenSpan(NamedTuple):
    """Tokens `start` (inclusive) to `end` (exclusive) of an encoded string."""

    start: int
    end: int


class LaterEncodings:
    """The encodings of texts, made when they are asked for, by a tokenizer that does not change meanwhile."""

    def __init__(self, tokenizer: Tokenizer, texts: list[str], add_special_tokens: bool):
        self._arguments = (tokenizer, texts, add_special_tokens)

    def make(self) -> list[Encoding]:
        """All of them."""
        tokenizer, texts, add_special_tokens = self._arguments
        return tokenizer.encode_batch(texts, add_special_tokens=add_special_tokens)


class BatchEncoding(UserDict):
    """Output of a tokenizer call: `input_ids`, `attention_mask` and what else was asked for, by key or attribute.

    Args:
        data: dictionary of lists, arrays or tensors.
        encoding: the engine's `Encoding`, or a list with one per sequence; nothing is read from them before it is
            asked for (`offsets`, `word_ids`, ...).
        tensor_type: "pt" or "np" to convert the lists at once.
        prepend_batch_axis: add a leading axis of size 1 during that conversion.
        n_sequences: 1 for single texts, 2 for pairs, None when unknown.

    >>> batch = BatchEncoding({"input_ids": [[1, 2], [3, 4]]}, tensor_type="np")
    >>> batch.input_ids.shape
    (2, 2)
    """

    def __init__(
        self,
        data: dict[str, Any] | None = None,
        encoding: Encoding | list[Encoding] | None = None,
        tensor_type: None | str | TensorType = None,
        prepend_batch_axis: bool = False,
        n_sequences: int | None = None,
    ):
        super().__init__(data)
        if encoding is not None and isinstance(encoding, Encoding):
            encoding = [encoding]
        self._made = encoding
        if n_sequences is None and encoding:
            n_sequences = encoding[0].n_sequences
        self._n_sequences = n_sequences
        self.convert_to_tensors(tensor_type=tensor_type, prepend_batch_axis=prepend_batch_axis)

    def __getitem__(self, item):
        if isinstance(item, str):
            return self.data[item]
        if self._encodings is not None:
            return self._encodings[item]
        if isinstance(item, slice):
            return {key: value[item] for key, value in self.data.items()}
        raise KeyError(
            "Invalid key. Only three types of key are available: "
            "(1) string, (2) integers for backend Encoding, and (3) slices for data subsetting."
        )

    def __getattr__(self, name: str):
        data = self.__dict__.get("data", {})
        if name in data:
            return data[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute or key {name!r}")

    @property
    def _encodings(self) -> list[Encoding] | None:
        if isinstance(self._made, LaterEncodings):
            self._made = self._made.make()
        return self._made

    @_encodings.setter
    def _encodings(self, encodings: list[Encoding] | None) -> None:
        self._made = encodings

    def __getstate__(self):
        return {"data": self.data, "encodings": self._encodings, "n_sequences": self._n_sequences}

    def __setstate__(self, state):
        self.data = state["data"]
        self._made = state.get("encodings")
        self._n_sequences = state.get("n_sequences")

    @property
    def n_sequences(self) -> int | None:
        """1 for single texts, 2 for pairs, None when unknown."""
        return self._n_sequences

    @property
    def is_fast(self) -> bool:
        """Whether the engine's encodings are attached (they are not for `PreTrainedTokenizer` subclasses)."""
        return self._made is not None

    @property
    def encodings(self) -> list[Encoding] | None:
        """The engine's encodings, one per row of the batch, or None."""
        return self._encodings

    def _encoding(self, method: str, batch_index: int = 0) -> Encoding:
        if not self._encodings:
            raise ValueError(f"{method}() is not available when using Python based tokenizers")
        return self._encodings[batch_index]

    def _locate(self, method: str, batch_or_index: int, index: int | None) -> tuple[Encoding, int]:
        """`f(i)` means row 0, `f(row, i)` names the row; negative numbers count from the end."""
        row, index = (0, batch_or_index) if index is None else (batch_or_index, index)
        return self._encoding(method, row), index

    @staticmethod
    def _from_end(index: int, encoding: Encoding) -> int:
        return index + len(encoding.ids) if index < 0 else index

    def tokens(self, batch_index: int = 0) -> list[str]:
        """Token strings of a row."""
        return self._encoding("tokens", batch_index).tokens

    def sequence_ids(self, batch_index: int = 0) -> list[int | None]:
        """Per token of a row: 0 or 1 for the text it came from, None for added special tokens."""
        return self._encoding("sequence_ids", batch_index).sequence_ids

    def word_ids(self, batch_index: int = 0) -> list[int | None]:
        """Per token of a row: index of its word, None for added special tokens."""
        return self._encoding("word_ids", batch_index).word_ids

    def words(self, batch_index: int = 0) -> list[int | None]:
        """The same as `word_ids` (older name)."""
        warnings.warn("`BatchEncoding.words()` is deprecated: use `BatchEncoding.word_ids()`.", FutureWarning, stacklevel=2)
        return self.word_ids(batch_index)

    def token_to_sequence(self, batch_or_token_index: int, token_index: int | None = None) -> int | None:
        """Text (0 or 1) that a token came from. Called as `(token)` or `(row, token)`."""
        encoding, index = self._locate("token_to_sequence", batch_or_token_index, token_index)
        return encoding.token_to_sequence(self._from_end(index, encoding))

    def token_to_word(self, batch_or_token_index: int, token_index: int | None = None) -> int | None:
        """Word that a token belongs to. Called as `(token)` or `(row, token)`."""
        encoding, index = self._locate("token_to_word", batch_or_token_index, token_index)
        return encoding.token_to_word(self._from_end(index, encoding))

    def word_to_tokens(
        self, batch_or_word_index: int, word_index: int | None = None, sequence_index: int = 0
    ) -> TokenSpan | None:
        """Tokens of a word, or None. Called as `(word)` or `(row, word)`."""
        encoding, index = self._locate("word_to_tokens", batch_or_word_index, word_index)
        if index < 0:
            pairs = zip(encoding.word_ids, encoding.sequence_ids)
            index += max((word for word, text in pairs if word is not None and text == sequence_index), default=-1) + 1
        span = encoding.word_to_tokens(index, sequence_index)
        return None if span is None else TokenSpan(*span)

    def token_to_chars(self, batch_or_token_index: int, token_index: int | None = None) -> CharSpan | None:
        """Characters that a token covers, None for added special tokens. Called as `(token)` or `(row, token)`."""
        encoding, index = self._locate("token_to_chars", batch_or_token_index, token_index)
        span = encoding.token_to_chars(index)
        return None if span is None else CharSpan(*span)

    def char_to_token(
        self, batch_or_char_index: int, char_index: int | None = None, sequence_index: int = 0
    ) -> int | None:
        """Token that covers a character, or None. Called as `(char)` or `(row, char)`."""
        encoding, index = self._locate("char_to_token", batch_or_char_index, char_index)
        return encoding.char_to_token(index, sequence_index)

    def word_to_chars(
        self, batch_or_word_index: int, word_index: int | None = None, sequence_index: int = 0
    ) -> CharSpan:
        """Characters of a word. Called as `(word)` or `(row, word)`."""
        encoding, index = self._locate("word_to_chars", batch_or_word_index, word_index)
        return CharSpan(*encoding.word_to_chars(index, sequence_index))

    def char_to_word(
        self, batch_or_char_index: int, char_index: int | None = None, sequence_index: int = 0
    ) -> int | None:
        """Word that covers a character, or None. Called as `(char)` or `(row, char)`."""
        encoding, index = self._locate("char_to_word", batch_or_char_index, char_index)
        return encoding.char_to_word(index, sequence_index)

    def convert_to_tensors(self, tensor_type: str | TensorType | None = None, prepend_batch_axis: bool = False):
        """Convert every value in place and return self; None leaves all as it is.

        Raises:
            ValueError: rows of different lengths (padding was not asked for), or values that are no numbers.
        """
        if tensor_type is None:
            return self
        is_done, convert = converter(TensorType(tensor_type))
        for key, value in self.data.items():
            try:
                if prepend_batch_axis:
                    value = [value]
                if not is_done(value):
                    self.data[key] = convert(value)
            except (ValueError, TypeError, OverflowError) as error:
                if key == "overflowing_tokens":
                    raise ValueError(
                        "Unable to create tensor returning overflowing tokens of different lengths. "
                        "Please see if a fast version of this tokenizer is available to have this feature available."
                    ) from error
                raise ValueError(
                    "Unable to create tensor, you should probably activate truncation and/or padding with"
                    " 'padding=True' 'truncation=True' to have batched tensors with the same length. Perhaps your"
                    f" features (`{key}` in this case) have excessive nesting (inputs type `list` where type `int` is"
                    " expected)."
                ) from error
        return self

    def to(self, device, *, non_blocking: bool = False) -> BatchEncoding:
        """Call `to(device)` on every value that has it; here "cpu" is the only device, others raise."""
        for key, value in self.data.items():
            if callable(getattr(value, "to", None)):
                self.data[key] = value.to(device)
        return self
