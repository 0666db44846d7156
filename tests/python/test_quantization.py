"""quantization_config: bitsandbytes at load, its arguments, quantizers written in Python, and bad input."""

from __future__ import annotations

import copy
import json

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import safetensors
from eigenformers.quantization import auto, get_keys_to_not_convert, should_convert_module
from eigenformers.quantization.config_base import QuantizationConfigMixin

SIZES = {
    "vocab_size": 64, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64,
}  # fmt: skip
IDS = np.arange(20).reshape(2, 10)
NF4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("dense")
    ef.set_seed(0)
    config = ef.AutoConfig.for_model("llama", **SIZES, initializer_range=0.2)
    ef.AutoModelForCausalLM.from_config(config).save_pretrained(path)
    return path


def load(folder, dtype="float32", **kwargs):
    return ef.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **kwargs)


def logits(model, ids=IDS):
    with ef.no_grad():
        return model(ef.tensor(ids)).logits.float().numpy()


def test_the_classes_of_layers(folder):
    model = load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4))
    found = [n for n, m in model.named_modules() if isinstance(m, ef.Linear4bit)]
    assert len(found) == 14 and all(n.endswith("_proj") for n in found)
    assert all(isinstance(model.get_submodule(n), ef.nn.Linear) for n in found)
    assert not any(isinstance(m, (ef.Linear8bitLt, ef.QuantLinear)) for m in model.modules())
    assert isinstance(model.lm_head, ef.nn.Linear) and not isinstance(model.lm_head, ef.Linear4bit)
    assert model.hf_quantizer.is_serializable() and model.hf_quantizer.is_trainable
    plain = load(folder)
    assert model.get_memory_footprint() < 0.5 * plain.get_memory_footprint()


def test_flags_in_place_of_a_configuration(folder):
    model = load(folder, load_in_4bit=True, bnb_4bit_quant_type="nf4")
    assert model.config.quantization_config == ef.BitsAndBytesConfig(**NF4)
    assert load(folder, load_in_8bit=True).is_loaded_in_8bit
    with pytest.raises(ValueError, match="You can't pass `load_in_4bit`or `load_in_8bit`"):
        load(folder, load_in_4bit=True, quantization_config=ef.BitsAndBytesConfig(**NF4))
    as_dict = load(folder, quantization_config={"quant_method": "bitsandbytes", **NF4})
    np.testing.assert_array_equal(logits(as_dict), logits(model))


def test_tiles_and_products_on_codes_agree(folder):
    model = load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4))
    one = logits(model, IDS[:1, :4])  # few rows: on the codes; many: through tiles
    many = logits(model, np.repeat(IDS[:1, :4], 6, 0))[:1]
    np.testing.assert_allclose(one, many, atol=1e-5 * np.abs(many).max())  # f32 sums in another order


def test_compute_dtype_rounds(folder):
    exact = load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4))
    rounded = load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4, bnb_4bit_compute_dtype="bfloat16"))
    a, b = logits(exact), logits(rounded)
    difference = np.abs(a - b).max() / np.abs(a).max()
    assert 1e-4 < difference < 0.05  # bf16 keeps 8 bits of each weight and input


def test_modules_that_stay_dense(folder):
    assert get_keys_to_not_convert(load(folder)) == ["lm_head"]
    assert not should_convert_module("model.layers.1.mlp.up_proj", ["model.layers.1"])
    assert should_convert_module("model.layers.11.mlp.up_proj", ["model.layers.1"])
    config = ef.BitsAndBytesConfig(**NF4, llm_int8_skip_modules=["up_proj"])
    model = load(folder, quantization_config=config)
    assert isinstance(model.lm_head.weight, ef.nn.PackedWeight)  # a list of one's own replaces the default
    assert isinstance(model.model.layers[0].mlp.up_proj.weight, ef.Tensor)
    assert isinstance(model.model.layers[0].self_attn.q_proj.weight, ef.nn.PackedWeight)


def test_offload_keeps_modules_dense(folder):
    device_map = {"model.embed_tokens": 0, "model.layers.0": 0, "model.layers.1": "cpu", "model.norm": 0, "lm_head": 0}
    with pytest.raises(ValueError, match="Some modules are dispatched on the CPU or the disk"):
        ef.AutoModelForCausalLM.from_pretrained(
            folder, quantization_config=ef.BitsAndBytesConfig(**NF4), device_map={"model": "cpu", "lm_head": "disk"}
        )
    config = ef.BitsAndBytesConfig(load_in_8bit=True, llm_int8_enable_fp32_cpu_offload=True)
    model = load(folder, quantization_config=config, device_map=device_map)
    assert isinstance(model.model.layers[1].mlp.up_proj.weight, ef.Tensor)
    assert isinstance(model.model.layers[0].mlp.up_proj.weight, ef.nn.PackedWeight)


