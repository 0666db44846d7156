"""State-space and hybrid models beyond the golden records: their cache, and what it cannot do."""

from __future__ import annotations

import copy

import eigenformers as ef
import numpy as np
import pytest
from cases.models import causal_lm

IDS = ef.tensor([[3, 1, 4, 1, 5, 9, 2, 6], [20, 21, 22, 23, 24, 25, 26, 27]])
SMALL = {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "pad_token_id": 0, "eos_token_id": 2}


def lfm2():
    return ef.Lfm2ForCausalLM(
        ef.Lfm2Config(
            **SMALL, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2, block_multiple_of=8,
            layer_types=["conv", "full_attention"], max_position_embeddings=64,
        )
    ).eval()  # fmt: skip


def mamba():
    return ef.MambaForCausalLM(ef.MambaConfig(**SMALL, state_size=4)).eval()


@pytest.mark.parametrize("make, cache", [(lfm2, "past_key_values"), (mamba, "cache_params")])
def test_states_follow_the_batch(make, cache):
    ef.manual_seed(0)
    model = make()
    with ef.no_grad():
        past = model(IDS[:, :5], use_cache=True)[cache]
        assert isinstance(past, ef._core.DynamicCache) and past.get_seq_length() == 5
        swapped, repeated = copy.deepcopy(past), copy.deepcopy(past)
        swapped.reorder_cache(ef.tensor([1, 0]))
        one = model(IDS[:, 5:], **{cache: past}).logits.numpy()
        other = model(IDS[:, 5:].flip(0), **{cache: swapped}).logits.numpy()
        np.testing.assert_allclose(one[::-1], other, rtol=1e-5, atol=1e-6)
        twice = model(IDS[:, 5:], **{cache: repeated}).logits.numpy()
    np.testing.assert_allclose(one, twice, rtol=1e-5, atol=1e-6)
    with pytest.raises(NotImplementedError, match="cannot be taken back"):
        past.crop(-1)
    past.reset()
    assert past.get_seq_length() == 0


def test_a_cache_without_states_is_refused():
    model = lfm2()
    with pytest.raises(ValueError, match="no state for layer 0"):
        model(IDS, past_key_values=ef._core.DynamicCache())
    made = ef._core.DynamicCache(config=model.config)
    assert model(IDS, past_key_values=made).past_key_values.get_seq_length() == 8


@pytest.mark.parametrize("assistant", ["lookup", "itself", "its_first_layer", "another_state", "llama"])
def test_guesses_change_nothing(assistant):
    """Wrong ones leave nothing in the states; what is left of the cache goes on as without them."""
    ef.manual_seed(0)
    model = lfm2()
    with ef.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.3)
    other = {
        "lookup": {"prompt_lookup_num_tokens": 5},
        "itself": {"assistant_model": model},
        "its_first_layer": {"assistant_early_exit": 1},
        "another_state": {"assistant_model": mamba()},
        "llama": {"assistant_model": causal_lm(ef, "llama", vocab_size=40)},
    }[assistant]
    rng, go = np.random.RandomState(0), {"do_sample": False, "eos_token_id": None, "return_dict_in_generate": True}
    for _ in range(12):
        ids = np.tile(rng.randint(3, 40, rng.randint(1, 8)), 6)[None, : rng.randint(2, 30)]
        given = {"attention_mask": np.ones_like(ids), "max_new_tokens": int(rng.randint(1, 20)), "output_hidden_states": True}
        alone, helped = (model.generate(ids, **given, **go, **more) for more in ({}, other))
        assert helped.sequences.tolist() == alone.sequences.tolist()
        assert helped.past_key_values.get_seq_length() == alone.past_key_values.get_seq_length()
        for a, b in zip(alone.hidden_states, helped.hidden_states):
            for x, y in zip(a, b):
                # One pass over several positions sums up in another order than a pass for each.
                np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=0, atol=1e-4)
        more = {"attention_mask": np.ones(alone.sequences.shape, int), "max_new_tokens": 5, **go}
        after = [model.generate(o.sequences, past_key_values=o.past_key_values, **more).sequences for o in (alone, helped)]
        assert after[0].tolist() == after[1].tolist()


def test_padding_on_the_left_changes_nothing():
    ef.manual_seed(0)
    for model in (lfm2(), mamba()):
        bare = model.generate(IDS[:1], max_new_tokens=4, do_sample=False, eos_token_id=None)
        padded = ef.cat([ef.zeros((1, 3), dtype=ef.int64), IDS[:1]], 1)
        mask = ef.cat([ef.zeros((1, 3), dtype=ef.int64), ef.ones((1, 8), dtype=ef.int64)], 1)
        other = model.generate(padded, attention_mask=mask, max_new_tokens=4, do_sample=False, eos_token_id=None)
        assert other[:, 11:].tolist() == bare[:, 8:].tolist()


def test_first_values_decay():
    model = mamba()
    mixer = model.backbone.layers[0].mixer
    np.testing.assert_allclose(mixer.A_log.detach().numpy()[3], np.log([1, 2, 3, 4]), rtol=1e-6)
    steps = np.log1p(np.exp(mixer.dt_proj.bias.detach().numpy()))
    assert steps.min() >= 1e-3 * 0.99 and steps.max() <= 0.1 * 1.01
    assert np.abs(mixer.conv1d.weight.detach().numpy()).max() > 0


def test_learns():
    ef.manual_seed(0)
    model = ef.Mamba2ForCausalLM(
        ef.Mamba2Config(**SMALL, state_size=4, num_heads=4, head_dim=16, n_groups=2)
    ).train()  # fmt: skip
    optimizer = ef.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(25):
        loss = model(IDS, labels=IDS).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
