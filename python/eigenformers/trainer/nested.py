"""Batches of predictions put together: tensors or arrays inside tuples, lists and dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import numpy as np

from .. import _core


def nested_map(function: Callable[[Any], Any], value: Any) -> Any:
    """`function` of every tensor or array inside."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(nested_map(function, item) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(nested_map(function, item) for item in value)
    if isinstance(value, Mapping):
        return {key: nested_map(function, item) for key, item in value.items()}
    return function(value)


def nested_detach(value: Any) -> Any:
    """The same without gradients."""
    return nested_map(lambda item: item.detach() if isinstance(item, _core.Tensor) else item, value)


def nested_numpify(value: Any) -> Any:
    """The same as numpy arrays; bfloat16, which numpy has not, as float32. Copies: the tensors may be reused."""

    def convert(item: Any) -> Any:
        if not isinstance(item, _core.Tensor):
            return item
        item = item.float() if item.dtype == _core.bfloat16 else item
        return np.array(item.detach().numpy())

    return nested_map(convert, value)


def find_batch_size(value: Any) -> int | None:
    """The first dimension of the first tensor inside."""
    if isinstance(value, (list, tuple, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            found = find_batch_size(item)
            if found is not None:
                return found
        return None
    shape = getattr(value, "shape", None)
    return int(shape[0]) if shape is not None and len(shape) else None


def concatenate(parts: list[Any], padding: int = -100) -> Any:
    """Parts with the same structure, joined along the first dimension; the second is padded on the right."""
    first = parts[0]
    if isinstance(first, (list, tuple)):
        return type(first)(concatenate([part[i] for part in parts], padding) for i in range(len(first)))
    if isinstance(first, Mapping):
        return {key: concatenate([part[key] for part in parts], padding) for key in first}
    arrays = [np.atleast_1d(np.asarray(part)) for part in parts]
    if arrays[0].ndim == 1 or all(a.shape[1] == arrays[0].shape[1] for a in arrays):
        return np.concatenate(arrays)
    width = max(a.shape[1] for a in arrays)
    out = np.full((sum(len(a) for a in arrays), width, *arrays[0].shape[2:]), padding, dtype=arrays[0].dtype)
    row = 0
    for a in arrays:
        out[row : row + len(a), : a.shape[1]] = a
        row += len(a)
    return out


class Gathered:
    """Batches collected during an evaluation; `arrays()` puts them together, or leaves them as a list."""

    def __init__(self, joined: bool):
        self._joined, self._parts = joined, []

    def add(self, value: Any) -> None:
        """One batch more."""
        self._parts.append(nested_numpify(value))

    def arrays(self) -> Any:
        """None when nothing was added."""
        if not self._parts:
            return None
        return concatenate(self._parts) if self._joined else self._parts
