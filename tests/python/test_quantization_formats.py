"""Checkpoints in the layouts of other tools: exact dense values, products, gradients, and the same files again."""

from __future__ import annotations

import json
import zlib

import eigenformers as ef
import numpy as np
import pytest
import quantized_layouts as layouts
from eigenformers import safetensors

N, K = 64, 64
SIZES = {
    "vocab_size": 32, "hidden_size": K, "intermediate_size": 2 * K, "num_hidden_layers": 1, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 32,
}  # fmt: skip
IDS = np.arange(24).reshape(2, 12) % 31

GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "gptq"}
GROUPS = {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 32}}


def _ct(fmt="pack-quantized", **weights):
    groups = {"group_0": {**GROUPS, "weights": {**GROUPS["weights"], **weights}}}
    return {"quant_method": "compressed-tensors", "format": fmt, "quantization_status": "compressed",
            "config_groups": groups, "ignore": ["lm_head"]}  # fmt: skip


def _hqq(bits, axis=1):
    weights = {"nbits": bits, "group_size": 32, "axis": axis}
    return {"quant_method": "hqq", "quant_config": {"weight_quant_params": weights}, "skip_modules": ["lm_head"]}


def _ao(name, **data):
    return {"quant_method": "torchao", "quant_type": {"default": {"_type": name, "_data": data, "_version": 2}}}


# name -> config, layer maker, its arguments, whether the same tensors are saved again
FORMATS = {
    "gptq": (GPTQ, layouts.gptq, {}, True),
    "gptq/2": ({**GPTQ, "bits": 2}, layouts.gptq, {"bits": 2}, True),
    "gptq/3": ({**GPTQ, "bits": 3}, layouts.gptq, {"bits": 3}, True),
    "gptq/8": ({**GPTQ, "bits": 8, "checkpoint_format": "gptq_v2"}, layouts.gptq, {"bits": 8, "version": "v2"}, True),
    "gptq/act_order": ({**GPTQ, "desc_act": True}, layouts.gptq, {"act_order": True}, True),
    "gptq/v2": ({**GPTQ, "checkpoint_format": "gptq_v2"}, layouts.gptq, {"version": "v2"}, True),
    "awq": ({"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm"}, layouts.awq, {}, True),
    "auto-round": (
        {"quant_method": "auto-round", "bits": 4, "group_size": 32, "packing_format": "auto_round:auto_gptq"},
        layouts.gptq, {}, True,
    ),
    "ct/packed": (_ct(), layouts.compressed, {}, True),
    "ct/packed/zero": (_ct(symmetric=False), layouts.compressed, {"zero_point": True}, True),
    "ct/packed/8": (_ct(num_bits=8), layouts.compressed, {"bits": 8}, True),
    "ct/int": (
        _ct("int-quantized", num_bits=8, strategy="channel", group_size=None), layouts.compressed,
        {"bits": 8, "group": -1, "packed": False}, True,
    ),
    "ct/float": (
        _ct("float-quantized", num_bits=8, type="float", strategy="channel", group_size=None), layouts.fp8,
        {"block": (1, 4 * K), "name": "weight_scale"}, True,
    ),
    **{f"hqq/{bits}": (_hqq(bits), layouts.hqq, {"bits": bits}, True) for bits in (8, 4, 3, 2, 1)},
    **{f"hqq/{bits}/axis 0": (_hqq(bits, 0), layouts.hqq, {"bits": bits, "axis": 0}, True) for bits in (8, 4, 3, 2, 1)},
    "quanto/8": ({"quant_method": "quanto", "weights": "int8"}, layouts.quanto, {}, False),
    "quanto/4": ({"quant_method": "quanto", "weights": "int4"}, layouts.quanto, {"bits": 4}, False),
    "quanto/2": ({"quant_method": "quanto", "weights": "int2"}, layouts.quanto, {"bits": 2}, False),
    "torchao/8": (_ao("Int8WeightOnlyConfig"), layouts.torchao, {}, True),
    "torchao/8/groups": (
        _ao("Int8WeightOnlyConfig", granularity={"_type": "PerGroup", "_data": {"group_size": 32}, "_version": 1}),
        layouts.torchao, {"group": 32}, True,
    ),
    "torchao/4": (_ao("Int4WeightOnlyConfig", group_size=32), layouts.torchao, {"bits": 4}, True),
    "eetq": ({"quant_method": "eetq", "weights": "int8"}, layouts.eetq, {}, True),
    "bitnet": ({"quant_method": "bitnet"}, layouts.bitnet, {}, True),
    "bitnet/times": ({"quant_method": "bitnet", "linear_class": "autobitlinear"}, layouts.bitnet, {"times": True}, True),
    "fp8/block": ({"quant_method": "fp8", "weight_block_size": [32, 32]}, layouts.fp8, {}, True),
    "fp8/rows": ({"quant_method": "fbgemm_fp8"}, layouts.fp8, {"block": (1, 4 * K), "name": "weight_scale"}, True),
    "mxfp4": ({"quant_method": "mxfp4"}, layouts.mxfp4, {}, True),
    "aqlm": ({"quant_method": "aqlm"}, layouts.aqlm, {"bits": 12}, True),
    "aqlm/2x8": (
        {"quant_method": "aqlm", "num_codebooks": 2, "nbits_per_codebook": 8, "out_group_size": 2}, layouts.aqlm,
        {"books": 2, "bits": 8, "rows": 2, "dtype": np.int8}, True,
    ),
}  # fmt: skip


