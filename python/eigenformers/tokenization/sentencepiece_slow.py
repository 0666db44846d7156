"""Tokenizers over a SentencePiece model as it is, rather than over a pipeline that comes close to it."""

from __future__ import annotations

import os
from typing import Any

from .._core.tokenizers import SentencePiece
from ..utils import logging
from ..utils.files import atomic_write
from ._engine import AddedToken, UnsupportedError
from .slow import PreTrainedTokenizer

logger = logging.get_logger(__name__)

BLANK = "▁"


class SentencePieceFile:
    """A model with its bytes, so that it can be pickled, and written where its file is gone."""

    def __init__(self, path: str | os.PathLike):
        self.path = os.fspath(path)
        with open(self.path, "rb") as file:
            self.data = file.read()
        self.model = SentencePiece(self.data, self.path)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "data": self.data}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, model=SentencePiece(state["data"], state["path"]))

    def __deepcopy__(self, memo: dict) -> SentencePieceFile:
        return self  # it never changes

    def write(self, directory: str | os.PathLike, name: str) -> str:
        """Write the file into a folder; returns its path."""
        path = os.path.join(directory, name)
        if os.path.abspath(path) != os.path.abspath(self.path):
            atomic_write(path, self.data)
        return path


class SentencePieceBackend(PreTrainedTokenizer):
    """Tokenizer over a SentencePiece model.

    Args:
        vocab_file: the .model file.
        legacy: False treats a text behind a special token as one that begins a line.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "tokenizer.model"}

    def __init__(self, **kwargs: Any):
        self.vocab_file = kwargs.get("vocab_file")
        if self.vocab_file is None:
            raise TypeError(f"{type(self).__name__}: vocab_file= is needed, the path of a SentencePiece model")
        self.legacy = kwargs.get("legacy", True)
        self._file = SentencePieceFile(self.vocab_file)
        if not self.legacy:
            self.sp_model.set_dummy_prefix(False)
        kwargs["sp_model_kwargs"] = kwargs.get("sp_model_kwargs") or {}
        if kwargs["sp_model_kwargs"]:
            raise UnsupportedError(
                f"{type(self).__name__}: sp_model_kwargs={kwargs['sp_model_kwargs']!r}; a SentencePiece model is used as it is"
            )
        kwargs.setdefault("backend", "sentencepiece")
        super().__init__(**{**kwargs, "vocab_file": os.fspath(self.vocab_file)})

    @property
    def sp_model(self) -> SentencePiece:
        """The model."""
        return self._file.model

    @property
    def vocab_size(self) -> int:
        """Number of pieces."""
        return len(self.sp_model)

    def get_vocab(self) -> dict[str, int]:
        """Piece to id, added tokens included."""
        vocab = {self.sp_model.id_to_piece(index): index for index in range(len(self.sp_model))}
        return {**vocab, **self.added_tokens_encoder}

    def _vocab_to_add_to(self) -> dict[str, int]:
        return {self.sp_model.id_to_piece(index): index for index in range(len(self.sp_model))}

    def _as_added_token(self, token: str | AddedToken, special_tokens: bool) -> AddedToken | None:
        token = super()._as_added_token(token, special_tokens)
        return None if token in self._added_tokens_decoder.values() else token

    def _update_trie(self, unique_no_split_tokens: list[str] | None = None) -> None:
        super()._update_trie([*self.all_special_tokens, *(unique_no_split_tokens or [])])

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        if self.legacy or not text.startswith((BLANK, " ")):
            return self.sp_model.encode(text)
        before = len(self.sp_model.encode(str(self.unk_token)))  # keeps the blank in front
        pieces = self.sp_model.encode(str(self.unk_token) + text)
        return pieces[before:] if len(pieces) >= before else pieces

    def _convert_token_to_id(self, token: str) -> int:
        return self.sp_model.piece_to_id(token)

    def _convert_id_to_token(self, index: int) -> str:
        return self.sp_model.id_to_piece(index)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens).replace(BLANK, " ").strip()

    def _decode_around_special(self, tokens: list[str]) -> str:
        """What the model makes of the pieces between special tokens; a blank in front of each run of those."""
        special, run, out, after_special = set(self.all_special_tokens), [], "", False
        for token in tokens:
            if token in special:
                out += ("" if after_special else " ") + self.sp_model.decode(run) + token
                run = []
            else:
                run.append(token)
            after_special = token in special
        return out + self.sp_model.decode(run)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Copy the model; returns its path."""
        if not os.path.isdir(save_directory):
            logger.error("Vocabulary path (%s) should be a directory", save_directory)
            return ()
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        return (self._file.write(save_directory, prefix + self.vocab_files_names["vocab_file"]),)


class BertGenerationTokenizer(SentencePieceBackend):
    """Tokenizer of BertGeneration: nothing around the text."""

    vocab_files_names = {"vocab_file": "spiece.model"}

    def __init__(
        self,
        vocab_file: str,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        sep_token: str = "<::::>",
        **kwargs: Any,
    ):
        super().__init__(vocab_file=vocab_file, bos_token=bos_token, eos_token=eos_token, unk_token=unk_token,
                         pad_token=pad_token, sep_token=sep_token, special_tokens_pattern="none", **kwargs)  # fmt: skip



class SeveralModels:
    """What tokenizers with a vocabulary beside the SentencePiece model share: pieces to text, around special tokens."""

    special_separator = " "

    def _join(self, model: SentencePiece, tokens: list[str]) -> str:
        special, run, out = set(self.all_special_tokens), [], ""
        for token in tokens:
            if token in special:
                out += model.decode(run) + token + self.special_separator
                run = []
            else:
                run.append(token)
        return out + model.decode(run)
