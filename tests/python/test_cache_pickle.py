"""Caches that are written down, as long prompts are kept, and read again."""

from __future__ import annotations

import copy
import pickle

import eigenformers as ef
import pytest

LLAMA = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def again(x):
    return pickle.loads(pickle.dumps(x))


def goes_on_as_before(model, cache, ids):
    model(ids, past_key_values=cache)
    kept, copied = again(cache), copy.deepcopy(cache)
    assert type(kept) is type(cache)
    assert kept.get_seq_length() == cache.get_seq_length() == ids.shape[1]
    more = ef.tensor([[5, 6]])
    expected = model(more, past_key_values=copied).logits
    assert (model(more, past_key_values=kept).logits - expected).abs().max().item() == 0
    assert kept.get_seq_length() == ids.shape[1] + 2
    assert cache.get_seq_length() == ids.shape[1]
    return kept


def test_a_prompt_is_kept():
    model = ef.LlamaForCausalLM(ef.LlamaConfig(**LLAMA))
    goes_on_as_before(model, ef.DynamicCache(), ef.tensor([[1, 2, 3]]))


def test_half_precision_stays():
    model = ef.LlamaForCausalLM(ef.LlamaConfig(**LLAMA)).to(ef.bfloat16)
    kept = goes_on_as_before(model, ef.DynamicCache(), ef.tensor([[1, 2, 3]]))
    assert kept.layers[0].keys.dtype == ef.bfloat16


def test_windows_slide_on():
    config = ef.MistralConfig(**LLAMA, sliding_window=4)
    model = ef.MistralForCausalLM(config)
    kept = goes_on_as_before(model, ef.DynamicCache(config=config), ef.tensor([[1, 2, 3, 4, 5, 6, 7, 8, 9]]))
    assert kept.layers[0].sliding_window == 4
    assert kept.layers[0].keys.shape[2] == 3


def test_the_limit_of_a_static_cache():
    config = ef.LlamaConfig(**LLAMA)
    model = ef.LlamaForCausalLM(config)
    kept = goes_on_as_before(model, ef.StaticCache(config, max_cache_len=6), ef.tensor([[1, 2, 3]]))
    assert kept.get_max_cache_shape() == 6
    with pytest.raises(ef.ShapeError, match="max_cache_len = 6"):
        model(ef.tensor([[1, 2]]), past_key_values=kept)


def test_states_of_recurrent_layers():
    config = ef.Lfm2Config(**LLAMA, layer_types=["conv", "full_attention"])
    model = ef.Lfm2ForCausalLM(config)
    goes_on_as_before(model, ef.DynamicCache(config=config), ef.tensor([[1, 2, 3]]))
    out = model(ef.tensor([[1, 2, 3]]), use_cache=True)
    assert again(out.past_key_values).get_seq_length() == 3


def test_an_encoder_and_a_decoder():
    model = ef.T5ForConditionalGeneration(ef.T5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=1, num_heads=4))
    out = model(input_ids=ef.tensor([[4, 5]]), decoder_input_ids=ef.tensor([[0, 7]]), use_cache=True)
    kept = again(out.past_key_values)
    assert isinstance(kept, ef.EncoderDecoderCache)
    assert kept.get_seq_length() == 2
    assert kept.cross_attention_cache.get_seq_length() == 2


def test_outputs_of_generate():
    model = ef.LlamaForCausalLM(ef.LlamaConfig(**LLAMA))
    out = model.generate(ef.tensor([[1, 2, 3]]), max_new_tokens=3, return_dict_in_generate=True, do_sample=False)
    assert again(out).past_key_values.get_seq_length() == out.past_key_values.get_seq_length()


def test_an_empty_one():
    assert again(ef.DynamicCache()).get_seq_length() == 0


def test_damaged_states_are_refused():
    good = [[], None, 0, False, [(ef.zeros(2, 1, 3, 4), ef.zeros(2, 1, 3, 4), 0)]]
    restored = ef.DynamicCache.__new__(ef.DynamicCache)
    restored.__setstate__((False, tuple(good)))
    assert restored.get_seq_length() == 3
    bad = {
        0: [[-1], [2**50]],
        1: [ef.int64],
        2: [-5, 2**62],
        4: [
            [(ef.zeros(9, 1, 3, 4), ef.zeros(2, 1, 3, 4), 0)],
            [(ef.zeros(2, 4, 3, 4), ef.zeros(2, 1, 3, 4), 0)],
            [(ef.zeros(2, 1, 3, 4), ef.zeros(2, 1, 2, 4), 0)],
            [(ef.zeros(2, 1, 3, 4), ef.zeros(2, 1, 3, 4).to(ef.bfloat16), 0)],
            [(ef.zeros(2, 1, 3, 4).to(ef.int64), ef.zeros(2, 1, 3, 4).to(ef.int64), 0)],
            [(ef.zeros(2, 1, 3, 4), ef.zeros(2, 1, 3, 4), 2**62)],
            [(ef.zeros(2, 1, 3, 4), ef.zeros(2, 1, 3, 4), -1)],
        ],
    }
    for place, values in bad.items():
        for value in values:
            with pytest.raises(ValueError):
                ef.DynamicCache.__new__(ef.DynamicCache).__setstate__(
                    (False, tuple([*good[:place], value, *good[place + 1 :]]))
                )
    with pytest.raises(TypeError, match="not a Cache"):
        ef.EncoderDecoderCache.__new__(ef.EncoderDecoderCache).__setstate__((None, None))
