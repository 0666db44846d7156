"""How a list of items becomes one batch when no `collate_fn` is given: torch's `default_collate`."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import _core


def default_collate(batch: list[Any]) -> Any:
    """Stack tensors, arrays and numbers along a new first dimension, inside dicts, tuples and lists.

    >>> default_collate([{"x": 1, "name": "a"}, {"x": 2, "name": "b"}])["x"].tolist()
    [1, 2]
    """
    first = batch[0]
    if isinstance(first, _core.Tensor):
        return _core.stack(batch, 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(_unknown(first.dtype))
        return _core.stack([_core.as_tensor(item) for item in batch], 0)
    if isinstance(first, (np.bool_, np.number)):
        return _core.as_tensor(np.asarray(batch))
    if isinstance(first, bool):
        return _core.tensor(batch)
    if isinstance(first, float):
        return _core.tensor(batch, dtype=_core.float64)
    if isinstance(first, int):
        return _core.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _same_type(first, {key: default_collate([item[key] for item in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(list(column)) for column in zip(*batch)))
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return [default_collate(list(column)) for column in zip(*batch)]
    raise TypeError(_unknown(type(first)))


def default_convert(data: Any) -> Any:
    """One item, without batching: arrays become tensors."""
    if isinstance(data, np.ndarray) and data.dtype.kind not in "SUO":
        return _core.as_tensor(data)
    if isinstance(data, np.generic) and not isinstance(data, (np.str_, np.bytes_)):
        return _core.as_tensor(np.asarray(data))
    if isinstance(data, Mapping):
        return _same_type(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, (list, tuple)):
        return type(data)(map(default_convert, data)) if isinstance(data, list) else [default_convert(x) for x in data]
    return data


def _same_type(like: Mapping, values: dict) -> Any:
    if type(like) is dict:
        return values
    try:  # the mapping may carry more than its items
        twin = copy.copy(like)
        twin.update(values)
    except (TypeError, AttributeError):
        return values
    return twin


def _unknown(found: Any) -> str:
    return (
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {found}; pass a collate_fn"
    )
