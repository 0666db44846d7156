"""Whole safetensors files as dicts of NumPy arrays; the functions of `safetensors.numpy`."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from .. import _core

if TYPE_CHECKING:
    import numpy as np

__all__ = ["load", "load_file", "save", "save_file"]


def save_file(
    tensor_dict: dict[str, np.ndarray], filename: str | os.PathLike, metadata: dict[str, str] | None = None
) -> None:
    """Write arrays to `filename`, which appears whole or not at all.

    DtypeError for dtypes that the format lacks (strings, objects, complex128 …). Arrays that are not contiguous are
    written as contiguous ones.

    >>> import numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.safetensors")
    >>> save_file({"x": np.array([1, 2, 3])}, path, {"made by": "a test"})
    >>> load_file(path)
    {'x': array([1, 2, 3])}
    """
    _core.write_safetensors(os.fspath(filename), list(tensor_dict.items()), metadata or {})


def save(tensor_dict: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes that `save_file` would write."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tensors.safetensors")
        save_file(tensor_dict, path, metadata)
        with open(path, "rb") as file:
            return file.read()


def load_file(filename: str | os.PathLike, *, disable_mmap: bool = False) -> dict[str, np.ndarray]:
    """All tensors of a file as arrays over its mapping (writing to them does not change the file).

    CheckpointError for damaged files; DtypeError when a tensor is bfloat16 or float8, which NumPy does not have.
    """
    file = _core.SafetensorsFile(os.fspath(filename), disable_mmap)
    return {name: file[name].numpy() for name in file.keys()}


def load(data: bytes) -> dict[str, np.ndarray]:
    """All tensors of a file that is in memory."""
    file = _core.SafetensorsFile.from_bytes(data)
    return {name: file[name].numpy() for name in file.keys()}
