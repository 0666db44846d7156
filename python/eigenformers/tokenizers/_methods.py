"""Methods of Tokenizer that need nothing from the engine: the hub, asyncio, and what does not exist yet."""

from __future__ import annotations

import asyncio
from typing import Any

from .._core.tokenizers import Tokenizer


def from_pretrained(identifier: str, revision: str = "main", token: str | None = None) -> Tokenizer:
    """The tokenizer.json of a repository on the hub.

    Args:
        identifier: the repository, such as "gpt2".
        revision: branch, tag or commit.
        token: access token for private repositories.
    """
    from huggingface_hub import hf_hub_download

    return Tokenizer.from_file(hf_hub_download(identifier, "tokenizer.json", revision=revision, token=token))


async def async_encode(
    self: Tokenizer, sequence: Any, pair: Any = None, is_pretokenized: bool = False, add_special_tokens: bool = True
) -> Any:
    """`encode` in a thread, to be awaited."""
    return await asyncio.to_thread(self.encode, sequence, pair, is_pretokenized, add_special_tokens)


async def async_encode_batch(
    self: Tokenizer, input: Any, is_pretokenized: bool = False, add_special_tokens: bool = True
) -> Any:
    """`encode_batch` in a thread, to be awaited."""
    return await asyncio.to_thread(self.encode_batch, input, is_pretokenized, add_special_tokens)


async def async_encode_batch_fast(
    self: Tokenizer, input: Any, is_pretokenized: bool = False, add_special_tokens: bool = True
) -> Any:
    """`encode_batch_fast` in a thread, to be awaited."""
    return await asyncio.to_thread(self.encode_batch_fast, input, is_pretokenized, add_special_tokens)


async def async_decode_batch(self: Tokenizer, sequences: Any, skip_special_tokens: bool = True) -> list[str]:
    """`decode_batch` in a thread, to be awaited."""
    return await asyncio.to_thread(self.decode_batch, sequences, skip_special_tokens)


def train(self: Tokenizer, files: Any, trainer: Any = None) -> None:
    """Not implemented yet."""
    raise NotImplementedError("Tokenizer.train: trainers are not implemented yet; train with the `tokenizers` library")


def train_from_iterator(self: Tokenizer, iterator: Any, trainer: Any = None, length: int | None = None) -> None:
    """Not implemented yet."""
    raise NotImplementedError(
        "Tokenizer.train_from_iterator: trainers are not implemented yet; train with the `tokenizers` library"
    )


def attach() -> None:
    """Adds all of these to the class."""
    Tokenizer.from_pretrained = staticmethod(from_pretrained)
    for method in (
        async_encode,
        async_encode_batch,
        async_encode_batch_fast,
        async_decode_batch,
        train,
        train_from_iterator,
    ):
        setattr(Tokenizer, method.__name__, method)
