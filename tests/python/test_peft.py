"""Adapters beyond what the golden records hold: files, packed weights, surgery, a tuner written in Python."""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from dataclasses import dataclass, field
from typing import Any

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import nn
from eigenformers.errors import UnsupportedError
from eigenformers.peft import (
    AutoPeftModel,
    AutoPeftModelForCausalLM,
    BaseTuner,
    BaseTunerLayer,
    LoraConfig,
    LoraModel,
    PeftConfig,
    PeftModel,
    PeftModelForCausalLM,
    PeftWarning,
    get_layer_status,
    get_model_status,
    get_peft_model,
    get_peft_model_state_dict,
    inject_adapter_in_model,
    load_peft_weights,
    register_peft_method,
    set_peft_model_state_dict,
)

IDS = ef.tensor([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]])


def tiny(**changes: Any) -> Any:
    values = {
        "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 4, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
        "initializer_range": 0.3, **changes,
    }  # fmt: skip
    ef.manual_seed(0)
    return ef.LlamaForCausalLM(ef.LlamaConfig(**values))


def randomize(model: Any, seed: int = 1, part: str = "lora_") -> Any:
    ef.manual_seed(seed)
    with ef.no_grad():
        for name, p in model.named_parameters():
            if part in name:
                p.normal_(0.0, 0.3)
    return model


def adapted(model: Any = None, **config: Any) -> Any:
    config = {"r": 4, "target_modules": ["q_proj", "v_proj", "down_proj"], "task_type": "CAUSAL_LM", **config}
    return randomize(get_peft_model(tiny() if model is None else model, LoraConfig(**config)))


def logits(model: Any) -> np.ndarray:
    with ef.no_grad():
        return model.eval()(input_ids=IDS).logits.numpy()


def test_saved_adapters_come_back(tmp_path):
    model = adapted(use_dora=True, modules_to_save=["lm_head"])
    model.save_pretrained(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"README.md", "adapter_config.json", "adapter_model.safetensors"}
    again = PeftModel.from_pretrained(tiny(), tmp_path)
    assert type(again) is PeftModelForCausalLM
    assert np.array_equal(logits(again), logits(model))
    assert not any(p.requires_grad for p in again.parameters())
    trainable = PeftModel.from_pretrained(tiny(), str(tmp_path), is_trainable=True)
    wanted = sorted(n for n, p in model.named_parameters() if p.requires_grad)
    assert sorted(n for n, p in trainable.named_parameters() if p.requires_grad) == wanted


def test_torch_files_of_adapters(tmp_path):
    model = adapted()
    model.save_pretrained(tmp_path, safe_serialization=False)
    assert (tmp_path / "adapter_model.bin").exists() and not (tmp_path / "adapter_model.safetensors").exists()
    assert np.array_equal(logits(PeftModel.from_pretrained(tiny(), tmp_path)), logits(model))


def test_auto_classes_find_the_base_model(tmp_path):
    base, adapter = tmp_path / "base", tmp_path / "adapter"
    tiny().save_pretrained(base)
    model = adapted(ef.AutoModelForCausalLM.from_pretrained(base))
    model.save_pretrained(adapter)
    assert json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"] == str(base)
    for auto in (AutoPeftModelForCausalLM, AutoPeftModel):
        assert np.array_equal(logits(auto.from_pretrained(adapter)), logits(model))
    assert np.array_equal(logits(ef.AutoModelForCausalLM.from_pretrained(adapter)), logits(model))
    plain = get_peft_model(ef.AutoModelForCausalLM.from_pretrained(base), LoraConfig(target_modules=["q_proj"]))
    plain.save_pretrained(tmp_path / "untyped")
    found = json.loads((tmp_path / "untyped" / "adapter_config.json").read_text())
    assert found["auto_mapping"]["base_model_class"] == "LlamaForCausalLM"
    assert type(AutoPeftModel.from_pretrained(tmp_path / "untyped")) is PeftModel


def test_generation_with_adapters():
    model = adapted(lora_alpha=32)
    ours = model.generate(input_ids=IDS, max_new_tokens=5, do_sample=False)
    with model.disable_adapter():
        base = model.generate(input_ids=IDS, max_new_tokens=5, do_sample=False)
    assert ours.tolist() != base.tolist()
    assert model.merge_and_unload().generate(input_ids=IDS, max_new_tokens=5, do_sample=False).tolist() == ours.tolist()


