"""A forward that users put in the place of a model's own: it is called from wherever the model is, with what it takes."""

from __future__ import annotations

import functools

import eigenformers as ef
import numpy as np
import pytest

IDS = ef.tensor([[5, 9, 33, 4]])
LONG = {"rope_theta": 1e4, "original_max_position_embeddings": 520, "short_factor": [1.0 + 0.05 * i for i in range(8)],
        "long_factor": [1.0 + 0.6 * i for i in range(8)]}  # fmt: skip


def made(family: str, **changes) -> ef.PreTrainedModel:
    ef.manual_seed(1)
    sizes = {"vocab_size": 99, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    if family in ("t5", "bart"):
        sizes = {"vocab_size": 99, "d_model": 64, "decoder_start_token_id": 2, "forced_eos_token_id": None}
        sizes |= {"d_kv": 16, "d_ff": 96, "num_layers": 2} if family == "t5" else {"encoder_layers": 2, "decoder_layers": 2}
    elif family in ("mamba", "mamba2"):
        del sizes["num_attention_heads"]
        sizes |= {"state_size": 16} | ({"num_heads": 8, "head_dim": 16, "n_groups": 2} if family == "mamba2" else {})
    config = ef.AutoConfig.for_model(family, **{**sizes, "eos_token_id": None, "pad_token_id": 0, **changes})
    kind = ef.AutoModelForSeq2SeqLM if family in ("t5", "bart") else ef.AutoModelForCausalLM
    model = kind.from_config(config).eval()
    for value in model.parameters():  # random heads give one token for ever
        value.data.copy_(ef.randn(*value.shape) * 0.3)
    return model


def generated(model, ids=IDS, count=5):
    return model.generate(ids, max_new_tokens=count, do_sample=False).tolist()


def counted(module, wrap):
    """Puts a wrapper in the place of `module.forward`; returns the list of its calls."""
    calls, forward = [], module.forward

    def wrapper(*args, **kwargs):
        calls.append(sorted(kwargs))
        return forward(*args, **kwargs)

    module.forward = functools.wraps(forward)(wrapper) if wrap else wrapper
    return calls


@pytest.mark.parametrize("wrap", [False, True], ids=["plain", "functools.wraps"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom", "qwen3_moe", "mamba", "mamba2", "t5", "bart"])
def test_wrappers_are_called_by_generate(family, wrap):
    model = made(family)
    wanted = generated(model)
    places = [model] if family == "t5" else [model, model.base_model]
    if family in ("t5", "bart"):
        places += [model.get_encoder(), model.get_decoder()]
    for place in places:
        calls = counted(place, wrap)
        assert generated(model) == wanted
        assert len(calls) == (1 if place is getattr(model, "get_encoder", lambda: None)() else 5), type(place)
        del place.forward
        assert generated(model) == wanted and len(calls) in (1, 5)


@pytest.mark.parametrize("wrap", [False, True])
def test_a_wrapper_below_the_head_sees_the_models_calls(wrap):
    model = made("llama")
    wanted = model(IDS, logits_to_keep=1).logits
    calls = counted(model.model, wrap)
    np.testing.assert_array_equal(np.asarray(model(IDS, logits_to_keep=1).logits), np.asarray(wanted))
    assert len(calls) == 1


def test_the_decoder_alone_of_an_encoder_decoder():
    model = ef.BartForCausalLM(made("bart").config).eval()
    wanted, seen = generated(model), []
    for place in (model, model.model, model.model.decoder):
        hook = place.register_forward_hook(lambda *_: seen.append(1))
        assert generated(model) == wanted
        hook.remove()
        calls = counted(place, False)
        assert generated(model) == wanted and len(calls) == 5
        del place.forward
    assert len(seen) == 15


def test_what_a_wrapper_changes_counts():
    model = made("llama")
    plain, forward = generated(model), model.forward

    @functools.wraps(forward)
    def negative(*args, **kwargs):
        output = forward(*args, **kwargs)
        output.logits = -output.logits
        return output

    model.forward = negative
    assert generated(model) != plain


def test_a_decorated_forward_of_a_subclass_is_called():
    calls = []

    def decorated(function):
        @functools.wraps(function)
        def inner(self, *args, **kwargs):
            calls.append(1)
            return function(self, *args, **kwargs)

        return inner

    class Own(ef.LlamaForCausalLM):
        forward = decorated(ef.LlamaForCausalLM.forward)

    model = made("llama")
    own = Own(model.config).eval()
    own.load_state_dict(model.state_dict())
    assert generated(own) == generated(model) and len(calls) == 5


def test_a_forward_that_is_replaced_on_the_class(monkeypatch):
    forward, calls = ef.LlamaForCausalLM.forward, []

    def timed(self, *args, **kwargs):
        calls.append(1)
        return forward(self, *args, **kwargs)

    wanted = generated(made("llama"))
    monkeypatch.setattr(ef.LlamaForCausalLM, "forward", timed)
    assert generated(made("llama")) == wanted and len(calls) == 5


def test_rotary_factors_go_by_the_whole_prompt_behind_hooks_too():
    model = made("phi3", original_max_position_embeddings=520, max_position_embeddings=4096, intermediate_size=96,
                 num_key_value_heads=2, rope_parameters={"rope_type": "longrope", **LONG}, bos_token_id=1)  # fmt: skip
    prompt = ef.tensor(np.random.default_rng(2).integers(3, 99, (1, 800)))
    wanted = generated(model, prompt)
    calls = counted(model, False)
    assert generated(model, prompt) == wanted and len(calls) > 5  # the prompt goes in pieces
    del model.forward
    hook = model.register_forward_hook(lambda *_: None)
    assert generated(model, prompt) == wanted
    hook.remove()


@pytest.mark.parametrize(
    "keep", [-3, slice(1, None, 2), slice(-2, None), [0, 2], np.array([3, 0]), ef.tensor([-1, 1]),
             ef.tensor([True, False, False, True])],
    ids=str,
)  # fmt: skip
def test_logits_to_keep_is_any_index(keep):
    model = made("llama")
    whole = np.asarray(model(IDS).logits)
    index = slice(-keep, None) if isinstance(keep, int) else np.asarray(keep) if isinstance(keep, ef.Tensor) else keep
    np.testing.assert_allclose(np.asarray(model(IDS, logits_to_keep=keep).logits), whole[:, index], atol=1e-5)


@pytest.mark.parametrize("keep", [2.0, "1", [[0, 1]], [0.5]])
def test_what_is_no_index_is_named(keep):
    with pytest.raises((TypeError, ValueError), match="logits_to_keep"):
        made("llama")(IDS, logits_to_keep=keep)


def test_token_types_that_generate_cannot_pass_on_are_an_error():
    with pytest.raises(ValueError, match=r"not used by the model: \['token_type_ids'\]"):
        made("llama").generate(IDS, token_type_ids=ef.zeros_like(IDS), max_new_tokens=1)
    config = ef.BertConfig(vocab_size=99, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                           is_decoder=True)  # fmt: skip
    model = ef.BertLMHeadModel(config).eval()
    plain = generated(model)
    assert model.generate(IDS, token_type_ids=ef.zeros_like(IDS), max_new_tokens=5, do_sample=False).tolist() == plain
    with pytest.raises(NotImplementedError, match="token_type_ids"):
        model.generate(IDS, token_type_ids=ef.ones_like(IDS), max_new_tokens=1)


def test_the_forward_of_another_model():
    one, other = made("llama"), made("llama")
    for value in other.parameters():
        value.data.mul_(-1.5)
    wanted = generated(other)
    assert generated(one) != wanted
    one.forward = other.forward
    assert generated(one) == wanted


def test_a_late_bias_of_latent_keys_counts_in_every_step():
    latent = {"kv_lora_rank": 16, "q_lora_rank": None, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8}
    model = made("deepseek_v3", num_key_value_heads=4, intermediate_size=96, moe_intermediate_size=32, n_routed_experts=4,
                 num_experts_per_tok=2, n_group=1, topk_group=1, first_k_dense_replace=2, bos_token_id=1, **latent)  # fmt: skip
    layer = model.model.layers[0].self_attn.kv_b_proj
    layer.bias = ef.nn.Parameter(ef.randn(layer.out_features) * 3)
    for count in (3, 6):
        with_cache = model.generate(IDS, max_new_tokens=count, do_sample=False).tolist()
        assert with_cache == model.generate(IDS, max_new_tokens=count, do_sample=False, use_cache=False).tolist()


@pytest.mark.parametrize("how", ["hook", "wrapper", "hook on the whole"])
def test_encoders_behind_hooks_see_each_text_alone(how):
    from eigenformers.sentence_transformers.packing import TokenLists, run

    config = ef.BertConfig(vocab_size=99, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                           num_labels=1)  # fmt: skip
    ef.manual_seed(1)
    model = ef.BertForSequenceClassification(config).eval()
    lengths = np.array([3, 5, 4])
    texts = TokenLists(np.random.default_rng(1).integers(3, 99, 12), lengths, None)
    wanted = np.asarray(run(model, texts, np.arange(3), 0)[0]["logits"])
    calls = []
    if how == "wrapper":
        calls = counted(model.bert, True)
    else:
        (model if "whole" in how else model.bert).register_forward_hook(lambda *_: calls.append(1))
    np.testing.assert_allclose(np.asarray(run(model, texts, np.arange(3), 0)[0]["logits"]), wanted, atol=1e-5)
    assert len(calls) == 1
    if "whole" not in how:
        with pytest.raises(NotImplementedError, match="packed texts"):
            model._native_run(texts.packed(np.arange(3)))
