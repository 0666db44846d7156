"""The collator for language modelling, causal or masked (BERT's 80/10/10 rule, Devlin et al. 2018)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _core
from .basic import DataCollatorMixin, pad_quietly
from .workers import get_worker_info


def pad_ids(examples: list, tokenizer: Any, multiple: int | None) -> np.ndarray:
    """Bare lists of ids as int64 `[batch, length]`, padded with the tokenizer's pad token."""
    rows = [np.asarray(row.numpy() if isinstance(row, _core.Tensor) else row) for row in examples]
    length = max(len(row) for row in rows)
    length = -(-length // (multiple or 1)) * (multiple or 1)
    if any(len(row) != length for row in rows) and tokenizer.pad_token is None:
        raise ValueError(
            f"You are attempting to pad samples but the tokenizer you are using ({type(tokenizer).__name__}) does not"
            " have a pad token."
        )
    out = np.full((len(rows), length), tokenizer.pad_token_id or 0, dtype=np.int64)
    for i, row in enumerate(rows):
        out[i, slice(len(row)) if tokenizer.padding_side == "right" else slice(length - len(row), length)] = row
    return out


class _TensorDraws:
    """Random draws in the order and of the values of torch's collator."""

    def __init__(self, generator: Any):
        self._generator = generator

    def mask(self, probability: np.ndarray) -> np.ndarray:
        drawn = _core.bernoulli(_core.as_tensor(probability.astype(np.float32)), generator=self._generator)
        return drawn.numpy().astype(bool)

    def constant(self, probability: float, shape: tuple) -> np.ndarray:
        return self.mask(np.full(shape, probability))

    def replace(self, ids: np.ndarray, where: np.ndarray, vocabulary: int) -> None:
        words = _core.randint(vocabulary, ids.shape, dtype=_core.int64, generator=self._generator).numpy()
        ids[where] = words[where]


class _NumpyDraws:
    """Random draws in the order and of the values of the collator's numpy path."""

    def __init__(self, generator: Any):
        self._generator = generator or np.random

    def mask(self, probability: np.ndarray) -> np.ndarray:
        return self._generator.binomial(1, probability, size=probability.shape).astype(bool)

    def constant(self, probability: float, shape: tuple) -> np.ndarray:
        return self._generator.binomial(1, probability, size=shape).astype(bool)

    def replace(self, ids: np.ndarray, where: np.ndarray, vocabulary: int) -> None:
        draw = getattr(self._generator, "integers", None) or self._generator.randint
        ids[where] = draw(low=0, high=vocabulary, size=np.count_nonzero(where), dtype=np.int64)


@dataclass
class DataCollatorForLanguageModeling(DataCollatorMixin):
    """Pads, and makes labels: the inputs themselves (`mlm=False`), or the tokens that were masked.

    Args:
        tokenizer: for padding, special tokens and the mask token.
        mlm: mask tokens at random and predict those; False: labels are the inputs, padding is -100.
        whole_word_mask: mask all tokens of a word together (needs `offset_mapping` in the items).
        mlm_probability: share of the tokens that are masked.
        mask_replace_prob, random_replace_prob: share of those that become the mask token, or a random token; the
            rest stay as they are.
        pad_to_multiple_of: round the length up.
        return_tensors: "pt" (this library's tensors) or "np".
        seed: of a generator of its own; without it, the global one decides.

    With the same seed, the masks are those that transformers draws.
    """

    tokenizer: Any
    mlm: bool = True
    whole_word_mask: bool = False
    mlm_probability: float | None = 0.15
    mask_replace_prob: float = 0.8
    random_replace_prob: float = 0.1
    pad_to_multiple_of: int | None = None
    return_tensors: str = "pt"
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.mlm:
            if self.tokenizer.mask_token is None:
                raise ValueError(
                    "This tokenizer does not have a mask token which is necessary for masked language modeling. "
                    "You should pass `mlm=False` to train on causal language modeling instead."
                )
            if self.mlm_probability is None or not 0 <= self.mlm_probability <= 1:
                raise ValueError("mlm_probability should be between 0 and 1.")
            self.mlm_probability = float(self.mlm_probability)
        elif self.whole_word_mask:
            raise ValueError(
                "Whole word masking can only be used with mlm=True."
                "If you want to use whole word masking, please set mlm=True."
            )
        if self.mask_replace_prob + self.random_replace_prob > 1:
            raise ValueError("The sum of mask_replace_prob and random_replace_prob should not exceed 1")
        for name in ("mask_replace_prob", "random_replace_prob"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} should be between 0 and 1.")
        if self.whole_word_mask and self.mask_replace_prob < 1:
            warnings.warn(
                "Random token replacement is not supported with whole word masking. Setting mask_replace_prob to 1.",
                stacklevel=2,
            )
            self.mask_replace_prob, self.random_replace_prob = 1, 0
        self.mask_replace_prob = float(self.mask_replace_prob)
        self.random_replace_prob = float(self.random_replace_prob)
        self.generator: Any = None

    def get_generator(self, seed: int) -> Any:
        """A generator for `return_tensors`, seeded."""
        if self.return_tensors == "np":
            return np.random.default_rng(seed)
        generator = _core.Generator()
        generator.manual_seed(seed)
        return generator

    def _generator(self, kind: str) -> Any:
        info = get_worker_info()
        if info is not None:  # the batch decides, not the thread that happens to make it
            seed = info.generator.initial_seed() + (self.seed or 0)
            return np.random.default_rng(seed) if kind == "np" else info.generator.manual_seed(seed)
        if self.seed is not None and self.generator is None:
            self.generator = self.get_generator(self.seed)
        return self.generator

    def torch_call(self, examples: list) -> Any:
        """The batch as tensors."""
        batch = self._collate(examples, "pt")
        batch.update({k: _core.as_tensor(v) for k, v in batch.items() if isinstance(v, np.ndarray)})
        return batch

    def numpy_call(self, examples: list) -> Any:
        """The batch as numpy arrays."""
        return self._collate(examples, "np")

    def _collate(self, examples: list, kind: str) -> Any:
        if isinstance(examples[0], Mapping):
            batch = pad_quietly(
                self.tokenizer, examples, return_tensors="np", pad_to_multiple_of=self.pad_to_multiple_of
            )
        else:
            batch = {"input_ids": pad_ids(examples, self.tokenizer, self.pad_to_multiple_of)}
        special, offsets = batch.pop("special_tokens_mask", None), batch.pop("offset_mapping", None)
        if self.mlm:
            batch["input_ids"], batch["labels"] = self._mask(batch["input_ids"], special, offsets, kind)
        else:
            labels = np.array(batch["input_ids"])
            if self.tokenizer.pad_token_id is not None:
                labels[labels == self.tokenizer.pad_token_id] = -100
            batch["labels"] = labels
        return batch

    def torch_mask_tokens(self, inputs: Any, special_tokens_mask: Any = None, offset_mapping: Any = None) -> tuple:
        """`(inputs, labels)` with tokens masked at random."""
        ids, labels = self._mask(inputs.numpy(), special_tokens_mask, offset_mapping, "pt")
        return _core.as_tensor(ids), _core.as_tensor(labels)

    def numpy_mask_tokens(self, inputs: Any, special_tokens_mask: Any = None, offset_mapping: Any = None) -> tuple:
        """`(inputs, labels)` with tokens masked at random."""
        return self._mask(inputs, special_tokens_mask, offset_mapping, "np")

    def _mask(self, inputs: Any, special: Any, offsets: Any, kind: str) -> tuple[np.ndarray, np.ndarray]:
        inputs, generator = np.array(inputs, dtype=np.int64), self._generator(kind)
        draws = _NumpyDraws(generator) if kind == "np" else _TensorDraws(generator)
        labels = inputs.copy()
        if special is None:
            ids = labels.tolist()
            special = [self.tokenizer.get_special_tokens_mask(row, already_has_special_tokens=True) for row in ids]
        protected = np.asarray(special, dtype=bool)
        words = None
        if self.whole_word_mask:
            if offsets is None:
                raise ValueError("whole_word_mask=True needs items with `offset_mapping` (return_offsets_mapping=True)")
            words, protected = word_ids(np.asarray(offsets), protected)
        chosen = draws.mask(np.where(protected, 0.0, self.mlm_probability))
        if words is not None:
            chosen = spread_over_words(words, chosen)
        labels[~chosen] = -100
        replaced = draws.constant(self.mask_replace_prob, labels.shape) & chosen
        inputs[replaced] = self.tokenizer.convert_tokens_to_ids(self.tokenizer.mask_token)
        if self.mask_replace_prob != 1 and self.random_replace_prob != 0:
            share = self.random_replace_prob / (1 - self.mask_replace_prob)
            random = draws.constant(share, labels.shape) & chosen & ~replaced
            draws.replace(inputs, random, len(self.tokenizer))
        return inputs, labels


def word_ids(offsets: np.ndarray, special: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The word of each token (-1: special), and which tokens may not be drawn: all but the first of a word.

    A word begins where the text has a gap before the token, or after a special token.
    """
    before = np.roll(offsets[:, :, 1], 1, axis=1)
    before[:, 0] = -1
    after_special = np.roll(special, 1, axis=1)
    after_special[:, 0] = False
    begins = ~special & ((offsets[:, :, 0] != before) | after_special)
    words = np.cumsum(begins, axis=1)
    words[special] = -1
    return words, ~begins


def spread_over_words(words: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Every token of a word in which one token is chosen."""
    out = np.zeros_like(chosen)
    for i in range(len(words)):
        out[i] = np.isin(words[i], words[i][chosen[i] & (words[i] != -1)])
    return out & (words != -1)


@dataclass
class DataCollatorForWholeWordMask(DataCollatorForLanguageModeling):
    """`DataCollatorForLanguageModeling(whole_word_mask=True)`."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, whole_word_mask=True, **kwargs)
