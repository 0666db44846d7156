"""Requests that are decoded together: a row each of one cache, the shorter ones padded on the left."""

from __future__ import annotations

from typing import Any

from ... import _core
from ...cache_utils import layer_windows, recurrent_layers
from .requests import RequestState


def _is_plain(config: Any) -> bool:
    """Whether a cache holds all positions of all layers, so that rows of two caches can stand side by side."""
    return not (recurrent_layers(config) or any(layer_windows(config)))


class Batch:
    """Rows of one cache.

    `rows` are the requests, `pads` the padding before each, `length` the positions in the cache; `joins`: whether it can take
    in another's rows, and forget padding.
    """

    def __init__(self, model: Any, rows: list[RequestState]):
        self.model, self.rows = model, rows
        self.length = max(len(row.initial_tokens) for row in rows)
        self.pads = [self.length - len(row.initial_tokens) for row in rows]
        self.cache = _core.DynamicCache(config=model.config)
        self.joins = _is_plain(model.config)

    def prefill(self) -> Any:
        """Reads the prompts; float32 `[rows, vocab]`, the logits of the next tokens."""
        ids = [[0] * pad + row.initial_tokens for pad, row in zip(self.pads, self.rows)]
        positions = [[0] * pad + list(range(self.length - pad)) for pad in self.pads]
        return self._forward(ids, positions)

    def step(self) -> Any:
        """Reads the last token of each row; float32 `[rows, vocab]`."""
        self.length += 1
        return self._forward(
            [[row.generated_tokens[-1]] for row in self.rows], [[self.length - 1 - pad] for pad in self.pads]
        )

    def _forward(self, ids: list[list[int]], positions: list[list[int]]) -> Any:
        mask = None
        if any(self.pads):
            mask = _core.tensor([[0] * pad + [1] * (self.length - pad) for pad in self.pads])
        inputs = {"input_ids": _core.tensor(ids), "attention_mask": mask, "position_ids": _core.tensor(positions)}
        output = self.model._call_forward(
            {**inputs, "past_key_values": self.cache, "use_cache": True, "logits_to_keep": 1, "return_dict": True}
        )
        return output.logits[:, -1].float()

    def expand(self, rows: list[RequestState], parents: list[int]) -> None:
        """Each row as often as it is in `parents`."""
        self.rows, self.pads = rows, [self.pads[i] for i in parents]
        self.cache.batch_select_indices(_core.tensor(parents))

    def keep(self, which: list[int]) -> None:
        """Forgets the other rows, and the positions that are padding in all that stay."""
        self.expand([self.rows[i] for i in which], which)
        spare = min(self.pads)
        if spare and self.joins:
            self._hold([(k[:, :, spare:], v[:, :, spare:]) for k, v in self.cache.to_legacy_cache()])
            self.pads, self.length = [pad - spare for pad in self.pads], self.length - spare

    def join(self, other: Batch) -> bool:
        """Takes in the rows of `other`, where caches can be joined; whether it did."""
        if not self.joins:
            return False
        length = max(self.length, other.length)
        mine, theirs = length - self.length, length - other.length
        pairs = zip(self.cache.to_legacy_cache(), other.cache.to_legacy_cache())
        self._hold([
            tuple(_core.cat([_padded(a, mine), _padded(b, theirs)], 0) for a, b in zip(one, two)) for one, two in pairs
        ])  # fmt: skip
        self.pads = [pad + mine for pad in self.pads] + [pad + theirs for pad in other.pads]
        self.rows, self.length = self.rows + other.rows, length
        return True

    def _hold(self, layers: list[Any]) -> None:
        self.cache = _core.DynamicCache.from_legacy_cache(tuple(layers))


def _padded(states: Any, count: int) -> Any:
    """`[rows, heads, length, width]` with `count` zeros before each row's positions."""
    if not count:
        return states
    rows, heads, _, width = states.shape
    return _core.cat([_core.zeros((rows, heads, count, width), dtype=states.dtype), states], 2)
