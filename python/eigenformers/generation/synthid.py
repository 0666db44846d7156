"""SynthID text watermarks: a tournament between tokens, keyed by the tokens before.

Dathathri et al., "Scalable watermarking for identifying large language model outputs" (2024),
https://www.nature.com/articles/s41586-024-08025-4.
"""

from __future__ import annotations

from typing import Any

from .. import _core
from .._numpy import np
from .arrays import as_array, softmax, to_tensor
from .logits_base import NumpyLogitsProcessor

_MULTIPLIER, _INCREMENT = 6364136223846793005, 1  # of a linear congruential generator


class SynthIDTextWatermarkLogitsProcessor(NumpyLogitsProcessor):
    """Marks texts so that `compute_g_values` is above chance on them, without changing what is likely on average.

    Remembers what came before, so an object serves one `generate` call.

    Args:
        ngram_len: the token and those before it that decide, together.
        keys: one for each round of the tournament.
        sampling_table_size, sampling_table_seed: of the table of random bits.
        context_history_size: a context seen among so many last ones is not marked again.
        device: the CPU.
        skip_first_ngram_calls: leave the first `ngram_len` - 1 tokens as they are.
        debug_mode: as if all tokens were equally likely.
    """

    def __init__(
        self,
        ngram_len: int,
        keys: list[int],
        sampling_table_size: int,
        sampling_table_seed: int,
        context_history_size: int,
        device: Any = "cpu",
        skip_first_ngram_calls: bool = False,
        debug_mode: bool = False,
    ):
        self.ngram_len = ngram_len
        self.keys = as_array(keys).astype(np.int64)
        self.device = device
        generator = _core.Generator()
        generator.manual_seed(sampling_table_seed)
        self.sampling_table = as_array(_core.randint(0, 2, (sampling_table_size,), generator=generator))
        self.context_history_size = context_history_size
        self.skip_first_ngram_calls = skip_first_ngram_calls
        self.debug_mode = debug_mode
        self._before: np.ndarray | None = None  # the texts of the last call
        self._context = self._seen = np.zeros((0, 0), np.int64)
        self._calls = 0

    def process(self, input_ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        _check_ids(input_ids)
        if self.debug_mode:
            scores = np.ones_like(scores)
        self._follow(input_ids)
        if self.skip_first_ngram_calls and self._calls < self.ngram_len:
            return scores
        context = self._hash(np.ones(len(scores), np.int64), self._context)
        tokens = self._hash(context[:, None], np.arange(scores.shape[1], dtype=np.int64)[None, :, None])
        marked = self._tournament(scores, self._keyed(tokens))
        repeated = (self._seen == context[:, None]).any(axis=1, keepdims=True)
        self._seen = np.concatenate([context[:, None], self._seen], axis=1)[:, :-1]
        return np.where(repeated, scores, marked)

    def _follow(self, input_ids: np.ndarray) -> None:
        """The context of each row; beams may have changed places since the last call."""
        rows = len(input_ids)
        if self._before is None:
            self._context = np.zeros((rows, self.ngram_len - 1), np.int64)
            self._seen = np.zeros((rows, self.context_history_size), np.int64)
        else:
            places = {row.tobytes(): index for index, row in enumerate(self._before)}
            order = [places.get(row.tobytes(), index) for index, row in enumerate(input_ids[:, :-1])]
            self._seen = self._seen[order]
            self._context = np.concatenate([self._context[order], input_ids[:, -1:]], axis=1)[:, 1:]
        self._before = np.ascontiguousarray(input_ids)
        self._calls += 1

    @staticmethod
    def _hash(current: np.ndarray, data: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # int64 wraps around, as in the real library
            for i in range(data.shape[-1]):
                current = (current + data[..., i]) * _MULTIPLIER + _INCREMENT
        return current

    def _keyed(self, hashes: np.ndarray) -> np.ndarray:
        """The random bits of hashed n-grams, one for each key: 0 or 1, `[..., keys]`."""
        places = self._hash(hashes[..., None], self.keys[:, None]) % len(self.sampling_table)
        return self.sampling_table[places]

    @staticmethod
    def _tournament(scores: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """Log-probabilities float `[batch, vocabulary]` after a round for each key."""
        chances = softmax(scores)
        for depth in range(bits.shape[-1]):
            won = bits[..., depth].astype(scores.dtype)
            chances = chances * (1 + won - (won * chances).sum(axis=1, keepdims=True))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(chances)
        return np.where(np.isfinite(logs), logs, np.finfo(logs.dtype).min)

    # For detection

    def compute_ngram_keys(self, ngrams: Any) -> Any:
        """int64 `[batch, ngrams, keys]`: the hashes of n-grams `[batch, ngrams, ngram_len]`."""
        return to_tensor(self._ngram_keys(as_array(ngrams)))

    def _ngram_keys(self, ngrams: np.ndarray) -> np.ndarray:
        if ngrams.ndim != 3:
            raise ValueError(f"Ngrams should be of shape (batch_size, num_ngrams, ngram_len), but is {ngrams.shape}")
        if ngrams.shape[2] != self.ngram_len:
            raise ValueError(
                "Ngrams should be of shape (batch_size, num_ngrams, ngram_len), where ngram_len is "
                f"{self.ngram_len}, but is {ngrams.shape}"
            )
        start = np.ones(ngrams.shape[:2], np.int64)
        return self._hash(self._hash(start, ngrams.astype(np.int64))[..., None], self.keys[:, None])

    def compute_g_values(self, input_ids: Any) -> Any:
        """0 or 1 `[batch, length - ngram_len + 1, keys]` for texts int64 `[batch, length]`: half are 1 by chance."""
        ids = _check_ids(as_array(input_ids))
        ngrams = np.lib.stride_tricks.sliding_window_view(ids, self.ngram_len, axis=1)
        return to_tensor(self.sampling_table[self._ngram_keys(ngrams) % len(self.sampling_table)])

    def compute_context_repetition_mask(self, input_ids: Any) -> Any:
        """bool `[batch, length - ngram_len + 1]`: False where the tokens before have been the context before."""
        ids = _check_ids(as_array(input_ids))
        contexts = np.lib.stride_tricks.sliding_window_view(ids[:, :-1], self.ngram_len - 1, axis=1)
        hashes = self._hash(np.ones(contexts.shape[:2], np.int64), contexts)
        seen = np.zeros((len(ids), self.context_history_size), np.int64)
        fresh = np.ones(hashes.shape, bool)
        for i in range(hashes.shape[1]):
            now = hashes[:, i : i + 1]
            fresh[:, i] = ~(seen == now).any(axis=1)
            seen = np.concatenate([now, seen], axis=1)[:, :-1]
        return to_tensor(fresh)

    def compute_eos_token_mask(self, input_ids: Any, eos_token_id: int) -> Any:
        """int64 `[batch, length]`: 1 before the first end token, 0 from there on."""
        ids = _check_ids(as_array(input_ids))
        return to_tensor((np.cumsum(ids == eos_token_id, axis=1) == 0).astype(np.int64))

    def expected_mean_g_value(self, vocab_size: int, coinflip_prob: float = 0.5) -> float:
        """The mean of `compute_g_values` on marked texts of one round, if all tokens were equally likely."""
        return coinflip_prob + coinflip_prob * (1 - coinflip_prob) * (1 - (1 / vocab_size))


def _check_ids(input_ids: np.ndarray) -> np.ndarray:
    if input_ids.ndim != 2:
        raise ValueError(f"Input ids should be of shape (batch_size, input_len), but is {input_ids.shape}")
    return input_ids
