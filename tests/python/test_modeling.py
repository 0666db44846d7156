"""from_pretrained and save_pretrained: options, reports, and every kind of bad input."""

from __future__ import annotations

import json
import os
import zipfile

import eigenformers as ef
import numpy as np
import pytest

IDS = ef.tensor([[3, 1, 4, 1, 5, 9]])


def tiny(**changes):
    config = ef.LlamaConfig(
        vocab_size=48, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, **changes,
    )  # fmt: skip
    ef.manual_seed(0)
    return ef.LlamaForCausalLM(config).eval()


def logits(model):
    with ef.no_grad():
        return model(IDS).logits.numpy().copy()


@pytest.fixture
def folder(tmp_path):
    tiny().save_pretrained(tmp_path)
    return tmp_path


def test_round_trip_with_reports_and_dtypes(folder):
    model, info = ef.AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert type(model) is ef.LlamaForCausalLM and not model.training
    assert info == {"missing_keys": set(), "unexpected_keys": set(), "mismatched_keys": set(), "error_msgs": []}
    assert np.array_equal(logits(model), logits(tiny()))
    for name in ("bfloat16", "float16", ef.bfloat16, "torch.float16"):
        half = ef.AutoModelForCausalLM.from_pretrained(folder, dtype=name)
        assert half.dtype == (ef.bfloat16 if "bf" in str(name) else ef.float16)
        assert half.get_memory_footprint() < 0.6 * model.get_memory_footprint()
        assert np.abs(logits(half) - logits(model)).max() < 0.05
    assert ef.AutoModelForCausalLM.from_pretrained(folder, torch_dtype="float32").dtype == ef.float32


def test_base_and_head_load_each_others_files(folder, tmp_path):
    base = ef.AutoModel.from_pretrained(folder)
    assert type(base) is ef.LlamaModel
    base.save_pretrained(tmp_path / "base")
    model, info = ef.AutoModelForCausalLM.from_pretrained(tmp_path / "base", output_loading_info=True)
    assert info["missing_keys"] == {"lm_head.weight"}
    with ef.no_grad():
        assert np.array_equal(model.model(IDS).last_hidden_state.numpy(), base(IDS).last_hidden_state.numpy())


def test_tied_weights_are_stored_once_and_tied_again(tmp_path):
    model = tiny(tie_word_embeddings=True)
    model.save_pretrained(tmp_path)
    assert "lm_head.weight" not in ef.safetensors.safe_open(tmp_path / "model.safetensors", "np").keys()
    again = ef.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert again.lm_head.weight is again.model.embed_tokens.weight
    again.resize_token_embeddings(60)
    assert again.lm_head.weight is again.model.embed_tokens.weight and again.lm_head.weight.shape == (60, 32)
    assert again(IDS).logits.shape == (1, 6, 60)


def test_a_head_over_words_that_is_not_tied_adds_its_own_bias(tmp_path):
    config = ef.BertConfig(
        vocab_size=48, hidden_size=32, intermediate_size=40, num_hidden_layers=1, num_attention_heads=4,
        max_position_embeddings=16, tie_word_embeddings=False,
    )  # fmt: skip
    model = ef.BertForMaskedLM(config).eval()
    model.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    weights = ef.safetensors.torch.load_file(file)
    own = ef.arange(48).float()
    ef.safetensors.torch.save_file({**weights, "cls.predictions.decoder.bias": own}, file, {"format": "pt"})
    again, info = ef.BertForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["unexpected_keys"] and not info["missing_keys"]
    with ef.no_grad():
        change = again.eval()(IDS).logits - model(IDS).logits
    np.testing.assert_allclose(change.numpy()[0, 0], own.numpy(), atol=1e-5)


def test_variant_subfolder_and_shards(tmp_path):
    model = tiny()
    model.save_pretrained(tmp_path / "inner", variant="fp16", max_shard_size="20KB")
    names = sorted(os.listdir(tmp_path / "inner"))
    assert "model.safetensors.index.fp16.json" in names and any(n.startswith("model.fp16-00001-of-") for n in names)
    again = ef.AutoModelForCausalLM.from_pretrained(tmp_path, subfolder="inner", variant="fp16")
    assert np.array_equal(logits(again), logits(model))
    model.save_pretrained(tmp_path / "inner", variant="fp16")
    assert not [n for n in os.listdir(tmp_path / "inner") if "-of-" in n]


