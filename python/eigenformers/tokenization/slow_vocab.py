"""What tokenizers written in Python share: a vocabulary of their own, its files, packages they need."""

from __future__ import annotations

import importlib
import os
from typing import Any

from ..utils import logging
from ..utils.files import atomic_write
from .slow import PreTrainedTokenizer
from .vocab_files import read_text

logger = logging.get_logger(__name__)


def require_package(name: str, message: str) -> Any:
    """A package that this library does without else.

    Raises:
        ImportError: it is not installed; says `message`.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(message) from None


def needs(owner: str, package: str, pip_name: str | None = None) -> Any:
    """`require_package` with the words that are used where a class cannot be without it."""
    pip_name = pip_name or package
    return require_package(
        package,
        f"{owner} requires the {package} library but it was not found in your environment. You can install it with pip: "
        f"`pip install {pip_name}`. Please note that you may need to restart your runtime after installation.",
    )


def read_lines(path: str | os.PathLike) -> list[str]:
    """Lines of a text file; the last one may end without a line feed."""
    lines = read_text(path).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def read_line_vocab(path: str | os.PathLike) -> dict[str, int]:
    """A token a line."""
    return {token: index for index, token in enumerate(read_lines(path))}


def file_in(directory: Any, prefix: str | None, name: str) -> str:
    """Path of a vocabulary file that is about to be written."""
    return os.path.join(directory, (f"{prefix}-" if prefix else "") + name)


def is_folder(directory: Any) -> bool:
    """Whether vocabulary files can go there; an error is logged if not."""
    if not os.path.isdir(directory):
        logger.error("Vocabulary path (%s) should be a directory", directory)
        return False
    return True


def write_line_vocab(path: str, vocab: dict[str, int]) -> None:
    """A token a line, in the order of the ids."""
    tokens = sorted(vocab, key=vocab.__getitem__)
    if [vocab[token] for token in tokens] != list(range(len(tokens))):
        logger.warning(
            "Saving vocabulary to %s: vocabulary indices are not consecutive. Please check that the vocabulary is not "
            "corrupted!", path,
        )  # fmt: skip
    atomic_write(path, "".join(f"{token}\n" for token in tokens))


class EncoderTokenizer(PreTrainedTokenizer):
    """Tokenizer whose vocabulary is the attribute `encoder`, and `decoder` the other way round."""

    encoder: dict[str, int]
    decoder: dict[int, str]

    def _use(self, encoder: dict[str, int]) -> None:
        self.encoder = encoder
        self.decoder = {index: token for token, index in encoder.items()}

    @property
    def vocab_size(self) -> int:
        """Number of tokens in the vocabulary's file."""
        return len(self.encoder)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return {**self.encoder, **self.added_tokens_encoder}

    def _convert_token_to_id(self, token: str) -> int | None:
        return self.encoder.get(token, self.encoder.get(self.unk_token))

    def _convert_id_to_token(self, index: int) -> str:
        return self.decoder.get(index, self.unk_token)
