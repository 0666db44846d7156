"""The default collator, and what all collators share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from .. import _core

InputDataClass = Any
DataCollator = Callable[[list], dict]


class DataCollatorMixin:
    """Calls `torch_call` or `numpy_call`, by `return_tensors` ("pt": this library's tensors, "np": numpy)."""

    def __call__(self, features: list, return_tensors: str | None = None) -> Any:
        kind = self.return_tensors if return_tensors is None else return_tensors
        if kind == "pt":
            return self.torch_call(features)
        if kind == "np":
            return self.numpy_call(features)
        raise ValueError(f"Framework '{kind}' not recognized!")


def pad_quietly(tokenizer: Any, *args: Any, **kwargs: Any) -> Any:
    """`tokenizer.pad` without its advice to call the tokenizer instead."""
    advice = getattr(tokenizer, "deprecation_warnings", None)
    if advice is None:
        return tokenizer.pad(*args, **kwargs)
    before = advice.get("Asking-to-pad-a-fast-tokenizer", False)
    advice["Asking-to-pad-a-fast-tokenizer"] = True
    try:
        return tokenizer.pad(*args, **kwargs)
    finally:
        advice["Asking-to-pad-a-fast-tokenizer"] = before


def default_data_collator(features: list, return_tensors: str = "pt") -> dict[str, Any]:
    """Stack every key of dict-like items; `label` or `label_ids` become `labels`, strings and None are left out.

    >>> batch = default_data_collator([{"input_ids": [1, 2], "label": 0}, {"input_ids": [3, 4], "label": 1}])
    >>> batch["labels"].tolist(), batch["input_ids"].tolist()
    ([0, 1], [[1, 2], [3, 4]])
    """
    if return_tensors not in ("pt", "np"):
        raise ValueError(f"Framework '{return_tensors}' not recognized!")
    if not features:
        raise ValueError("default_data_collator: the list of items is empty")
    rows = features if isinstance(features[0], Mapping) else [vars(item) for item in features]
    first, batch = rows[0], {}
    if first.get("label") is not None:
        batch["labels"] = _labels(_column(rows, "label"), first["label"])
    elif first.get("label_ids") is not None:
        one = first["label_ids"]
        batch["labels"] = _labels(_column(rows, "label_ids"), one if hasattr(one, "shape") else one[0])
    for key, value in first.items():
        if key not in ("label", "label_ids") and value is not None and not isinstance(value, str):
            batch[key] = _stack(_column(rows, key), key)
    if return_tensors == "np":
        return {key: value if isinstance(value, np.ndarray) else value.numpy() for key, value in batch.items()}
    return {key: _as_tensor(value, first.get(key)) for key, value in batch.items()}


def _as_tensor(value: Any, example: Any) -> Any:
    """Numbers of Python become float32, as in `tensor([...])`; arrays keep their dtype."""
    keep = isinstance(value, _core.Tensor) or isinstance(example, (np.ndarray, np.generic))
    return _core.as_tensor(value.astype(np.float32) if not keep and value.dtype == np.float64 else value)


def _column(rows: list, key: str) -> list:
    try:
        return [row[key] for row in rows]
    except KeyError:
        where = next(i for i, row in enumerate(rows) if key not in row)
        raise ValueError(
            f"default_data_collator: item {where} of the batch has no {key!r}, the first item has; "
            "all items of a dataset need the same keys"
        ) from None


def _stack(values: list, key: str) -> Any:
    if isinstance(values[0], _core.Tensor):
        return _core.stack(values)
    try:
        if isinstance(values[0], np.ndarray):
            return np.stack(values)
        stacked = np.asarray(values)
    except ValueError:
        stacked = None
    if stacked is None or stacked.dtype == object:
        lengths = sorted({len(value) for value in values if hasattr(value, "__len__")})
        raise ValueError(
            f"Unable to create tensor: the values of {key!r} have different lengths {lengths[:8]}. You should probably "
            "activate truncation and/or padding with 'padding=True' 'truncation=True' to have batched tensors with the "
            f"same length. Perhaps your features (`{key}` in this case) have excessive nesting (inputs type `list` "
            "where type `int` is expected); or pass `processing_class` or a data collator that pads."
        )
    return stacked


def _labels(values: list, example: Any) -> Any:
    """Integers as int64, everything else as float32; tensors and arrays as they are."""
    if hasattr(values[0], "shape") and len(values[0].shape) > 0:
        return _stack(values, "label_ids")
    if isinstance(values[0], (list, tuple)):
        values = _stack(values, "label_ids")
    example = example.item() if hasattr(example, "item") else example
    plain = [value.item() if isinstance(value, _core.Tensor) else value for value in values]
    integers = isinstance(example, (int, np.integer))
    return np.asarray(plain, dtype=np.int64 if integers else np.float32)


@dataclass
class DefaultDataCollator(DataCollatorMixin):
    """`default_data_collator` as an object that remembers `return_tensors`."""

    return_tensors: str = "pt"

    def __call__(self, features: list, return_tensors: str | None = None) -> dict[str, Any]:
        return default_data_collator(features, self.return_tensors if return_tensors is None else return_tensors)