def test_packed_weights_take_adapters_and_merge_into_dense_ones(smollm2):
    model = ef.AutoModelForCausalLM.from_pretrained(smollm2)
    layer = model.model.layers[0].self_attn.q_proj
    assert isinstance(layer.weight, ef.nn.PackedWeight)
    config = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], layers_to_transform=[0, 1], use_dora=True)
    model = get_peft_model(model, config)
    ids = ef.tensor([[1, 4093, 198, 19556, 28]])
    trained = [p for p in model.parameters() if p.requires_grad]
    assert len(trained) == 12
    optimizer = ef.optim.AdamW(trained, lr=5e-3)
    losses = []
    for _ in range(4):
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5
    base = model.base_model.model.model.layers[0].self_attn.q_proj.base_layer
    packed = base.weight
    with ef.no_grad():
        before = model.eval()(input_ids=ids).logits.numpy()
        model.merge_adapter()
        assert base.weight.dtype == ef.float32
        # The packed product rounds its input to eight bits; the merged weight is dense.
        assert np.abs(model(input_ids=ids).logits.numpy() - before).max() < 0.05 * np.abs(before).max()
        model.unmerge_adapter()
        assert type(base.weight) is type(packed) and base.weight.nbytes == packed.nbytes
        assert np.array_equal(model(input_ids=ids).logits.numpy(), before)
    merged = model.merge_and_unload()
    assert isinstance(merged.model.layers[0].self_attn.q_proj.weight, ef.Tensor)
    with pytest.raises(TypeError, match="Please initialize PiSSA under float32"):
        get_peft_model(
            ef.AutoModelForCausalLM.from_pretrained(smollm2),
            LoraConfig(r=2, target_modules=["q_proj"], layers_to_transform=0, init_lora_weights="pissa"),
        )


def test_the_state_of_one_adapter_is_put_into_another():
    model = adapted()
    model.add_adapter("b", LoraConfig(r=4, target_modules=["q_proj", "v_proj", "down_proj"]))
    result = set_peft_model_state_dict(model, get_peft_model_state_dict(model), "b")
    assert not result.unexpected_keys
    first = logits(model)
    model.set_adapter("b")
    assert np.array_equal(logits(model), first)


def test_sizes_that_differ(tmp_path):
    adapted(r=2).save_pretrained(tmp_path)
    model = adapted(r=4)
    weights = load_peft_weights(tmp_path)
    with pytest.raises(RuntimeError, match="size mismatch"):
        set_peft_model_state_dict(model, weights)
    with pytest.warns(UserWarning, match="shapes did not match"):
        set_peft_model_state_dict(model, weights, ignore_mismatched_sizes=True)


def test_missing_and_unknown_keys(tmp_path):
    adapted(target_modules=["q_proj"]).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    config["target_modules"] = ["q_proj", "v_proj"]
    config["from_the_future"] = 1
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        PeftModel.from_pretrained(tiny(), tmp_path)
    texts = [str(w.message) for w in seen]
    assert any(t.startswith("Unexpected keyword arguments ['from_the_future'] for class LoraConfig") for t in texts)
    assert any(t.startswith("Found missing adapter keys while loading the checkpoint: [") for t in texts)


@pytest.mark.parametrize(
    "content, error",
    [
        ("{", ValueError), ("[1]", ValueError), ('{"r": 2, "base_model_name_or_path": "x"}', TypeError),
        ('{"peft_type": "OFT"}', UnsupportedError), ('{"peft_type": "NOPE"}', ValueError),
        ('{"peft_type": "LORA", "use_qalora": true}', UnsupportedError),
        ('{"peft_type": "LORA", "r": 0, "target_modules": ["q_proj"]}', ValueError),
    ],
)  # fmt: skip
def test_bad_configuration_files(tmp_path, content, error):
    adapted().save_pretrained(tmp_path)
    (tmp_path / "adapter_config.json").write_text(content)
    with pytest.raises(error):
        PeftModel.from_pretrained(tiny(), tmp_path)


