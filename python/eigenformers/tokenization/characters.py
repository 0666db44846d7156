"""Tokenizers whose tokens are characters, bytes, or words between blanks: ESM, CANINE, Perceiver, Dia, MGP-STR."""

from __future__ import annotations

import json
import os
from typing import Any

from ..utils.files import atomic_write
from ._engine import AddedToken, checked_count
from .slow import PreTrainedTokenizer
from .slow_vocab import EncoderTokenizer, file_in, is_folder
from .vocab_files import read_text, read_vocab

_CODE_POINTS = 1114112
_CANINE_NAMES = {0: "[PAD]", 0xE000: "[CLS]", 0xE001: "[SEP]", 0xE002: "[BOS]", 0xE003: "[MASK]", 0xE004: "[RESERVED]"}


def _token(token: Any, **flags: bool) -> Any:
    return AddedToken(token, **flags) if isinstance(token, str) else token


class EsmTokenizer(EncoderTokenizer):
    """Amino acids: the tokens of vocab.txt wherever they stand, and words between blanks.

    Args:
        vocab_file: a token a line.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.txt"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        unk_token: str = "<unk>",
        cls_token: str = "<cls>",
        pad_token: str = "<pad>",
        mask_token: str = "<mask>",
        eos_token: str = "<eos>",
        **kwargs: Any,
    ):
        self.all_tokens = [line.strip() for line in read_text(vocab_file).splitlines()]
        self._use({token: index for index, token in enumerate(self.all_tokens)})
        self.decoder = dict(enumerate(self.all_tokens))
        super().__init__(unk_token=unk_token, cls_token=cls_token, pad_token=pad_token, mask_token=mask_token,
                         eos_token=eos_token, **kwargs)  # fmt: skip
        self.unique_no_split_tokens = self.all_tokens
        self._update_trie(self.unique_no_split_tokens)

    @property
    def vocab_size(self) -> int:
        """Number of lines of vocab.txt."""
        return len(self.all_tokens)

    def token_to_id(self, token: str) -> int | None:
        """Id of a token of the file, or of the unknown one."""
        return self._convert_token_to_id(token)

    def id_to_token(self, index: int) -> str:
        """Token of the file, or the unknown one."""
        return self._convert_id_to_token(index)

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return text.split()

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """<cls>, the text, <eos>; of a pair, the second text and <eos> behind it."""
        cls, sep = [self.cls_token_id], [self.eos_token_id]
        if token_ids_1 is None:
            return cls + list(token_ids_0) + ([] if self.eos_token_id is None else sep)
        if self.eos_token_id is None:
            raise ValueError("Cannot tokenize multiple sequences when EOS token is not set!")
        return cls + list(token_ids_0) + sep + list(token_ids_1) + sep

    def get_special_tokens_mask(
        self, token_ids_0: list, token_ids_1: list | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for the others."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        second = [] if token_ids_1 is None else [0] * len(token_ids_1) + [1]
        return [1] + [0] * len(token_ids_0) + [1] + second

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.txt; returns its path."""
        path = file_in(save_directory, filename_prefix, "vocab.txt")
        atomic_write(path, "\n".join(self.all_tokens))
        return (path,)


class CanineTokenizer(PreTrainedTokenizer):
    """Characters, whose ids are their code points (Clark et al. 2021, "CANINE").

    >>> CanineTokenizer()("hi")["input_ids"]
    [57344, 104, 105, 57345]
    """

    model_input_names = ["input_ids", "attention_mask", "token_type_ids"]

    def __init__(
        self,
        bos_token: str = chr(0xE000),
        eos_token: str = chr(0xE001),
        sep_token: str = chr(0xE001),
        cls_token: str = chr(0xE000),
        pad_token: str = chr(0),
        mask_token: str = chr(0xE003),
        add_prefix_space: bool = False,
        model_max_length: int = 2048,
        **kwargs: Any,
    ):
        super().__init__(
            bos_token=_token(bos_token), eos_token=_token(eos_token), sep_token=_token(sep_token),
            cls_token=_token(cls_token), pad_token=_token(pad_token), mask_token=_token(mask_token, lstrip=True),
            add_prefix_space=add_prefix_space, model_max_length=model_max_length,
            **{"token_type_ids_pattern": "all_zeros", "special_tokens_pattern": "cls_sep", **kwargs},
        )  # fmt: skip

    @property
    def vocab_size(self) -> int:
        """All code points."""
        return _CODE_POINTS

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return {**{chr(index): index for index in range(_CODE_POINTS)}, **self.added_tokens_encoder}

    def __len__(self) -> int:
        return _CODE_POINTS + sum(len(token) != 1 for token in self._added_tokens_encoder)

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return list(text)

    def _convert_token_to_id(self, token: str) -> int:
        try:
            return ord(token)
        except TypeError:
            raise ValueError(f"invalid token: '{token}'") from None

    def _convert_id_to_token(self, index: int) -> str:
        try:
            return _CANINE_NAMES[index] if index in _CANINE_NAMES else chr(index)
        except TypeError:
            raise ValueError(f"invalid id: {index}") from None

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens)


