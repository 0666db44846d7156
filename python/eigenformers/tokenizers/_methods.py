"""Methods of Tokenizer that Python has the better part in: the hub, asyncio, training."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._core.tokenizers import Model, Tokenizer, _WordCounts

if TYPE_CHECKING:
    from .trainers import Trainer


def from_pretrained(identifier: str, revision: str = "main", token: str | None = None) -> Tokenizer:
    """The tokenizer.json of a repository on the hub.

    Args:
        identifier: the repository, such as "gpt2".
        revision: branch, tag or commit.
        token: access token for private repositories.
    """
    from huggingface_hub import hf_hub_download

    return Tokenizer.from_file(hf_hub_download(identifier, "tokenizer.json", revision=revision, token=token))


async def _in_thread(function: Any, *args: Any) -> Any:
    import asyncio  # slow to import, rarely needed

    return await asyncio.to_thread(function, *args)


async def async_encode(
    self: Tokenizer, sequence: Any, pair: Any = None, is_pretokenized: bool = False, add_special_tokens: bool = True
) -> Any:
    """`encode` in a thread, to be awaited."""
    return await _in_thread(self.encode, sequence, pair, is_pretokenized, add_special_tokens)


async def async_encode_batch(
    self: Tokenizer, input: Any, is_pretokenized: bool = False, add_special_tokens: bool = True
) -> Any:
    """`encode_batch` in a thread, to be awaited."""
    return await _in_thread(self.encode_batch, input, is_pretokenized, add_special_tokens)


async def async_encode_batch_fast(
    self: Tokenizer, input: Any, is_pretokenized: bool = False, add_special_tokens: bool = True
) -> Any:
    """`encode_batch_fast` in a thread, to be awaited."""
    return await _in_thread(self.encode_batch_fast, input, is_pretokenized, add_special_tokens)


async def async_decode_batch(self: Tokenizer, sequences: Any, skip_special_tokens: bool = True) -> list[str]:
    """`decode_batch` in a thread, to be awaited."""
    return await _in_thread(self.decode_batch, sequences, skip_special_tokens)


def train(self: Tokenizer, files: list[str], trainer: Trainer | None = None) -> None:
    """Train the model on the lines of text files, their ends included.

    Args:
        files: paths of UTF-8 files, or one path.
        trainer: a trainer for this kind of model; by default one with its defaults.

    Raises:
        OSError: a file cannot be read.
        TokenizerError: a file is no text, or the trainer is for another model.
    """
    trainer = _trainer(self, trainer)
    words = _WordCounts()
    for path in [files] if isinstance(files, (str, os.PathLike)) else files:
        words.feed_file(self, os.fspath(path))
    _train(self, trainer, words)


def train_from_iterator(
    self: Tokenizer, iterator: Iterable, trainer: Trainer | None = None, length: int | None = None
) -> None:
    """Train the model on texts.

    Args:
        iterator: gives texts, or lists of texts (which is faster for many short ones).
        trainer: a trainer for this kind of model; by default one with its defaults.
        length: how many texts there are, for the progress bar.

    Raises:
        TokenizerError: the trainer is for another model.
    """
    from .checks import count, optional
    from .trainers import count_words

    trainer = _trainer(self, trainer)
    _train(self, trainer, count_words(self, iterator, trainer.shows_progress(), optional(count)(length)))


def _trainer(tokenizer: Tokenizer, given: Any) -> Trainer:
    from .trainers import Trainer, default_trainer

    if given is None:
        return default_trainer(tokenizer)
    if not isinstance(given, Trainer):
        raise TypeError(f"'{type(given).__name__}' object is not an instance of 'Trainer'")
    return given


def _train(tokenizer: Tokenizer, trainer: Trainer, words: _WordCounts) -> None:
    """Trains the model that the tokenizer was given: whoever else has that object sees the new vocabulary."""
    model = tokenizer.model
    trainer.train(tokenizer, words)
    model._assign(tokenizer.model)
    tokenizer.model = model


_construct = Tokenizer.__init__


def _init(self: Tokenizer, model: Model) -> None:
    """A tokenizer that is only its model yet."""
    if not isinstance(model, Model):
        raise TypeError(f"'{type(model).__name__}' object is not an instance of 'Model'")
    _construct(self, model)
    self.model = model  # from now on, what is set on one is seen by the other


def attach() -> None:
    """Adds all of these to the class."""
    _init.__qualname__ = "Tokenizer.__new__"
    Tokenizer.__init__ = _init
    Tokenizer.from_pretrained = staticmethod(from_pretrained)
    for method in (
        async_encode,
        async_encode_batch,
        async_encode_batch_fast,
        async_decode_batch,
        train,
        train_from_iterator,
    ):
        method.__qualname__ = f"Tokenizer.{method.__name__}"  # which errors call it
        setattr(Tokenizer, method.__name__, method)
