"""Encoder-decoders and experts beyond the golden records: files, ties, caches, hooks, training, bad input."""

from __future__ import annotations

import copy

import eigenformers as ef
import numpy as np
import pytest
from eigenformers.safetensors.numpy import load_file, save_file

BART = {
    "vocab_size": 40, "d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "max_position_embeddings": 16,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2, "init_std": 0.3,
}  # fmt: skip
T5 = {"vocab_size": 40, "d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
SOURCE = ef.tensor([[5, 6, 7, 8, 2], [9, 10, 11, 12, 2]])


@pytest.fixture(scope="module")
def bart():
    ef.manual_seed(0)
    return ef.BartForConditionalGeneration(ef.BartConfig(**BART)).eval()


@pytest.fixture(scope="module")
def t5():
    ef.manual_seed(0)
    return ef.T5ForConditionalGeneration(ef.T5Config(**T5)).eval()


def test_stacks_are_models_and_embeddings_are_one(bart, t5):
    for model, base in ((bart, bart.model), (t5, t5)):
        assert model.get_encoder() is base.encoder and model.get_decoder() is base.decoder
        assert base.encoder.embed_tokens.weight is base.shared.weight
        assert model.get_input_embeddings() is base.shared
        states = base.encoder(SOURCE).last_hidden_state
        again = base.decoder(SOURCE, encoder_hidden_states=states, use_cache=False).last_hidden_state
        assert tuple(again.shape) == (2, 5, 16)


def test_tensors_that_a_file_holds_apart_stay_apart(t5, tmp_path):
    t5.save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    assert "lm_head.weight" not in state
    state["lm_head.weight"] = state["shared.weight"] * 2
    save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    apart = ef.AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    assert apart.lm_head.weight is not apart.shared.weight
    np.testing.assert_array_equal(apart.lm_head.weight.detach().numpy(), state["lm_head.weight"])
    np.testing.assert_array_equal(apart.encoder.embed_tokens.weight.detach().numpy(), state["shared.weight"])
    twin = copy.deepcopy(apart)
    np.testing.assert_array_equal(twin.lm_head.weight.detach().numpy(), state["lm_head.weight"])
    apart.save_pretrained(tmp_path / "again")
    assert "lm_head.weight" in load_file(tmp_path / "again" / "model.safetensors")
    state["lm_head.weight"] = state["shared.weight"]  # the same values: one again
    save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    one = ef.AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    assert one.lm_head.weight is one.shared.weight


def test_cache_follows_the_batch(bart):
    prompt = ef.tensor([[2, 7], [2, 9]])
    with ef.no_grad():
        first = bart(SOURCE, decoder_input_ids=prompt)
        past = first.past_key_values
        assert isinstance(past, ef.EncoderDecoderCache) and isinstance(past, ef._core.Cache)
        assert past.get_seq_length() == 2 and len(past) == 2 and past.is_updated == {0: True, 1: True}
        assert past.cross_attention_cache.get_seq_length() == 5
        legacy = past.to_legacy_cache()
        assert [len(layer) for layer in legacy] == [4, 4]
        swapped = ef.EncoderDecoderCache.from_legacy_cache(legacy)
        swapped.reorder_cache(ef.tensor([1, 0]))
        states = first.encoder_last_hidden_state
        token = ef.tensor([[8], [8]])
        one = bart(encoder_outputs=(states,), decoder_input_ids=token, past_key_values=past).logits
        other = bart(encoder_outputs=(states,), decoder_input_ids=token, past_key_values=swapped).logits
    np.testing.assert_allclose(one.numpy()[::-1], other.numpy(), rtol=1e-5, atol=1e-6)
    past.crop(-1)
    assert past.get_seq_length() == 2 and past.cross_attention_cache.get_seq_length() == 5
    past.reset()
    assert past.get_seq_length() == 0 and past.is_updated == {}
    with pytest.raises(TypeError, match="not a Cache"):
        ef.EncoderDecoderCache(1, 2)
    with pytest.raises(ValueError, match="Expected 1 or 2"):
        ef.EncoderDecoderCache()


@pytest.mark.parametrize("beams", [3, 13])
@pytest.mark.parametrize("name", ["bart", "t5"])
def test_beams_share_what_they_read(name, beams, request):
    model = request.getfixturevalue(name)
    mask = ef.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    options = {"attention_mask": mask, "num_beams": beams, "max_new_tokens": 6, "return_dict_in_generate": True,
               "output_scores": True}  # fmt: skip
    shared = model.generate(SOURCE, **options)
    apart = model.generate(SOURCE, output_attentions=True, **options)  # these have a row for each beam
    assert shared.sequences.tolist() == apart.sequences.tolist()
    assert shared.sequences_scores.tolist() == apart.sequences_scores.tolist()
    for a, b in zip(shared.scores, apart.scores):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    caches = [out.past_key_values.cross_attention_cache for out in (shared, apart)]
    for layer in range(2):
        a, b = (cache.layers[layer] for cache in caches)
        assert tuple(a.keys.shape)[0] == 2 * beams
        np.testing.assert_array_equal(a.keys.numpy(), b.keys.numpy())


def test_a_cache_may_be_looked_at_while_beams_share_it(t5):
    def look(ids, scores):
        seen.append(tuple(cache.cross_attention_cache.layers[0].keys.shape)[0])
        copy.deepcopy(cache)
        return scores

    cache, seen = ef.EncoderDecoderCache(ef.DynamicCache(), ef.DynamicCache()), []
    options = {"num_beams": 4, "max_new_tokens": 4}
    watched = t5.generate(SOURCE, past_key_values=cache, logits_processor=[look], **options)
    assert watched.tolist() == t5.generate(SOURCE, **options).tolist()
    assert seen[1:] == [8] * len(seen[1:])


def test_caches_have_the_dtype_of_the_weights(t5):
    half = copy.deepcopy(t5).to(ef.bfloat16)
    out = half.generate(SOURCE, max_new_tokens=2, num_beams=2, return_dict_in_generate=True)
    assert out.past_key_values.self_attention_cache.layers[0].keys.dtype == ef.bfloat16


def test_hooks_see_every_step_and_change_nothing(bart):
    plain = bart.generate(SOURCE, max_new_tokens=4, do_sample=False)
    calls = []
    hooks = [
        module.register_forward_hook(lambda *args: calls.append(type(args[0]).__name__))
        for module in (bart, bart.model, bart.model.encoder, bart.model.decoder)
    ]
    hooked = bart.generate(SOURCE, max_new_tokens=4, do_sample=False)
    for hook in hooks:
        hook.remove()
    assert hooked.tolist() == plain.tolist()
    assert calls.count("BartEncoder") == 1 and calls.count("BartDecoder") == plain.shape[1] - 1


def test_resizing_moves_all_tables_and_the_bias():
    model = ef.BartForConditionalGeneration(ef.BartConfig(**BART)).eval()
    model.resize_token_embeddings(44)
    assert model.config.vocab_size == 44 and tuple(model.final_logits_bias.shape) == (1, 44)
    assert model(SOURCE, decoder_input_ids=ef.tensor([[43], [2]])).logits.shape[-1] == 44
    assert model.model.decoder.embed_tokens.weight is model.lm_head.weight


def test_scaled_embeddings_stay_scaled():
    model = ef.MBartModel(ef.MBartConfig(**{**BART, "scale_embedding": True})).eval()
    before = model.get_input_embeddings()(SOURCE).detach().numpy()
    model.resize_token_embeddings(44)
    np.testing.assert_allclose(model.get_input_embeddings()(SOURCE).detach().numpy(), before, rtol=1e-6)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_learns_to_copy(dropout):
    ef.manual_seed(0)
    config = {**T5, "dropout_rate": dropout}
    model = ef.T5ForConditionalGeneration(ef.T5Config(**config)).train()
    optimizer = ef.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(30):
        loss = model(SOURCE, labels=SOURCE).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] * 0.7


