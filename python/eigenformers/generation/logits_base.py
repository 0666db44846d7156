"""The base of logits processors, and the list that runs them."""

from __future__ import annotations

import inspect
from typing import Any

from .._numpy import np
from .arrays import as_array, like


class LogitsProcessor:
    """Changes the scores of the next token. Subclass it and pass it to `generate(logits_processor=[...])`.

    >>> class Only(LogitsProcessor):
    ...     def __init__(self, token):
    ...         self.token = token
    ...     def __call__(self, input_ids, scores):
    ...         only = scores * 0 - float("inf")
    ...         only[:, self.token] = 0.0
    ...         return only
    """

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores in, scores out.

        Args:
            input_ids: int64 [batch, length], the tokens so far.
            scores: float [batch, vocabulary], logits (log-probabilities under beam search).

        Returns:
            The new scores, [batch, vocabulary].
        """
        raise NotImplementedError(
            f"{self.__class__} is an abstract class. Only classes inheriting this class can be called."
        )


class NumpyLogitsProcessor(LogitsProcessor):
    """A processor written on numpy. Takes and returns Tensors or numpy arrays; never changes its input."""

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        return like(self.process(as_array(input_ids), as_array(scores)), scores)

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """As `__call__`, on numpy arrays only."""
        raise NotImplementedError(f"{type(self).__name__}.process")


class LogitsProcessorList(list):
    """A list of processors that runs them one after the other."""

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """Runs every processor. `kwargs` go to processors that take more than `(input_ids, scores)`."""
        for processor in self:
            names = list(inspect.signature(processor.__call__).parameters)
            if len(names) <= 2:
                scores = processor(input_ids, scores)
                continue
            if not all(name in kwargs for name in names[2:]):
                raise ValueError(
                    f"Make sure that all the required parameters: {names} for {processor.__class__} are passed to the "
                    "logits processor."
                )
            scores = processor(input_ids, scores, **kwargs)
        return scores


def check_positive_int(name: str, value: Any, allow_zero: bool = False, adjective: str = "strictly positive") -> None:
    """ValueError unless `value` is a Python int above zero."""
    if not isinstance(value, int) or value < (0 if allow_zero else 1):
        raise ValueError(f"`{name}` has to be a {adjective} integer, but is {value}")


def mask_tokens(scores: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """A copy of `scores` with -inf at `tokens` [n]; ids beyond the vocabulary name nothing."""
    out = scores.copy()
    out[:, tokens[(tokens >= 0) & (tokens < scores.shape[-1])]] = -np.inf
    return out