def test_bad_weight_files(tmp_path):
    adapted().save_pretrained(tmp_path)
    whole = (tmp_path / "adapter_model.safetensors").read_bytes()
    (tmp_path / "adapter_model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError, match="adapter_model.safetensors"):
        PeftModel.from_pretrained(tiny(), tmp_path)
    (tmp_path / "adapter_model.safetensors").unlink()
    with pytest.raises(ValueError, match="Can't find weights"):
        PeftModel.from_pretrained(tiny(), tmp_path)
    with pytest.raises(ValueError, match="should be a directory, not a file"):
        adapted().save_pretrained(tmp_path / "adapter_config.json")


def test_weighted_adapters_with_biases_say_no():
    with pytest.warns(PeftWarning, match="merging LoRA weights won't be possible"):
        model = adapted(lora_bias=True)
    with pytest.raises(UnsupportedError, match="lora_bias"):
        model.add_weighted_adapter(["default"], [0.5], "half")
    assert list(model.peft_config) == ["default"]


def test_biases_of_factors_since_the_start(tmp_path):
    with pytest.warns(PeftWarning, match="merging LoRA weights won't be possible"):
        model = adapted(lora_bias=True)
    model.save_pretrained(tmp_path / "start")
    before = logits(model)
    randomize(model, 2)
    after = logits(model)
    model.save_pretrained(tmp_path / "change", path_initial_model_for_weight_conversion=str(tmp_path / "start"))
    with pytest.warns(PeftWarning, match="merging LoRA weights won't be possible"):
        both = PeftModel.from_pretrained(tiny(), tmp_path / "start")
        both.load_adapter(tmp_path / "change", "change")
    np.testing.assert_allclose(logits(both), before, rtol=1e-5)
    both.base_model.set_adapter(["default", "change"])
    np.testing.assert_allclose(logits(both), after, rtol=2e-3, atol=1e-4)  # the sum cancels


def test_parts_that_were_deleted():
    model = adapted()
    attention = model.base_model.model.model.layers[0].self_attn
    del attention.q_proj.lora_B["default"]
    with pytest.raises(KeyError, match="found no 'lora_B' of adapter 'default'"):
        model(IDS)
    with pytest.raises(KeyError, match="lora_B"):
        model.merge_and_unload()
    model = adapted()
    attention = model.base_model.model.model.layers[0].self_attn
    del attention.q_proj.scaling["default"]
    with pytest.raises(KeyError, match="found no scaling of adapter 'default'"):
        model(IDS)
    del attention.q_proj.lora_A["default"]  # as in PEFT, the layer is one without the adapter now
    assert np.isfinite(logits(model)).all()
    attention.q_proj.base_layer = None
    with pytest.raises(AttributeError, match="base_layer"):
        model(IDS)
    attention.q_proj = None
    with pytest.raises(AttributeError, match="q_proj"):
        model(IDS)
    embedding = adapted(target_modules=["embed_tokens"])
    layer = embedding.base_model.model.model.embed_tokens
    with pytest.raises(KeyError, match="lora_embedding_A"):
        layer.get_delta_weight("nobody")
    del layer.lora_embedding_B["default"]
    with pytest.raises(KeyError, match="found no 'lora_embedding_B' of adapter 'default'"):
        embedding(IDS)
    dora = adapted(use_dora=True)
    magnitude = dora.base_model.model.model.layers[0].self_attn.q_proj.lora_magnitude_vector["default"]
    del magnitude.weight
    with pytest.raises(KeyError, match="lora_magnitude_vector"):
        dora(IDS)


@pytest.mark.parametrize(
    "field, value",
    [
        ("arrow_config", {"a": 1}), ("target_parameters", ["w"]), ("trainable_token_indices", [1]),
        ("layer_replication", [[0, 1]]),
        ("init_lora_weights", "eva"), ("use_qalora", True), ("ensure_weight_tying", True), ("megatron_config", {"a": 1}),
    ],
)  # fmt: skip
def test_fields_that_are_not_supported_say_so(field, value):
    with pytest.raises(UnsupportedError, match=field):
        LoraConfig(target_modules=["q_proj"], **{field: value})


def test_names_that_are_not_supported_say_so():
    for name in ("IA3Config", "PrefixTuningConfig", "preprocess_loraga", "PeftMixedModel", "EvaConfig"):
        with pytest.raises(UnsupportedError, match=name):
            getattr(ef.peft, name)
    with pytest.raises(AttributeError):
        ef.peft.nothing_of_the_kind  # noqa: B018
    with pytest.raises(UnsupportedError, match="adapter_names"):
        adapted().eval()(input_ids=IDS, labels=IDS, adapter_names=["default", "default"])
    with pytest.raises(UnsupportedError, match="mixed"):
        get_peft_model(tiny(), LoraConfig(target_modules=["q_proj"]), mixed=True)


def test_weighted_adapters_with_bad_arguments():
    model = adapted()
    model.add_adapter("b", LoraConfig(r=2, target_modules=["q_proj"]))
    for options, text in (
        ({"combination_type": "most"}, "Invalid combination_type: most"), ({"combination_type": "ties"}, "same r value"),
        ({"combination_type": "ties_svd"}, "needs a density"),
        ({"combination_type": "ties_svd", "density": -1}, "Density should be >= 0"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=text):
            model.add_weighted_adapter(["default", "b"], [1.0, 1.0], "w", **options)
        assert "w" not in model.peft_config


def test_a_layer_without_a_matrix_is_no_target():
    with pytest.raises(ValueError, match="is not supported. Currently, only the following modules are supported"):
        adapted(target_modules=["input_layernorm"])


def test_half_precision_bases_have_full_precision_adapters():
    model = adapted(tiny().to(ef.bfloat16))
    layer = model.base_model.model.model.layers[0].self_attn.q_proj
    assert layer.base_layer.weight.dtype == ef.bfloat16 and layer.lora_A["default"].weight.dtype == ef.float32
    narrow = get_peft_model(tiny().to(ef.bfloat16), LoraConfig(target_modules=["q_proj"]), autocast_adapter_dtype=False)
    layer = narrow.base_model.model.model.layers[0].self_attn.q_proj
    assert layer.lora_A["default"].weight.dtype == ef.bfloat16
    merged = model.merge_and_unload()
    assert {p.dtype for p in merged.parameters()} == {ef.bfloat16}


def test_tied_embeddings_stay_tied_and_say_so_when_they_part():
    with pytest.warns(UserWarning, match="tie_word_embeddings=True"):
        model = adapted(tiny(tie_word_embeddings=True), target_modules=["q_proj"], modules_to_save=["embed_tokens"])
    with ef.no_grad():
        model.base_model.model.model.embed_tokens.modules_to_save["default"].weight.mul_(2)
    before = logits(model)
    with pytest.warns(UserWarning, match="no longer tied after merging"):
        merged = model.merge_and_unload()
    assert merged.config.tie_word_embeddings is False
    assert np.allclose(logits(merged), before, atol=1e-4)


@pytest.mark.parametrize("how", ["pissa", "olora"])
def test_adapters_that_change_the_base_become_plain_ones(tmp_path, how):
    before = logits(tiny())
    model = get_peft_model(tiny(), LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=how, task_type="CAUSAL_LM"))
    model.save_pretrained(tmp_path / "start")
    assert np.allclose(logits(model), before, atol=1e-4)
    randomize(model)
    model.save_pretrained(tmp_path / "plain", path_initial_model_for_weight_conversion=tmp_path / "start")
    plain = PeftModel.from_pretrained(tiny(), tmp_path / "plain")
    assert (plain.peft_config["default"].r, model.peft_config["default"].r) == (4, 2)
    assert np.allclose(logits(plain), logits(model), atol=1e-4)


def test_preparing_a_model(smollm2):
    model = ef.peft.prepare_model_for_kbit_training(tiny(tie_word_embeddings=True).to(ef.bfloat16))
    assert {(p.dtype, p.requires_grad) for p in model.parameters()} == {(ef.float32, False)}
    assert "lm_head.weight" not in dict(model.named_parameters())
    packed = ef.AutoModelForCausalLM.from_pretrained(smollm2)
    packed = ef.peft.prepare_model_for_kbit_training(packed, use_gradient_checkpointing=False)
    assert isinstance(packed.model.layers[0].self_attn.q_proj.weight, nn.PackedWeight)
    mixed = adapted()
    ef.peft.cast_mixed_precision_params(mixed, ef.bfloat16)
    assert {(p.dtype, p.requires_grad) for p in mixed.parameters()} == {(ef.bfloat16, False), (ef.float32, True)}


def test_status_and_scaling():
    model = adapted()
    status = get_model_status(model)
    assert (status.num_adapter_layers, status.enabled, status.active_adapters) == (6, True, ["default"])
    assert get_layer_status(model)[0].module_type == "lora.Linear"
    before = logits(model)
    with ef.peft.helpers.rescale_adapter_scale(model, 0.0):
        off = logits(model)
    with model.disable_adapter():
        assert np.allclose(off, logits(model), atol=1e-6)
    assert np.array_equal(before, logits(model))
    with pytest.raises(ValueError, match="No adapter layers found"):
        get_layer_status(tiny())


def test_injected_without_a_wrapper():
    model = inject_adapter_in_model(LoraConfig(r=2, target_modules=["q_proj"]), tiny())
    assert isinstance(model, ef.LlamaForCausalLM)
    state = get_peft_model_state_dict(model)
    assert sorted(state)[0] == "model.layers.0.self_attn.q_proj.lora_A.weight"
    named = inject_adapter_in_model(LoraConfig(r=2, target_modules=[]), tiny(), state_dict=state)
    assert sorted(get_peft_model_state_dict(named)) == sorted(state)


def test_any_module_takes_adapters():
    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(10, 4)
            self.hidden = nn.Linear(4, 8)
            self.out = nn.Linear(8, 2)

        def forward(self, ids):
            return self.out(nn.functional.relu(self.hidden(self.table(ids)))).mean(1)

    model = randomize(get_peft_model(Small(), LoraConfig(r=2, target_modules=["hidden", "table"], modules_to_save=["out"])))
    y = model(IDS)
    y.sum().backward()
    trained = {n.split(".")[2] for n, p in model.named_parameters() if p.grad is not None}
    assert trained == {"hidden", "table", "out"}
    merged = model.merge_and_unload()
    assert isinstance(merged, Small) and np.allclose(merged(IDS).detach().numpy(), y.detach().numpy(), atol=1e-5)


def test_embeddings_that_were_resized_are_saved(tmp_path):
    base = tmp_path / "base"
    tiny().save_pretrained(base)
    model = ef.AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(40)
    model = adapted(model)
    with pytest.warns(UserWarning, match="has been resized during finetuning"):
        model.save_pretrained(tmp_path / "adapter")
    assert "base_model.model.model.embed_tokens.weight" in load_peft_weights(tmp_path / "adapter")
    again = ef.AutoModelForCausalLM.from_pretrained(base)
    again.resize_token_embeddings(40)
    assert np.array_equal(logits(PeftModel.from_pretrained(again, tmp_path / "adapter")), logits(model))


def test_resizing_with_adapters():
    model = adapted()
    model.resize_token_embeddings(36)
    assert model.config.vocab_size == 36 and logits(model).shape[-1] == 36
    assert sum("lora_A" in n for n, _ in model.named_parameters()) == 6
    with pytest.raises(ValueError, match="resize the model before it gets adapters"):
        adapted(modules_to_save=["lm_head"]).resize_token_embeddings(36)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"target_modules": "all-linear", "use_dora": True, "modules_to_save": ["lm_head"], "bias": "lora_only"},
        {"target_modules": ["v_proj"], "init_lora_weights": "pissa"},
    ],
)
def test_copies_and_pickles(options, tied):
    model = tiny(tie_word_embeddings=tied)
    wrapped = get_peft_model(model, LoraConfig(r=2, task_type="CAUSAL_LM", **options))
    wrapped.add_adapter("other", LoraConfig(r=3, target_modules=["k_proj"], init_lora_weights=False))
    wrapped.set_adapter("other")
    for name, value in wrapped.named_parameters():
        if "lora_B" in name:
            value.detach().normal_()
    wrapped.eval()
    for subject in (wrapped, model):
        for twin in (copy.deepcopy(subject), pickle.loads(pickle.dumps(subject))):
            assert type(twin) is type(subject) and twin.peft_config == subject.peft_config
            assert twin.active_adapters == subject.active_adapters if subject is wrapped else True
            mine, theirs = dict(subject.named_parameters()), dict(twin.named_parameters())
            assert {n: (p.requires_grad, p.tolist()) for n, p in mine.items()} == {
                n: (p.requires_grad, p.tolist()) for n, p in theirs.items()
            }
            assert not any(a is b for a in mine.values() for b in theirs.values()) and not twin.training
            expected = logits(subject)
            assert np.array_equal(logits(twin), expected)
            next(p for n, p in twin.named_parameters() if "lora_B.other" in n).detach().normal_()
            assert not np.array_equal(logits(twin), expected) and np.array_equal(logits(subject), expected)
    wrapped.merge_adapter()
    with pytest.raises(UnsupportedError, match="unmerge_adapter"):
        copy.deepcopy(wrapped)