def test_torch_archives_load(tmp_path):
    model = tiny()
    model.config.save_pretrained(tmp_path)
    ef.serialization.save(dict(model.state_dict()), tmp_path / "pytorch_model.bin")
    assert np.array_equal(logits(ef.AutoModelForCausalLM.from_pretrained(tmp_path)), logits(model))
    with pytest.raises(OSError):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path, use_safetensors=True)


def write_pickle(path, body):
    """A zip of torch.save with a pickle written by hand."""
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("archive/data.pkl", b"\x80\x02" + body)
        z.writestr("archive/data/0", bytes(range(16)))


@pytest.mark.parametrize("body, found", [(b"]K\x01a.", "list"), (b"K\x05.", "int"), (b"N.", "None")])
def test_torch_archives_that_hold_no_state_dict(tmp_path, body, found):
    tiny().config.save_pretrained(tmp_path)
    write_pickle(tmp_path / "pytorch_model.bin", body)
    with pytest.raises(OSError, match=f"pytorch_model.bin: found {found}, needed a dict of names and tensors"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)


def entry(name, value):
    return b"X" + len(name).to_bytes(4, "little") + name.encode() + value + b"s"


SPARSE, QUANTIZED = (b"ctorch._utils\n_rebuild_%s\nNN\x86R" % kind for kind in (b"sparse_tensor", b"qtensor"))


def test_entries_that_are_no_dense_tensors_are_unexpected(tmp_path):
    tiny().config.save_pretrained(tmp_path)
    body = b"}" + entry("step", b"K\x05") + entry("s", SPARSE) + entry("q", QUANTIZED) + entry("none", b"N") + b"."
    write_pickle(tmp_path / "pytorch_model.bin", body)
    _, info = ef.AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert info["unexpected_keys"] == {"step", "s", "q", "none"}
    _, info = ef.AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True, key_mapping={"^step$": "other"})
    assert info["unexpected_keys"] == {"step", "s", "q", "none"}


@pytest.mark.parametrize("value, found", [(SPARSE, "sparse tensor"), (QUANTIZED, "quantized tensor"), (b"K\x05", "int")])
def test_a_weight_that_is_no_dense_tensor_is_named(tmp_path, value, found):
    tiny().config.save_pretrained(tmp_path)
    write_pickle(tmp_path / "pytorch_model.bin", b"}" + entry("model.norm.weight", value) + b".")
    with pytest.raises(OSError, match=f"'model.norm.weight': the checkpoint holds a {found} under this name"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)
    if found != "int":
        with pytest.raises(OSError, match=f"the pickle holds a {found}, which is not supported"):
            ef.serialization.load(tmp_path / "pytorch_model.bin")


def test_whole_numbers_become_floating_weights(folder):
    file = str(folder / "model.safetensors")
    weights = {name: (100 * weight).to(ef.int32) for name, weight in ef.safetensors.torch.load_file(file).items()}
    ef.safetensors.torch.save_file(weights, file, {"format": "pt"})
    for dtype in ("float32", "bfloat16"):
        model = ef.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        for name, weight in model.state_dict().items():
            assert weight.dtype == getattr(ef, dtype) and weight.tolist() == weights[name].to(weight.dtype).tolist()


def test_an_index_may_name_what_no_file_has_unless_the_model_needs_it(tmp_path):
    model = tiny()
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    file = tmp_path / "model.safetensors.index.json"
    index = json.loads(file.read_text())
    shard = index["weight_map"]["lm_head.weight"]
    file.write_text(json.dumps({**index, "weight_map": {**index["weight_map"], "extra": shard}}))
    assert np.array_equal(logits(ef.AutoModelForCausalLM.from_pretrained(tmp_path)), logits(model))
    weights = ef.safetensors.torch.load_file(tmp_path / shard)
    del weights["lm_head.weight"]
    ef.safetensors.torch.save_file(weights, tmp_path / shard, {"format": "pt"})
    with pytest.raises(OSError, match="the index places tensor 'lm_head.weight' here, but the file does not have it"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)


@pytest.mark.parametrize("cut", [0, 4, 100, 2000, -1])
def test_truncated_weights(folder, cut):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(OSError, match="model.safetensors"):
        ef.AutoModelForCausalLM.from_pretrained(folder)


