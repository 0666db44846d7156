"""Watermarks: a bias on a pseudo-random "green" part of the vocabulary, and finding it again in a text."""

from __future__ import annotations

import collections
import math
from functools import lru_cache
from typing import Any

from .. import _core
from .._numpy import np
from ..outputs import ModelOutput, model_output
from ..utils import logging
from .arrays import as_array
from .logits_base import NumpyLogitsProcessor

logger = logging.get_logger(__name__)

_TABLE_SIZE = 1_000_003
_TRIED = 40  # likeliest tokens whose own colour "selfhash" looks at


class WatermarkLogitsProcessor(NumpyLogitsProcessor):
    """Adds `bias` to the scores of the tokens that the last ones make green.

    J. Kirchenbauer et al., "On the Reliability of Watermarks for Large Language Models" (2023).

    Args:
        vocab_size, device: of the model; the device is the CPU.
        greenlist_ratio: the share of green tokens, between 0 and 1.
        bias: added to their scores.
        hashing_key: the secret.
        seeding_scheme: "lefthash", by the token before, or "selfhash", by the token itself too.
        context_width: how many tokens before decide.
    """

    def __init__(
        self,
        vocab_size: int,
        device: Any = "cpu",
        greenlist_ratio: float = 0.25,
        bias: float = 2.0,
        hashing_key: int = 15485863,
        seeding_scheme: str = "lefthash",
        context_width: int = 1,
    ):
        if seeding_scheme not in ("selfhash", "lefthash"):
            raise ValueError(f"seeding_scheme has to be one of [`selfhash`, `lefthash`], but found {seeding_scheme}")
        if not 0.0 < greenlist_ratio < 1.0:
            raise ValueError(
                f"greenlist_ratio has be in range between 0.0 and 1.0, exclusively. but found {greenlist_ratio}"
            )
        self.vocab_size = vocab_size
        self.greenlist_size = int(vocab_size * greenlist_ratio)
        self.bias = bias
        self.seeding_scheme = seeding_scheme
        self.hash_key = hashing_key
        self.context_width = context_width
        self.rng = _core.Generator()
        self.rng.manual_seed(hashing_key)
        self.table_size = _TABLE_SIZE
        self.fixed_table = as_array(_core.randperm(_TABLE_SIZE, generator=self.rng))

    def set_seed(self, input_seq: Any) -> None:
        """Seeds the generator with the last tokens of int64 `[length]`."""
        recent = as_array(input_seq)[-self.context_width :]
        seed = self.hash_key * int(recent[-1])
        if self.seeding_scheme == "selfhash":
            table = self.fixed_table[recent % self.table_size] + 1
            with np.errstate(over="ignore"):  # int64 wraps around, as in the real library
                seed = int((np.int64(self.hash_key) * table * table[-1]).min())
        self.rng.manual_seed(seed % (2**64 - 1))

    def _get_greenlist_ids(self, input_seq: Any) -> np.ndarray:
        self.set_seed(input_seq)
        return as_array(_core.randperm(self.vocab_size, generator=self.rng))[: self.greenlist_size]

    def _green(self, row: np.ndarray, scores: np.ndarray) -> np.ndarray:
        if self.seeding_scheme == "lefthash":
            return self._get_greenlist_ids(row)
        likeliest = np.argsort(-scores, kind="stable")[:_TRIED]
        return np.array([t for t in likeliest if t in self._get_greenlist_ids(np.append(row, t))], dtype=np.int64)

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        if input_ids.shape[-1] < self.context_width:
            logger.warning(
                f"`input_ids` should have at least `{self.context_width}` tokens but has {input_ids.shape[-1]}. "
                "The seeding will be skipped for this generation step!"
            )
            return scores
        scores = scores.copy()
        for row, ids in zip(scores, input_ids):
            row[self._green(ids, row)] += row.dtype.type(self.bias)
        return scores


@model_output
class WatermarkDetectorOutput(ModelOutput):
    """What a WatermarkDetector found, each an array `[batch]`: the counts, their share, how many standard deviations
    that is above chance, its probability by chance, whether it is a watermark, and how surely."""

    num_tokens_scored: Any = None
    num_green_tokens: Any = None
    green_fraction: Any = None
    z_score: Any = None
    p_value: Any = None
    prediction: Any = None
    confidence: Any = None