# --- a method written wholly in Python ------------------------------------------------------------------------------
@dataclass
class GainConfig(PeftConfig):
    target_modules: Any = None
    exclude_modules: Any = None
    modules_to_save: Any = None
    start: float = field(default=0.0)

    def __post_init__(self):
        super().__post_init__()
        self.peft_type = "GAIN"


class GainLayer(nn.Module, BaseTunerLayer):
    """y = base(x)·(1 + g), with a trained g for each output."""

    adapter_layer_names = ("gain_vector",)

    def __init__(self, base_layer, adapter_name, config):
        super().__init__()
        self.base_layer = base_layer
        self.gain_vector = nn.ParameterDict()
        self.merged_adapters = []
        self.update_layer(adapter_name, config)
        self.set_adapter([adapter_name])

    def update_layer(self, adapter_name, config):
        self.gain_vector[adapter_name] = nn.Parameter(ef.full((self.get_base_layer().out_features,), config.start))

    def forward(self, x):
        if self.disable_adapters and self.merged:
            self.unmerge()
        y = self.base_layer(x)
        if self.disable_adapters or self.merged:
            return y
        for name in self.active_adapters:
            if name in self.gain_vector:
                y = y * (1 + self.gain_vector[name])
        return y

    def merge(self, safe_merge=False, adapter_names=None):
        with ef.no_grad():
            for name in adapter_names or self.active_adapters:
                self.get_base_layer().weight.mul_((1 + self.gain_vector[name]).unsqueeze(1))
                self.merged_adapters = [*self.merged_adapters, name]

    def unmerge(self):
        with ef.no_grad():
            for name in self.merged_adapters:
                self.get_base_layer().weight.div_((1 + self.gain_vector[name]).unsqueeze(1))
        self.merged_adapters = []


