"""Quantizing in process: rounding to nearest, HQQ, GPTQ and AWQ."""

from __future__ import annotations

import json

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import _core

SIZES = {
    "vocab_size": 64, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 4, "max_position_embeddings": 64,
}  # fmt: skip
RNG = np.random.RandomState(5)
IDS = RNG.randint(0, 64, (8, 24))
TEXTS = [list(map(int, row)) for row in RNG.randint(0, 64, (16, 48))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("dense")
    ef.set_seed(0)
    config = ef.AutoConfig.for_model("llama", **SIZES, initializer_range=0.2)
    model = ef.AutoModelForCausalLM.from_config(config)
    gains = np.exp(RNG.randn(64).astype(np.float32))  # inputs of uneven size: what GPTQ and AWQ are for
    for layer in model.model.layers:
        layer.input_layernorm.weight = ef.tensor(gains)
        layer.post_attention_layernorm.weight = ef.tensor(gains)
    model.save_pretrained(path)
    return path


def load(folder, config=None):
    return ef.AutoModelForCausalLM.from_pretrained(folder, dtype="float32", quantization_config=config)


def hidden(model):
    with ef.no_grad():
        return model.model(ef.tensor(IDS)).last_hidden_state.numpy()


# A bound on the share of a matrix's squares that rounding loses: a step squared / 12 for normal weights whose range is
# that of 64 (4, 2 bits) or a row (8 bits), with half as much again.
AT_LOAD = {
    "hqq/8": (ef.HqqConfig(nbits=8), 7e-5), "hqq/4": (ef.HqqConfig(nbits=4), 0.015), "hqq/2": (ef.HqqConfig(nbits=2), 0.35),
    "hqq/4/axis 0": (ef.HqqConfig(nbits=4, axis=0), 0.015), "hqq/3/axis 0": (ef.HqqConfig(nbits=3, axis=0), 0.07),
    "quanto/8": (ef.QuantoConfig(), 1e-4), "quanto/4": (ef.QuantoConfig("int4"), 0.015),
    "torchao/8": (ef.TorchAoConfig({"_type": "Int8WeightOnlyConfig", "_data": {}}), 1e-4),
    "torchao/4": (ef.TorchAoConfig({"_type": "Int4WeightOnlyConfig", "_data": {"group_size": 32}}), 0.015),
    "eetq": (ef.EetqConfig(), 1e-4),
    "fp8": (ef.FineGrainedFP8Config(weight_block_size=(32, 32)), 1.2e-3), "fp8/rows": (ef.FbgemmFp8Config(), 1.2e-3),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_LOAD)
def test_rounding_at_load(folder, tmp_path, name):
    config, bound = AT_LOAD[name]
    model, plain = load(folder, config), load(folder)
    packed = [(p, m) for p, m in model.named_modules() if isinstance(getattr(m, "weight", None), ef.nn.PackedWeight)]
    assert len(packed) == 14
    for path, module in packed:
        dense = plain.get_submodule(path).weight.detach().numpy()
        lost = np.mean((module.weight.dequantize().numpy() - dense) ** 2) / np.mean(dense**2)
        assert 0 < lost < bound, path
    if model.hf_quantizer.is_serializable():
        model.save_pretrained(tmp_path)
        np.testing.assert_array_equal(hidden(load(tmp_path)), hidden(model))


@pytest.mark.parametrize("name", [name for name in AT_LOAD if not name.startswith("quanto")] + ["nf4", "int8"])
def test_packed_values_of_another_model_can_be_loaded(folder, tmp_path, name):
    config = {"nf4": ef.BitsAndBytesConfig(load_in_4bit=True), "int8": ef.BitsAndBytesConfig(load_in_8bit=True)}.get(name)
    config = config or AT_LOAD[name][0]
    ef.manual_seed(5)
    ef.AutoModelForCausalLM.from_config(load(folder).config).save_pretrained(tmp_path)
    model, other = load(folder, config), load(tmp_path, config)
    assert not np.array_equal(hidden(model), hidden(other))
    state = other.state_dict()
    model.load_state_dict(state)
    np.testing.assert_array_equal(hidden(model), hidden(other))
    cut = next(key for key in state if "up_proj" in key and state[key].dim() > 1)
    with pytest.raises(RuntimeError, match="up_proj"):
        model.load_state_dict({**state, cut: state[cut][:-1].clone()})


@pytest.mark.parametrize(
    "kind, group, made", [("Int8WeightOnlyConfig", 64, "Int8Tensor"), ("Int4WeightOnlyConfig", 32, "Int4Tensor")]
)
def test_torchao_files_say_what_their_tensors_are(folder, tmp_path, kind, group, made):
    """transformers builds torchao's tensors of what each file's header says; all of it stands in each."""
    fields = {"group_size": 32} if made == "Int4Tensor" else {}
    model = load(folder, ef.TorchAoConfig({"_type": kind, "_data": fields}))
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) > 1
    for file in files:
        header = _core.SafetensorsFile(str(file)).metadata()
        assert header["format"] == "pt" and json.loads(header["tensor_names"])[0] == "model.embed_tokens.weight"
        packed = json.loads(header["model.layers.1.self_attn.q_proj.weight"])
        assert packed["_type"] == made and packed["_data"]["block_size"] == [1, group]
        assert sorted(packed["_tensor_data_names"]) == ["qdata", "scale", "zero_point"]
        assert json.loads(header["model.norm.weight"]) == {"_type": "Tensor"}
    np.testing.assert_array_equal(hidden(load(tmp_path)), hidden(model))
    dynamic = load(folder, ef.TorchAoConfig({"_type": "Int8DynamicActivationInt8WeightConfig", "_data": {}}))
    with pytest.raises(ValueError, match="not serializable"):
        dynamic.save_pretrained(tmp_path / "no")


