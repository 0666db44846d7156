"""ByT5 (bytes) and Siglip (SentencePiece on plain words): tokenizers that put the end token behind every text."""

from __future__ import annotations

import re
import string
import warnings
from typing import Any

from ._engine import AddedToken, checked_count
from .sentencepiece_slow import BLANK, SentencePieceBackend
from .slow import PreTrainedTokenizer

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def wide(token: Any, **flags: bool) -> Any:
    """A token that takes the blanks around it."""
    return AddedToken(token, lstrip=True, rstrip=True, **flags) if isinstance(token, str) else token


def named_extra_ids(owner: str, extra_ids: int, given: Any) -> Any:
    """The further special tokens: those that were given, or as many <extra_id_...> as `extra_ids` says.

    Raises:
        ValueError: both were given, and there are not as many of the latter among the former.
    """
    if checked_count("extra_ids", extra_ids) > 0 and given is None:
        return [f"<extra_id_{i}>" for i in range(extra_ids)]
    if extra_ids > 0 and given and len({str(t) for t in given if "extra_id" in str(t)}) != extra_ids:
        raise ValueError(
            f"Both extra_ids ({extra_ids}) and additional_special_tokens ({given}) are provided to {owner}. "
            "In this case the additional_special_tokens must include the extra_ids tokens"
        )
    return given


class EosBehind:
    """The end token behind a text, and behind each of a pair."""

    def _with_eos(self, ids: list[int]) -> list[int]:
        if ids and ids[-1] == self.eos_token_id:
            warnings.warn(
                f"This sequence already has {self.eos_token}. In future versions this behavior may lead to duplicated "
                "eos tokens being added.",
                stacklevel=4,
            )
            return list(ids)
        return [*ids, self.eos_token_id]

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """Ids of a text, or of a pair, each with the end token."""
        return self._with_eos(token_ids_0) + ([] if token_ids_1 is None else self._with_eos(token_ids_1))

    def create_token_type_ids_from_sequences(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """Zeros."""
        return [0] * (len(token_ids_0) + 1 + (0 if token_ids_1 is None else len(token_ids_1) + 1))

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, already_has_special_tokens=True)
        rows = [token_ids_0] if token_ids_1 is None else [token_ids_0, token_ids_1]
        return [mark for row in rows for mark in (*[0] * len(row), 1)]


class ByT5Tokenizer(EosBehind, PreTrainedTokenizer):
    """Bytes: <pad>, </s>, <unk>, then the 256 bytes, then the <extra_id_...> tokens (Xue et al. 2021, "ByT5").

    Args:
        extra_ids: number of <extra_id_...> tokens.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    def __init__(
        self,
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        extra_ids: int = 125,
        additional_special_tokens: list[str] | None = None,
        **kwargs: Any,
    ):
        given = kwargs.pop("extra_special_tokens", None) or additional_special_tokens
        named = named_extra_ids("ByT5Tokenizer", extra_ids, given)
        pad_token, eos_token, unk_token = map(wide, (pad_token, eos_token, unk_token))
        self._added_tokens_decoder = {0: pad_token, 1: eos_token, 2: unk_token}
        self.offset = len(self._added_tokens_decoder)
        super().__init__(eos_token=eos_token, unk_token=unk_token, pad_token=pad_token, extra_ids=0,
                         extra_special_tokens=named, **kwargs)  # fmt: skip

    @property
    def vocab_size(self) -> int:
        """The bytes."""
        return 256

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included; a byte is the character of that number."""
        vocab = {self.convert_ids_to_tokens(index): index for index in range(self.vocab_size + self.offset)}
        return {**vocab, **self.added_tokens_encoder}

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return [chr(byte) for byte in text.encode("utf-8")]

    def _convert_token_to_id(self, token: str) -> int | None:
        return ord(token) + self.offset if len(token) == 1 else None

    def _convert_id_to_token(self, index: int) -> str:
        return chr(index - self.offset)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings; bytes that are no text are left out."""
        added = self._added_tokens_encoder
        parts = (token.encode() if token in added else bytes([ord(token)]) for token in tokens)
        return b"".join(parts).decode("utf-8", errors="ignore")


class SiglipTokenizer(EosBehind, SentencePieceBackend):
    """Lower-case words without punctuation, in SentencePiece pieces.

    Args:
        vocab_file: the .model file.
        do_lower_case: whether capitals are made small.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "spiece.model"}

    def __init__(
        self,
        vocab_file: str,
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        pad_token: str = "</s>",
        model_max_length: int = 64,
        do_lower_case: bool = True,
        **kwargs: Any,
    ):
        flags = {"normalized": False, "special": True}
        pad_token, eos_token, unk_token = (wide(token, **flags) for token in (pad_token, eos_token, unk_token))
        self.do_lower_case = do_lower_case
        super().__init__(vocab_file=vocab_file, eos_token=eos_token, unk_token=unk_token, pad_token=pad_token,
                         model_max_length=model_max_length, do_lower_case=do_lower_case, **kwargs)  # fmt: skip

    def remove_punctuation(self, text: str) -> str:
        """The text without ASCII punctuation."""
        return text.translate(_NO_PUNCTUATION)

    def canonicalize_text(self, text: str, *, keep_punctuation_exact_string: str | None = None) -> str:
        """Small letters, no punctuation, single blanks.

        Args:
            keep_punctuation_exact_string: punctuation that stays, such as "{}".
        """
        text = text.lower() if self.do_lower_case else text
        kept = keep_punctuation_exact_string
        parts = text.split(kept) if kept else [text]
        text = (kept or "").join(self.remove_punctuation(part) for part in parts)
        return re.sub(r"\s+", " ", text).strip()

    def tokenize(self, text: str, pair: str | None = None, add_special_tokens: bool = False, **kwargs) -> list[str]:
        """Token strings of a text."""
        tokens = super().tokenize(BLANK + text.replace(BLANK, " "), **kwargs)
        return tokens[1:] if len(tokens) > 1 and tokens[0] == BLANK and tokens[1] in self.all_special_tokens else tokens

    @property
    def unk_token_length(self) -> int:
        """Number of pieces that the unknown token is spelled with."""
        return len(self.sp_model.encode(str(self.unk_token)))

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        pieces = self.sp_model.encode(self.unk_token + self.canonicalize_text(text))
        before = self.unk_token_length
        return pieces[before:] if len(pieces) >= before else pieces

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return self._decode_around_special(tokens).strip()
