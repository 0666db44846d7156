"""Whole safetensors files as dicts of `eigenformers.Tensor`; the functions of `safetensors.torch`."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from .. import _core
from ._open import check_device

__all__ = ["load", "load_file", "load_model", "save", "save_file", "save_model"]


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


def save_model(
    model: Any, filename: str, metadata: dict[str, str] | None = None, force_contiguous: bool = True
) -> None:
    """Write the weights of a module; of names that share a tensor, the first, and the others into the metadata."""
    tensors, shared = once(model.state_dict())
    if force_contiguous:
        tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(tensors, filename, {**(metadata or {}), **shared})


def load_model(
    model: Any, filename: str | os.PathLike, strict: bool = True, device: Any = "cpu"
) -> tuple[set[str], list[str]]:
    """Fill a module from a file that `save_model` wrote; the missing and the unexpected names.

    RuntimeError where there are any and `strict` is set, or where a shape differs.
    """
    found = load_file(filename, device)
    shared = once(model.state_dict())[1]
    missing, unexpected = model.load_state_dict(found, strict=False)
    lost = {name for name in missing if shared.get(name, name) in missing}
    lost -= {kept for name, kept in shared.items() if name in found}
    if strict and (lost or unexpected):
        text = f"Error(s) in loading state_dict for {type(model).__name__}:"
        for kind, names in (("Missing", sorted(lost)), ("Unexpected", sorted(unexpected))):
            if names:
                text += f"\n    {kind} key(s) in state_dict: " + ", ".join(f'"{name}"' for name in names)
        raise RuntimeError(text)
    return lost, list(unexpected)


def once(state: dict[str, _core.Tensor]) -> tuple[dict[str, _core.Tensor], dict[str, str]]:
    """The tensors of a state, each once, and name → the name that stands for it."""
    first: dict[tuple, str] = {}
    tensors, shared = {}, {}
    for name, value in state.items():
        place = (value.data_ptr(), tuple(value.shape), value.dtype) if value.numel() else (name,)
        if place in first:
            shared[name] = first[place]
        else:
            first[place], tensors[name] = name, value.detach()
    return tensors, shared


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