class GainModel(BaseTuner):
    prefix = "gain_"
    tuner_layer_cls = GainLayer
    target_module_mapping = {"llama": ["o_proj"]}

    def _create_and_replace(self, peft_config, adapter_name, target, target_name, parent, current_key):
        if isinstance(target, GainLayer):
            target.update_layer(adapter_name, peft_config)
        else:
            setattr(parent, target_name, GainLayer(target, adapter_name, peft_config))


register_peft_method(name="gain", config_cls=GainConfig, model_cls=GainModel)


def test_a_tuner_in_python_trains_saves_and_merges(tmp_path):
    model = get_peft_model(tiny(), GainConfig(task_type="CAUSAL_LM"))
    trained = [p for p in model.parameters() if p.requires_grad]
    assert len(trained) == 2
    losses = []
    for _ in range(5):
        loss = model(input_ids=IDS, labels=IDS).loss
        loss.backward()
        with ef.no_grad():
            for p in trained:
                p.sub_(p.grad * 0.5)
        model.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    model.save_pretrained(tmp_path)
    assert sorted(load_peft_weights(tmp_path))[0] == "base_model.model.model.layers.0.self_attn.o_proj.gain_vector"
    again = PeftModel.from_pretrained(tiny(), tmp_path)
    assert np.array_equal(logits(again), logits(model))
    again.add_adapter("b", GainConfig(start=0.5))
    again.set_adapter("b")
    assert not np.allclose(logits(again), logits(model))
    again.delete_adapter("b")
    before = logits(again)
    again.merge_adapter()
    assert np.allclose(logits(again), before, atol=1e-4)
    with again.disable_adapter():
        assert np.allclose(logits(again), logits(tiny()), atol=1e-4)
    again.set_adapter("default")
    merged = again.merge_and_unload()
    assert isinstance(merged, ef.LlamaForCausalLM) and np.allclose(logits(merged), before, atol=1e-4)