def test_sizes_that_differ(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 50}))
    with pytest.raises(RuntimeError, match="ignore_mismatched_sizes"):
        ef.AutoModelForCausalLM.from_pretrained(folder)
    model = ef.AutoModelForCausalLM.from_pretrained(folder, ignore_mismatched_sizes=True)
    assert model.lm_head.weight.shape == (50, 32)


@pytest.mark.parametrize(
    "argument, value",
    [("tp_plan", "auto"), ("device_map", "cuda"), ("weights_only", False), ("use_kernels", True),
     ("device_map", {"": 0})],
)  # fmt: skip
def test_arguments_that_are_not_supported_are_named(folder, argument, value):
    with pytest.raises(NotImplementedError, match=argument):
        ef.AutoModelForCausalLM.from_pretrained(folder, **{argument: value})


def test_places_where_nothing_is(tmp_path):
    with pytest.raises(OSError):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path / "nowhere")
    with pytest.raises((OSError, ValueError)):  # transformers speaks of a missing model_type here
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)
    tiny().config.save_pretrained(tmp_path)
    with pytest.raises(OSError, match="safetensors"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)


def test_absurd_configurations_end_in_an_error(folder):
    config = json.loads((folder / "config.json").read_text())
    for change in (
        {"hidden_size": -1}, {"num_hidden_layers": 10**9}, {"num_attention_heads": 0}, {"hidden_size": "32"},
        {"num_key_value_heads": 3}, {"rope_parameters": {"rope_type": "spiral"}}, {"hidden_act": "bang"},
        {"vocab_size": 10**12},
    ):  # fmt: skip
        (folder / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises((ValueError, OSError, TypeError, KeyError, RuntimeError)):
            ef.AutoModelForCausalLM.from_pretrained(folder)


def test_calls_with_bad_inputs():
    model = tiny()
    with pytest.raises(ValueError, match="exactly one of input_ids or inputs_embeds"):
        model()
    with pytest.raises(IndexError):
        model(ef.tensor([[48]]))
    with pytest.raises(ValueError, match="input_ids"):
        model(ef.tensor([1, 2]))
    with pytest.raises(TypeError, match="colour"):
        model(IDS, colour=1)
    with pytest.raises(ValueError, match="attention_mask"):
        model(IDS, attention_mask=ef.ones(1, 3))
    with pytest.raises(ValueError, match="not used by the model"):
        model.generate(IDS, max_new_token=3)
    with pytest.raises(ValueError):
        model.generate(IDS, max_length=2)
    with pytest.raises(ValueError, match="tokenizer"):
        model.generate(IDS, stop_strings="x")
    model.lm_head.weight.detach().fill_(float("nan"))
    with pytest.raises(RuntimeError, match="nan"):
        model.generate(IDS, max_new_tokens=2, do_sample=False, pad_token_id=0)


def test_seeds_repeat_themselves_for_any_batch():
    model = tiny()
    options = dict(max_new_tokens=12, do_sample=True, eos_token_id=None, pad_token_id=0)
    ef.set_seed(5)
    first = model.generate(IDS, **options).tolist()
    ef.set_seed(5)
    assert model.generate(IDS, **options).tolist() == first
    ef.set_seed(6)
    assert model.generate(IDS, **options).tolist() != first
    assert model.generate(IDS, num_return_sequences=3, **options).shape == (3, 18)


def test_a_gguf_model_stays_packed(smollm2):
    path, name = os.path.split(smollm2)
    model = ef.AutoModelForCausalLM.from_pretrained(path, gguf_file=name)
    q = model.model.layers[0].self_attn.q_proj
    assert isinstance(q.weight, ef.nn.PackedWeight) and isinstance(q, ef.nn.Module)
    assert model.get_memory_footprint() < 1.05 * os.path.getsize(smollm2)
    assert model.num_parameters() == 134515008
    dense = ef.AutoModelForCausalLM.from_pretrained(smollm2, dtype="float32")
    ids = ef.tensor([[1, 4093, 198, 2683, 359, 253]])
    with ef.no_grad():
        a, b = model(ids).logits.numpy(), dense(ids).logits.numpy()
    assert np.abs(a - b).max() < 0.05 * np.abs(b).max()  # int8 activations
    assert (a.argmax(-1) == b.argmax(-1)).mean() >= 0.8


def test_adapters_can_stand_on_packed_weights(smollm2):
    """Gradients pass through a packed matrix to what lies before it."""
    model = ef.AutoModelForCausalLM.from_pretrained(smollm2)
    embeds = model.get_input_embeddings()(ef.tensor([[1, 4093, 198]])).detach().requires_grad_(True)
    model(inputs_embeds=embeds, labels=ef.tensor([[1, 4093, 198]])).loss.backward()
    assert embeds.grad.shape == (1, 3, 576) and float(embeds.grad.abs().sum()) > 0


def test_fresh_weights_are_defined():
    """Parameters that belong to no usual layer start as 0 (biases) or 1 (gains of each head)."""
    sizes = dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=16, vocab_size=64)
    bert = ef.AutoModelForMaskedLM.from_config(ef.BertConfig(**sizes))
    assert not bert.cls.predictions.bias.detach().numpy().any()
    cohere = ef.AutoModelForCausalLM.from_config(
        ef.CohereConfig(**sizes, use_qk_norm=True, eos_token_id=1, bos_token_id=2)
    )
    assert (cohere.model.layers[0].self_attn.q_norm.weight.detach().numpy() == 1).all()


