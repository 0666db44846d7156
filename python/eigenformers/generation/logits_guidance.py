"""Processors that repair or combine whole score vectors: normalization, NaN removal, classifier-free guidance."""

from __future__ import annotations

from typing import Any

from .._numpy import np
from .arrays import as_array, like, log_softmax, to_tensor
from .logits_base import LogitsProcessor, NumpyLogitsProcessor


class InfNanRemoveLogitsProcessor(NumpyLogitsProcessor):
    """NaN becomes 0, and the infinities the largest and smallest finite values."""

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        limits = np.finfo(scores.dtype)
        return np.nan_to_num(scores, nan=0.0, posinf=limits.max, neginf=limits.min)


class LogitNormalization(NumpyLogitsProcessor):
    """Scores become log-probabilities."""

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return log_softmax(scores)


class ClassifierFreeGuidanceLogitsProcessor(NumpyLogitsProcessor):
    """Moves scores away from unconditional ones: the first half of `scores` is conditional, the second is not."""

    def __init__(self, guidance_scale: float):
        if not guidance_scale > 1:
            raise ValueError(
                "Require guidance scale >1 to use the classifier free guidance processor, got guidance scale "
                f"{guidance_scale}."
            )
        self.guidance_scale = guidance_scale

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        if scores.shape[0] != 2 * input_ids.shape[0]:
            raise ValueError(
                "Logits should have twice the batch size of the input ids, the first half of batches corresponding to "
                "the conditional inputs, and the second half of batches corresponding to the unconditional inputs. "
                f"Got batch size {scores.shape[0]} for the logits and {input_ids.shape[0]} for the input ids."
            )
        conditional, unconditional = np.split(scores, 2)
        return unconditional + (conditional - unconditional) * scores.dtype.type(self.guidance_scale)


class UnbatchedClassifierFreeGuidanceLogitsProcessor(LogitsProcessor):
    """Guidance with a second run of `model` on a negative prompt, `unconditional_ids` (by default the last token).

    Keeps that run's cache between steps, so an object serves one `generate` call. Beams that change places take their
    unconditional texts along, and each prompt's beams begin with its negative prompt.
    """

    def __init__(
        self,
        guidance_scale: float,
        model: Any,
        unconditional_ids: Any = None,
        unconditional_attention_mask: Any = None,
        use_cache: bool = True,
    ):
        self.guidance_scale = guidance_scale
        self.model = model
        self.use_cache = use_cache
        self._ids = None if unconditional_ids is None else as_array(unconditional_ids)
        self._mask = None if unconditional_attention_mask is None else as_array(unconditional_attention_mask)
        self._cache: Any = None
        self._before: np.ndarray | None = None  # the texts of the last call

    def _unconditional_scores(self, input_ids: np.ndarray) -> np.ndarray:
        last = input_ids[:, -1:]
        if self._before is None:
            self._ids = last if self._ids is None else self._ids
            self._mask = np.ones_like(self._ids) if self._mask is None else self._mask
            copies = max(1, len(input_ids) // len(self._ids))
            self._ids, self._mask = (np.repeat(rows, copies, axis=0) for rows in (self._ids, self._mask))
        else:
            self._follow(input_ids[:, :-1])
            self._mask = np.concatenate([self._mask, np.ones_like(last)], axis=1)
            self._ids = last if self.use_cache else np.concatenate([self._ids, last], axis=1)
        self._before = np.ascontiguousarray(input_ids)
        mask = self._mask
        if getattr(getattr(self.model, "config", None), "is_encoder_decoder", False):  # its encoder reads the new ids alone
            mask = mask[:, -self._ids.shape[1] :]
        output = self.model(
            to_tensor(self._ids),
            attention_mask=to_tensor(mask),
            use_cache=self.use_cache,
            past_key_values=self._cache,
        )
        self._cache = output.get("past_key_values", None)
        return as_array(output.logits[:, -1])

    def _follow(self, texts: np.ndarray) -> None:
        """Rows become those that the texts so far were in."""
        places = {row.tobytes(): index for index, row in enumerate(self._before)}
        order = [places.get(row.tobytes(), index) for index, row in enumerate(texts)]
        if order == list(range(len(order))):
            return
        self._ids, self._mask = self._ids[order], self._mask[order]
        if self._cache is not None:
            self._cache.reorder_cache(to_tensor(np.array(order, np.int64)))

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        conditional = log_softmax(as_array(scores))
        if self.guidance_scale == 1:
            return like(conditional, scores)
        unconditional = log_softmax(self._unconditional_scores(as_array(input_ids)))
        guided = unconditional + conditional.dtype.type(self.guidance_scale) * (conditional - unconditional)
        return like(guided, scores)