@pytest.mark.parametrize("name", ["hqq", "quanto", "torchao"])
def test_error_of_a_weight_is_at_most_half_a_step(name):
    w = RNG.randn(48, 64).astype(np.float32)
    packed = _core.pack_weight(name, ef.tensor(w), bits=4, group=32)
    groups = w.reshape(-1, 32)
    step = (groups.max(1) - groups.min(1)) / 15
    error = np.abs(packed.dequantize().numpy() - w).reshape(-1, 32).max(1)
    slack = 1.0 if name == "hqq" else 0.501  # HQQ moves the zero: large values may leave the range
    assert (error <= slack * step + 1e-6).all()


def gptq(**changes):
    return ef.GPTQConfig(bits=4, group_size=32, dataset=TEXTS, tokenizer="unused", **changes)


@pytest.fixture
def token_ids(monkeypatch):
    """Texts that are ids already: no tokenizer is asked for."""
    monkeypatch.setattr(ef.AutoTokenizer, "from_pretrained", lambda *a, **k: None)


def round_to_nearest(folder):
    model = load(folder)
    for path, module in model.named_modules():
        if path.endswith("_proj"):
            module.weight = _core.pack_weight("gptq", module.weight.detach(), bits=4, group=32, symmetric=True)
    plain = hidden(load(folder))
    return float(np.mean((hidden(model) - plain) ** 2) / np.mean(plain**2))


@pytest.mark.parametrize("changes", [{}, {"desc_act": True}, {"act_group_aware": False}, {"true_sequential": False},
                                     {"format": "gptq_v2"}])  # fmt: skip
def test_gptq_is_better_than_rounding(folder, tmp_path, token_ids, changes):
    config = gptq(**changes)
    model = load(folder, config)
    assert sum(isinstance(m, ef.QuantLinear) for m in model.modules()) == 14
    plain = hidden(load(folder))
    loss = float(np.mean((hidden(model) - plain) ** 2) / np.mean(plain**2))
    assert loss < 0.8 * round_to_nearest(folder)
    model.save_pretrained(tmp_path)
    again = load(tmp_path)
    assert again.config.quantization_config.dataset is None
    np.testing.assert_array_equal(hidden(again), hidden(model))


