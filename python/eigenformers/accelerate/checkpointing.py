"""What an `Accelerator` saves of a training run, and how it goes on from there."""

from __future__ import annotations

import glob
import os
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

import eigenformers

from .. import _core
from ..errors import UnsupportedError
from ..modeling.saving import SavingMixin, parse_size
from ..safetensors import torch as safetensors
from ..safetensors.torch import once
from ..trainer import plain_state


def _named(optimizers: list, schedulers: list, custom: list) -> Iterator[tuple[str, Any]]:
    """The parts but for models, with the names of their files."""
    for stem, parts in (("optimizer", optimizers), ("scheduler", schedulers)):
        for i, part in enumerate(parts):
            yield f"{stem}_{i}" if i else stem, part
    for i, part in enumerate(custom):
        yield f"custom_checkpoint_{i}", part


def save_model(model: Any, folder: str, max_shard_size: int | str, safe: bool) -> None:
    """Writes a plain module's weights as `model.safetensors`, cut into files, or as `pytorch_model.bin`.

    Raises:
        OSError: `folder` is a file.
        UnsupportedError: weights of more than `max_shard_size` bytes as `pytorch_model.bin`.
    """
    if os.path.isfile(folder):
        raise OSError(f"Provided path ({folder}) should be a directory, not a file")
    limit, tensors = parse_size(max_shard_size), once(model.state_dict())[0]
    size = sum(value.numel() * value.element_size() for value in tensors.values())
    if not safe and size > limit:
        raise UnsupportedError(
            f"save_model(safe_serialization=False, max_shard_size={max_shard_size!r}): found weights of {size} bytes, and "
            "pytorch_model.bin is written as one file; needed safe_serialization=True, or a larger size"
        )
    os.makedirs(folder, exist_ok=True)
    if not safe:
        eigenformers.save(model.state_dict(), os.path.join(folder, "pytorch_model.bin"))
        return
    index = "model.safetensors.index.json"
    files = _core.save_safetensors(model, list(tensors.items()), folder, "model", index, limit, {})[0]
    SavingMixin._remove_stale(folder, "model", index, set(files))


def _files(folder: str, i: int) -> tuple[str, str]:
    """The two files that a model may be in: safetensors, and torch's zip."""
    number = f"_{i}" if i else ""
    return os.path.join(folder, f"model{number}.safetensors"), os.path.join(folder, f"pytorch_model{number}.bin")


def save_state(folder: str, models: list, *parts: list, step: int, safe: bool = True) -> None:
    """Writes weights as accelerate does; states of the other parts as JSON with their tensors in a safetensors file."""
    os.makedirs(folder, exist_ok=True)
    for i, model in enumerate(models):
        tensors, zipped = _files(folder, i)
        if safe:
            safetensors.save_model(model, tensors)
        else:
            eigenformers.save(model.state_dict(), zipped)
        if os.path.exists(stale := zipped if safe else tensors):  # of an earlier save
            os.remove(stale)
    for name, part in _named(*parts):
        plain_state.save_state(part.state_dict(), os.path.join(folder, name))
    state = {
        "step": step,
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "cpu": eigenformers.get_rng_state(),
    }
    plain_state.save_state(state, os.path.join(folder, "random_states_0"))


def load_state(folder: str, models: list, *parts: list) -> int:
    """Reads what `save_state` wrote; the number of batches done.

    Raises:
        ValueError: there is no such folder, or it holds the states of another number of registered objects.
        OSError: a file is missing.
        CheckpointError: a file is damaged.
    """
    if not os.path.isdir(folder):
        raise ValueError(f"Tried to find {folder} but folder does not exist")
    held, needed = len(glob.glob(os.path.join(glob.escape(folder), "custom_checkpoint_*.json"))), len(parts[2])
    if held != needed:
        raise ValueError(
            f"Number of custom checkpoints in folder {folder} does not match the number of registered objects: found "
            f"{held}, needed {needed}"
        )
    for i, model in enumerate(models):
        tensors, zipped = _files(folder, i)
        if os.path.exists(zipped) and not os.path.exists(tensors):
            model.load_state_dict(eigenformers.load(zipped))
        else:
            safetensors.load_model(model, tensors)
    for name, part in _named(*parts):
        part.load_state_dict(plain_state.load_state(os.path.join(folder, name)))
    state = plain_state.load_state(os.path.join(folder, "random_states_0"))
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    np.random.set_state(tuple(state["numpy"]))
    eigenformers.set_rng_state(state["cpu"])
    return int(state["step"])