def test_settings_that_are_refused(folder):
    with pytest.raises(NotImplementedError, match="llm_int8_has_fp16_weight=True"):
        load(folder, quantization_config=ef.BitsAndBytesConfig(load_in_8bit=True, llm_int8_has_fp16_weight=True))
    with pytest.raises(ValueError, match="bnb_4bit_quant_type: found 'nf5'"):
        load(folder, quantization_config=ef.BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf5"))


# What transformers' state_dict() has for a layer of bitsandbytes (5.23, bitsandbytes 0.50).
STATES = {
    "nf4, nested": ({**NF4, "bnb_4bit_use_double_quant": True}, {
        "weight": ((2048, 1), "uint8"), "weight.absmax": ((64,), "uint8"), "weight.nested_absmax": ((1,), "float32"),
        "weight.nested_quant_map": ((256,), "float32"), "weight.quant_map": ((16,), "float32"),
        "weight.quant_state.bitsandbytes__nf4": (None, "uint8"),
    }),
    "fp4": ({"load_in_4bit": True}, {
        "weight": ((2048, 1), "uint8"), "weight.absmax": ((64,), "float32"), "weight.quant_map": ((16,), "float32"),
        "weight.quant_state.bitsandbytes__fp4": (None, "uint8"),
    }),
    "int8": ({"load_in_8bit": True}, {
        "weight": ((64, 64), "int8"), "SCB": ((64,), "float32"), "weight_format": ((), "uint8"),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_the_state_of_packed_layers(folder, tmp_path, name):
    settings, wanted = STATES[name]
    model = load(folder, quantization_config=ef.BitsAndBytesConfig(**settings))
    state, layer = model.state_dict(), "model.layers.1.self_attn.q_proj."
    found = {key[len(layer) :]: value for key, value in state.items() if key.startswith(layer)}
    assert set(found) == set(wanted)
    for part, (shape, dtype) in wanted.items():
        assert str(found[part].dtype).endswith(dtype) and shape in (None, tuple(found[part].shape)), part
    model.save_pretrained(tmp_path)
    assert set(safetensors.safe_open(f"{tmp_path}/model.safetensors", "np").keys()) <= set(state)
    before = logits(model)
    assert tuple(model.load_state_dict(state)) == ([], [])
    np.testing.assert_array_equal(logits(model), before)
    del state[f"{layer}weight"]
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: \"model.layers.1.self_attn.q_proj.weight\""):
        model.load_state_dict(state)


def test_the_state_of_another_packed_model(folder):
    one = load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4))
    other = load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4))
    for path, module in other.named_modules():
        if path.endswith("_proj"):
            module.weight = ef._core.pack_weight("bitsandbytes_4bit", module.weight.dequantize() * -1.5, type="nf4", group=64)
    one.load_state_dict(other.state_dict())
    np.testing.assert_array_equal(logits(one), logits(other))
    eight = [load(folder, quantization_config=ef.BitsAndBytesConfig(load_in_8bit=True)) for _ in range(2)]
    state = {key: value.clone() for key, value in eight[0].state_dict().items()}
    state["model.layers.0.mlp.up_proj.SCB"] = state["model.layers.0.mlp.up_proj.SCB"] * 2
    before = eight[1].model.layers[0].mlp.up_proj.weight.dequantize()
    eight[1].load_state_dict(state)
    after = eight[1].model.layers[0].mlp.up_proj.weight.dequantize()
    np.testing.assert_allclose(after.numpy(), 2 * before.numpy(), rtol=1e-6)


def test_copies(folder, tmp_path):
    model = load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4))
    twin = copy.deepcopy(model)
    np.testing.assert_array_equal(logits(twin), logits(model))
    assert isinstance(twin.model.layers[0].mlp.up_proj, ef.Linear4bit)


