"""Processors that forbid, force or favour tokens: lengths, special tokens, repetitions, biases."""

from __future__ import annotations

import math
from typing import Any, Callable

from .._numpy import np
from .arrays import as_array, like, token_ids
from .logits_base import LogitsProcessor, NumpyLogitsProcessor, check_positive_int, mask_tokens


class MinLengthLogitsProcessor(NumpyLogitsProcessor):
    """Forbids the end token until the sequence (prompt included) has `min_length` tokens."""

    def __init__(self, min_length: int, eos_token_id: Any, device: Any = "cpu"):
        self.check(min_length)
        self.min_length = min_length
        self.eos_token_id = token_ids(eos_token_id)

    @staticmethod
    def check(min_length: Any) -> None:
        """ValueError for anything but a whole number from 0 on."""
        check_positive_int("min_length", min_length, allow_zero=True, adjective="non-negative")

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return mask_tokens(scores, self.eos_token_id) if input_ids.shape[-1] < self.min_length else scores


class MinNewTokensLengthLogitsProcessor(NumpyLogitsProcessor):
    """Forbids the end token until `min_new_tokens` follow the prompt of `prompt_length_to_skip` tokens."""

    def __init__(self, prompt_length_to_skip: int, min_new_tokens: int, eos_token_id: Any, device: Any = "cpu"):
        self.check(min_new_tokens, prompt_length_to_skip)
        self.prompt_length_to_skip = prompt_length_to_skip
        self.min_new_tokens = min_new_tokens
        self.eos_token_id = token_ids(eos_token_id)

    @staticmethod
    def check(min_new_tokens: Any, prompt_length_to_skip: Any = 0) -> None:
        """ValueError for anything but whole numbers from 0 on."""
        for name, value in (("prompt_length_to_skip", prompt_length_to_skip), ("min_new_tokens", min_new_tokens)):
            check_positive_int(name, value, allow_zero=True, adjective="positive")

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        new_tokens = input_ids.shape[-1] - self.prompt_length_to_skip
        return mask_tokens(scores, self.eos_token_id) if new_tokens < self.min_new_tokens else scores


def _scale_scores(scores: np.ndarray, tokens: np.ndarray, penalty: float) -> np.ndarray:
    """`scores` with those of `tokens` [batch, n] made worse by `penalty` (better, if it is below 1), each once."""
    if tokens.size and tokens.min() < 0:
        raise IndexError(f"input_ids: found the token id {tokens.min()}, needed ids of 0 and above")
    seen = np.zeros((scores.shape[0], scores.shape[-1] + 1), dtype=bool)  # the last column takes ids of no token
    np.put_along_axis(seen, np.minimum(tokens, scores.shape[-1]), True, axis=-1)
    factor = scores.dtype.type(penalty)
    return np.where(seen[:, :-1], np.where(scores < 0, scores * factor, scores / factor), scores)


def _check_penalty(penalty: float) -> None:
    if not isinstance(penalty, float) or not penalty > 0:
        raise ValueError(f"`penalty` has to be a strictly positive float, but is {penalty}")


class RepetitionPenaltyLogitsProcessor(NumpyLogitsProcessor):
    """Makes tokens that occurred less likely: positive scores are divided by `penalty`, negative multiplied.

    `prompt_ignore_length` (int, or one int a row) leaves out that many tokens at the start.
    """

    def __init__(self, penalty: float, prompt_ignore_length: Any = None):
        _check_penalty(penalty)
        if isinstance(prompt_ignore_length, int) and prompt_ignore_length < 0:
            raise ValueError(f"`prompt_ignore_length` has to be a positive integer, but is {prompt_ignore_length}")
        if prompt_ignore_length is not None and not isinstance(prompt_ignore_length, int):
            prompt_ignore_length = as_array(prompt_ignore_length)
            if prompt_ignore_length.ndim != 1:
                raise ValueError("`prompt_ignore_length` must be 1D")
        self.penalty = penalty
        self.prompt_ignore_length = prompt_ignore_length

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        tokens = input_ids[:, None] if input_ids.ndim == 1 else input_ids
        ignored = self.prompt_ignore_length
        if isinstance(ignored, int):
            tokens = tokens[:, ignored:]
        elif ignored is not None:
            if len(tokens) != len(ignored):
                raise ValueError("Incompatible `prompt_ignore_length` batch size")
            tokens = np.where(np.arange(tokens.shape[1]) < ignored[:, None], scores.shape[-1], tokens)
        return _scale_scores(scores, tokens, self.penalty)


