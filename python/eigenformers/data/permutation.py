"""The collator for permutation language modelling (XLNet, Yang et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from .basic import DataCollatorMixin
from .masking import pad_ids


@dataclass
class DataCollatorForPermutationLanguageModeling(DataCollatorMixin):
    """Masks spans and draws an order in which they are predicted.

    Batches hold `input_ids` and `labels` `[batch, length]`, `perm_mask` (1: may not look) and `target_mapping`
    `[batch, length, length]`. The length must be even: its halves are permuted alike.

    Args:
        tokenizer: for padding, special tokens and the mask token.
        plm_probability: length of a span over the length of its context.
        max_span_length: longest span.
        return_tensors: "pt" (this library's tensors) or "np".
    """

    tokenizer: Any
    plm_probability: float = 1 / 6
    max_span_length: int = 5
    return_tensors: str = "pt"

    def torch_call(self, examples: list) -> dict[str, Any]:
        """The batch as tensors; with the same global seed, that of transformers."""

        def between(low: int, high: int) -> int:
            return int(_core.randint(low, high, (1,)).item())

        made = self._mask(self._ids(examples), between, lambda n: _core.randperm(n).numpy())
        return {key: _core.as_tensor(value) for key, value in made.items()}

    def numpy_call(self, examples: list) -> dict[str, Any]:
        """The batch as numpy arrays; draws from numpy's global generator."""
        return self._mask(self._ids(examples), np.random.randint, np.random.permutation)

    def _ids(self, examples: list) -> np.ndarray:
        if isinstance(examples[0], Mapping):
            examples = [item["input_ids"] for item in examples]
        return pad_ids(examples, self.tokenizer, None)

    def _mask(self, inputs: np.ndarray, between: Any, permutation: Any) -> dict[str, np.ndarray]:
        if self.tokenizer.mask_token is None:
            raise ValueError(
                "This tokenizer does not have a mask token which is necessary for permutation language modeling."
                " Please add a mask token if you want to use this tokenizer."
            )
        rows, length = inputs.shape
        if length % 2:
            raise ValueError(
                "This collator requires that sequence lengths be even to create a leakage-free perm_mask. Please see"
                " relevant comments in source code for details."
            )
        labels, chosen = inputs.copy(), np.zeros(inputs.shape, dtype=bool)
        for i in range(rows):
            at = 0
            while at < length:
                span = int(between(1, self.max_span_length + 1))
                context = int(span / self.plm_probability)
                begin = at + int(between(0, context - span + 1))
                chosen[i, begin : begin + span] = True
                at += context
        special = np.array(
            [self.tokenizer.get_special_tokens_mask(row, already_has_special_tokens=True) for row in labels.tolist()],
            dtype=bool,
        )
        has_pad = self.tokenizer.pad_token is not None
        fixed = special | (labels == self.tokenizer.pad_token_id if has_pad else False)
        chosen &= ~fixed
        inputs[chosen] = self.tokenizer.mask_token_id
        labels[~chosen] = -100
        perm_mask = np.zeros((rows, length, length), dtype=np.float32)
        for i in range(rows):
            order = np.arange(length).reshape(2, length // 2).T[permutation(length // 2)].T.reshape(-1)
            order = np.where(~chosen[i] & ~fixed[i], -1, order)  # seen by all, sees no masked token
            perm_mask[i] = (order[:, None] <= order[None, :]) & chosen[i]
        mapping = np.broadcast_to(np.eye(length, dtype=np.float32), (rows, length, length)).copy()
        return {"input_ids": inputs, "perm_mask": perm_mask, "target_mapping": mapping, "labels": labels}