def test_a_training_pass_gives_the_logits_to_whoever_reads_them():
    config = ef.LlamaConfig(
        vocab_size=50, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, tie_word_embeddings=False,
    )  # fmt: skip
    model = ef.LlamaForCausalLM(config)
    ids = ef.tensor([[3, 7, 11, 2], [5, 1, 0, 9]])
    labels = ef.tensor([[3, -100, 11, 2], [5, 1, 0, -100]])
    with ef.no_grad():
        plain = model(input_ids=ids, labels=labels)
    trained = model(input_ids=ids, labels=labels)
    assert type(trained).__name__ == type(plain).__name__ and isinstance(trained, type(plain))
    assert abs(trained.loss.item() - plain.loss.item()) < 1e-5  # the same sums in another order
    assert list(trained) == list(plain) and len(trained) == len(plain)
    assert ef.equal(trained[1], plain.logits) and trained.logits is trained["logits"] is dict(trained.items())["logits"]
    assert trained.logits.requires_grad
    loss = ef.nn.functional.cross_entropy(trained.logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
    loss.backward()
    through_logits = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    trained = model(input_ids=ids, labels=labels)
    trained.loss.backward()
    for a, b in zip(through_logits, (p.grad for p in model.parameters())):
        assert ef.allclose(a, b, rtol=1e-4, atol=1e-6)
    with ef.no_grad():
        model.lm_head.weight.add_(1.0)
    with pytest.raises(RuntimeError, match="read them before the step"):
        _ = trained.logits
    again = model(input_ids=ids, labels=labels)
    assert len(tuple(again.values())) == len(again.to_tuple()) == 3


@pytest.mark.parametrize("model_type", ["llama", "gpt2"])
def test_gradient_checkpointing_gives_the_same_gradients(model_type):
    sizes = {"llama": {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2},
             "gpt2": {"n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 32, "attn_pdrop": 0.1}}  # fmt: skip
    config = ef.AutoConfig.for_model(model_type, vocab_size=50, **sizes[model_type])
    model = ef.AutoModelForCausalLM.from_config(config)
    model.train()
    ids = ef.tensor([[3, 7, 11, 2, 0], [5, 1, 0, 9, 4]])
    mask = ef.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])

    def gradients():
        model.zero_grad()
        ef.manual_seed(3)  # dropout draws the same numbers again
        out = model(input_ids=ids, attention_mask=mask, labels=ids)
        out.loss.backward()
        return out.loss.item(), [p.grad.numpy().copy() for p in model.parameters()]

    plain = gradients()
    assert not model.is_gradient_checkpointing
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    assert model.is_gradient_checkpointing and model(input_ids=ids).past_key_values is None
    again = gradients()
    assert again[0] == plain[0] and all(np.array_equal(a, b) for a, b in zip(again[1], plain[1]))
    model.gradient_checkpointing_disable()
    assert not model.is_gradient_checkpointing
    with pytest.raises(NotImplementedError, match="every"):
        model.gradient_checkpointing_enable({"every": 2})


def test_a_missing_bias_leaves_the_weight_beside_it(tmp_path):
    config = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = ef.LlamaForCausalLM(ef.LlamaConfig(**config))
    model.save_pretrained(tmp_path)
    again = ef.LlamaForCausalLM.from_pretrained(tmp_path, attention_bias=True)
    layer, wanted = again.model.layers[0].self_attn.q_proj, model.model.layers[0].self_attn.q_proj
    assert layer.weight.tolist() == wanted.weight.tolist() and layer.bias.abs().max() == 0


@pytest.mark.parametrize("model_type", ["gpt_oss", "qwen3_next", "lfm2", "deepseek_v3"])
def test_fresh_matrices_are_not_zero(model_type):
    config = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4, "num_attention_heads": 2}
    config.update(num_key_value_heads=1, initializer_range=0.1)
    if model_type == "deepseek_v3":
        config.update(q_lora_rank=16, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=8, n_routed_experts=16)
    if model_type == "qwen3_next":
        config.update(num_experts=4, num_experts_per_tok=2, linear_num_key_heads=2, linear_num_value_heads=4)
    model = ef.AutoModelForCausalLM.from_config(ef.AutoConfig.for_model(model_type, **config))
    for name, value in model.named_parameters():
        if (value.dim() > 1 and not name.endswith("bias")) or name.endswith("sinks"):
            assert 0.01 < value.std() < 4, name