def test_bfloat16_model_saves_and_loads(folder, tmp_path):
    config = ef.BitsAndBytesConfig(**NF4, bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype="bfloat16")
    model = load(folder, "bfloat16", quantization_config=config)
    model.save_pretrained(tmp_path)
    again = ef.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert again.dtype == ef.bfloat16 and again.config.quantization_config == config
    np.testing.assert_array_equal(logits(again), logits(model))
    with pytest.raises(ValueError, match="The model is quantized with BitsAndBytesConfig but you are passing a EetqConf"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path, quantization_config=ef.EetqConfig())


def test_prepare_for_training(folder):
    model = load(folder, "bfloat16", quantization_config=ef.BitsAndBytesConfig(**NF4))
    ready = ef.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    assert ready is model and not any(p.requires_grad for p in model.parameters())
    assert {p.dtype for p in model.parameters() if isinstance(p, ef.Tensor)} == {ef.float32}
    assert isinstance(model.model.layers[0].mlp.up_proj, ef.Linear4bit)
    with pytest.raises(NotImplementedError, match="train an adapter over it"):
        model.model.layers[0].mlp.up_proj.weight.requires_grad = True


@pytest.mark.parametrize("settings", [NF4, {"load_in_8bit": True, "llm_int8_threshold": 0.0}])
def test_adapters_over_packed_weights(folder, settings):
    from eigenformers import peft

    grads, losses = [], []
    for dequantize in (False, True):
        model = load(folder, quantization_config=ef.BitsAndBytesConfig(**settings))
        model = model.dequantize() if dequantize else model
        ef.set_seed(3)
        config = peft.LoraConfig(r=4, target_modules=["q_proj", "up_proj", "down_proj"], init_lora_weights=False)
        model = peft.get_peft_model(model, config)
        assert all("lora_" in n for n, p in model.named_parameters() if p.requires_grad)
        model.train()
        ids = ef.tensor(IDS)
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        losses.append(float(loss))
        grads.append({n: p.grad.numpy() for n, p in model.named_parameters() if p.requires_grad})
    exact = "load_in_4bit" in settings  # int8 rounds the inputs too
    assert losses[0] == pytest.approx(losses[1], rel=1e-5 if exact else 0.05)
    for name, value in grads[1].items():
        bound = (1e-4 if exact else 0.3) * np.abs(value).max()
        np.testing.assert_allclose(grads[0][name], value, atol=bound, rtol=0, err_msg=name)