def test_awq_is_better_than_rounding(folder, tmp_path, token_ids):
    config = ef.AwqConfig(group_size=32, dataset=TEXTS, tokenizer="unused")
    model, plain = load(folder, config), load(folder)
    wanted = hidden(plain)
    rounded = load(folder)
    for path, module in rounded.named_modules():
        if path.endswith("_proj"):
            module.weight = _core.pack_weight("awq", module.weight.detach(), bits=4, group=32)
    losses = [float(np.mean((hidden(m) - wanted) ** 2)) for m in (model, rounded)]
    assert losses[0] < 0.9 * losses[1]
    model.save_pretrained(tmp_path)
    np.testing.assert_array_equal(hidden(load(tmp_path)), hidden(model))


def test_awq_of_a_family_with_other_norms(tmp_path, token_ids):
    ef.AutoModelForCausalLM.from_config(ef.AutoConfig.for_model("olmo2", **SIZES)).save_pretrained(tmp_path)
    with pytest.raises(NotImplementedError, match="awq: olmo2 is none of llama"):
        load(tmp_path, ef.AwqConfig(group_size=32, dataset=TEXTS, tokenizer="unused"))


def test_without_texts(folder):
    for config in (ef.GPTQConfig(bits=4), ef.AwqConfig(), ef.GPTQConfig(bits=4, dataset="c4")):
        with pytest.raises(ValueError, match="needs a list of texts to calibrate with"):
            load(folder, config)
    with pytest.raises(ValueError, match="found no text with a token in it"):
        load(folder, ef.GPTQConfig(bits=4, dataset=[[]], tokenizer=lambda text: {"input_ids": []}))


def test_sizes_that_do_not_fit(folder):
    with pytest.raises(NotImplementedError, match="don't end on a group of 48; choose another group_size"):
        _core.pack_weight("gptq", ef.zeros(32, 64), bits=4, group=48)
    with pytest.raises(ValueError, match="NaN or infinite"):
        _core.pack_weight("hqq", ef.full((32, 64), float("nan")), bits=4, group=32)


@pytest.mark.parametrize("sequential", [True, False])
def test_gptq_block_by_block_is_gptq_by_whole_passes(folder, token_ids, sequential):
    """Kept outputs of a block are what a pass from the beginning gives it."""
    models = [load(folder, gptq(cache_block_outputs=kept, true_sequential=sequential)) for kept in (True, False)]
    for path, module in models[0].named_modules():
        if path.endswith("_proj"):
            ours, other = module.weight.state(), models[1].get_submodule(path).weight.state()
            for name, value in ours.items():
                np.testing.assert_array_equal(value.numpy(), other[name].numpy(), err_msg=f"{path}.{name}")


def test_calibration_leaves_the_blocks_in_place(folder, token_ids):
    model = load(folder, gptq())
    assert [type(block).__name__ for block in model.model.layers] == ["DecoderLayer"] * 2
    assert not any(module._forward_pre_hooks for module in model.modules() if hasattr(module, "_forward_pre_hooks"))


@pytest.mark.parametrize("names", [
    [["self_attn.v_proj", "self_attn.q_proj"], ["mlp.down_proj"]],  # not in the order of calls
    [["mlp.down_proj", "self_attn.o_proj"]],  # not of one input
])  # fmt: skip
def test_gptq_of_named_layers(folder, token_ids, names):
    model = load(folder, gptq(modules_in_block_to_quantize=names))
    packed = [path for path, m in model.named_modules() if isinstance(m, ef.QuantLinear)]
    assert sorted(packed) == sorted(f"model.layers.{i}.{name}" for i in range(2) for group in names for name in group)
