"""Prompt look-up decoding: the same bits as without it, at every kind of stop."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest
from cases.models import causal_lm

REPEATED = np.array([[5, 9, 2, 6, 11, 5, 9, 2, 6, 11, 5, 9]])


def _both(model, ids, **options):
    """Results without and with look-up, and how many guesses were right."""
    results = []
    for lookup in ({}, {"prompt_lookup_num_tokens": 10, "max_matching_ngram_size": 2}):
        ef.set_seed(3)
        results.append(
            model.generate(ids, attention_mask=np.ones_like(ids), pad_token_id=0, output_logits=True,
                           return_dict_in_generate=True, **options, **lookup)
        )  # fmt: skip
    return (*results, model._last_generation["accepted_tokens"])


@pytest.mark.parametrize("invariant", [False, True])
@pytest.mark.parametrize("dtype", [ef.float32, ef.bfloat16, ef.float16])
@pytest.mark.parametrize("family, changes", [("llama", {}), ("gemma2", {}), ("mistral", {"sliding_window": 16})])
def test_same_bits(family, changes, dtype, invariant):
    model = causal_lm(ef, family, max_position_embeddings=1024, eos_token_id=None, **changes).to(dtype)
    accepted = 0
    with ef.set_batch_invariant(invariant):
        for length in (5, 700):  # 700: two passes over the prompt, and a window has let go of positions
            for do_sample in (False, True):
                ids = np.random.RandomState(length).randint(3, 64, (1, length))
                plain, guessed, right = _both(model, ids, max_new_tokens=40, do_sample=do_sample)
                assert plain.sequences.tolist() == guessed.sequences.tolist()
                assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(plain.logits, guessed.logits))
                accepted += right
    assert accepted > 0


def test_packed_matrices(smollm2):
    model = ef.AutoModelForCausalLM.from_pretrained(smollm2)
    tokenizer = ef.AutoTokenizer.from_pretrained(smollm2)
    text = "def add(a, b):\n    return a + b\n\ndef sub(a, b):\n    return a - b\n\n"
    plain, guessed, right = _both(model, np.array([tokenizer(text)["input_ids"]]), max_new_tokens=40, do_sample=False)
    assert plain.sequences.tolist() == guessed.sequences.tolist()
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(plain.logits, guessed.logits))
    assert right > 10


def test_a_streamer_gets_one_token_at_a_time_and_a_cache_can_be_continued():
    model = causal_lm(ef, "llama", eos_token_id=None)

    class Streamer:
        def __init__(self):
            self.pieces = []

        def put(self, value):
            self.pieces.append(value.reshape(-1).tolist())

        def end(self):
            pass

    streamer = Streamer()
    options = dict(attention_mask=None, pad_token_id=0, do_sample=False)
    plain = model.generate(REPEATED, max_new_tokens=30, **options)
    out = model.generate(REPEATED, max_new_tokens=20, prompt_lookup_num_tokens=5, streamer=streamer,
                         return_dict_in_generate=True, **options)  # fmt: skip
    assert [len(piece) for piece in streamer.pieces] == [REPEATED.shape[1]] + [1] * 20
    assert sum(streamer.pieces, []) == out.sequences[0].tolist()
    assert out.past_key_values.get_seq_length() == REPEATED.shape[1] + 19
    more = model.generate(out.sequences, past_key_values=out.past_key_values, max_new_tokens=10,
                          prompt_lookup_num_tokens=5, **options)  # fmt: skip
    assert more.tolist() == plain.tolist()


def test_stopping_criteria_see_every_token():
    model = causal_lm(ef, "llama", eos_token_id=None)
    lengths = []

    class Stop(ef.StoppingCriteria):
        def __call__(self, input_ids, scores, **kwargs):
            lengths.append(input_ids.shape[1])
            return [input_ids.shape[1] >= 25]

    out = model.generate(REPEATED, max_new_tokens=30, do_sample=False, pad_token_id=0, prompt_lookup_num_tokens=8,
                         stopping_criteria=[Stop()])  # fmt: skip
    assert lengths == list(range(13, 26)) and out.shape[1] == 25
