"""Model inputs from ids that are already there: special tokens, truncation, padding, without the text."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..utils import logging
from .batch_encoding import BatchEncoding
from .enums import PaddingStrategy, TruncationStrategy

logger = logging.get_logger(__name__)


class SpecialLayout(NamedTuple):
    """Special tokens around the texts: ids and type ids before, between and after them."""

    before: list[int]
    between: list[int]
    after: list[int]
    before_types: list[int]
    between_types: list[int]
    after_types: list[int]
    text_types: tuple[int, int]


def truncate_ids(
    ids: list[int],
    pair_ids: list[int] | None,
    remove: int,
    strategy: TruncationStrategy,
    stride: int,
    side: str,
) -> tuple[list[int], list[int] | None, list[int]]:
    """Both lists shortened by `remove` ids in all, and what was cut off (with `stride` ids of overlap).

    "longest_first" takes the ids one at a time from the longer list (from the second when both are equal), so nothing
    sensible can be said about its overflow when there is a pair: it is empty then.
    """
    if remove <= 0 or strategy is TruncationStrategy.DO_NOT_TRUNCATE:
        return ids, pair_ids, []

    def keep(row: list[int], drop: int) -> list[int]:
        return row[: max(len(row) - drop, 0)] if side == "right" else row[drop:]

    def overflow(row: list[int]) -> list[int]:
        window = min(len(row), stride + remove)
        return row[len(row) - window :] if side == "right" else row[:window]

    if strategy is TruncationStrategy.ONLY_SECOND:
        if not pair_ids:
            return ids, pair_ids, []
        return ids, keep(pair_ids, remove), overflow(pair_ids)
    if strategy is TruncationStrategy.ONLY_FIRST or pair_ids is None:
        return keep(ids, remove), pair_ids, overflow(ids)
    logger.warning(
        "Be aware, overflowing tokens are not returned for the setting you have chosen, i.e. sequence pairs with the "
        f"'{strategy.value}' truncation strategy. So the returned list will always be empty even if some tokens have "
        "been removed."
    )
    uneven = min(abs(len(ids) - len(pair_ids)), remove)
    rest = remove - uneven
    if len(ids) > len(pair_ids):
        first = uneven + rest // 2
    else:
        first = rest // 2
    return keep(ids, first), keep(pair_ids, remove - first), []


def check_overflow(wanted: bool, strategy: TruncationStrategy, pair_ids: list[int] | None) -> None:
    """Raises ValueError where the tokens that are cut off belong to neither text."""
    if wanted and strategy is TruncationStrategy.LONGEST_FIRST and pair_ids is not None:
        raise ValueError(
            "Not possible to return overflowing tokens for pair of sequences with the "
            "`longest_first`. Please select another truncation strategy than `longest_first`, "
            "for instance `only_second` or `only_first`."
        )


class PrepareMixin:
    """`prepare_for_model` and its parts, over `_special_layout`, which a subclass may replace by overriding
    `build_inputs_with_special_tokens`."""

    def _special_layout(self, pair: bool) -> SpecialLayout:
        """Ask the engine how it wraps a text: encode something with special tokens and see what was added."""
        from .fast import PreTrainedTokenizerFast

        empty = SpecialLayout([], [], [], [], [], [], (0, 1))
        if not isinstance(self, PreTrainedTokenizerFast):
            return empty
        tokenizer = self._tokenizer
        with self._lock:
            tokenizer.no_padding()
            tokenizer.no_truncation()
            probe = None
            for text in ("a", ".", tokenizer.id_to_token(tokenizer.get_vocab_size() // 2) or "0"):
                if tokenizer.encode(text, add_special_tokens=False).ids:
                    probe = tokenizer.encode(text, text if pair else None)
                    break
            else:
                probe = tokenizer.encode("", "" if pair else None)
        parts: list[list[int]] = [[], [], []]
        types: list[list[int]] = [[], [], []]
        text_types = [0, 1]
        place = 0
        for index, kind, sequence in zip(probe.ids, probe.type_ids, probe.sequence_ids):
            if sequence is None:
                parts[place].append(index)
                types[place].append(kind)
            else:
                place = 1 if pair and sequence == 0 else 2
                text_types[sequence] = kind
        return SpecialLayout(*parts, *types, (text_types[0], text_types[1]))

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """Ids of a text, or of a pair, with the special tokens around them."""
        layout = self._special_layout(token_ids_1 is not None)
        return [*layout.before, *token_ids_0, *layout.between, *(token_ids_1 or []), *layout.after]

    def create_token_type_ids_from_sequences(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """Type ids that belong to `build_inputs_with_special_tokens` of the same arguments."""
        layout = self._special_layout(token_ids_1 is not None)
        first, second = ([kind] * len(ids or []) for kind, ids in zip(layout.text_types, (token_ids_0, token_ids_1)))
        return [*layout.before_types, *first, *layout.between_types, *second, *layout.after_types]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for text.

        Args:
            token_ids_0, token_ids_1: ids without special tokens, or one list that has them already.
            already_has_special_tokens: say so in that case; every special id counts then.
        """
        if already_has_special_tokens:
            if token_ids_1 is not None:
                raise ValueError(
                    "You should not supply a second sequence if the provided sequence of ids is already formatted "
                    "with special tokens for the model."
                )
            special = set(self.all_special_ids)
            return [int(int(index) in special) for index in token_ids_0]
        layout = self._special_layout(token_ids_1 is not None)
        before, between, after = ([1] * len(part) for part in layout[:3])
        return [*before, *([0] * len(token_ids_0)), *between, *([0] * len(token_ids_1 or [])), *after]

    def truncate_sequences(
        self,
        ids: list[int],
        pair_ids: list[int] | None = None,
        num_tokens_to_remove: int = 0,
        truncation_strategy: str | TruncationStrategy = "longest_first",
        stride: int = 0,
    ) -> tuple[list[int], list[int] | None, list[int]]:
        """Ids of one or two texts with `num_tokens_to_remove` taken away, and the ones that overflowed."""
        strategy = TruncationStrategy(truncation_strategy)
        return truncate_ids(ids, pair_ids, num_tokens_to_remove, strategy, stride, self.truncation_side)

    def prepare_for_model(
        self,
        ids: list[int],
        pair_ids: list[int] | None = None,
        add_special_tokens: bool = True,
        padding: bool | str | PaddingStrategy = False,
        truncation: bool | str | TruncationStrategy = False,
        max_length: int | None = None,
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
        """The output of a call, for ids of one or two texts instead of the texts. Arguments as in a call."""
        pad, cut, max_length, _ = self._get_padding_truncation_strategies(
            padding, truncation, max_length, pad_to_multiple_of, verbose
        )
        check_overflow(return_overflowing_tokens, cut, pair_ids)
        pair = pair_ids is not None
        total = len(ids) + len(pair_ids or [])
        if add_special_tokens:
            total += self.num_special_tokens_to_add(pair=pair)
        overflowing: list[int] = []
        if cut is not TruncationStrategy.DO_NOT_TRUNCATE and max_length and total > max_length:
            ids, pair_ids, overflowing = truncate_ids(
                ids, pair_ids, total - max_length, cut, stride, self.truncation_side
            )
        if add_special_tokens:
            sequence = self.build_inputs_with_special_tokens(ids, pair_ids)
            types = self.create_token_type_ids_from_sequences(ids, pair_ids)
            mask = self.get_special_tokens_mask(ids, pair_ids) if return_special_tokens_mask else None
        else:
            sequence = list(ids) + list(pair_ids or [])
            types, mask = [0] * len(sequence), [0] * len(sequence)
        data: dict[str, Any] = {"input_ids": sequence}
        if return_token_type_ids or (return_token_type_ids is None and "token_type_ids" in self.model_input_names):
            data["token_type_ids"] = types
        if return_special_tokens_mask:
            data["special_tokens_mask"] = mask
        if overflowing and return_overflowing_tokens and not return_tensors:
            data["overflowing_tokens"] = overflowing
            data["num_truncated_tokens"] = total - max_length
        self._eventual_warn_about_too_long_sequence(sequence, max_length, verbose)
        if return_attention_mask is None:
            return_attention_mask = "attention_mask" in self.model_input_names
        if pad is not PaddingStrategy.DO_NOT_PAD or return_attention_mask:
            data = self._pad_prepared(data, pad, max_length, pad_to_multiple_of, padding_side, return_attention_mask)
        if return_length:
            data["length"] = len(data["input_ids"])
        return BatchEncoding(data, tensor_type=return_tensors, prepend_batch_axis=prepend_batch_axis)

    def _pad_prepared(self, data: dict[str, Any], strategy: PaddingStrategy, max_length: int | None, *options: Any):
        return self._pad(data, max_length, strategy, *options)
