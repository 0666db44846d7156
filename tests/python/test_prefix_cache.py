"""PrefixCache: what a call reuses, that nothing else changes, and when it begins anew."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest
from cases.generation import long_rope
from cases.models import causal_lm
from eigenformers.peft import LoraConfig, get_peft_model

FIRST = np.random.RandomState(0).randint(3, 64, (1, 300))
DYNAMIC = {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}
OPTIONS = dict(max_new_tokens=8, do_sample=False, pad_token_id=0, output_logits=True, return_dict_in_generate=True)


def _model(**changes):
    return causal_lm(ef, changes.pop("family", "llama"), max_position_embeddings=1024, eos_token_id=None, **changes)


def _run(model, ids, cache=None, **more):
    return model.generate(ids, attention_mask=np.ones_like(ids), prefix_cache=cache, **{**OPTIONS, **more})


def _turns(first):
    """Prompts as of a chat: the answer's end differs, the next goes on, a third begins as the first did."""
    second = np.concatenate([first[:, :-3], np.array([[7, 8, 9, 10]])], axis=1)
    return [second, np.concatenate([second, second[:, :5]], axis=1), first[:, :40], np.full((1, 5), 50)]


@pytest.mark.parametrize("family, kind", [("phi3", "longrope"), ("llama", "longrope"), ("llama", "dynamic")])
def test_rotary_factors_that_go_by_the_length(family, kind):
    changes = long_rope(320) if kind == "longrope" else {"rope_parameters": DYNAMIC, "max_position_embeddings": 320}
    if family == "phi3":
        changes["original_max_position_embeddings"] = 320
    model, cache = causal_lm(ef, family, eos_token_id=None, **changes), ef.PrefixCache()
    text = np.random.RandomState(1).randint(3, 64, (1, 700))
    reused = []
    for length in (300, 310, 318, 340, 400, 330, 310, 300):  # the third outgrows the factors as it is continued
        alone, shared = _run(model, text[:, :length]), _run(model, text[:, :length], cache)
        assert shared.sequences.tolist() == alone.sequences.tolist()
        for a, b in zip(alone.logits, shared.logits):
            # What is reused was summed up in other pieces; keys turned otherwise differ by 1 and more.
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=0, atol=1e-4)
        reused.append(cache.reused)
    assert reused == [0, 300, 310, *((0, 340, 329) if family == "phi3" else (0, 0, 0)), 0, 299]


@pytest.mark.parametrize("way", ["lookup", "assistant", "early_exit", "static", "pieces"])
def test_a_text_outgrows_the_short_factors(way):
    """Guesses change nothing there either; caches of all kinds are computed anew, and not in the prompt's pieces."""
    model = causal_lm(ef, "phi3", eos_token_id=None, **{**long_rope(20), "original_max_position_embeddings": 20})
    more = {
        "lookup": {"prompt_lookup_num_tokens": 6},
        "assistant": {"assistant_model": model},
        "early_exit": {"assistant_early_exit": 1},
        "static": {"cache_implementation": "static"},
        "pieces": {"prefill_chunk_size": 4},
    }[way]
    for start in range(6, 20 if way == "pieces" else 24, 3):  # pieces of longer prompts have the short factors
        ids = np.tile(np.array([[5, 9, 2]]), 8)[:, :start]
        alone, other = _run(model, ids, max_new_tokens=20), _run(model, ids, max_new_tokens=20, **more)
        assert other.sequences.tolist() == alone.sequences.tolist()
        whole = _run(model, ids, max_new_tokens=20, use_cache=False).sequences
        assert whole.tolist() == alone.sequences.tolist()


@pytest.mark.parametrize("family, changes", [("llama", {}), ("mistral", {"sliding_window": 16})])
@pytest.mark.parametrize("lookup", [None, 4])
@pytest.mark.parametrize("invariant", [False, True])
def test_same_results(family, changes, lookup, invariant):
    model, cache = _model(family=family, **changes), ef.PrefixCache()
    with ef.set_batch_invariant(invariant):
        first = _run(model, FIRST, cache).sequences.numpy()
        assert cache.reused == 0 and len(cache) == 307
        reused = []
        for ids in _turns(first):
            alone = _run(model, ids, prompt_lookup_num_tokens=lookup)
            shared = _run(model, ids, cache, prompt_lookup_num_tokens=lookup)
            reused.append(cache.reused)
            assert shared.sequences.tolist() == alone.sequences.tolist()
            for a, b in zip(alone.logits, shared.logits):
                if invariant:
                    assert np.array_equal(a.numpy(), b.numpy())
                else:  # sums in another order, through two layers of f32
                    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=0, atol=1e-5)
        assert reused == [305, 309, 39, 0]


def test_the_result_is_the_users_own():
    model, cache = _model(), ef.PrefixCache()
    out = _run(model, FIRST, cache)
    out.past_key_values.reset()
    alone, shared = _run(model, out.sequences), _run(model, out.sequences, cache)
    assert cache.reused == 307 and shared.sequences.tolist() == alone.sequences.tolist()


