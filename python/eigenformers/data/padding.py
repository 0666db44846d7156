"""Collators that pad a batch to one length, its labels too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from .basic import DataCollatorMixin, pad_quietly


def _as_list(value: Any) -> list:
    return value.tolist() if hasattr(value, "tolist") else list(value)


def pad_labels(labels: list, length: int, value: int, side: str) -> list[list[int]]:
    """Each list of labels filled with `value` to `length`, on the `side` where the tokenizer pads."""
    rows = [_as_list(label) for label in labels]
    if side == "right":
        return [row + [value] * (length - len(row)) for row in rows]
    return [[value] * (length - len(row)) + row for row in rows]


def _array(rows: Any, kind: str) -> Any:
    array = np.asarray(rows, dtype=np.int64)
    return array if kind == "np" else _core.as_tensor(array)


@dataclass
class DataCollatorWithPadding:
    """Pads with `tokenizer.pad`; `label` and `label_ids` become `labels`.

    Args:
        tokenizer: pads on its `padding_side` with its `pad_token`.
        padding: True or "longest" (of the batch), "max_length", False or "do_not_pad".
        max_length: for `padding="max_length"`.
        pad_to_multiple_of: round the length up.
        return_tensors: "pt" (this library's tensors) or "np".
    """

    tokenizer: Any
    padding: Any = True
    max_length: int | None = None
    pad_to_multiple_of: int | None = None
    return_tensors: str = "pt"

    def __call__(self, features: list[dict[str, Any]]) -> Any:
        batch = pad_quietly(
            self.tokenizer, features, padding=self.padding, max_length=self.max_length,
            pad_to_multiple_of=self.pad_to_multiple_of, return_tensors=self.return_tensors,
        )  # fmt: skip
        for name in ("label", "label_ids"):
            if name in batch:
                batch["labels"] = batch[name]
                del batch[name]
        return batch


@dataclass
class DataCollatorForTokenClassification(DataCollatorMixin):
    """Pads the inputs, and `label` or `labels` (one a token) with `label_pad_token_id`."""

    tokenizer: Any
    padding: Any = True
    max_length: int | None = None
    pad_to_multiple_of: int | None = None
    label_pad_token_id: int = -100
    return_tensors: str = "pt"

    def torch_call(self, features: list) -> Any:
        """The batch as tensors."""
        return self._collate(features, "pt")

    def numpy_call(self, features: list) -> Any:
        """The batch as numpy arrays."""
        return self._collate(features, "np")

    def _collate(self, features: list, kind: str) -> Any:
        name = "label" if "label" in features[0] else "labels"
        labels = [item[name] for item in features] if name in features[0] else None
        batch = pad_quietly(
            self.tokenizer, [{k: v for k, v in item.items() if k != name} for item in features], padding=self.padding,
            max_length=self.max_length, pad_to_multiple_of=self.pad_to_multiple_of, return_tensors=kind,
        )  # fmt: skip
        if labels is not None:
            length = batch["input_ids"].shape[1]
            rows = pad_labels(labels, length, self.label_pad_token_id, self.tokenizer.padding_side)
            batch[name] = _array(rows, kind)
        return batch


@dataclass
class DataCollatorForMultipleChoice(DataCollatorMixin):
    """Items hold one list a choice: pads them all to one length, `[batch, choices, length]`, and stacks the labels."""

    tokenizer: Any
    padding: Any = True
    max_length: int | None = None
    pad_to_multiple_of: int | None = None
    return_tensors: str = "pt"

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """The batch as tensors."""
        name = "label" if "label" in examples[0] else "labels"
        choices = len(examples[0]["input_ids"])
        flat = [{k: v[i] for k, v in item.items() if k != name} for item in examples for i in range(choices)]
        batch = self.tokenizer.pad(
            flat, padding=self.padding, max_length=self.max_length, pad_to_multiple_of=self.pad_to_multiple_of,
            return_tensors="pt",
        )  # fmt: skip
        made = {key: value.view(len(examples), choices, -1) for key, value in batch.items()}
        made["labels"] = _array([item[name] for item in examples], "pt")
        return made

    def numpy_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """The batch as numpy arrays."""
        return {key: value.numpy() for key, value in self.torch_call(examples).items()}


@dataclass
class DataCollatorForSeq2Seq:
    """Pads inputs and labels, each to its own longest; a `model` that can makes `decoder_input_ids` from the labels."""

    tokenizer: Any
    model: Any = None
    padding: Any = True
    max_length: int | None = None
    pad_to_multiple_of: int | None = None
    label_pad_token_id: int = -100
    return_tensors: str = "pt"

    def __call__(self, features: list, return_tensors: str | None = None) -> Any:
        kind = self.return_tensors if return_tensors is None else return_tensors
        name = "label" if "label" in features[0] else "labels"
        labels = [item[name] for item in features] if name in features[0] else None
        if labels is not None and all(label is None for label in labels):
            labels = None
        batch = pad_quietly(
            self.tokenizer, [{k: v for k, v in item.items() if k != name} for item in features], padding=self.padding,
            max_length=self.max_length, pad_to_multiple_of=self.pad_to_multiple_of, return_tensors=kind,
        )  # fmt: skip
        if labels is None:
            batch["labels"] = None
            return batch
        if self.padding is False or str(self.padding) in ("do_not_pad", "PaddingStrategy.DO_NOT_PAD"):
            batch["labels"] = _array([_as_list(label) for label in labels], kind)
        else:
            to_limit = str(self.padding) in ("max_length", "PaddingStrategy.MAX_LENGTH") and self.max_length is not None
            length = self.max_length if to_limit else max(len(label) for label in labels)
            step = self.pad_to_multiple_of or 1
            length = -(-length // step) * step
            rows = pad_labels(labels, length, self.label_pad_token_id, self.tokenizer.padding_side)
            batch["labels"] = _array(rows, kind)
        if self.model is not None and hasattr(self.model, "prepare_decoder_input_ids_from_labels"):
            batch["decoder_input_ids"] = self.model.prepare_decoder_input_ids_from_labels(labels=batch["labels"])
        return batch
