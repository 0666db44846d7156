"""`load` and `save` for files of `torch.save`: the weights in them, as data. No code of a file is ever run.

>>> import os, tempfile
>>> import eigenformers as ef
>>> from eigenformers.serialization import load, save
>>> path = os.path.join(tempfile.mkdtemp(), "model.bin")
>>> save({"weight": ef.tensor([1.0, 2.0])}, path)
>>> load(path)["weight"].tolist()
[1.0, 2.0]
"""

from __future__ import annotations

import os
from typing import Any

from . import _core
from .errors import UnsupportedError

__all__ = ["load", "save"]


def load(f: str | os.PathLike, map_location: Any = None, *, weights_only: bool = True, mmap: bool | None = None) -> Any:
    """What `torch.save` wrote: dicts, lists, numbers, strings and `Tensor`s, nested as they were.

    Both layouts are read, the zip archive and the older bare pickle. Tensors view the mapped file; writing to them
    does not change it. `mmap=False` reads the file into memory.

    CheckpointError for damaged files and for pickles that name anything but tensors and plain containers;
    UnsupportedError for `weights_only=False` and for a `map_location` other than the CPU.
    """
    if not weights_only:
        raise UnsupportedError("load: weights_only=False would run code from the file; only weights are read")
    if map_location is not None and str(map_location).split(":")[0] != "cpu":
        raise UnsupportedError(f"load: map_location={map_location!r} is not supported, only 'cpu'")
    return _core.read_torch(os.fspath(f), mmap is False)


def save(obj: dict[str, _core.Tensor], f: str | os.PathLike) -> None:
    """Write a flat dict of tensors so that `torch.load(f, weights_only=True)` reads it.

    The file appears whole or not at all. UnsupportedError for anything but a dict from names to tensors.
    """
    if not isinstance(obj, dict) or not all(isinstance(name, str) for name in obj):
        raise UnsupportedError("save: only a flat dict from names to tensors is supported")
    for name, value in obj.items():
        if isinstance(value, (dict, list, tuple, str, int, float)) or value is None:
            raise UnsupportedError(f"save: {name!r} is a {type(value).__name__}; only tensors are supported")
    _core.write_torch(os.fspath(f), list(obj.items()))