class EncoderRepetitionPenaltyLogitsProcessor(NumpyLogitsProcessor):
    """Makes tokens of the encoder's input more likely, by `penalty`."""

    def __init__(self, penalty: float, encoder_input_ids: Any):
        _check_penalty(penalty)
        self.penalty = 1 / penalty
        self.encoder_input_ids = as_array(encoder_input_ids)

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        beams = max(1, scores.shape[0] // self.encoder_input_ids.shape[0])
        return _scale_scores(scores, np.repeat(self.encoder_input_ids, beams, axis=0), self.penalty)


def _ban_continuations(scores: np.ndarray, texts: np.ndarray, input_ids: np.ndarray, size: int) -> np.ndarray:
    """Forbids every token that followed, somewhere in `texts` [batch, m], the last `size - 1` of `input_ids`."""
    length = input_ids.shape[-1]
    if length < size - 1 or texts.shape[-1] < size:
        return scores
    windows = np.lib.stride_tricks.sliding_window_view(texts, size, axis=-1)
    matches = (windows[..., :-1] == input_ids[:, None, length + 1 - size :]).all(axis=-1)
    vocabulary = scores.shape[-1]
    banned = np.zeros((scores.shape[0], vocabulary + 1), dtype=bool)
    np.put_along_axis(banned, np.where(matches, np.minimum(windows[..., -1], vocabulary), vocabulary), True, axis=-1)
    return np.where(banned[:, :vocabulary], scores.dtype.type(-np.inf), scores)


class NoRepeatNGramLogitsProcessor(NumpyLogitsProcessor):
    """No sequence of `ngram_size` tokens occurs twice."""

    def __init__(self, ngram_size: int):
        check_positive_int("ngram_size", ngram_size)
        self.ngram_size = ngram_size

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return _ban_continuations(scores, input_ids, input_ids, self.ngram_size)


class EncoderNoRepeatNGramLogitsProcessor(NumpyLogitsProcessor):
    """No sequence of `encoder_ngram_size` tokens is copied from the encoder's input."""

    def __init__(self, encoder_ngram_size: int, encoder_input_ids: Any):
        if not isinstance(encoder_ngram_size, int) or encoder_ngram_size <= 0:
            raise ValueError(f"`encoder_ngram_size` has to be a strictly positive integer, but is {encoder_ngram_size}")
        self.ngram_size = encoder_ngram_size
        self.encoder_input_ids = np.atleast_2d(as_array(encoder_input_ids))
        self.batch_size = self.encoder_input_ids.shape[0]

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        texts = np.repeat(self.encoder_input_ids, scores.shape[0] // self.batch_size, axis=0)
        return _ban_continuations(scores, texts, input_ids, self.ngram_size)


class SequenceBiasLogitsProcessor(NumpyLogitsProcessor):
    """Adds a bias to the token that would complete a sequence.

    `sequence_bias` is `{(token, ...): bias}` or `[[[token, ...], bias], ...]`, with floats as biases.

    >>> bias = SequenceBiasLogitsProcessor({(3,): -1.0})
    >>> bias(np.array([[0]]), np.zeros((1, 5), dtype=np.float32)).tolist()
    [[0.0, 0.0, 0.0, -1.0, 0.0]]
    """

    def __init__(self, sequence_bias: dict | list):
        self.sequence_bias = _checked_biases(sequence_bias)
        self._by_prefix: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for size in {len(sequence) for sequence in self.sequence_bias}:
            group = [(sequence, bias) for sequence, bias in self.sequence_bias.items() if len(sequence) == size]
            tokens = np.array([sequence for sequence, _ in group], dtype=np.int64)
            self._by_prefix[size - 1] = (tokens[:, :-1], tokens[:, -1], np.array([bias for _, bias in group]))

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        vocabulary = scores.shape[-1]
        invalid = [token for sequence in self.sequence_bias for token in sequence if token >= vocabulary]
        if invalid:
            raise ValueError(
                f"The model vocabulary size is {vocabulary}, but the following tokens were being biased: {invalid}"
            )
        total = np.zeros_like(scores)
        for size, (prefixes, last, biases) in self._by_prefix.items():
            if size > input_ids.shape[1]:
                continue
            recent = input_ids[:, None, input_ids.shape[1] - size :]
            matches = (recent == prefixes).all(axis=-1)
            np.add.at(total, (slice(None), last), np.where(matches, biases, 0.0))
        return scores + total


def _checked_biases(sequence_bias: Any) -> dict[tuple[int, ...], float]:
    found = f"but is {sequence_bias}."
    if not isinstance(sequence_bias, (dict, list)) or len(sequence_bias) == 0:
        raise ValueError(f"`sequence_bias` has to be a non-empty dictionary, or non-empty list of lists {found}")
    if isinstance(sequence_bias, list):
        for item in sequence_bias:
            valid = len(item) == 2 and isinstance(item[0], list) and item[0] and isinstance(item[1], float)
            if not valid or not _are_token_ids(item[0]):
                raise ValueError(
                    "Each element in `sequence_bias` has to be a non-empty list of lists of positive integers and "
                    f"float, {found}"
                )
        return {tuple(sequence): bias for sequence, bias in sequence_bias}
    if not all(isinstance(sequence, tuple) for sequence in sequence_bias):
        raise ValueError(f"`sequence_bias` has to be a dict with tuples as keys, {found}")
    if not all(sequence and _are_token_ids(sequence) for sequence in sequence_bias):
        raise ValueError(f"Each key in `sequence_bias` has to be a non-empty tuple of positive integers, {found}")
    if not all(isinstance(bias, float) for bias in sequence_bias.values()):
        raise ValueError(f"`sequence_bias` has to be a dict with floats as values, {found}")
    return dict(sequence_bias)


def _are_token_ids(sequence: Any) -> bool:
    return all(isinstance(token, (int, np.integer)) and token >= 0 for token in sequence)


class NoBadWordsLogitsProcessor(SequenceBiasLogitsProcessor):
    """Forbids the sequences in `bad_words_ids` (a list of lists of ids); the end token alone is never forbidden."""

    def __init__(self, bad_words_ids: list[list[int]], eos_token_id: Any = None):
        found = f"but is {bad_words_ids}."
        if not isinstance(bad_words_ids, list) or len(bad_words_ids) == 0:
            raise ValueError(f"`bad_words_ids` has to be a non-empty list, {found}")
        if not all(isinstance(word, list) for word in bad_words_ids):
            raise ValueError(f"`bad_words_ids` has to be a list of lists, {found}")
        if not all(_are_token_ids(word) for word in bad_words_ids):
            raise ValueError(f"Each list in `bad_words_ids` has to be a list of positive integers, {found}")
        self.bad_word_ids = bad_words_ids
        ends = [] if eos_token_id is None else [[int(token)] for token in token_ids(eos_token_id)]
        super().__init__({tuple(word): float("-inf") for word in bad_words_ids if word not in ends})


class PrefixConstrainedLogitsProcessor(LogitsProcessor):
    """Allows, for each row, only the tokens that `prefix_allowed_tokens_fn(batch_id, input_ids)` returns."""

    def __init__(self, prefix_allowed_tokens_fn: Callable[[int, Any], list[int]], num_beams: int):
        self._prefix_allowed_tokens_fn = prefix_allowed_tokens_fn
        self._num_beams = num_beams

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        values = as_array(scores)
        mask = np.full_like(values, -math.inf)
        for row in range(values.shape[0]):
            batch_id = row // self._num_beams
            allowed = self._prefix_allowed_tokens_fn(batch_id, input_ids[row])
            if len(allowed) == 0:
                raise ValueError(
                    f"`prefix_allowed_tokens_fn` returned an empty list for batch ID {batch_id}."
                    "This means that the constraint is unsatisfiable. Please check your implementation"
                    "of `prefix_allowed_tokens_fn` "
                )
            mask[row, token_ids(allowed)] = 0
        result = values + mask
        # Where earlier processors forbade all that is allowed, in every beam of an item, the constraint wins.
        dead = np.isneginf(result.max(axis=-1)).reshape(-1, self._num_beams).all(axis=-1)
        return like(np.where(np.repeat(dead, self._num_beams)[:, None], mask, result), scores)


def _forced(scores: np.ndarray, tokens: Any) -> np.ndarray:
    out = np.full_like(scores, -np.inf)
    out[:, tokens] = 0
    return out


class ForcedBOSTokenLogitsProcessor(NumpyLogitsProcessor):
    """The first generated token (after one start token) is `bos_token_id`."""

    def __init__(self, bos_token_id: int):
        self.bos_token_id = bos_token_id

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return _forced(scores, self.bos_token_id) if input_ids.shape[-1] == 1 else scores


def _checked_eos(eos_token_id: Any) -> np.ndarray:
    given = np.atleast_1d(as_array(eos_token_id))
    if given.dtype.kind != "i" or (given < 0).any():
        raise ValueError(f"`eos_token_id` has to be a list of positive integers, but is {given}")
    return given


class HammingDiversityLogitsProcessor(LogitsProcessor):
    """In a group of beams, tokens that earlier groups chose at the same step get less likely, each time by a penalty.

    Vijayakumar et al., "Diverse Beam Search: Decoding Diverse Solutions from Neural Sequence Models" (2016).

    Args:
        diversity_penalty: float above 0.
        num_beams, num_beam_groups: of the search.
    """

    def __init__(self, diversity_penalty: float, num_beams: int, num_beam_groups: int):
        if not isinstance(diversity_penalty, float) or not diversity_penalty > 0.0:
            raise ValueError("`diversity_penalty` should be a float strictly larger than 0.")
        if not isinstance(num_beams, int) or num_beams < 2:
            raise ValueError("`num_beams` should be an integer strictly larger than 1.")
        if not isinstance(num_beam_groups, int) or num_beam_groups < 2:
            raise ValueError("`num_beam_groups` should be an integer strictly larger than 1.")
        if num_beam_groups > num_beams:
            raise ValueError("`beam_groups` has to be smaller or equal to `num_beams`.")
        self._diversity_penalty = diversity_penalty
        self._num_beams = num_beams
        self._num_sub_beams = num_beams // num_beam_groups

    def __call__(self, input_ids: Any, scores: Any, current_tokens: Any, beam_group_idx: int) -> Any:
        """`scores` [batch * beams of the group, vocabulary]; `current_tokens` int64 [batch * beams], of this step."""
        before = beam_group_idx * self._num_sub_beams
        if before == 0:
            return scores
        chosen = as_array(current_tokens).reshape(-1, self._num_beams)[:, :before]
        out = as_array(scores).copy()
        size = min(self._num_sub_beams, self._num_beams - before)
        for row, tokens in enumerate(np.repeat(chosen, size, axis=0)):
            out[row] -= self._diversity_penalty * np.bincount(tokens, minlength=out.shape[-1])
        return like(out, scores)


class ForcedEOSTokenLogitsProcessor(NumpyLogitsProcessor):
    """The token at `max_length` is `eos_token_id`."""

    def __init__(self, max_length: int, eos_token_id: Any, device: Any = "cpu"):
        self.max_length = max_length
        self.eos_token_id = _checked_eos(eos_token_id)

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return _forced(scores, self.eos_token_id) if input_ids.shape[-1] == self.max_length - 1 else scores


class ExponentialDecayLengthPenalty(NumpyLogitsProcessor):
    """From `start` generated tokens on, the end token gets likelier by `factor` to the power of the excess.

    `exponential_decay_length_penalty` is `(start, factor)`, `input_ids_seq_length` the length of the prompt.
    """

    def __init__(self, exponential_decay_length_penalty: tuple, eos_token_id: Any, input_ids_seq_length: int):
        start, self.regulation_factor = exponential_decay_length_penalty
        self.regulation_start = start + input_ids_seq_length
        self.eos_token_id = _checked_eos(eos_token_id)

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        excess = input_ids.shape[-1] - self.regulation_start
        if excess <= 0:
            return scores
        ends = scores[:, self.eos_token_id]
        bonus = np.abs(ends) * scores.dtype.type(self.regulation_factor**excess - 1)
        out = scores.copy()
        out[:, self.eos_token_id] = ends + np.where(np.isfinite(ends), bonus, 0)
        return out


class SuppressTokensLogitsProcessor(NumpyLogitsProcessor):
    """Forbids the tokens `suppress_tokens`."""

    def __init__(self, suppress_tokens: Any, device: Any = "cpu"):
        self.suppress_tokens = token_ids(list(suppress_tokens))

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return mask_tokens(scores, self.suppress_tokens)


class SuppressTokensAtBeginLogitsProcessor(NumpyLogitsProcessor):
    """Forbids the tokens `begin_suppress_tokens` while the sequence is `begin_index` long."""

    def __init__(self, begin_suppress_tokens: Any, begin_index: int, device: Any = "cpu"):
        self.begin_suppress_tokens = token_ids(list(begin_suppress_tokens))
        self.begin_index = begin_index

    def set_begin_index(self, begin_index: int) -> None:
        """Moves the position at which the tokens are forbidden."""
        self.begin_index = begin_index

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        at_begin = input_ids.shape[-1] == self.begin_index
        return mask_tokens(scores, self.begin_suppress_tokens) if at_begin else scores
