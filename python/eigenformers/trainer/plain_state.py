"""Nested state without pickle: tensors in a safetensors file, everything else in the JSON beside it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import _core
from ..errors import CheckpointError


def _pack(value: Any, tensors: dict[str, Any]) -> Any:
    if isinstance(value, _core.Tensor) or (isinstance(value, np.ndarray) and value.dtype != object):
        name = f"t{len(tensors)}"
        kind = "__tensor__" if isinstance(value, _core.Tensor) else "__array__"
        array = value.detach() if kind == "__tensor__" else np.ascontiguousarray(value)
        if kind == "__array__" and array.dtype in (np.uint32, np.uint64):  # kept as bytes: not a dtype of the format
            tensors[name] = _core.as_tensor(np.frombuffer(array.tobytes(), dtype=np.uint8).copy())
            return {kind: name, "dtype": str(array.dtype), "shape": list(array.shape)}
        tensors[name] = _core.as_tensor(array).contiguous()
        return {kind: name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("__") for key in value):
            return {key: _pack(item, tensors) for key, item in value.items()}
        return {"__items__": [[_pack(key, tensors), _pack(item, tensors)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"__tuple__": [_pack(item, tensors) for item in value]}
    if isinstance(value, list):
        return [_pack(item, tensors) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a {type(value).__name__} can't be saved: only tensors, numbers, strings, lists and dicts can")


def _unpack(value: Any, tensors: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_unpack(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if "__tensor__" in value:
        return tensors[value["__tensor__"]].clone()
    if "__array__" in value:
        array = np.array(tensors[value["__array__"]].numpy())
        if "dtype" in value:
            array = np.frombuffer(array.tobytes(), dtype=value["dtype"]).reshape(value["shape"]).copy()
        return array
    if "__items__" in value:
        return {_unpack(key, tensors): _unpack(item, tensors) for key, item in value["__items__"]}
    if "__tuple__" in value:
        return tuple(_unpack(item, tensors) for item in value["__tuple__"])
    return {key: _unpack(item, tensors) for key, item in value.items()}


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """What goes wrong inside is the fault of the file: CheckpointError that names it."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        text = str(error).split("\n", 1)[0]
        raise CheckpointError(
            f"{path}: damaged, or of another model or optimizer: {type(error).__name__}: {text}; take another checkpoint"
        ) from error


def save_state(value: Any, stem: str) -> None:
    """Write `<stem>.json` and, when there are tensors inside, `<stem>.safetensors`."""
    from ..safetensors.torch import save_file

    tensors: dict[str, Any] = {}
    text = json.dumps(_pack(value, tensors))
    if tensors:
        save_file(tensors, stem + ".safetensors")
    with open(stem + ".json", "w", encoding="utf-8") as file:
        file.write(text)


def load_state(stem: str) -> Any:
    """What `save_state` wrote. CheckpointError when the files are damaged."""
    from ..safetensors.torch import load_file

    with reading(stem + ".json"):
        with open(stem + ".json", encoding="utf-8") as file:
            value = json.load(file)
        tensors = load_file(stem + ".safetensors") if os.path.exists(stem + ".safetensors") else {}
        return _unpack(value, tensors)
