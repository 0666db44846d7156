"""`safe_open`: the tensors of one file, each read when it is asked for."""

from __future__ import annotations

import os
from typing import Any

from .. import _core
from ..errors import CheckpointError, UnsupportedError

_FRAMEWORKS = {"pt": "tensor", "torch": "tensor", "pytorch": "tensor", "np": "numpy", "numpy": "numpy"}


def check_device(device: Any) -> None:
    """Accept what means the CPU; UnsupportedError names anything else."""
    if str(device).split(":")[0] != "cpu":
        raise UnsupportedError(f"safetensors: device={device!r} is not supported, only 'cpu'")


class safe_open:  # noqa: N801 (the name in the safetensors package)
    """Open `filename` and read its header; a context manager.

    Args:
        filename: a path.
        framework: `"pt"` gives `eigenformers.Tensor`, `"np"` gives NumPy arrays. Both view the file: nothing is copied
            before it is used, and writing to them does not change the file.
        device: `"cpu"`.
        disable_mmap: read the whole file into memory instead of mapping it.

    Raises CheckpointError for a missing, incomplete or damaged file.
    """

    def __init__(self, filename: str | os.PathLike, framework: str, device: Any = "cpu", *, disable_mmap: bool = False):
        if framework not in _FRAMEWORKS:
            raise UnsupportedError(f"safe_open: framework={framework!r} is not supported, choose 'pt' or 'np'")
        check_device(device)
        self._read = _FRAMEWORKS[framework]
        self._file: _core.SafetensorsFile | None = _core.SafetensorsFile(os.fspath(filename), disable_mmap)

    def __enter__(self) -> safe_open:
        self._open()
        return self

    def __exit__(self, *unused: Any) -> None:
        self._file = None  # tensors already handed out keep the mapping alive

    def keys(self) -> list[str]:
        """Names of the tensors, sorted."""
        return sorted(self._open().keys())

    def offset_keys(self) -> list[str]:
        """Names of the tensors as they lie in the file."""
        return self._open().keys()

    def metadata(self) -> dict[str, str] | None:
        """The strings that were saved beside the tensors; None when there are none."""
        return self._open().metadata() or None

    def get_tensor(self, name: str) -> Any:
        """The tensor `name`. CheckpointError when the file has no such tensor."""
        return getattr(self._entry(name), self._read)()

    def get_tensors(self, names: list[str]) -> dict[str, Any]:
        """Several tensors by name."""
        return {name: self.get_tensor(name) for name in names}

    def get_slice(self, name: str) -> Slice:
        """The tensor `name`, to be indexed: only the part that is used is read."""
        return Slice(self._entry(name), self._read)

    def _open(self) -> _core.SafetensorsFile:
        if self._file is None:
            raise CheckpointError("safe_open: File is closed; use it inside its with block")
        return self._file

    def _entry(self, name: str) -> _core.StoredTensor:
        file = self._open()
        if name not in file:
            raise CheckpointError(f"{file.path}: File does not contain tensor {name}")
        return file[name]


class Slice:
    """What `safe_open.get_slice` returns: shape and dtype without reading, elements by indexing."""

    def __init__(self, entry: _core.StoredTensor, read: str):
        self._entry, self._read = entry, read

    def get_shape(self) -> list[int]:
        """The extents of the whole tensor."""
        return list(self._entry.shape)

    def get_dtype(self) -> str:
        """As in the header: `"F32"`, `"BF16"` …"""
        return _core.safetensors_dtype(self._entry.dtype)

    def __getitem__(self, index: Any) -> Any:
        return getattr(self._entry, self._read)()[index]
