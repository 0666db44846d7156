"""Padding of id lists that are already encoded: what `tokenizer.pad` and the collators call."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any

from .._numpy import is_array, is_scalar, np
from .batch_encoding import BatchEncoding
from .enums import PaddingStrategy
from .tensors import is_tensor, to_py_obj


class PaddingMixin:
    """`pad`, over the attributes `model_input_names`, `padding_side`, `pad_token_id` and `pad_token_type_id`."""

    def pad(
        self,
        encoded_inputs,
        padding: bool | str | PaddingStrategy = True,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_attention_mask: bool | None = None,
        return_tensors: str | None = None,
        verbose: bool = True,
    ) -> BatchEncoding:
        """Pad one encoded input, or a batch, to a common length.

        Args:
            encoded_inputs: a `BatchEncoding` or dictionary (one input: lists of ints; batch: lists of those), or a
                list of dictionaries. Arrays and tensors are taken too, and given back unless `return_tensors` says
                otherwise.
            padding: True or "longest", "max_length", or False.
            max_length: length for "max_length"; the model's own when None.
            pad_to_multiple_of: round the length up to a multiple.
            padding_side: "right" or "left"; the tokenizer's own when None.
            return_attention_mask: by default, whether the model takes one.
            return_tensors: "pt" or "np".

        >>> tokenizer.pad({"input_ids": [[5], [6, 7]]})["attention_mask"]  # doctest: +SKIP
        [[1, 0], [1, 1]]
        """
        options = (pad_to_multiple_of, padding_side, return_attention_mask)
        return self._pad_inputs(encoded_inputs, padding, max_length, return_tensors, verbose, *options)

    def _pad_inputs(
        self, encoded_inputs, padding, max_length, return_tensors, verbose, *options: Any, **lengths: Any
    ) -> BatchEncoding:
        """`pad`; the options (the last is `return_attention_mask`) and lengths go on to `_pad_rows`."""
        if isinstance(encoded_inputs, (list, tuple)) and encoded_inputs and isinstance(encoded_inputs[0], Mapping):
            encoded_inputs = {key: [row[key] for row in encoded_inputs] for key in encoded_inputs[0]}
        name = self.model_input_names[0]
        if name not in encoded_inputs:
            raise ValueError(
                "You should supply an encoding or a list of encodings to this method "
                f"that includes {name}, but you provided {list(encoded_inputs.keys())}"
            )
        required = encoded_inputs[name]
        if required is None or (isinstance(required, Sized) and len(required) == 0):
            if options[-1]:
                encoded_inputs["attention_mask"] = []
            return encoded_inputs
        inputs = dict(encoded_inputs.items())
        matrix_masks = _take_matrix_masks(inputs)
        array_type = _array_type(required)
        return_tensors = return_tensors or array_type
        inputs = {key: to_py_obj(value) for key, value in inputs.items()}

        strategy, _, max_length, _ = self._get_padding_truncation_strategies(
            padding=padding, max_length=max_length, verbose=verbose
        )
        if not isinstance(inputs[name][0], (list, tuple)):
            return BatchEncoding(
                self._pad_rows([inputs], max_length, strategy, *options, **lengths)[0], tensor_type=return_tensors
            )

        size = len(inputs[name])
        for key, value in inputs.items():
            if len(value) != size:
                raise AssertionError(
                    "Some items in the output dictionary have a different batch size than others."
                    f" '{key}' has {len(value)} rows, '{name}' has {size}; all values need one row per input"
                )
        rows = [{key: value[index] for key, value in inputs.items()} for index in range(size)]
        batch: dict[str, list] = {}
        for row in self._pad_rows(rows, max_length, strategy, *options, **lengths):
            for key, value in row.items():
                batch.setdefault(key, []).append(value)
        if matrix_masks is not None:
            batch["attention_mask"] = np.stack([np.asarray(mask) for mask in matrix_masks])
        return BatchEncoding(batch, tensor_type=return_tensors)

    def _pad_rows(
        self, rows: list[dict[str, Any]], max_length: int | None, strategy: PaddingStrategy, *options: Any
    ) -> list[dict[str, Any]]:
        """Pad the inputs of a batch; a class with inputs of another length besides the ids extends this."""
        if strategy is PaddingStrategy.LONGEST:
            name = self.model_input_names[0]
            max_length, strategy = max(len(row[name]) for row in rows), PaddingStrategy.MAX_LENGTH
        return [self._pad(row, max_length, strategy, *options) for row in rows]

    def _pad(
        self,
        encoded_inputs: dict[str, Any],
        max_length: int | None = None,
        padding_strategy: PaddingStrategy = PaddingStrategy.DO_NOT_PAD,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_attention_mask: bool | None = None,
    ) -> dict[str, Any]:
        """Pad one input; tokenizer subclasses override this for inputs of their own."""
        if return_attention_mask is None:
            return_attention_mask = "attention_mask" in self.model_input_names
        name = self.model_input_names[0]
        required = encoded_inputs[name]
        if padding_strategy is PaddingStrategy.LONGEST:
            max_length = len(required)
        if max_length is not None and pad_to_multiple_of:
            max_length = -(-max_length // pad_to_multiple_of) * pad_to_multiple_of
        if return_attention_mask and "attention_mask" not in encoded_inputs:
            encoded_inputs["attention_mask"] = [1] * len(required)
        if padding_strategy is PaddingStrategy.DO_NOT_PAD or max_length is None:
            return encoded_inputs
        missing = max_length - len(required)
        if missing == 0:
            return encoded_inputs

        side = self.padding_side if padding_side is None else padding_side
        if side not in ("right", "left"):
            raise ValueError(f"Invalid padding strategy:{side}")
        fill = {"token_type_ids": self.pad_token_type_id, "special_tokens_mask": 1, name: self.pad_token_id}
        if return_attention_mask:
            fill["attention_mask"] = 0
        extend(encoded_inputs, fill, missing, side)
        return encoded_inputs


def extend(inputs: dict[str, Any], fill: dict[str, Any], missing: int, side: str) -> None:
    """Lengthen those of the lists that `fill` has a value for."""
    for key, value in fill.items():
        if key in inputs:
            row, tail = list(inputs[key]), [value] * missing
            inputs[key] = row + tail if side == "right" else tail + row


def _take_matrix_masks(inputs: dict[str, Any]) -> list | None:
    """Attention masks given as one matrix per input are stacked as they are, not padded."""
    mask = inputs.get("attention_mask")
    if isinstance(mask, list) and mask and getattr(mask[0], "ndim", 0) > 1:
        return inputs.pop("attention_mask")
    return None


def _array_type(required: Any) -> str | None:
    """Type to give back for the type that came in: None for lists of ints."""
    if is_tensor(required):
        return "pt"
    if is_array(required):
        return "np"
    first = required[0]
    if isinstance(first, (list, tuple)):
        first = next((row[0] for row in required if len(row)), first)
    if isinstance(first, (int, list, tuple)):
        return None
    if is_tensor(first):
        return "pt"
    if is_array(first) or is_scalar(first):
        return "np"
    raise ValueError(f"type of {first} unknown: {type(first)}. Should be one of a python, numpy, or pytorch object.")