def test_layers_may_drop_in_training():
    ef.manual_seed(0)
    model = ef.M2M100ForConditionalGeneration(ef.M2M100Config(**{**BART, "encoder_layerdrop": 1.0})).train()
    states = model.model.encoder(SOURCE, output_hidden_states=True).hidden_states
    np.testing.assert_array_equal(states[0].detach().numpy(), states[1].detach().numpy())
    assert len(states) == 3


def test_labels_count_as_many_as_they_are_said_to(bart):
    labels = ef.tensor([[5, 6, -100], [7, -100, -100]])
    mean = bart(SOURCE, labels=labels).loss.item()
    assert bart(SOURCE, labels=labels, num_items_in_batch=6).loss.item() == pytest.approx(mean / 2, rel=1e-5)


def test_bad_input_is_named(bart, t5):
    long = ef.zeros((1, 17), dtype=ef.int64)
    with pytest.raises(IndexError, match="17 tokens, the model has 16 positions"):
        bart(long, decoder_input_ids=SOURCE[:1])
    with pytest.raises(ValueError, match="exactly one of decoder_input_ids or decoder_inputs_embeds"):
        t5(SOURCE)
    with pytest.raises(ValueError, match="decoder_attention_mask: found shape"):
        t5(SOURCE, decoder_input_ids=SOURCE, decoder_attention_mask=ef.ones((2, 3)))
    with pytest.raises(ValueError, match="encoder_hidden_states: found shape"):
        t5(encoder_outputs=(ef.zeros((2, 5, 8)),), decoder_input_ids=SOURCE)
    with pytest.raises(ValueError, match="labels: found shape"):
        t5(SOURCE, decoder_input_ids=SOURCE, labels=SOURCE[:, :3])
    with pytest.raises(IndexError):
        t5(SOURCE, decoder_input_ids=ef.tensor([[40], [1]]))
    with pytest.raises(TypeError, match="unexpected keyword argument 'cross'"):
        t5(SOURCE, decoder_input_ids=SOURCE, cross=1)
    with pytest.raises(ValueError, match="not used by the model"):
        t5.generate(SOURCE, cross=1)
    with pytest.raises(ValueError, match="divisible by num_heads"):
        ef.BartModel(ef.BartConfig(**{**BART, "decoder_attention_heads": 3}))
    with pytest.raises(ValueError, match="feed_forward_proj"):
        ef.T5Config(feed_forward_proj="gated-gelu-more")
    with pytest.raises(ValueError, match="4 buckets"):
        ef.T5Model(ef.T5Config(**{**T5, "relative_attention_num_buckets": 2}))