def _tensor(name, value):
    t = ef.tensor(np.ascontiguousarray(value))
    is_fp8 = value.dtype == np.uint8 and name.endswith(".weight")
    return t, is_fp8


def _checkpoint(folder, name):
    """Writes a quantized model and returns its state with dense values in place of the packed ones."""
    config, make, arguments, _ = FORMATS[name]
    model = ef.AutoModelForCausalLM.from_config(ef.AutoConfig.for_model("llama", **SIZES))
    model.save_pretrained(folder)
    packed, dense = {}, {}
    for key, value in model.state_dict().items():
        if not key.endswith("_proj.weight"):
            packed[key] = dense[key] = value
            continue
        rng = np.random.RandomState(zlib.crc32(key.encode()))
        parts, values = make(rng, *value.shape, **arguments)
        layer = key.removesuffix("weight")
        for part, array in parts.items():
            tensor = ef.tensor(np.ascontiguousarray(array))
            if make is layouts.fp8 and part == "weight":
                tensor = tensor.view(ef.float8_e4m3fn)
            packed[layer + part] = tensor
        dense[key] = ef.tensor(np.ascontiguousarray(values.astype(np.float32)))
    safetensors.torch.save_file(packed, f"{folder}/model.safetensors", metadata={"format": "pt"})
    text = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**text, "quantization_config": config}))
    return packed, dense


@pytest.mark.parametrize("name", FORMATS)
def test_a_checkpoint_of_the_format(tmp_path, name):
    packed, dense = _checkpoint(tmp_path, name)
    model, info = ef.AutoModelForCausalLM.from_pretrained(tmp_path, dtype="float32", output_loading_info=True)
    assert not info["unexpected_keys"] and not info["missing_keys"]
    layers = {f"{path}.weight": m.weight for path, m in model.named_modules() if path.endswith("_proj")}
    assert len(layers) == 7
    for key, weight in layers.items():
        assert isinstance(weight, ef.nn.PackedWeight)
        np.testing.assert_array_equal(weight.dequantize().numpy(), dense[key].numpy())
    plain = ef.AutoModelForCausalLM.from_pretrained(None, state_dict=dense, config=ef.AutoConfig.for_model("llama", **SIZES))
    ids, wanted = ef.tensor(IDS), None
    with ef.no_grad():
        for some in (ids, ids[:1, :3]):  # tiles, and products on the codes
            wanted, found = plain(some).logits.numpy(), model(some).logits.numpy()
            np.testing.assert_allclose(found, wanted, atol=2e-5 * np.abs(wanted).max(), rtol=0)  # f32 sums in another order
    grads = []
    for one in (plain, model):  # an adapter's view: gradients pass through the packed layers
        x = ef.tensor(np.random.RandomState(0).rand(1, 5, K).astype(np.float32)).requires_grad_(True)
        one(inputs_embeds=x).logits.pow(2).mean().backward()
        grads.append(x.grad.numpy())
    np.testing.assert_allclose(grads[1], grads[0], atol=1e-3 * np.abs(grads[0]).max(), rtol=0)  # sums of terms that cancel


@pytest.mark.parametrize("name", [n for n, entry in FORMATS.items() if entry[3]])
def test_it_is_saved_as_it_was(tmp_path, name):
    folder, again = tmp_path / "a", tmp_path / "b"
    folder.mkdir()
    packed, _ = _checkpoint(folder, name)
    ef.AutoModelForCausalLM.from_pretrained(folder, dtype="float32").save_pretrained(again)
    found = safetensors.torch.load_file(f"{again}/model.safetensors")
    assert set(found) == set(packed)
    for key, value in packed.items():
        assert found[key].dtype == value.dtype and tuple(found[key].shape) == tuple(value.shape), key
        assert found[key].view(ef.uint8).tolist() == value.view(ef.uint8).tolist(), key
    assert json.loads((again / "config.json").read_text())["quantization_config"]["quant_method"] == (
        FORMATS[name][0]["quant_method"]
    )


