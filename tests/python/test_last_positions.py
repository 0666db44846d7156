"""Scores of the last positions alone: the last layer of a long prompt is not computed further than they need."""

import eigenformers as ef
import numpy as np
import pytest

LENGTH = 200  # of more rows than a step may have


def small(family: str) -> ef.PreTrainedModel:
    ef.set_seed(1)
    config = ef.AutoConfig.for_model(
        family, vocab_size=99, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=512, sliding_window=70,
    )  # fmt: skip
    return ef.AutoModelForCausalLM.from_config(config).eval()


def prompt(batch: int = 2) -> np.ndarray:
    return np.random.default_rng(3).integers(3, 99, (batch, LENGTH))


@pytest.mark.parametrize("family", ["llama", "mistral", "gemma2", "gemma3_text", "qwen3", "olmo2", "cohere2", "phi3"])
def test_they_are_those_of_the_whole(family: str) -> None:
    model, ids = small(family), prompt()
    mask = np.ones_like(ids)
    mask[0, :37] = 0
    with ef.no_grad():
        whole = model(ids, attention_mask=mask, use_cache=True)
        for count in (1, 3, LENGTH - 1, LENGTH, LENGTH + 5):
            some = model(ids, attention_mask=mask, use_cache=True, logits_to_keep=count)
            want = np.asarray(whole.logits)[:, -count:]
            # Few rows are summed in another order than many: some units in the last place of f32 over two layers.
            np.testing.assert_allclose(np.asarray(some.logits), want, rtol=0, atol=2e-5 * np.abs(want).max())
            for layer in range(2):  # keys and values of all positions
                for kept, needed in zip(some.past_key_values[layer], whole.past_key_values[layer], strict=True):
                    np.testing.assert_array_equal(np.asarray(kept), np.asarray(needed))


def test_batch_invariant_bits() -> None:
    model, ids = small("llama"), prompt(1)
    with ef.set_batch_invariant(True), ef.no_grad():
        whole = np.asarray(model(ids).logits)
        assert (np.asarray(model(ids, logits_to_keep=1).logits) == whole[:, -1:]).all()


def test_whoever_looks_inside_sees_all_positions() -> None:
    model, ids = small("llama"), prompt()
    seen: dict[str, tuple[int, ...]] = {}

    def look(name: str) -> object:
        def hook(module: object, args: object, output: object) -> None:
            states = output[0] if isinstance(output, tuple) else getattr(output, "last_hidden_state", output)
            seen[name] = tuple(states.shape)

        return hook

    places = {
        "mlp": model.model.layers[1].mlp.down_proj, "layer": model.model.layers[1], "norm": model.model.norm,
        "base": model.model,
    }  # fmt: skip
    with ef.no_grad():
        want = np.asarray(model(ids, logits_to_keep=1).logits)
        for name, module in places.items():
            handle = module.register_forward_hook(look(name))
            # As above; the logits are below 1.
            np.testing.assert_allclose(np.asarray(model(ids, logits_to_keep=1).logits), want, rtol=0, atol=1e-5)
            handle.remove()
            assert seen[name] == (2, LENGTH, 64), name
        states = model(ids, logits_to_keep=1, output_hidden_states=True).hidden_states
        assert [tuple(s.shape) for s in states] == [(2, LENGTH, 64)] * 3
        assert tuple(model.model(ids).last_hidden_state.shape) == (2, LENGTH, 64)
    labels = model(ids, labels=ids)
    assert np.isfinite(float(labels.loss))


def test_a_prompt_in_pieces() -> None:
    model = small("llama")
    ids = np.random.default_rng(5).integers(3, 99, (1, 450))
    want = np.asarray(model.generate(ids, max_new_tokens=12, do_sample=False))
    for size in (150, 449, 1):
        assert (np.asarray(model.generate(ids, max_new_tokens=12, do_sample=False, prefill_chunk_size=size)) == want).all()
