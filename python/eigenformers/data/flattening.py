"""Packing without padding: the items of a batch in one row, with positions that restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from .basic import DefaultDataCollator


@dataclass(init=False)
class DataCollatorWithFlattening(DefaultDataCollator):
    """All items one after the other: `input_ids`, `labels` and `position_ids` of shape `[1, tokens]`.

    Positions restart at each item, which the models here read as block-diagonal attention. `labels` begin each item
    with `separator_id`, so that nothing is predicted across items.

    >>> batch = DataCollatorWithFlattening()([{"input_ids": [5, 6, 7]}, {"input_ids": [8, 9]}])
    >>> batch["position_ids"].tolist(), batch["labels"].tolist()
    ([[0, 1, 2, 0, 1]], [[-100, 6, 7, -100, 9]])

    Args:
        return_position_ids: also return `position_ids`.
        separator_id: the first label of each item.
        return_flash_attn_kwargs: also return `cu_seq_lens_q/k` and `max_length_q/k`.
        return_seq_idx: also return which item each token is of.
        position_ids_start: the position of the first token of an item.
    """

    def __init__(
        self, return_tensors: str = "pt", *, return_position_ids: bool = True, separator_id: int = -100,
        return_flash_attn_kwargs: bool = False, return_seq_idx: bool = False, position_ids_start: int = 0,
    ):  # fmt: skip
        super().__init__(return_tensors)
        self.return_position_ids, self.separator_id = return_position_ids, separator_id
        self.return_flash_attn_kwargs, self.return_seq_idx = return_flash_attn_kwargs, return_seq_idx
        self.position_ids_start = position_ids_start

    def __call__(self, features: list, return_tensors: str | None = None, separator_id: int | None = None) -> dict:
        kind = self.return_tensors if return_tensors is None else return_tensors
        if kind not in ("pt", "np"):
            raise ValueError(f'return_tensors must be one of ("pt", "np"), return_tensors={kind!r} not supported')
        separator = self.separator_id if separator_id is None else separator_id
        ids = [np.asarray(item["input_ids"], dtype=np.int64) for item in features]
        labels = [np.array(item["labels"] if "labels" in features[0] else item["input_ids"]) for item in features]
        for row in labels:
            row[:1] = separator
        lengths = [len(row) for row in ids]
        batch: dict[str, Any] = {"input_ids": np.concatenate(ids)[None], "labels": np.concatenate(labels)[None]}
        batch["labels"] = batch["labels"].astype(np.int64)
        if self.return_position_ids:
            positions = [self.position_ids_start + np.arange(n, dtype=np.int64) for n in lengths]
            batch["position_ids"] = np.concatenate(positions)[None]
        if self.return_seq_idx:
            batch["seq_idx"] = np.repeat(np.arange(len(ids), dtype=np.int32), lengths)[None]
        if self.return_flash_attn_kwargs:
            ends = np.cumsum([0, *lengths]).astype(np.int32)
            batch["cu_seq_lens_q"] = batch["cu_seq_lens_k"] = ends
        if kind == "pt":
            batch = {key: _core.as_tensor(value) for key, value in batch.items()}
        if self.return_flash_attn_kwargs:
            batch["max_length_q"] = batch["max_length_k"] = max(lengths)
        return batch
