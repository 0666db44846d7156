"""Putting preprocessed inputs together into one padded batch."""

from __future__ import annotations

from typing import Any, Callable

from .._numpy import np
from ..generation.arrays import as_array, like
from .pt_utils import _is_array


def no_collate_fn(items: list) -> Any:
    """The only item of a batch of one."""
    if len(items) != 1:
        raise ValueError("This collate_fn is meant to be used with batch_size=1")
    return items[0]


def pad_collate_fn(tokenizer: Any, feature_extractor: Any) -> Callable[[list[dict]], dict]:
    """A function that turns a list of `{name: array [1, ...]}` into one dict of arrays [batch, ...].

    Ids are padded with the tokenizer's pad token on its padding side, masks with 0, features with the feature
    extractor's padding value; what is no array becomes a list.
    """
    if tokenizer is None and feature_extractor is None:
        raise ValueError("Pipeline without tokenizer or feature_extractor cannot do batching")
    token_pad = token_side = feature_pad = feature_side = None
    if tokenizer is not None:
        token_pad, token_side = tokenizer.pad_token_id, tokenizer.padding_side
        if token_pad is None:
            raise ValueError(
                "Pipeline with tokenizer without pad_token cannot do batching. You can try to set it with "
                "`pipe.tokenizer.pad_token_id = model.config.eos_token_id`."
            )
    if feature_extractor is not None:
        feature_pad = getattr(feature_extractor, "padding_value", None)
        feature_side = getattr(feature_extractor, "padding_side", None)
    if token_side is not None and feature_side is not None and token_side != feature_side:
        raise ValueError(
            f"The feature extractor, and tokenizer don't agree on padding side {token_side} != {feature_side}"
        )
    side = feature_side or token_side or "right"
    padding = {
        "input_ids": feature_pad if tokenizer is None else token_pad,
        "input_values": feature_pad,
        "pixel_values": feature_pad,
        "input_features": feature_pad,
        "p_mask": 1,
        "special_tokens_mask": 1,
    }

    def collate(items: list[dict]) -> dict:
        keys = set(items[0].keys())
        for item in items:
            if set(item.keys()) != keys:
                raise ValueError(
                    "The elements of the batch contain different keys. Cannot batch them "
                    f"({set(item.keys())} != {keys})"
                )
        return {key: _pad([item[key] for item in items], key, padding.get(key, 0), side) for key in items[0]}

    return collate


def _pad(values: list, key: str, padding_value: Any, side: str) -> Any:
    if not _is_array(values[0]):
        return values
    arrays = [as_array(value) for value in values]
    images = key in ("pixel_values", "image") or (key == "input_features" and arrays[0].ndim == 4)
    if images or arrays[0].ndim == 1 or (arrays[0].ndim == 2 and len({array.shape[1] for array in arrays}) == 1):
        return like(np.concatenate(arrays), values[0])
    length = max(array.shape[1] for array in arrays)
    batch = np.full((len(arrays), length, *arrays[0].shape[2:]), padding_value, dtype=arrays[0].dtype)
    for row, array in zip(batch, arrays):
        size = array.shape[1]
        row[slice(length - size, length) if side == "left" else slice(size)] = array[0]
    return like(batch, values[0])
