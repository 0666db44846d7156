"""Adapters merged into a GGUF file, or written beside it."""

from __future__ import annotations

import os

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import _core, gguf
from eigenformers._core import GgufFile
from gguf_models import ADAPTED, adapted, byte_level, greedy, tiny


@pytest.mark.parametrize(
    "model_type, settings",
    [("llama", {"target_modules": ["q_proj", "k_proj", "down_proj"]}),
     ("qwen2", {"target_modules": ["q_proj", "v_proj"], "lora_bias": True}),
     ("llama", {"target_modules": ["q_proj", "v_proj"], "lora_bias": True, "changes": {"attention_bias": True}})],
)  # fmt: skip
def test_adapters_are_merged_on_the_way(tmp_path, model_type, settings):
    model = adapted(model_type, **settings)
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    out = model.save_pretrained_gguf(tmp_path / "g", byte_level(), "f32")  # compares tensors and logits
    assert all(np.array_equal(before[name], value.numpy()) for name, value in model.state_dict().items())
    model.save_pretrained_merged(tmp_path / "m", byte_level())
    merged = model.merge_and_unload()
    assert greedy(ef.AutoModelForCausalLM.from_pretrained(out["gguf_files"][0])) == greedy(merged)
    again = ef.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    assert str(again.dtype).endswith("bfloat16")
    for name, value in merged.state_dict().items():
        found = again.state_dict()[name].to(ef.float32).numpy()
        np.testing.assert_allclose(found, value.to(ef.bfloat16).to(ef.float32).numpy(), rtol=1e-2, err_msg=name)


def test_adapters_alone(tmp_path):
    model = adapted(target_modules=["q_proj", "v_proj"])
    out = model.save_pretrained_gguf(tmp_path, None, save_method="lora")
    file = GgufFile(out["gguf_files"][0])
    assert file.get("general.type") == "adapter" and file.get("adapter.lora.alpha") == 8.0
    assert {t[0] for t in file.tensors} == {
        f"blk.{i}.attn_{p}.weight.lora_{x}" for i in (0, 1) for p in "qv" for x in "ab"
    }
    for model_type, flag in (("llama", "use_dora"), ("qwen2", "lora_bias")):
        with pytest.raises(NotImplementedError, match=flag):
            gguf.save_lora_to_gguf(adapted(model_type, target_modules=["q_proj"], **{flag: True}), tmp_path / "d.gguf")
    with pytest.raises(ValueError, match="no adapter"):
        gguf.save_lora_to_gguf(tiny("llama"), tmp_path / "d.gguf")
    for method, error in (("merged_4bit", RuntimeError), ("fp8", NotImplementedError)):
        with pytest.raises(error, match=method):
            model.save_pretrained_merged(tmp_path / "x", save_method=method)
    model.save_pretrained_merged(tmp_path / "lora", byte_level(), save_method="lora")
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} <= set(os.listdir(tmp_path / "lora"))


@pytest.mark.parametrize("model_type", ADAPTED)
def test_an_adapter_beside_its_base_is_the_merged_model(tmp_path, model_type):
    """Rows of both stand in the order of the file."""
    model = adapted(model_type, target_modules=ADAPTED[model_type])
    lora = _core.GgufFile(gguf.save_lora_to_gguf(model, tmp_path / "l.gguf"))
    merged = _core.GgufFile(gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "f32"))
    with model.disable_adapter():
        base = _core.GgufFile(gguf.save_to_gguf(model, tmp_path / "b.gguf", None, "f32"))
    pairs = sorted({name.rpartition(".")[0] for name in lora.names()})
    assert len(pairs) >= 4
    for name in pairs:
        a, b = (np.array(lora.floats(f"{name}.lora_{x}"), np.float32) for x in "ab")
        before, after = (np.array(file.floats(name), np.float32) for file in (base, merged))
        change = b.reshape(-1, 4) @ a.reshape(4, -1) * (lora.get("adapter.lora.alpha") / 4)
        assert np.abs(after - before).max() > 1e-3, name
        np.testing.assert_allclose(before + change.reshape(-1), after, atol=1e-5, err_msg=name)


def test_adapters_merged_into_4_bits(tmp_path):
    model = adapted(target_modules=["q_proj", "down_proj"])
    model.save_pretrained_merged(tmp_path / "m", byte_level(), save_method="merged_4bit_forced")
    assert "config.json" in os.listdir(tmp_path / "m")
    assert not any(os.path.isdir(tmp_path / "m" / name) for name in os.listdir(tmp_path / "m"))
    again = ef.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    layer = again.model.layers[0].self_attn.q_proj
    assert isinstance(layer, ef.Linear4bit) and again.config.quantization_config.bnb_4bit_use_double_quant
    merged = model.merge_and_unload().model.layers[0].self_attn.q_proj.weight.numpy()
    error = layer.weight.dequantize().to(ef.float32).numpy() - merged
    assert 0.02 < np.sqrt((error**2).mean() / (merged**2).mean()) < 0.12  # nf4 of normal numbers: about 0.09
