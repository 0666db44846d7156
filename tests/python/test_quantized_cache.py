"""QuantizedCache: close to the exact cache, smaller, and usable like the others."""

from __future__ import annotations

import copy

import eigenformers as ef
import numpy as np
import pytest
from cases.models import causal_lm

IDS = np.random.RandomState(0).randint(3, 64, (2, 150))


def _random(*shape):
    return np.random.RandomState(len(shape) + shape[2]).randn(*shape).astype(np.float32)


def _fill(cache, steps=(70, 1, 1, 90, 1), heads=2, dim=64):
    keys, values = _random(2, heads, sum(steps), dim), _random(2, heads, sum(steps), dim)[::-1].copy()
    at = 0
    for n in steps:
        cache.update(ef.tensor(keys[:, :, at : at + n]), ef.tensor(values[:, :, at : at + n]), 0)
        at += n
    return keys, values


def _cache(nbits, **more):
    return ef.QuantizedCache("quanto", ef.LlamaConfig(num_hidden_layers=2), nbits=nbits, **more)


@pytest.mark.parametrize("nbits", [4, 8])
@pytest.mark.parametrize("group", [16, 64, 100])
def test_error_is_half_a_step(nbits, group):
    cache = _cache(nbits, q_group_size=group, residual_length=32)
    filled = _fill(cache)
    for found, wanted in zip(cache[0], filled):
        found = found.numpy()
        assert found.shape == wanted.shape
        for at in range(0, 64, group):
            part = wanted[..., at : at + group]
            step = (part.max(-1) - part.min(-1)) / (2**nbits - 1)
            error = np.abs(found[..., at : at + group] - part).max(-1)
            assert (error <= step * 0.5 + 1e-5).all()
        assert np.array_equal(found[:, :, -1], wanted[:, :, -1])  # the newest is kept as it is
        assert not np.array_equal(found[:, :, 0], wanted[:, :, 0])


def test_crop_reorder_copy():
    cache = _cache(8, residual_length=8)
    _fill(cache)
    before = [t.numpy().copy() for t in cache[0]]
    other = copy.deepcopy(cache)
    other.reorder_cache(ef.tensor([1, 0]))
    other.crop(-60)
    assert other.get_seq_length() == 103 and cache.get_seq_length() == 163
    for found, wanted in zip(other[0], before):
        assert np.array_equal(found.numpy(), wanted[::-1, :, :103])
    for found, wanted in zip(cache[0], before):
        assert np.array_equal(found.numpy(), wanted)


@pytest.mark.parametrize("nbits", [4, 8])
def test_an_emptied_cache_takes_other_shapes(nbits):
    cache = _cache(nbits, residual_length=8)
    cache.update(ef.ones(1, 2, 60, 64), ef.ones(1, 2, 60, 64), 0)
    for batch, heads, positions, dim in [(2, 2, 50, 64), (64, 4, 30, 128), (1, 1, 7, 32)]:
        cache.crop(-cache.get_seq_length())
        x = ef.randn(batch, heads, positions, dim)
        for _ in range(3):
            cache.update(x, x, 0)
        assert tuple(cache[0][0].shape) == (batch, heads, 3 * positions, dim)
        assert (cache[0][0][:, :, -positions:] - x).abs().max() < 0.4


def test_a_range_beyond_float_is_no_number():
    cache = _cache(8, residual_length=1)
    x = ef.ones(1, 1, 4, 64)
    x[0, 0, 1, 3], x[0, 0, 1, 4] = 3e38, -3e38
    cache.update(x, x, 0)
    cache.update(x, x, 0)
    assert np.isnan(cache[0][0].numpy()[0, 0, 1]).any() and not np.isnan(cache[0][0].numpy()[0, 0, 0]).any()