class ByteTokenizer(PreTrainedTokenizer):
    """Bytes behind a few tokens; a byte is spelled as the character of its number."""

    model_input_names = ["input_ids", "attention_mask"]

    @property
    def vocab_size(self) -> int:
        """The bytes."""
        return 256

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return [chr(byte) for byte in text.encode("utf-8")]


class PerceiverTokenizer(ByteTokenizer):
    """Bytes behind six special tokens (Jaegle et al. 2021, "Perceiver IO").

    >>> PerceiverTokenizer()("hi")["input_ids"]
    [4, 110, 111, 5]
    """

    def __init__(
        self,
        pad_token: str = "[PAD]",
        bos_token: str = "[BOS]",
        eos_token: str = "[EOS]",
        mask_token: str = "[MASK]",
        cls_token: str = "[CLS]",
        sep_token: str = "[SEP]",
        model_max_length: int = 2048,
        **kwargs: Any,
    ):
        names = ("pad_token", "bos_token", "eos_token", "mask_token", "cls_token", "sep_token")
        given = (pad_token, bos_token, eos_token, mask_token, cls_token, sep_token)
        tokens = {name: _token(token) for name, token in zip(names, given)}
        self._added_tokens_decoder = dict(enumerate(tokens.values()))
        self._num_special_tokens = len(tokens)
        kwargs.setdefault("special_tokens_pattern", "cls_sep")
        super().__init__(model_max_length=model_max_length, **tokens, **kwargs)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return {**{chr(i): i + self._num_special_tokens for i in range(256)}, **self.added_tokens_encoder}

    def _convert_token_to_id(self, token: str) -> int | None:
        return ord(token) + self._num_special_tokens if len(token) == 1 else self.unk_token_id

    def _convert_id_to_token(self, index: int) -> str:
        return chr(index - self._num_special_tokens)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings; bytes that are no text become U+FFFD."""
        added = self._added_tokens_encoder
        parts = (token.encode() if token in added else bytes([ord(token)]) for token in tokens)
        return b"".join(parts).decode("utf-8", errors="replace")

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """There is no file."""
        return ()


class DiaTokenizer(ByteTokenizer):
    """Bytes, and the speakers [S1] and [S2].

    >>> DiaTokenizer()("[S1] hi")["input_ids"]
    [1, 32, 104, 105]
    """

    def __init__(
        self, pad_token: str = "<pad>", unk_token: str = "<pad>", max_length: int = 1024, offset: int = 0, **kwargs: Any
    ):
        pad_token, unk_token = _token(pad_token), _token(unk_token)
        self._added_tokens_decoder = {0: pad_token, 1: AddedToken("[S1]"), 2: AddedToken("[S2]")}
        self.offset = checked_count("offset", offset)
        super().__init__(
            unk_token=unk_token, pad_token=pad_token, max_length=max_length, offset=offset,
            **{"token_type_ids_pattern": "all_zeros", "special_tokens_pattern": "none", **kwargs},
        )  # fmt: skip

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        vocab = {self.convert_ids_to_tokens(index): index for index in range(self.vocab_size + self.offset)}
        return {**vocab, **self.added_tokens_encoder}

    def _convert_token_to_id(self, token: str) -> int | None:
        return ord(token) + self.offset if len(token) == 1 else None

    def _convert_id_to_token(self, index: int) -> str:
        return chr(index - self.offset)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens).encode("utf-8").decode("utf-8", errors="ignore")


class MgpstrTokenizer(EncoderTokenizer):
    """Characters of a vocab.json.

    Args:
        vocab_file: path of a JSON object from characters to ids.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json"}

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        unk_token: str = "[GO]",
        bos_token: str = "[GO]",
        eos_token: str = "[s]",
        pad_token: str = "[GO]",
        **kwargs: Any,
    ):
        self._use(read_vocab(vocab_file))
        kwargs.setdefault("special_tokens_pattern", "none")
        super().__init__(unk_token=unk_token, bos_token=bos_token, eos_token=eos_token, pad_token=pad_token, **kwargs)

    @property
    def vocab(self) -> dict[str, int]:
        """Character to id."""
        return self.encoder

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return list(text)

    def _convert_id_to_token(self, index: int) -> str | None:
        return self.decoder.get(index)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.json; returns its path."""
        if not is_folder(save_directory):
            return ()
        path = file_in(save_directory, filename_prefix, "vocab.json")
        atomic_write(path, json.dumps(self.encoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        return (path,)