@pytest.mark.parametrize(
    "name", ["gptq", "awq", "ct/packed", "hqq/4", "hqq/4/axis 0", "torchao/4", "eetq", "fp8/block", "mxfp4", "aqlm"]
)
@pytest.mark.parametrize("damage", ["shape", "dtype", "missing", "nan"])
def test_damaged_checkpoints(tmp_path, name, damage):
    packed, _ = _checkpoint(tmp_path, name)
    layer = "model.layers.0.mlp.up_proj."
    scale = next(k for k in packed if k.startswith(layer) and "scale" in k)
    if damage == "shape":
        packed[scale] = packed[scale].flatten()[:3].clone()
    elif damage == "dtype":
        packed[scale] = packed[scale].float().to(ef.int64)
    elif damage == "missing":
        codes = ("qweight", "weight_packed", "W_q", "_weight_qdata", "weight_blocks", "codes", "weight")
        del packed[next(layer + part for part in codes if layer + part in packed)]
    elif packed[scale].is_floating_point():
        packed[scale] = packed[scale] * float("nan")
    else:
        packed[scale] = ef.full_like(packed[scale], 255)
    safetensors.torch.save_file(packed, f"{tmp_path}/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(OSError, match="up_proj|gate_proj"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path, dtype="float32")


@pytest.mark.parametrize("method", ["vptq", "spqr", "higgs", "quark", "nvfp4", "sinq", "metal"])
def test_methods_that_are_refused_name_an_alternative(tmp_path, method):
    _checkpoint(tmp_path, "awq")
    text = json.loads((tmp_path / "config.json").read_text())
    text["quantization_config"]["quant_method"] = method
    (tmp_path / "config.json").write_text(json.dumps(text))
    with pytest.raises(NotImplementedError, match=f"`{method}` is not supported; an alternative is"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", [n for n, entry in FORMATS.items() if not entry[3]])
def test_it_is_not_saved(tmp_path, name):
    _checkpoint(tmp_path, name)
    model = ef.AutoModelForCausalLM.from_pretrained(tmp_path, dtype="float32")
    with pytest.raises(ValueError, match="is not serializable"):
        model.save_pretrained(tmp_path / "again")
    model.dequantize().save_pretrained(tmp_path / "dense")
    assert ef.AutoModelForCausalLM.from_pretrained(tmp_path / "dense").is_quantized is False


def test_an_unknown_method(tmp_path):
    with pytest.raises(ValueError, match="Unknown quantization type, got nothing - supported types are"):
        ef.quantization.AutoQuantizationConfig.from_dict({"quant_method": "nothing"})


ONLY_READ = [ef.AqlmConfig(), ef.AutoRoundConfig(), ef.Mxfp4Config(), ef.BitNetQuantConfig(), ef.CompressedTensorsConfig()]


@pytest.mark.parametrize("config", ONLY_READ, ids=lambda c: type(c).__name__)
def test_formats_that_are_only_read(tmp_path, config):
    ef.AutoModelForCausalLM.from_config(ef.AutoConfig.for_model("llama", **SIZES)).save_pretrained(tmp_path)
    with pytest.raises(NotImplementedError, match="to quantize a dense one, use"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path, quantization_config=config)


def test_fp8_from_dense_weights(tmp_path):
    model = ef.AutoModelForCausalLM.from_config(ef.AutoConfig.for_model("llama", **SIZES))
    model.save_pretrained(tmp_path)
    for config in (ef.FineGrainedFP8Config(weight_block_size=(32, 32)), ef.FbgemmFp8Config()):
        packed = ef.AutoModelForCausalLM.from_pretrained(tmp_path, dtype="float32", quantization_config=config)
        weight, dense = packed.model.layers[0].mlp.up_proj.weight, model.model.layers[0].mlp.up_proj.weight.detach().numpy()
        assert weight.kind == "fp8"
        # three bits of mantissa: half a step of 1/8 of the value, or of the smallest step of the block
        error = np.abs(weight.dequantize().numpy() - dense)
        assert (error <= np.abs(dense) / 16 + np.abs(dense).max() / 448 / 64).all()
        packed.save_pretrained(tmp_path / "again")
        again = ef.AutoModelForCausalLM.from_pretrained(tmp_path / "again")
        assert again.model.layers[0].mlp.up_proj.weight.dequantize().tolist() == weight.dequantize().tolist()


def test_a_compressed_tensors_configuration_that_quantizes_nothing():
    config = ef.CompressedTensorsConfig(ignore=["lm_head"], format="pack-quantized")
    assert config.to_dict() == {"quant_method": "compressed-tensors"} and config.to_diff_dict() == {}
    named = ef.CompressedTensorsConfig(config_groups={"group_0": GROUPS}, format="pack-quantized")
    assert "quant_method" not in named.to_diff_dict() and named.to_dict()["config_groups"]["group_0"]["targets"] == ["Linear"]
