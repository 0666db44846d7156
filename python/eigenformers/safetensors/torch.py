"""Whole safetensors files as dicts of `eigenformers.Tensor`; the functions of `safetensors.torch`."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from .. import _core
from ._open import check_device

__all__ = ["load", "load_file", "save", "save_file"]


def save_file(
    tensors: dict[str, _core.Tensor], filename: str | os.PathLike, metadata: dict[str, str] | None = None
) -> None:
    """Write tensors to `filename`, which appears whole or not at all.

    ValueError for tensors that are not contiguous, RuntimeError for tensors that share memory (save one of them, or a
    clone), as in the real library. Tensors of other libraries are taken through DLPack.
    """
    _check(tensors)
    _core.write_safetensors(os.fspath(filename), list(tensors.items()), metadata or {})


def save(tensors: dict[str, _core.Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes that `save_file` would write."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tensors.safetensors")
        save_file(tensors, path, metadata)
        with open(path, "rb") as file:
            return file.read()


def load_file(
    filename: str | os.PathLike, device: Any = "cpu", *, disable_mmap: bool = False
) -> dict[str, _core.Tensor]:
    """All tensors of a file, over its mapping (writing to them does not change the file).

    CheckpointError for a missing, incomplete or damaged file.
    """
    check_device(device)
    file = _core.SafetensorsFile(os.fspath(filename), disable_mmap)
    return {name: file[name].tensor() for name in file.keys()}


def load(data: bytes) -> dict[str, _core.Tensor]:
    """All tensors of a file that is in memory."""
    file = _core.SafetensorsFile.from_bytes(data)
    return {name: file[name].tensor() for name in file.keys()}


def _check(tensors: dict[str, _core.Tensor]) -> None:
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, Tensor] but received {type(tensors)}")
    places = []
    for name, tensor in tensors.items():
        if not isinstance(tensor, _core.Tensor):
            continue  # the extension says what it takes
        if not tensor.is_contiguous():
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}` which is not allowed; "
                "call `.contiguous()` on it first"
            )
        if tensor.numel():
            places.append((tensor.data_ptr(), tensor.data_ptr() + tensor.numel() * tensor.element_size(), name))
    places.sort()
    for (_, end, name), (begin, _, other) in zip(places, places[1:]):
        if begin < end:
            raise RuntimeError(
                "Some tensors share memory, this will lead to duplicate memory on disk and potential differences when "
                f"loading them again: {name!r} and {other!r}. Save one of them, or a clone()"
            )