def test_registering_a_method_twice():
    with pytest.raises(KeyError, match="already PEFT method called 'gain'"):
        register_peft_method(name="gain", config_cls=GainConfig, model_cls=GainModel)
    with pytest.raises(ValueError, match="lower case"):
        register_peft_method(name="Gain", config_cls=GainConfig, model_cls=GainModel)
    assert ef.peft.PEFT_TYPE_TO_TUNER_MAPPING["LORA"] is LoraModel


def test_the_wrapper_survives_its_python_name():
    """C++ calls the layer after Python has let go of it."""
    import gc

    model = adapted()
    before = logits(model)
    base = model.get_base_model()
    del model
    gc.collect()
    assert np.array_equal(logits(base), before)
    assert base.model.layers[0].self_attn.q_proj.r == {"default": 4}


def test_copies_of_layers():
    layer = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2), nn.Dropout(0.2))
    twin = copy.deepcopy(layer)
    with ef.no_grad():
        twin[0].weight.zero_()
    assert layer[0].weight.abs().sum().item() > 0 and repr(twin) == repr(layer)


def test_fan_in_fan_out_is_corrected_with_a_warning():
    config = ef.GPT2Config(vocab_size=16, n_embd=8, n_layer=1, n_head=2, n_positions=8)
    lora = LoraConfig(target_modules=["c_attn"])
    with pytest.warns(UserWarning, match="set to False but the target module is `Conv1D`. Setting fan_in_fan_out to True."):
        get_peft_model(ef.AutoModelForCausalLM.from_config(config), lora)
    assert lora.fan_in_fan_out is True
    lora = LoraConfig(target_modules=["lm_head"], fan_in_fan_out=True)
    with pytest.warns(UserWarning, match="True but the target module is `torch.nn.Linear`. Setting fan_in_fan_out to False."):
        get_peft_model(ef.AutoModelForCausalLM.from_config(config), lora)