def test_a_change_of_the_weights_begins_anew():
    cache, model = ef.PrefixCache(), _model()
    _run(model, FIRST, cache)
    with ef.no_grad():
        model.model.layers[0].mlp.down_proj.weight.mul_(3.0)
    shared = _run(model, FIRST, cache)
    assert cache.reused == 0 and shared.sequences.tolist() == _run(model, FIRST).sequences.tolist()
    _run(model, FIRST, cache)
    assert cache.reused == 299
    _run(model.to(ef.bfloat16), FIRST, cache)
    assert cache.reused == 0
    _run(_model(), FIRST, cache)
    assert cache.reused == 0
    with ef.set_batch_invariant(True):
        _run(model, FIRST, cache)
        assert cache.reused == 0


def test_a_change_of_the_adapters_begins_anew():
    model, cache = _model(), ef.PrefixCache()
    peft = get_peft_model(model, LoraConfig(target_modules=["q_proj"], init_lora_weights=False))
    peft.add_adapter("b", LoraConfig(target_modules=["v_proj"], init_lora_weights=False))
    layer = model.model.layers[0].self_attn.q_proj

    def changed(reused):
        alone, shared = _run(peft, FIRST), _run(peft, FIRST, cache)
        assert cache.reused == reused and shared.sequences.tolist() == alone.sequences.tolist()

    changed(0)
    changed(299)
    with peft.disable_adapter():
        changed(0)
        changed(299)
    changed(0)
    peft.set_adapter("b")
    changed(0)
    peft.set_adapter("default")
    layer.scaling["default"] *= 2
    changed(0)
    peft.merge_adapter()
    changed(0)
    peft.unmerge_adapter()
    changed(0)
    changed(299)


def test_a_layer_without_weights_that_is_replaced_begins_anew():
    model, cache = _model(), ef.PrefixCache()
    _run(model, FIRST, cache)
    model.model.layers[0].mlp.act_fn = ef.nn.Tanh()
    shared = _run(model, FIRST, cache)
    assert cache.reused == 0 and shared.sequences.tolist() == _run(model, FIRST).sequences.tolist()


@pytest.mark.parametrize(
    "config",
    [
        ef.MambaConfig(vocab_size=64, hidden_size=16, state_size=4, num_hidden_layers=2, eos_token_id=None),
        ef.Lfm2Config(
            vocab_size=64, hidden_size=16, intermediate_size=32, num_attention_heads=2, num_key_value_heads=1,
            num_hidden_layers=2, layer_types=["conv", "full_attention"], eos_token_id=None,
        ),
    ],
)  # fmt: skip
def test_a_recurrent_state_is_kept_or_begun_anew(config):
    model, cache = ef.AutoModelForCausalLM.from_config(config).eval(), ef.PrefixCache()
    first = _run(model, FIRST[:, :40], cache).sequences.numpy()
    longer = np.concatenate([first, FIRST[:, :5]], axis=1)
    for ids, reused in [(longer, len(cache)), (first[:, :30], 0), (longer, 0)]:
        alone, shared = _run(model, ids), _run(model, ids, cache)
        assert shared.sequences.tolist() == alone.sequences.tolist() and cache.reused == reused


def test_bounds_and_calls_that_are_not_served():
    model = _model()
    small = ef.PrefixCache(max_positions=306)
    _run(model, FIRST, small)
    assert len(small) == 0
    _run(model, FIRST[:, :299], small)
    assert len(small) == 306
    small.clear()
    assert len(small) == 0
    cache = ef.PrefixCache()
    two = np.concatenate([FIRST, FIRST])
    padded = np.ones_like(FIRST)
    padded[0, 0] = 0
    _run(model, two, cache)
    model.generate(FIRST, attention_mask=padded, prefix_cache=cache, **OPTIONS)
    _run(model, FIRST, cache, use_cache=False)
    _run(model, FIRST, cache, output_attentions=True)
    _run(model, FIRST, cache, past_key_values=ef.DynamicCache())
    _run(model, FIRST, cache, position_ids=np.zeros_like(FIRST))
    hook = model.model.layers[1].register_forward_hook(lambda module, args, out: None)
    _run(model, FIRST, cache)
    hook.remove()
    _run(model.train(), FIRST, cache)
    assert len(cache) == 0
    _run(model.eval(), FIRST, cache)
    _run(model, FIRST, cache, position_ids=np.zeros_like(FIRST))
    assert len(cache) == 307 and cache.reused == 0
    with pytest.raises(TypeError, match="needed a PrefixCache"):
        _run(model.eval(), FIRST, True)
    with pytest.raises(ValueError, match="max_positions=0"):
        ef.PrefixCache(max_positions=0)


def test_a_call_that_fails_leaves_nothing():
    model, cache = _model(), ef.PrefixCache()
    _run(model, FIRST, cache)

    class Fails(ef.LogitsProcessor):
        def __call__(self, input_ids, scores):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        _run(model, FIRST, cache, logits_processor=[Fails()])
    assert len(cache) == 0


def test_pipeline(smollm2):
    pipe, cache = ef.pipeline("text-generation", smollm2), ef.PrefixCache()
    messages = [{"role": "user", "content": "Name a colour."}]
    options = dict(max_new_tokens=12, do_sample=False)
    with ef.set_batch_invariant(True):
        messages = pipe(messages, prefix_cache=cache, **options)[0]["generated_text"]
        held = len(cache)
        messages.append({"role": "user", "content": "And another one?"})
        shared = pipe(messages, prefix_cache=cache, **options)
        assert cache.reused > held - 5
        assert shared == pipe(messages, **options)
