"""Models whose construction fails leave nothing behind that the collector could stumble over."""

from __future__ import annotations

import gc

import eigenformers as ef
import pytest

SIZES = {
    "vocab_size": 19,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
BAD = {
    "llama": (ef.LlamaForCausalLM, ef.LlamaConfig, {**SIZES, "hidden_act": "nope"}),
    "llama heads": (ef.LlamaForCausalLM, ef.LlamaConfig, {**SIZES, "head_dim": 3}),
    "llama positions": (
        ef.LlamaForCausalLM,
        ef.LlamaConfig,
        {**SIZES, "rope_parameters": {"rope_type": "zzz", "rope_theta": 1e4}},
    ),
    "classifier": (ef.LlamaForSequenceClassification, ef.LlamaConfig, {**SIZES, "hidden_act": "nope"}),
    "bert": (ef.BertModel, ef.BertConfig, {**SIZES, "hidden_act": "nope"}),
    "gemma2": (ef.Gemma2ForCausalLM, ef.Gemma2Config, {**SIZES, "hidden_activation": "nope"}),
    "gpt2": (ef.GPT2LMHeadModel, ef.GPT2Config, {"n_embd": 32, "n_head": 4, "activation_function": "nope"}),
    "t5": (
        ef.T5ForConditionalGeneration,
        ef.T5Config,
        {"d_model": 32, "d_ff": 32, "d_kv": 8, "num_heads": 4, "feed_forward_proj": "nope"},
    ),
    "experts": (ef.Qwen3MoeForCausalLM, ef.Qwen3MoeConfig, {**SIZES, "hidden_act": "nope"}),
}


@pytest.mark.parametrize("name", BAD)
def test_the_collector_runs_while_the_exception_is_kept(name):
    model, config, options = BAD[name]
    kept = []
    for _ in range(3):
        try:
            model(config(**options))
        except Exception as error:  # noqa: BLE001 (which one is another test's)
            kept.append(error)  # and with it the half-made model, in its traceback
        gc.collect()
    assert len(kept) == 3
    assert all(type(error).__module__.startswith(("eigenformers", "builtins")) for error in kept)
    kept.clear()
    gc.collect()


def test_a_half_made_model_has_no_parts():
    try:
        ef.LlamaForCausalLM(ef.LlamaConfig(**SIZES, hidden_act="nope"))
    except Exception as error:  # noqa: BLE001
        traceback = error.__traceback__
    while traceback:
        for value in traceback.tb_frame.f_locals.values():
            if isinstance(value, ef.LlamaForCausalLM):
                assert dict(value.named_modules()).keys() == {""}
                assert list(value.parameters()) == []
                return
        traceback = traceback.tb_next
    pytest.fail("the traceback holds no model")