def test_a_copy_of_an_inactive_adapter_is_neither_used_nor_trained():
    model = adapted()
    model.add_adapter("other", LoraConfig(r=2, target_modules=["q_proj"], modules_to_save=["lm_head"]))
    copied = model.base_model.model.lm_head
    assert model.get_model_status().active_adapters == "irregular"
    kinds = {status.name: status.module_type for status in model.get_layer_status()}
    assert kinds["model.lm_head"] == "ModulesToSaveWrapper"
    assert kinds["model.model.layers.0.self_attn.q_proj"] == "lora.Linear"
    assert copied.active_adapters == [] and not copied.modules_to_save["other"].weight.requires_grad
    model.set_adapter("other")
    assert copied.active_adapters == ["other"] and copied.modules_to_save["other"].weight.requires_grad


def test_the_status_of_merged_layers_that_have_not_all_adapters():
    model = adapted()
    model.add_adapter("other", LoraConfig(r=2, target_modules=["k_proj"]))
    model.merge_adapter(["default"])
    assert model.get_model_status().merged_adapters == ["default"]
    layer = model.base_model.model.model.layers[0].self_attn.q_proj
    layer.unmerge()
    assert model.get_model_status().merged_adapters == "irregular"


def test_loading_into_an_adapter_that_is_there_leaves_it_trainable(tmp_path):
    model = adapted()
    model.save_pretrained(tmp_path)
    model.load_adapter(tmp_path, "default")
    assert any(p.requires_grad for p in model.parameters())
    model.load_adapter(tmp_path, "frozen")
    model.load_adapter(tmp_path, "more", is_trainable=True)
    flags = {n.split(".")[-2]: p.requires_grad for n, p in model.named_parameters() if "lora_A" in n}
    assert flags == {"default": True, "frozen": False, "more": True}
