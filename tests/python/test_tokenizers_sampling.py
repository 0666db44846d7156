"""Unigram with alpha: pieces drawn at random, by their scores."""

from __future__ import annotations

import math
from collections import Counter

import eigenformers as ef
import pytest
from eigenformers.errors import TokenizerError
from eigenformers.tokenizers import Tokenizer, models

VOCAB = [("<unk>", 0.0), ("a", -1.0), ("b", -1.5), ("c", -1.2), ("ab", -2.0), ("bc", -1.9), ("abc", -3.5)]
WAYS = {("a", "b", "c"): -3.7, ("ab", "c"): -3.2, ("a", "bc"): -2.9, ("abc",): -3.5}


def _draws(model: models.Unigram, n: int = 4000) -> dict[tuple[str, ...], float]:
    ef.manual_seed(3)
    found = Counter(tuple(t.value for t in model.tokenize("abc")) for _ in range(n))
    return {way: count / n for way, count in found.items()}


def _softmax(scores: dict) -> dict:
    total = sum(math.exp(s) for s in scores.values())
    return {way: math.exp(s) / total for way, s in scores.items()}


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_all_of_the_ways_follow_their_scores(alpha):
    found = _draws(models.Unigram(VOCAB, 0, alpha=alpha, nbest_size=10))
    for way, share in _softmax({way: alpha * score for way, score in WAYS.items()}).items():
        assert found.get(way, 0) == pytest.approx(share, abs=0.03)  # 4000 draws: 4 standard deviations are 0.032


def test_nbest_size_leaves_out_the_rest():
    found = _draws(models.Unigram(VOCAB, 0, alpha=0.1, nbest_size=2))
    assert set(found) == {("a", "bc"), ("ab", "c")}
    assert set(_draws(models.Unigram(VOCAB, 0, alpha=0.1, nbest_size=1))) == {("a", "bc")}


def test_without_nbest_size_all_are_drawn():
    """With alpha 1 forward sums and walk back agree: the shares are those of the softmax."""
    found = _draws(models.Unigram(VOCAB, 0, alpha=1.0))
    for way, share in _softmax(WAYS).items():
        assert found.get(way, 0) == pytest.approx(share, abs=0.03)


def test_a_tokenizer_does_not_remember_what_was_drawn():
    model = models.Unigram(VOCAB, 0, alpha=0.1)
    tokenizer = Tokenizer(model)
    assert len({tuple(e.tokens) for e in tokenizer.encode_batch(["abc"] * 200)}) == 4
    model.alpha = None
    assert {tuple(e.tokens) for e in tokenizer.encode_batch(["abc"] * 200)} == {("a", "bc")}


def test_unknown_characters_and_bounds():
    model = models.Unigram(VOCAB, 0, alpha=0.5, nbest_size=64)
    assert "".join(t.value for t in model.tokenize("abcxxcab")) == "abcxxcab"
    assert model.tokenize("") == []
    model.nbest_size = 10**9
    with pytest.raises(TokenizerError, match="nbest_size is 1000000000"):
        model.tokenize("abc")
    with pytest.raises(TokenizerError, match="`unk_id` is missing"):
        models.Unigram(VOCAB, alpha=0.5).tokenize("x")