def test_only_chosen_experts_are_computed():
    config = ef.MixtralConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, num_local_experts=8, num_experts_per_tok=2, max_position_embeddings=16,
    )  # fmt: skip
    model = ef.MixtralForCausalLM(config).eval()
    called = []
    experts = model.model.layers[0].block_sparse_moe.experts
    for number, expert in enumerate(experts):
        expert.register_forward_hook(lambda *args, number=number: called.append(number))
    output = model(ef.tensor([[3]]), output_router_logits=True)
    chosen = np.argsort(-output.router_logits[0].detach().numpy()[0])[:2]
    assert sorted(called) == sorted(chosen.tolist())
    with pytest.raises(ValueError, match="num_experts_per_tok"):
        ef.MixtralForCausalLM(ef.MixtralConfig(num_local_experts=2, num_experts_per_tok=3, num_hidden_layers=1))


def test_four_bit_experts_are_expanded(tmp_path):
    rng = np.random.RandomState(0)
    config = ef.GptOssConfig(
        vocab_size=32, hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, head_dim=8,
        num_key_value_heads=2, num_local_experts=2, num_experts_per_tok=1, sliding_window=4, max_position_embeddings=16,
    )  # fmt: skip
    model = ef.GptOssForCausalLM(config).eval()
    model.save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    numbers = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)
    numbers = np.concatenate([numbers, -numbers])
    for name, rows in (("gate_up_proj", 64), ("down_proj", 32)):
        codes = rng.randint(0, 16, (2, rows, 32))
        scales = rng.randint(118, 124, (2, rows, 1))
        key = f"model.layers.0.mlp.experts.{name}"
        dense = numbers[codes] * 2.0 ** (scales - 127)
        state[key + "_blocks"] = (codes[..., ::2] | codes[..., 1::2] << 4).astype(np.uint8).reshape(2, rows, 1, 16)
        state[key + "_scales"] = scales.astype(np.uint8)
        state[key] = dense.transpose(0, 2, 1).copy()
    dense = {name: value for name, value in state.items() if not name.endswith(("_blocks", "_scales"))}
    packed = {name: value for name, value in state.items() if not name.endswith(("gate_up_proj", "down_proj"))}
    save_file(packed, tmp_path / "model.safetensors", metadata={"format": "pt"})
    text = (tmp_path / "config.json").read_text().rstrip()[:-1]
    (tmp_path / "config.json").write_text(text + ', "quantization_config": {"quant_method": "mxfp4"}}')
    read = ef.AutoModelForCausalLM.from_pretrained(tmp_path, dtype="float32").eval()
    model.load_state_dict({name: ef.from_numpy(value.astype(np.float32)) for name, value in dense.items()})
    ids = ef.tensor([[3, 4, 5]])
    np.testing.assert_allclose(read(ids).logits.detach().numpy(), model(ids).logits.detach().numpy(), rtol=1e-5)
    assert read.dtype == ef.float32


def test_takes_lora():
    from eigenformers import peft

    ef.manual_seed(0)
    model = ef.T5ForConditionalGeneration(ef.T5Config(**T5)).eval()
    plain = model(SOURCE, labels=SOURCE).loss.item()
    adapted = peft.get_peft_model(model, peft.LoraConfig(task_type="SEQ_2_SEQ_LM", r=2)).train()
    names = {name.rsplit(".", 3)[0].rpartition(".")[2] for name, p in adapted.named_parameters() if p.requires_grad}
    assert names == {"q", "v"}
    adapted.eval()
    assert adapted(input_ids=SOURCE, labels=SOURCE).loss.item() == pytest.approx(plain, rel=1e-5)
    adapted(input_ids=SOURCE, labels=SOURCE).loss.backward()
    assert all(p.grad is not None for name, p in adapted.named_parameters() if "lora_B" in name)
    assert adapted.generate(input_ids=SOURCE, max_new_tokens=3).shape[0] == 2