def test_a_users_class_on_a_familys_base(tmp_path):
    """The usual way to write a head: the family's base class, its model as a child, layers of one's own."""
    from eigenformers.modeling_outputs import SequenceClassifierOutput

    class Mine(ef.BertPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.bert = ef.BertModel(config)
            self.classifier = ef.nn.Linear(config.hidden_size, config.num_labels)
            self.post_init()

        def forward(self, input_ids=None, attention_mask=None, labels=None, **kwargs):
            logits = self.classifier(self.bert(input_ids, attention_mask=attention_mask).pooler_output)
            loss = None if labels is None else ef.nn.functional.cross_entropy(logits, labels)
            return SequenceClassifierOutput(loss=loss, logits=logits)

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 30}
    pretrained = ef.BertForMaskedLM(ef.BertConfig(**sizes))
    pretrained.save_pretrained(tmp_path / "pretrained")
    model, info = Mine.from_pretrained(tmp_path / "pretrained", num_labels=3, output_loading_info=True)
    assert sorted(info["missing_keys"]) == [
        "bert.pooler.dense.bias", "bert.pooler.dense.weight", "classifier.bias", "classifier.weight",
    ]  # fmt: skip
    query = "encoder.layer.0.attention.self.query.weight"
    assert ef.equal(model.bert.state_dict()[query], pretrained.bert.state_dict()[query])
    model(ef.tensor([[1, 2, 3]]), labels=ef.tensor([1])).loss.backward()
    assert model.bert.get_submodule("encoder.layer.0.attention.self.query").weight.grad.abs().sum() > 0
    model.save_pretrained(tmp_path / "mine")
    again = Mine.from_pretrained(tmp_path / "mine")
    assert ef.equal(again(ef.tensor([[1, 2, 3]])).logits, model.eval()(ef.tensor([[1, 2, 3]])).logits)

    class Wider(ef.BertForSequenceClassification):
        def __init__(self, config):
            super().__init__(config)
            self.extra = ef.nn.Linear(config.hidden_size, 5)
            self.post_init()

        def forward(self, input_ids, **kwargs):
            return self.extra(self.bert(input_ids, **kwargs).pooler_output)

    assert Wider(model.config)(ef.tensor([[1, 2]])).shape == (1, 5)


@pytest.mark.parametrize("act", ["silu", "gelu_pytorch_tanh", "relu"])
def test_a_gate_that_somebody_holds_stays_as_it_is(act):
    config = ef.LlamaConfig(vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=1,
                            num_attention_heads=2, hidden_act=act)
    model = ef.LlamaModel(config).eval()
    mlp, x, seen = model.layers[0].mlp, ef.randn(2, 30, 32), []
    with ef.no_grad():
        plain = mlp(x)
        handle = mlp.gate_proj.register_forward_hook(lambda module, inputs, output: seen.append(output))
        held = mlp(x)
        handle.remove()
        assert np.array_equal(seen[0].numpy(), mlp.gate_proj(x).numpy())
        assert np.array_equal(held.numpy(), plain.numpy())
    recorded = mlp(x.clone().requires_grad_())
    assert np.array_equal(recorded.detach().numpy(), plain.numpy())
