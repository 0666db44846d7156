"""Model inputs from the ids of texts and of their entities: truncation, positions, padding."""

from __future__ import annotations

from typing import Any

from ..utils import logging
from ._engine import UnsupportedError
from .batch_encoding import BatchEncoding
from .enums import PaddingStrategy, TruncationStrategy
from .padding import extend
from .prepare import check_overflow, truncate_ids

logger = logging.get_logger(__name__)


class EntityInputs:
    """`prepare_for_model` and `pad` with a second sequence, that of the entities.

    Needs from the class it is mixed into: `task`, `max_entity_length`, `max_mention_length`, `entity_pad_token_id`.
    """

    def prepare_for_model(
        self,
        ids: list[int],
        pair_ids: list[int] | None = None,
        entity_ids: list[int] | None = None,
        pair_entity_ids: list[int] | None = None,
        entity_token_spans: list | None = None,
        pair_entity_token_spans: list | None = None,
        add_special_tokens: bool = True,
        padding: bool | str | PaddingStrategy = False,
        truncation: bool | str | TruncationStrategy | None = None,
        max_length: int | None = None,
        max_entity_length: int | None = None,
        stride: int = 0,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors: str | None = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        prepend_batch_axis: bool = False,
        **kwargs: Any,
    ) -> BatchEncoding:
        """The output of a call, for ids of one or two texts and of their entities.

        Args:
            ids, pair_ids: of the texts.
            entity_ids, pair_entity_ids: of the entities in each.
            entity_token_spans, pair_entity_token_spans: first token of each entity, and the one behind its last.
            **kwargs: the other arguments of a call.
        """
        pad, cut, max_length, _ = self._get_padding_truncation_strategies(
            padding, truncation, max_length, pad_to_multiple_of, verbose
        )
        if return_token_type_ids and not add_special_tokens:
            raise ValueError(
                "Asking to return token_type_ids while setting add_special_tokens to False "
                "results in an undefined behavior. Please set add_special_tokens to True or "
                "set return_token_type_ids to None."
            )
        check_overflow(return_overflowing_tokens, cut, pair_ids)
        if return_overflowing_tokens and not max_length:
            raise ValueError("return_overflowing_tokens=True: found no max_length, needed one")
        excess = len(ids) + len(pair_ids or []) - (max_length or 0)
        excess += self.num_special_tokens_to_add(pair_ids is not None) if add_special_tokens else 0
        lost: list[int] = []
        if cut is not TruncationStrategy.DO_NOT_TRUNCATE and max_length and excess > 0:
            if entity_ids is not None and self.truncation_side == "left":
                raise UnsupportedError("truncation_side='left': with entities, a text is only cut at its end")
            ids, pair_ids, lost = truncate_ids(ids, pair_ids, excess, cut, stride, self.truncation_side)
        data = super().prepare_for_model(
            ids, pair_ids, add_special_tokens, truncation=False, return_token_type_ids=return_token_type_ids,
            return_attention_mask=False, return_special_tokens_mask=return_special_tokens_mask, verbose=False,
        ).data  # fmt: skip
        self._eventual_warn_about_too_long_sequence(data["input_ids"], max_length, verbose)
        if return_overflowing_tokens:
            data.update(overflowing_tokens=lost, num_truncated_tokens=excess)
        if entity_ids is not None:
            first = _within(entity_ids, entity_token_spans, ids)
            second = None if pair_entity_ids is None else _within(pair_entity_ids, pair_entity_token_spans, pair_ids)
            missing = len(entity_ids) - len(first) + len(pair_entity_ids or []) - len(second or [])
            if missing:
                logger.warning(
                    f"{missing} entities are ignored because their entity spans are invalid due to the truncation of "
                    "input tokens"
                )
            excess = len(first) + len(second or []) - (max_entity_length or self.max_entity_length)
            first, second, lost = truncate_ids(first, second, excess, cut, stride, "right")
            if return_overflowing_tokens:
                data.update(overflowing_entities=[index for index, _ in lost], num_truncated_entities=excess)
            layout = self._special_layout(pair_ids is not None)
            starts = (len(layout.before), len(layout.before) + len(ids) + len(layout.between))
            data.update(self._entity_data(first, second or [], starts if add_special_tokens else (0, len(ids))))
            if "token_type_ids" in data:
                data["entity_token_type_ids"] = [0] * len(data["entity_ids"])
        if return_attention_mask is None:
            return_attention_mask = "attention_mask" in self.model_input_names
        if pad is not PaddingStrategy.DO_NOT_PAD or return_attention_mask:
            options = (pad_to_multiple_of, padding_side, return_attention_mask)
            data = self.pad(data, pad, max_length, max_entity_length or self.max_entity_length, *options).data
        if return_length:
            data["length"] = len(data["input_ids"])
        return BatchEncoding(data, tensor_type=return_tensors, prepend_batch_axis=prepend_batch_axis)

    def _entity_data(self, first: list, second: list, starts: tuple[int, int]) -> dict[str, list]:
        """Ids and positions of entities whose places are counted from the beginning of their own text."""
        found = [(i, s + start, e + start) for row, start in zip((first, second), starts) for i, (s, e) in row]
        positions = [list(range(start, end))[: self.max_mention_length] for _, start, end in found]
        data: dict[str, list] = {
            "entity_ids": [index for index, _, _ in found],
            "entity_position_ids": [row + [-1] * (self.max_mention_length - len(row)) for row in positions],
        }
        if self.task == "entity_span_classification":
            data["entity_start_positions"] = [start for _, start, _ in found]
            data["entity_end_positions"] = [end - 1 for _, _, end in found]
        return data

    def pad(
        self,
        encoded_inputs,
        padding: bool | str | PaddingStrategy = True,
        max_length: int | None = None,
        max_entity_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_attention_mask: bool | None = None,
        return_tensors: str | None = None,
        verbose: bool = True,
    ) -> BatchEncoding:
        """Pad one encoded input, or a batch, to a common length, and the entities to one of theirs.

        Args:
            max_entity_length: length of the entities for `padding="max_length"`; the tokenizer's own when None.
            others: see `PreTrainedTokenizerBase.pad`.
        """
        options = (pad_to_multiple_of, padding_side, return_attention_mask)
        lengths = {"max_entity_length": max_entity_length}
        return self._pad_inputs(encoded_inputs, padding, max_length, return_tensors, verbose, *options, **lengths)

    def _pad_rows(self, rows, max_length, strategy, pad_to_multiple_of=None, padding_side=None,
                  return_attention_mask=None, max_entity_length=None):  # fmt: skip
        rows = super()._pad_rows(rows, max_length, strategy, pad_to_multiple_of, padding_side, return_attention_mask)
        if "entity_ids" not in rows[0]:
            return rows
        length = self.max_entity_length if max_entity_length is None else max_entity_length
        if strategy is PaddingStrategy.LONGEST:
            length = max(len(row["entity_ids"]) for row in rows)
        if pad_to_multiple_of:
            length = -(-length // pad_to_multiple_of) * pad_to_multiple_of
        fill = {"entity_ids": self.entity_pad_token_id, "entity_position_ids": [-1] * self.max_mention_length,
                "entity_token_type_ids": 0, "entity_start_positions": 0, "entity_end_positions": 0}  # fmt: skip
        if return_attention_mask or (return_attention_mask is None and "attention_mask" in self.model_input_names):
            fill["entity_attention_mask"] = 0
            for row in rows:
                row.setdefault("entity_attention_mask", [1] * len(row["entity_ids"]))
        if strategy is not PaddingStrategy.DO_NOT_PAD:
            for row in rows:
                extend(row, fill, length - len(row["entity_ids"]), padding_side or self.padding_side)
        return rows


def _within(entity_ids: list[int], spans: list, ids: list[int]) -> list[tuple[int, Any]]:
    """The entities whose tokens are all there."""
    return [(index, span) for index, span in zip(entity_ids, spans) if span[1] <= len(ids)]