class WatermarkDetector:
    """Tells whether texts were generated with a watermark, from the very settings they were generated with.

    Args:
        model_config: the model's configuration (`vocab_size`, `bos_token_id`).
        device: the CPU.
        watermarking_config: a WatermarkingConfig or its dict.
        ignore_repeated_ngrams: count each sequence of tokens once.
        max_cache_size: how many green lists to remember.

    >>> from eigenformers import WatermarkDetector, WatermarkingConfig
    >>> detector = WatermarkDetector(model.config, "cpu", WatermarkingConfig(bias=2.5))  # doctest: +SKIP
    >>> detector(ids)  # doctest: +SKIP
    array([ True])
    """

    def __init__(
        self,
        model_config: Any,
        device: Any,
        watermarking_config: Any,
        ignore_repeated_ngrams: bool = False,
        max_cache_size: int = 128,
    ):
        settings = watermarking_config if isinstance(watermarking_config, dict) else watermarking_config.to_dict()
        encoder_decoder = getattr(model_config, "is_encoder_decoder", False)
        self.bos_token_id = model_config.decoder_start_token_id if encoder_decoder else model_config.bos_token_id
        self.greenlist_ratio = settings["greenlist_ratio"]
        self.ignore_repeated_ngrams = ignore_repeated_ngrams
        self.processor = WatermarkLogitsProcessor(vocab_size=model_config.vocab_size, device=device, **settings)
        self._is_green = lru_cache(maxsize=max_cache_size)(self._look_up)

    def _look_up(self, prefix: tuple[int, ...], target: int) -> bool:
        return bool(target in self.processor._get_greenlist_ids(np.array(prefix)))

    def _count(self, row: list[int]) -> tuple[int, int]:
        """How many tokens of a text were looked at, and how many were green."""
        itself = self.processor.seeding_scheme == "selfhash"
        size = self.processor.context_width + 1 - int(itself)
        ngrams = collections.Counter(tuple(row[i : i + size]) for i in range(len(row) - size + 1))
        green = {ngram: self._is_green(ngram if itself else ngram[:-1], ngram[-1]) for ngram in ngrams}
        if self.ignore_repeated_ngrams:
            return len(ngrams), sum(green.values())
        return sum(ngrams.values()), sum(count * green[ngram] for ngram, count in ngrams.items())

    def __call__(self, input_ids: Any, z_threshold: float = 3.0, return_dict: bool = False) -> Any:
        """Looks for the watermark.

        Args:
            input_ids: int64 `[batch, length]`, better without the prompt.
            z_threshold: standard deviations above chance from which a text counts as watermarked.
            return_dict: a WatermarkDetectorOutput instead of bool `[batch]`.

        Raises:
            ValueError: only some rows begin with BOS, or rows are too short to score a token.
        """
        ids = as_array(input_ids)
        has_bos = ids[:, 0] == self.bos_token_id
        if has_bos.any() != has_bos.all():
            raise ValueError(
                "Some batch contains inconsistent leading BOS token. Make sure to prepare input with the same "
                "tokenization parameters."
            )
        ids = ids[:, 1:] if has_bos[0] else ids
        if ids.shape[-1] - self.processor.context_width < 1:
            raise ValueError(
                "Must have at least `1` token to score after the first "
                f"min_prefix_len={self.processor.context_width} tokens required by the seeding scheme."
            )
        counts = np.array([self._count(row) for row in ids.tolist()], dtype=np.float64)
        scored, green = counts[:, 0], counts[:, 1]
        ratio = self.greenlist_ratio
        z_score = (green - ratio * scored) / np.sqrt(scored * ratio * (1 - ratio))
        prediction = z_score > z_threshold
        if not return_dict:
            return prediction
        p_value = np.array([0.5 * math.erfc(z / math.sqrt(2)) for z in z_score])
        return WatermarkDetectorOutput(scored, green, green / scored, z_score, p_value, prediction, 1 - p_value)
