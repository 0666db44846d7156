"""Bad input and wrong GGUF files are noticed."""

from __future__ import annotations

import os
import struct

import eigenformers as ef
import pytest
from eigenformers import gguf
from gguf_models import DEEPSEEK_YARN, byte_level, tiny


def test_bad_input_leaves_no_file(tmp_path):
    path = tmp_path / "m.gguf"
    model = tiny("llama")
    model.model.layers[1].mlp.up_proj.weight.data[3, 4] = float("nan")
    with pytest.raises(OSError, match="blk.1.ffn_up.weight.*up_proj.*NaN"):
        gguf.save_to_gguf(model, path, None, "q4_k_m")
    model.model.layers[1].mlp.up_proj.weight.data[3, 4] = 1e6
    with pytest.raises(OSError, match="F16 reaches to 65504"):
        gguf.save_to_gguf(model, path, None, "f16")
    with pytest.raises(NotImplementedError, match="requires an importance matrix"):
        gguf.save_to_gguf(tiny("llama"), path, None, "iq2_xs")
    with pytest.raises(NotImplementedError, match="opt"):
        gguf.save_to_gguf(ef.AutoModelForCausalLM.from_config(ef.AutoConfig.for_model(
            "opt", num_hidden_layers=1, hidden_size=32, ffn_dim=32, num_attention_heads=2, vocab_size=50,
            word_embed_proj_dim=32)), path, None, "f16")  # fmt: skip
    with pytest.raises(NotImplementedError, match="tokens up to id"):
        gguf.save_to_gguf(tiny("llama", vocab_size=100), path, byte_level(), "f16")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "model_type, changes, named",
    [("falcon", {"alibi": True}, "alibi"), ("deepseek_v3", {"rope_interleave": False}, "rope_interleave"),
     ("deepseek_v3", {"rope_parameters": {**DEEPSEEK_YARN, "mscale": 1.0}}, "mscale=1.0 and mscale_all_dim=0.8"),
     ("deepseek_v3", {"attention_bias": True}, "attention_bias"), ("qwen3_next", {"norm_topk_prob": False}, "norm_topk_prob"),
     ("qwen3_next", {"linear_value_head_dim": 16}, "linear_value_head_dim=16"),
     ("qwen3_next", {"layer_types": ["full_attention"] + ["linear_attention"] * 3}, "layer_types"),
     ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
     ("stablelm", {"qk_layernorm": True}, "qk_layernorm"), ("qwen3_moe", {"norm_topk_prob": False}, "norm_topk_prob"),
     ("qwen2_moe", {"mlp_only_layers": [0]}, "mlp_only_layers"), ("starcoder2", {"sliding_window": 16}, "sliding_window"),
     ("cohere2", {"layer_types": ["full_attention"] * 4}, "layer_types"), ("phi", {"hidden_act": "relu"}, "relu"),
     ("exaone4", {"sliding_window": 16, "sliding_window_pattern": 2}, "layer_types"),
     ("llama", {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "partial")],
)  # fmt: skip
def test_what_the_format_cannot_say_is_named(tmp_path, model_type, changes, named):
    with pytest.raises(NotImplementedError, match=named):
        gguf.save_to_gguf(tiny(model_type, **changes), tmp_path / "m.gguf")
    assert not os.listdir(tmp_path)


def test_a_wrong_file_is_noticed(tmp_path):
    model = tiny("llama")
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "q8_0")
    assert gguf.check_export(model, path)["worst_tensor"] < 0.01
    model.model.layers[0].self_attn.q_proj.weight.data.mul_(1.5)
    with pytest.raises(OSError, match="q_proj.weight differs"):
        gguf.check_export(model, path)
    other = byte_level()
    other.add_tokens(["quick"])
    with pytest.raises(OSError, match="other ids"):
        gguf.check_export(tiny("llama"), path, other)


def test_what_a_model_makes_of_small_errors_is_not_the_files(tmp_path):
    """Large random weights amplify errors of the sixth bit; the file is right all the same."""
    ef.manual_seed(0)
    model = tiny("llama", hidden_size=256, intermediate_size=512, num_hidden_layers=3)
    with ef.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.normal_(0, 0.3)
    for method in ("f16", "q8_0", "q6_k", "q4_k_m", "q2_k"):
        gguf.save_to_gguf(model, tmp_path / "m.gguf", None, method)
    logits = gguf.check_export(model, tmp_path / "m.gguf")["logits"]
    assert logits > 0.1


@pytest.mark.parametrize("method", ["f16", "q6_k", "q2_k"])
def test_tensors_in_each_others_place_are_noticed(tmp_path, method):
    model = tiny("llama", hidden_size=256, intermediate_size=512)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, method)
    first, second = (layer.self_attn.q_proj.weight for layer in model.model.layers[:2])
    down = model.model.layers[0].mlp.down_proj.weight
    with ef.no_grad():
        for changed, values in ((first, second), (first, first.flip(0)), (first, first.t()), (down, down.flip(1)), (down, -down)):
            kept = changed.clone()
            changed.copy_(values.clone())
            with pytest.raises(OSError, match="proj.weight differs"):
                gguf.check_export(model, path)
            changed.copy_(kept)
    gguf.check_export(model, path)


@pytest.mark.parametrize("key, value", [("llama.rope.freq_base", 100.0), ("llama.attention.layer_norm_rms_epsilon", 0.9)])
def test_a_wrong_configuration_is_noticed(tmp_path, key, value):
    """The tensors are right, what the file says beside them is not."""
    model = tiny("llama")
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q8_0")
    data = bytearray(open(path, "rb").read())
    at = data.index(key.encode()) + len(key) + 4
    data[at : at + 4] = struct.pack("<f", value)
    open(path, "wb").write(data)
    with pytest.raises(OSError, match="other than its tensors"):
        gguf.check_export(model, path)


@pytest.mark.parametrize("kind", ["gguf", "safetensors"])
def test_without_mapping_a_file_may_be_cut(tmp_path, kind):
    model = tiny("llama")
    if kind == "gguf":
        path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q8_0")
    else:
        model.save_pretrained(tmp_path)
        path = tmp_path / "model.safetensors"
    source = path if kind == "gguf" else tmp_path
    read = ef.AutoModelForCausalLM.from_pretrained(source, disable_mmap=True).eval()
    os.truncate(path, 64)
    assert read.generate(ef.tensor([[5, 6, 7]]), max_new_tokens=4, do_sample=False, pad_token_id=0).shape == (1, 7)


@pytest.mark.parametrize(
    "model_type, changes, message",
    [("mamba", {"use_conv_bias": False}, "use_conv_bias=False"), ("mamba", {"hidden_act": "gelu"}, "activation 'gelu'"),
     ("mamba2", {"time_step_limit": (0.0, 0.5)}, "time_step_limit"), ("lfm2", {"conv_bias": True}, "conv_bias=True"),
     ("gpt_oss", {"swiglu_limit": 5.0}, "swiglu_limit=5.0"), ("gpt_oss", {"attention_bias": False}, "attention_bias=False"),
     ("gpt_oss", {"layer_types": ["full_attention"] * 2}, "layer_types of gpt_oss"),
     ("gpt_oss", {"tie_word_embeddings": True}, "tie_word_embeddings=True")],
)  # fmt: skip
def test_what_other_architectures_cannot_say(tmp_path, model_type, changes, message):
    with pytest.raises(NotImplementedError, match=message):
        gguf.save_to_gguf(tiny(model_type, **changes), tmp_path / "m.gguf", byte_level(), "f32")
