"""Batch-invariant mode: the same bits for a sequence, whatever else is in its batch."""

from __future__ import annotations

import os
import subprocess
import sys

import eigenformers as ef
import numpy as np
import pytest
from cases.models import causal_lm

LENGTHS = (5, 300, 37, 1, 130)  # more than one block of keys, and blocks that padding would shift


def _differing_rows(model) -> list[int]:
    """Rows of a padded batch whose logits or tokens are not those of the row alone."""
    rng = np.random.RandomState(0)
    rows = [rng.randint(3, 64, n) for n in LENGTHS]
    width = max(LENGTHS)
    ids, mask = np.zeros((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
    for row, tokens in enumerate(rows):
        ids[row, width - len(tokens) :], mask[row, width - len(tokens) :] = tokens, 1
    options = dict(max_new_tokens=6, do_sample=True, output_logits=True, return_dict_in_generate=True, pad_token_id=0)
    ef.set_seed(7)
    together = model.generate(ids, attention_mask=mask, **options)
    different = []
    for row, tokens in enumerate(rows):
        ef.set_seed(7)
        alone = model.generate(tokens[None], attention_mask=np.ones((1, len(tokens)), np.int64), **options)
        pairs = list(zip(together.logits, alone.logits))
        same = all(np.array_equal(a[row].numpy(), b[0].numpy()) for a, b in pairs)
        new = alone.sequences[0, len(tokens) :]
        if not same or not (together.sequences[row, width : width + len(new)] == new).all():
            different.append(row)
    return different


@pytest.mark.parametrize("family, changes", [("llama", {}), ("qwen3", {}), ("mistral", {"sliding_window": 16})])
@pytest.mark.parametrize("dtype", [ef.float32, ef.bfloat16])
def test_a_row_has_the_same_bits_alone_and_in_a_padded_batch(family, changes, dtype):
    model = causal_lm(ef, family, max_position_embeddings=1024, eos_token_id=None, **changes).to(dtype)
    with ef.set_batch_invariant(True):
        assert _differing_rows(model) == []


@pytest.mark.parametrize("family, changes", [("llama", {}), ("mistral", {"sliding_window": 16})])
def test_a_prompt_in_chunks_has_the_same_bits(family, changes):
    model = causal_lm(ef, family, max_position_embeddings=1024, eos_token_id=None, **changes)
    ids = np.random.RandomState(1).randint(3, 64, (1, 300))
    options = dict(max_new_tokens=8, do_sample=False, output_logits=True, return_dict_in_generate=True, pad_token_id=0)

    def run(**chunks):
        return model.generate(ids, attention_mask=np.ones_like(ids), **options, **chunks)

    whole = run()
    for size in (1, 7, 64, 256, 1000):
        chunks = run(prefill_chunk_size=size)
        assert chunks.sequences.tolist() == whole.sequences.tolist(), size
        for a, b in zip(whole.logits, chunks.logits):  # sums in another order, through two layers of f32
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=0, atol=1e-5)
    with ef.set_batch_invariant(True):
        whole = run()
        for size in (1, 7, 64, 256):
            for a, b in zip(whole.logits, run(prefill_chunk_size=size).logits):
                assert np.array_equal(a.numpy(), b.numpy()), size


def test_packed_matrices(smollm2):
    model = ef.AutoModelForCausalLM.from_pretrained(smollm2)
    with ef.set_batch_invariant():
        assert _differing_rows(model) == []


def test_function_and_context_manager():
    assert not ef.is_batch_invariant()
    with ef.set_batch_invariant(True):
        with ef.set_batch_invariant(False):
            assert not ef.is_batch_invariant()
        assert ef.is_batch_invariant()
    ef.set_batch_invariant(True)
    assert ef.is_batch_invariant()
    ef.set_batch_invariant(False)
    assert not ef.is_batch_invariant()


@pytest.mark.parametrize("value, expected", [("1", "True"), ("true", "True"), ("0", "False"), ("", "False")])
def test_environment(value, expected):
    code = "import eigenformers as ef; print(ef.is_batch_invariant())"
    environment = {**os.environ, "EIGENFORMERS_BATCH_INVARIANT": value}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.stdout.strip() == expected, run.stderr


def test_impossible_value_in_the_environment():
    code = "import eigenformers as ef; ef.is_batch_invariant()"
    environment = {**os.environ, "EIGENFORMERS_BATCH_INVARIANT": "perhaps"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "EIGENFORMERS_BATCH_INVARIANT: found 'perhaps', needed 1 or 0" in run.stderr
