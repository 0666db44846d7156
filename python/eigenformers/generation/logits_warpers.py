"""Processors that shape the distribution before sampling: temperature and the ways to cut off its tail."""

from __future__ import annotations

from typing import Any

from .._numpy import np
from .arrays import log_softmax, softmax
from .logits_base import NumpyLogitsProcessor, check_positive_int


class TemperatureLogitsWarper(NumpyLogitsProcessor):
    """Divides the scores by `temperature`: below 1 sharper, above 1 flatter."""

    def __init__(self, temperature: float):
        if not isinstance(temperature, float) or not temperature > 0:
            message = (
                f"`temperature` (={temperature}) has to be a strictly positive float, otherwise your next token "
                "scores will be invalid."
            )
            if isinstance(temperature, float) and temperature == 0.0:
                message += " If you're looking for greedy decoding strategies, set `do_sample=False`."
            raise ValueError(message)
        self.temperature = temperature

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return scores / scores.dtype.type(self.temperature)


class _Cutoff(NumpyLogitsProcessor):
    """Sets what `removed` marks to `filter_value`, sparing the `min_tokens_to_keep` best."""

    def __init__(self, filter_value: float, min_tokens_to_keep: int):
        self.filter_value = filter_value
        self.min_tokens_to_keep = min_tokens_to_keep

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return np.where(self.removed(scores), scores.dtype.type(self.filter_value), scores)

    def removed(self, scores: np.ndarray) -> np.ndarray:
        """bool [batch, vocabulary]."""
        raise NotImplementedError

    def below_best(self, scores: np.ndarray) -> np.ndarray:
        """bool [batch, vocabulary]: worse than the `min_tokens_to_keep` best."""
        return scores < kth_largest(scores, self.min_tokens_to_keep)


def kth_largest(scores: np.ndarray, k: int) -> np.ndarray:
    """[batch, 1]: the k-th largest score of each row (the smallest, if there are fewer than k)."""
    size = scores.shape[-1]
    k = min(k, size)
    return np.partition(scores, size - k, axis=-1)[..., size - k, None]


class TopKLogitsWarper(_Cutoff):
    """Keeps the `top_k` best tokens (and those that tie with the last of them)."""

    def __init__(self, top_k: int, filter_value: float = -float("Inf"), min_tokens_to_keep: int = 1):
        check_positive_int("top_k", top_k)
        super().__init__(filter_value, min_tokens_to_keep)
        self.top_k = max(top_k, min_tokens_to_keep)

    def removed(self, scores: np.ndarray) -> np.ndarray:
        return scores < kth_largest(scores, self.top_k)


class TopPLogitsWarper(_Cutoff):
    """Keeps the smallest set of best tokens whose probabilities reach `top_p`."""

    def __init__(self, top_p: float, filter_value: float = -float("Inf"), min_tokens_to_keep: int = 1):
        top_p = float(top_p)
        if top_p < 0 or top_p > 1.0:
            raise ValueError(f"`top_p` has to be a float > 0 and < 1, but is {top_p}")
        check_positive_int("min_tokens_to_keep", min_tokens_to_keep, adjective="positive")
        super().__init__(filter_value, min_tokens_to_keep)
        self.top_p = top_p

    def removed(self, scores: np.ndarray) -> np.ndarray:
        order = np.argsort(scores, axis=-1, kind="stable")
        ascending = np.take_along_axis(scores, order, axis=-1)
        tail = running_sum(softmax(ascending)) <= scores.dtype.type(1 - self.top_p)
        tail[..., -self.min_tokens_to_keep :] = False
        return unsort(tail, order)


class MinPLogitsWarper(_Cutoff):
    """Removes tokens less probable than `min_p` times the most probable one."""

    def __init__(self, min_p: float, filter_value: float = -float("Inf"), min_tokens_to_keep: int = 1):
        if not 0 <= min_p <= 1.0:
            raise ValueError(f"`min_p` has to be a float in the [0, 1] interval, but is {min_p}")
        check_positive_int("min_tokens_to_keep", min_tokens_to_keep, adjective="positive")
        super().__init__(filter_value, min_tokens_to_keep)
        self.min_p = min_p

    def removed(self, scores: np.ndarray) -> np.ndarray:
        probabilities = softmax(scores)
        floor = scores.dtype.type(self.min_p) * probabilities.max(axis=-1, keepdims=True)
        return (probabilities < floor) & self.below_best(probabilities)


