"""When generation ends. `generate` builds the usual criteria itself, in C++; these classes work on their own too."""

from __future__ import annotations

import time
import warnings
from typing import Any

from .._numpy import is_array, is_scalar, np
from ..utils import logging
from .arrays import as_array, softmax, to_tensor, token_ids
from .token_bytes import token_bytes

logger = logging.get_logger(__name__)


class StoppingCriteria:
    """Decides, after each token, which sequences are finished. Subclass it and pass it to `generate`.

    >>> class AtLength(StoppingCriteria):
    ...     def __call__(self, input_ids, scores, **kwargs):
    ...         return input_ids.shape[1] >= 8
    """

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """True where generation ends.

        Args:
            input_ids: int64 [batch, length], the tokens so far.
            scores: tuple of float [batch, vocabulary], one for each generated token; None unless `output_scores=True`.

        Returns:
            bool [batch], or one bool for all sequences.
        """
        raise NotImplementedError("StoppingCriteria needs to be subclassed")


def _result(done: Any, input_ids: Any) -> Any:
    """bool [batch], as the kind of array that `input_ids` is."""
    flags = np.broadcast_to(np.asarray(done, dtype=bool), (input_ids.shape[0],)).copy()
    return flags if is_array(input_ids) else to_tensor(flags)


class MaxLengthCriteria(StoppingCriteria):
    """Ends at `max_length` tokens, the prompt included."""

    def __init__(self, max_length: int, max_position_embeddings: int | None = None):
        self.max_length = max_length
        self.max_position_embeddings = max_position_embeddings

    def __call__(self, input_ids: Any, scores: Any = None, **kwargs: Any) -> Any:
        length = input_ids.shape[1]
        done = length >= self.max_length
        if self.max_position_embeddings is not None and not done and length > self.max_position_embeddings:
            logger.warning_once(
                "This is a friendly reminder - the current text generation call has exceeded the model's predefined "
                f"maximum length ({self.max_position_embeddings}). Depending on the model, you may observe "
                "exceptions, performance degradation, or nothing at all."
            )
        return _result(done, input_ids)


class MaxTimeCriteria(StoppingCriteria):
    """Ends `max_time` seconds after `initial_timestamp` (by default: after this object was made)."""

    def __init__(self, max_time: float, initial_timestamp: float | None = None):
        self.max_time = max_time
        self.initial_timestamp = time.time() if initial_timestamp is None else initial_timestamp

    def __call__(self, input_ids: Any, scores: Any = None, **kwargs: Any) -> Any:
        return _result(time.time() - self.initial_timestamp > self.max_time, input_ids)


class EosTokenCriteria(StoppingCriteria):
    """Ends a sequence whose last token is `eos_token_id` (an id or several)."""

    def __init__(self, eos_token_id: Any):
        self.eos_token_id = token_ids(eos_token_id)

    def __call__(self, input_ids: Any, scores: Any = None, new_token_length: int = 1, **kwargs: Any) -> Any:
        recent = as_array(input_ids)[:, -new_token_length:]
        return _result(np.isin(recent, self.eos_token_id).any(axis=-1), input_ids)


class ConfidenceCriteria(StoppingCriteria):
    """Ends when the last token was less probable than the threshold (for the draft model of assisted decoding)."""

    def __init__(self, assistant_confidence_threshold: float):
        self.assistant_confidence_threshold = assistant_confidence_threshold

    def __call__(self, input_ids: Any, scores: Any = None, **kwargs: Any) -> bool:
        probabilities = softmax(as_array(scores[-1])[0])
        return bool(probabilities[as_array(input_ids)[0, -1]] < self.assistant_confidence_threshold)


class StopStringCriteria(StoppingCriteria):
    """Ends a sequence whose text has just completed one of `stop_strings`.

    Works on the bytes of the tokens, so a stop string may begin and end anywhere inside a token, and tokens that hold
    a part of a character count too. A string that ended before the last token does not stop anything.
    """

    def __init__(self, tokenizer: Any, stop_strings: str | list[str]):
        if isinstance(stop_strings, str):
            stop_strings = [stop_strings]
        self.stop_strings: tuple[str, ...] = tuple(stop_strings)
        self._stops = [stop.encode("utf-8") for stop in self.stop_strings]
        if not self._stops or not all(self._stops):
            raise ValueError(f"stop_strings: found {list(stop_strings)}, needed non-empty strings")
        self._token_bytes = token_bytes(tokenizer)
        self._window = max(map(len, self._stops))
        endings = tuple({stop[-size:] for stop in self._stops for size in range(1, len(stop) + 1)})
        pieces = self._token_bytes.values()
        if not any(piece.startswith(endings) or any(stop in piece for stop in self._stops) for piece in pieces):
            raise ValueError(
                "Stop string preprocessing was unable to identify tokens matching one or more of the supplied stop "
                "string(s). This is most often caused by the stop strings containing unusual characters that are not "
                "in the tokenizer vocabulary."
            )

    def __call__(self, input_ids: Any, scores: Any = None, **kwargs: Any) -> Any:
        recent = as_array(input_ids)[:, -self._window :].tolist()
        return _result([self._ends(row) for row in recent], input_ids)

    def _ends(self, tokens: list[int]) -> bool:
        pieces = [self._token_bytes.get(token, b"") for token in tokens]
        if not pieces:
            return False
        before = sum(map(len, pieces[:-1]))
        text = b"".join(pieces)
        # Only matches that reach into the last token count: they begin after `before - len(stop)`.
        return any(text.find(stop, max(0, before - len(stop) + 1)) >= 0 for stop in self._stops)


class StoppingCriteriaList(list):
    """Several criteria; a sequence is finished when one of them says so."""

    def __call__(self, input_ids: Any, scores: Any = None, **kwargs: Any) -> Any:
        done = np.zeros(input_ids.shape[0], dtype=bool)
        for criterion in self:
            done = done | as_array_of_bool(criterion(input_ids, scores, **kwargs))
        return _result(done, input_ids)

    @property
    def max_length(self) -> int | None:
        """The length at which the first `MaxLengthCriteria` ends, None without one."""
        return next((item.max_length for item in self if isinstance(item, MaxLengthCriteria)), None)


def as_array_of_bool(answer: Any) -> np.ndarray:
    """What a criterion returned (bool, [batch] or [batch, 1]) as a numpy bool that broadcasts to [batch]."""
    if isinstance(answer, bool) or is_scalar(answer):
        return np.asarray(answer)
    return as_array(answer).astype(bool).reshape(-1)


def validate_stopping_criteria(stopping_criteria: StoppingCriteriaList, max_length: int) -> StoppingCriteriaList:
    """A copy of the list that ends at `max_length`, unless it has a length of its own (a differing one warns)."""
    result = StoppingCriteriaList(stopping_criteria)
    if result.max_length is None:
        result.append(MaxLengthCriteria(max_length=max_length))
    elif result.max_length != max_length:
        warnings.warn(
            "You set different `max_length` for stopping criteria and `max_length` parameter", UserWarning, stacklevel=2
        )
    return result
