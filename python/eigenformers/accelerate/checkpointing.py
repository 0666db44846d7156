"""What an `Accelerator` saves of a training run, and how it goes on from there."""

from __future__ import annotations

import glob
import os
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

import eigenformers

from ..trainer import plain_state


def _named(optimizers: list, schedulers: list, custom: list) -> Iterator[tuple[str, Any]]:
    """The parts but for models, with the names of their files."""
    for stem, parts in (("optimizer", optimizers), ("scheduler", schedulers)):
        for i, part in enumerate(parts):
            yield f"{stem}_{i}" if i else stem, part
    for i, part in enumerate(custom):
        yield f"custom_checkpoint_{i}", part


def save_state(folder: str, models: list, *parts: list, step: int) -> None:
    """Writes weights as accelerate does; states of the other parts as JSON with their tensors in a safetensors file."""
    from ..safetensors.torch import save_model

    os.makedirs(folder, exist_ok=True)
    for i, model in enumerate(models):
        save_model(model, os.path.join(folder, f"model_{i}.safetensors" if i else "model.safetensors"))
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
    from ..safetensors.torch import load_model

    if not os.path.isdir(folder):
        raise ValueError(f"Tried to find {folder} but folder does not exist")
    held, needed = len(glob.glob(os.path.join(glob.escape(folder), "custom_checkpoint_*.json"))), len(parts[2])
    if held != needed:
        raise ValueError(
            f"Number of custom checkpoints in folder {folder} does not match the number of registered objects: found "
            f"{held}, needed {needed}"
        )
    for i, model in enumerate(models):
        load_model(model, os.path.join(folder, f"model_{i}.safetensors" if i else "model.safetensors"))
    for name, part in _named(*parts):
        part.load_state_dict(plain_state.load_state(os.path.join(folder, name)))
    state = plain_state.load_state(os.path.join(folder, "random_states_0"))
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    np.random.set_state(tuple(state["numpy"]))
    eigenformers.set_rng_state(state["cpu"])
    return int(state["step"])