class TopHLogitsWarper(_Cutoff):
    """Keeps the best tokens while their summed entropy stays within `top_h` of the entropy of the 100 best."""

    def __init__(self, top_h: float, filter_value: float = -float("Inf")):
        if not 0 < top_h <= 1:
            raise ValueError("`top_h` must be in the range (0, 1].")
        super().__init__(filter_value, 1)
        self.top_n = 100
        self.top_h = top_h

    def removed(self, scores: np.ndarray) -> np.ndarray:
        best = np.argsort(-scores, axis=-1, kind="stable")[:, : self.top_n]
        log_probabilities = log_softmax(np.take_along_axis(scores, best, axis=-1))
        probabilities = np.exp(log_probabilities)
        # A token of probability 0 carries no entropy; its log is -inf, and 0 * -inf would be NaN.
        terms = -probabilities * np.where(probabilities > 0, log_probabilities, 0)
        selected = running_sum(terms) <= scores.dtype.type(self.top_h) * terms.sum(axis=-1, keepdims=True)
        selected &= probabilities > 0
        selected[:, 0] = True
        removed = np.ones(scores.shape, dtype=bool)
        np.put_along_axis(removed, best, ~selected, axis=-1)
        return removed


class TypicalLogitsWarper(_Cutoff):
    """Keeps the tokens whose information is nearest to the entropy, up to the probability `mass`."""

    def __init__(self, mass: float = 0.9, filter_value: float = -float("Inf"), min_tokens_to_keep: int = 1):
        mass = float(mass)
        if not 0 < mass < 1:
            raise ValueError(f"`typical_p` has to be a float > 0 and < 1, but is {mass}")
        check_positive_int("min_tokens_to_keep", min_tokens_to_keep, adjective="positive")
        super().__init__(filter_value, min_tokens_to_keep)
        self.mass = mass

    def removed(self, scores: np.ndarray) -> np.ndarray:
        log_probabilities = log_softmax(scores)
        with np.errstate(invalid="ignore"):
            entropy = -np.nansum(log_probabilities * np.exp(log_probabilities), axis=-1, keepdims=True)
        distance = np.abs(-log_probabilities - entropy)
        order = np.argsort(distance, axis=-1, kind="stable")
        distance = np.take_along_axis(distance, order, axis=-1)
        mass = running_sum(softmax(np.take_along_axis(scores, order, axis=-1)))
        last = np.minimum((mass < scores.dtype.type(self.mass)).sum(axis=-1), scores.shape[-1] - 1)
        tail = distance > np.take_along_axis(distance, last[:, None], axis=-1)
        tail[..., : self.min_tokens_to_keep] = False
        return unsort(tail, order)


def _check_cutoff(name: str, epsilon: float, min_tokens_to_keep: int) -> None:
    if epsilon <= 0 or epsilon >= 1:
        raise ValueError(f"`{name}` has to be a float > 0 and < 1, but is {epsilon}")
    if min_tokens_to_keep < 1:
        raise ValueError(f"`min_tokens_to_keep` has to be a strictly positive integer, but is {min_tokens_to_keep}")


class EpsilonLogitsWarper(_Cutoff):
    """Removes tokens less probable than `epsilon`."""

    def __init__(self, epsilon: float, filter_value: float = -float("Inf"), min_tokens_to_keep: int = 1):
        _check_cutoff("epsilon_cutoff", float(epsilon), int(min_tokens_to_keep))
        super().__init__(filter_value, int(min_tokens_to_keep))
        self.epsilon = float(epsilon)

    def removed(self, scores: np.ndarray) -> np.ndarray:
        return (softmax(scores) < scores.dtype.type(self.epsilon)) & self.below_best(scores)


class EtaLogitsWarper(_Cutoff):
    """Removes tokens less probable than min(`epsilon`, sqrt(`epsilon`) * exp(-entropy))."""

    def __init__(
        self,
        epsilon: float,
        filter_value: float = -float("Inf"),
        min_tokens_to_keep: int = 1,
        device: Any = "cpu",
    ):
        _check_cutoff("eta_cutoff", float(epsilon), int(min_tokens_to_keep))
        super().__init__(filter_value, int(min_tokens_to_keep))
        self.epsilon = float(epsilon)

    def removed(self, scores: np.ndarray) -> np.ndarray:
        log_probabilities = log_softmax(scores)
        probabilities = np.exp(log_probabilities)
        terms = probabilities * np.where(probabilities > 0, log_probabilities, 0)
        epsilon = scores.dtype.type(self.epsilon)
        eta = np.minimum(epsilon, np.sqrt(epsilon) * np.exp(terms.sum(axis=-1, keepdims=True)))
        return (softmax(scores) < eta) & self.below_best(scores)


def running_sum(values: np.ndarray) -> np.ndarray:
    """Cumulative sum over the last axis, added up in f64 so that long vocabularies don't drift."""
    return np.cumsum(values, axis=-1, dtype=np.float64).astype(values.dtype)


def unsort(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Puts `values`, sorted by `order`, back into place."""
    out = np.empty_like(values)
    np.put_along_axis(out, order, values, axis=-1)
    return out