@pytest.mark.parametrize("nbits, bound", [(8, 0.02), (4, 0.3)])
@pytest.mark.parametrize("mask", [False, True])
def test_logits(nbits, bound, mask):
    """Attention reads the packed form: the same as attention over the unpacked one; near the exact."""
    model = causal_lm(ef, "llama", max_position_embeddings=1024, eos_token_id=None)
    keep = np.ones_like(IDS)
    if mask:
        keep[0, :20] = 0
    exact, small = ef.DynamicCache(), _cache(nbits, residual_length=16)
    at = 0
    for n in (100, 1, 1, 30, 1, 17):  # decode and prefill kernels, with and without newest positions
        part = ef.tensor(IDS[:, at : at + n])
        at += n
        options = dict(attention_mask=ef.tensor(keep[:, :at]), use_cache=True)
        unpacked = ef.DynamicCache()
        with ef.no_grad():
            for layer in range(len(small)):  # what this pass sees of the past
                unpacked.update(*small[layer], layer)
            wanted = model(part, past_key_values=exact, **options).logits.numpy()
            found = model(part, past_key_values=small, **options).logits.numpy()
            same = model(part, past_key_values=unpacked, **options).logits.numpy()
        seen = keep[:, at - n : at].astype(bool)
        np.testing.assert_allclose(found[seen], same[seen], rtol=0, atol=2e-5)  # only the order of sums differs
        assert np.abs(found - wanted)[seen].max() <= bound * np.abs(wanted).max()
    assert np.abs(found - wanted)[seen].max() > 0


def test_a_long_pass_is_packed_at_once():
    """Positions beyond the residual ones do not wait for the next pass, and see each other as they are."""
    cache, x = _cache(8, residual_length=16), ef.randn(1, 2, 200, 64)
    for begin, end in [(0, 70), (70, 75), (75, 135), (135, 136), (136, 200)]:
        keys, _ = cache.update(x[:, :, begin:end], x[:, :, begin:end], 0)
    assert cache.get_seq_length() == 200 and tuple(keys.shape) == (1, 2, 200, 64)
    assert 0 < (cache[0][0] - x)[:, :, 136:].abs().max() < 0.05
    assert cache.nbytes < 200 * 2 * 64 * 2 * 2  # below what f16 takes, and nothing of the pass is left in f32


def test_generate(smollm2):
    model = ef.AutoModelForCausalLM.from_pretrained(smollm2)
    ids = ef.tensor([ef.AutoTokenizer.from_pretrained(smollm2)("The capital of France is Paris. " * 40)["input_ids"]])
    options = dict(attention_mask=ef.ones_like(ids), max_new_tokens=20, do_sample=False, return_dict_in_generate=True)
    exact = model.generate(ids, **options)
    for nbits, share in ((8, 0.3), (4, 0.17)):
        out = model.generate(ids, cache_implementation="quantized",
                             cache_config={"backend": "quanto", "nbits": nbits, "residual_length": 16}, **options)  # fmt: skip
        cache = out.past_key_values
        assert cache.get_seq_length() == exact.past_key_values.get_seq_length()
        plain = 2 * 30 * 3 * 64 * 4 * cache.get_seq_length()  # keys and values in float32
        assert cache.nbytes < (share + 0.12) * plain  # and what is reserved, and the newest
        if nbits == 8:
            assert out.sequences.tolist() == exact.sequences.tolist()


def test_refused():
    config = ef.LlamaConfig(num_hidden_layers=2)
    for arguments, error, text in (
        (("other", config), ValueError, "Unknown quantization backend `other`"),
        (("fp8", config), NotImplementedError, "fp8"),
        (("quanto", config, 2), NotImplementedError, "nbits=2"),
        (("quanto", config, 4, 1), NotImplementedError, "axis_key=1"),
        (("quanto", config, 4, 0, 0, 63), ValueError, "q_group_size=63"),
        (("quanto", config, 4, 0, 0, 64, 0), ValueError, "residual_length=0"),
        (("quanto", ef.MistralConfig(num_hidden_layers=2, sliding_window=8)), ValueError, "full attention"),
    ):
        with pytest.raises(error, match=text):
            ef.QuantizedCache(*arguments)
    model = causal_lm(ef, "llama", eos_token_id=None)
    with pytest.raises(NotImplementedError, match="prompt_lookup"):
        model.generate(
            IDS[:1], cache_implementation="quantized", prompt_lookup_num_tokens=3, max_new_tokens=2, pad_token_id=0
        )
    with pytest.raises(NotImplementedError, match="cache_config"):
        model.generate(IDS[:1], cache_config={"nbits": 4}, max_new_tokens=2, pad_token_id=0)
    with pytest.raises(NotImplementedError, match="gradients"):
        model(ef.tensor(IDS[:, :4]), past_key_values=_cache(8), use_cache=True)