def test_a_qlora_step_lowers_the_loss(folder):
    from eigenformers import peft

    config = ef.BitsAndBytesConfig(**NF4, bnb_4bit_use_double_quant=True)
    model = peft.prepare_model_for_kbit_training(
        load(folder, quantization_config=config), use_gradient_checkpointing=False
    )
    before = model.model.layers[0].mlp.up_proj.weight.dequantize().numpy()
    model = peft.get_peft_model(model, peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    optimizer = ef.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    ids, losses = ef.tensor(IDS), []
    for _ in range(8):
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
    assert losses[-1] < 0.8 * losses[0]
    after = model.get_base_model().model.layers[0].mlp.up_proj.get_base_layer().weight.dequantize().numpy()
    np.testing.assert_array_equal(before, after)


def test_layers_of_ones_own():
    ef.set_seed(1)
    layer = ef.Linear4bit(64, 32, bias=False, quant_type="nf4", compress_statistics=False)
    dense = layer.weight.detach().clone()
    assert isinstance(layer.to("cpu").weight, ef.nn.PackedWeight)
    assert np.abs(layer.weight.dequantize().numpy() - dense.numpy()).max() < 0.2 * np.abs(dense.numpy()).max()
    eight = ef.Linear8bitLt(64, 32, has_fp16_weights=False)
    eight.load_state_dict(ef.nn.Linear(64, 32).state_dict())
    assert isinstance(eight, ef.Linear8bitLt) and eight.weight.kind == "bitsandbytes_8bit"


@pytest.mark.parametrize("bits", ["load_in_4bit", "load_in_8bit"])
def test_dense_values_are_packed_as_the_model_is(tmp_path, bits):
    config = ef.LlamaConfig(
        vocab_size=64, hidden_size=64, intermediate_size=128, num_hidden_layers=1, num_attention_heads=2
    )
    ef.manual_seed(0)
    first, second = ef.LlamaForCausalLM(config), ef.LlamaForCausalLM(config)
    for name, model in (("a", first), ("b", second)):
        model.save_pretrained(tmp_path / name)
    options = {"quantization_config": ef.BitsAndBytesConfig(**{bits: True})}
    packed, wanted = (ef.AutoModelForCausalLM.from_pretrained(tmp_path / name, **options) for name in "ab")
    assert tuple(packed.load_state_dict(second.state_dict())) == ([], [])
    packed.save_pretrained(tmp_path / "c")
    again = ef.AutoModelForCausalLM.from_pretrained(tmp_path / "c")
    ids = ef.tensor([[1, 2, 3]])
    with ef.no_grad():
        for model in (packed, again):
            np.testing.assert_array_equal(model(ids).logits.numpy(), wanted(ids).logits.numpy())


# --- quantizers written in Python ------------------------------------------------------------------------------------
class SignConfig(QuantizationConfigMixin):
    def __init__(self, levels=1, **kwargs):
        self.quant_method, self.levels = "test-sign", levels


class SignLinear(ef.nn.Linear):
    def forward(self, x):
        return super().forward(x) * self.factor


class SignQuantizer(ef.HfQuantizer):
    calls: list = []

    def validate_environment(self, *args, **kwargs):
        self.calls.append("validate")

    def _process_model_before_weight_loading(self, model, **kwargs):
        self.calls.append("before")
        self.skip = self.get_modules_to_not_convert(model)
        for name, module in list(model.named_modules()):
            if isinstance(module, ef.nn.Linear) and should_convert_module(name, self.skip):
                model.set_submodule(name, SignLinear(module.in_features, module.out_features, bias=False))

    def param_needs_quantization(self, model, param_name, **kwargs):
        return isinstance(model.get_submodule(param_name.rpartition(".")[0]), SignLinear)

    def get_quantize_ops(self):
        quantizer = self

        class Ops:
            def convert(self, input_dict, model=None, full_layer_name=None, **kwargs):
                quantizer.calls.append(full_layer_name)
                out = {}
                for name, values in input_dict.items():
                    model.get_submodule(name.rpartition(".")[0]).factor = float(values[0].abs().mean())
                    out[name] = ef.sign(values[0])
                return out

        return Ops()

    def _process_model_after_weight_loading(self, model, **kwargs):
        self.calls.append("after")
        return model

    def is_serializable(self):
        return False

    @property
    def is_trainable(self):
        return False


def test_a_quantizer_in_python(folder, tmp_path):
    ef.register_quantization_config("test-sign")(SignConfig)
    ef.register_quantizer("test-sign")(SignQuantizer)
    with pytest.raises(ValueError, match="already registered"):
        ef.register_quantizer("test-sign")(SignQuantizer)
    with pytest.raises(TypeError, match="Quantizer must extend HfQuantizer"):
        ef.register_quantizer("test-other")(dict)
    model = load(folder, quantization_config=SignConfig())
    calls = SignQuantizer.calls
    assert calls[:2] == ["validate", "before"] and calls[-1] == "after" and len(calls) == 17
    dense = load(folder).model.layers[1].mlp.up_proj.weight.detach().numpy()
    layer = model.model.layers[1].mlp.up_proj
    np.testing.assert_array_equal(layer.weight.detach().numpy(), np.sign(dense))
    assert layer.factor == pytest.approx(np.abs(dense).mean(), rel=1e-5)
    assert model.is_quantized and model.quantization_method == "test-sign" and logits(model).shape == (2, 10, 64)
    with pytest.raises(ValueError, match="is not serializable"):
        model.save_pretrained(tmp_path)


class OldQuantizer(ef.HfQuantizer):
    def check_quantized_param(self, model, param_value, param_name, state_dict, **kwargs):
        return "up_proj" in param_name

    def create_quantized_param(self, model, param_value, param_name, target_device, state_dict, unexpected_keys=None):
        owner, _, name = param_name.rpartition(".")
        setattr(model.get_submodule(owner), name, param_value.round())

    def is_serializable(self):
        return True


def test_the_older_hooks(folder):
    class OldConfig(QuantizationConfigMixin):
        def __init__(self, **kwargs):
            self.quant_method = "test-old"

    ef.register_quantization_config("test-old")(OldConfig)
    ef.register_quantizer("test-old")(OldQuantizer)
    model, plain = load(folder, quantization_config=OldConfig()), load(folder)
    up, down = (m.model.layers[0].mlp for m in (model, plain))
    np.testing.assert_array_equal(up.up_proj.weight.detach().numpy(), np.round(down.up_proj.weight.detach().numpy()))
    np.testing.assert_array_equal(up.gate_proj.weight.detach().numpy(), down.gate_proj.weight.detach().numpy())


# --- bad input ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(folder, tmp_path, value):
    state = safetensors.torch.load_file(f"{folder}/model.safetensors")
    state["model.layers.0.mlp.up_proj.weight"][3, 5] = value
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    safetensors.torch.save_file(state, f"{tmp_path}/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"layers.0.mlp.up_proj.weight: bitsandbytes.*NaN or infinite"):
        load(tmp_path, quantization_config=ef.BitsAndBytesConfig(**NF4))


@pytest.mark.parametrize("damage", ["shape", "json", "short", "absent", "type"])
def test_damaged_nf4(folder, tmp_path, damage):
    load(folder, quantization_config=ef.BitsAndBytesConfig(**NF4, bnb_4bit_use_double_quant=True)).save_pretrained(tmp_path)
    state = safetensors.torch.load_file(f"{tmp_path}/model.safetensors")
    key = "model.layers.0.mlp.up_proj.weight"
    part = f"{key}.quant_state.bitsandbytes__nf4"
    text = json.loads(bytes(state[part].numpy().tobytes()))
    if damage == "shape":
        text["shape"] = [64, 129]
    if damage == "type":
        text["blocksize"] = 10**12
    state[part] = ef.tensor(np.frombuffer(json.dumps(text).encode()[: 9 if damage == "json" else None], np.uint8).copy())
    if damage == "short":
        state[key] = state[key][:-1].clone()
    if damage == "absent":
        del state[f"{key}.nested_absmax"]
    safetensors.torch.save_file(state, f"{tmp_path}/model.safetensors", metadata={"format": "pt"})
    with pytest.raises((OSError, ValueError), match=key):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)


def test_the_places_of_transformers():
    from eigenformers.quantizers import HfQuantizer, auto, register_quantizer
    from eigenformers.quantizers.base import HfQuantizer as base
    from eigenformers.utils import quantization_config

    assert base is HfQuantizer is ef.quantization.HfQuantizer and register_quantizer is auto.register_quantizer
    assert quantization_config.BitsAndBytesConfig is ef.BitsAndBytesConfig
    with pytest.raises(ValueError, match="did you mean 'torchao'"):
        auto.AutoQuantizationConfig.from_dict({"quant_method": "torchaoo"})


@pytest.mark.parametrize(
    ("quant_type", "text"),
    [
        (5, "quant_type=5"), (None, "quant_type=None"), ({"default": 5}, "quant_type=5"),
        ({"default": []}, "quant_type=.., needed an object"),
        ({"default": {}}, "_type"), ({"default": {"_type": 3}}, "_type.*=3"),
        ({"default": {"_type": "Int8WeightOnlyConfig", "_data": [1]}}, "_data"),
    ],
)  # fmt: skip
def test_torchao_configurations_of_the_wrong_kind(quant_type, text):
    with pytest.raises(ef.ConfigError, match=text):
        auto.AutoQuantizationConfig.from_dict({"quant_method": "torchao", "quant_type": quant_type})
    with pytest.raises(ValueError, match="String-based quantization type 'int4_weight_only'"):
        auto.AutoQuantizationConfig.from_dict({"quant_method": "torchao", "quant_type": "int4_weight_only"})


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("Int4", {"group_size": 0}, "group_size=0"), ("Int4", {"group_size": -1}, "group_size=-1"),
        ("Int4", {"group_size": "32"}, "group_size='32'"), ("Int4", {"group_size": True}, "group_size=True"),
        ("Int8", {"group_size": 0}, "group_size=0"), ("Int8", {"granularity": 7}, "granularity=7"),
        ("Int8", {"granularity": {"_type": "PerGroup", "_data": {"group_size": -4}}}, "group_size.*=-4"),
        ("Int8", {"granularity": {"_type": "PerGroup"}}, "group_size.*=None"),
        ("Int8", {"granularity": {"_type": "PerRow", "_data": 3}}, "granularity.*_data.*=3"),
    ],
)  # fmt: skip
def test_torchao_groups_that_are_none(kind, fields, text):
    config = ef.TorchAoConfig({"_type": f"{kind}WeightOnlyConfig", "_data": fields})
    with pytest.raises(ef.ConfigError, match=text):
        auto.AutoHfQuantizer.from_config(config).format_of("layer", (64, 64), ef.float32)
