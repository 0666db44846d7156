"""Configurations out of GGUF files: the file is written here byte by byte, and read by the extension."""

from __future__ import annotations

import struct

import eigenformers
import pytest
from eigenformers import AutoConfig, AutoModelForCausalLM, LlamaConfig
from eigenformers.errors import CheckpointError, Error, UnsupportedModelError
from eigenformers.gguf import quantize_file
from eigenformers.models.gguf import _llama3_factors


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _value(value) -> bytes:
    """Type and bytes of a metadata value."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<Ii", 5, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    kind = 8 if value and isinstance(value[0], str) else 5
    items = b"".join(_string(item) if kind == 8 else struct.pack("<i", item) for item in value)
    return struct.pack("<IIQ", 9, kind, len(value)) + items


def gguf(metadata: dict, tensors: dict[str, list[float]]) -> bytes:
    """A GGUF file with these keys and F32 vectors."""
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    out += b"".join(_string(key) + _value(value) for key, value in metadata.items())
    data = b""
    for name, values in tensors.items():
        out += _string(name) + struct.pack("<IQIQ", 1, len(values), 0, len(data))
        data += struct.pack(f"<{len(values)}f", *values)
        data += bytes(-len(data) % 32)
    return out + bytes(-len(out) % 32) + data


METADATA = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "llama.context_length": 131072,
    "llama.embedding_length": 64,
    "llama.block_count": 2,
    "llama.feed_forward_length": 96,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": [2, 2],
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.rope.freq_base": 500000.0,
    "llama.rope.dimension_count": 16,
    "tokenizer.ggml.tokens": [f"t{index}" for index in range(50)],
    "tokenizer.ggml.eos_token_id": 3,
    "tokenizer.ggml.add_bos_token": True,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


@pytest.fixture
def folder(tmp_path):
    factors = _llama3_factors(LLAMA3, 500000.0, 16)
    (tmp_path / "tiny.gguf").write_bytes(gguf(METADATA, {"rope_freqs.weight": factors, "token_embd.weight": [0.0]}))
    return tmp_path


def test_all_ways_to_name_the_file(folder):
    found = [
        AutoConfig.from_pretrained(folder, gguf_file="tiny.gguf"),
        AutoConfig.from_pretrained(folder / "tiny.gguf"),
        LlamaConfig.from_pretrained(str(folder / "tiny.gguf")),
        LlamaConfig.from_pretrained("anything", gguf_file=str(folder / "tiny.gguf")),
    ]
    config = found[0]
    assert isinstance(config, LlamaConfig) and config.vocab_size == 50 and config.eos_token_id == 3
    assert config.num_key_value_heads == 2 and config.head_dim == 16 and config.tie_word_embeddings
    assert config.rope_parameters == LLAMA3 and config.architectures == ["LlamaForCausalLM"]
    assert all(other == config for other in found)
    config.save_pretrained(folder / "saved")
    assert AutoConfig.from_pretrained(folder / "saved") == config


def test_attributes_can_be_overridden(folder):
    config, unused = AutoConfig.from_pretrained(
        folder, gguf_file="tiny.gguf", num_labels=3, foo=1, return_unused_kwargs=True
    )
    assert config.num_labels == 3 and unused == {"foo": 1}


def test_other_architectures(folder):
    (folder / "rwkv7.gguf").write_bytes(gguf({**METADATA, "general.architecture": "rwkv7"}, {}))
    with pytest.raises(UnsupportedModelError, match="architecture rwkv7 is not supported yet. Supported: llama"):
        AutoConfig.from_pretrained(folder, gguf_file="rwkv7.gguf")
    with pytest.raises(OSError, match="missing.gguf"):
        AutoConfig.from_pretrained(folder, gguf_file="missing.gguf")


@pytest.mark.parametrize("found", [[], ["llama"], ["llama", "bert"], [3, 4], 7, True, 0.5])
def test_an_architecture_that_is_no_name(folder, found):
    path = folder / "unnamed.gguf"
    path.write_bytes(gguf({**METADATA, "general.architecture": found}, {}))
    with pytest.raises(CheckpointError, match=r"unnamed.gguf.*general.architecture"):
        AutoConfig.from_pretrained(path)
    with pytest.raises(CheckpointError, match=r"unnamed.gguf.*general.architecture"):
        AutoModelForCausalLM.from_pretrained(path)
    with pytest.raises(CheckpointError, match=r"unnamed.gguf.*general.architecture"):
        quantize_file(path, folder / "other.gguf", "q8_0")


def test_damaged_files(folder):
    """Truncated at every byte of the header: an error of ours, or (in the padding) still the same configuration."""
    whole = (folder / "tiny.gguf").read_bytes()
    expected = AutoConfig.from_pretrained(folder / "tiny.gguf")
    damaged = folder / "damaged.gguf"
    for end in range(0, len(whole) - 1, 7):
        damaged.write_bytes(whole[:end])
        with pytest.raises(Error):
            assert AutoConfig.from_pretrained(damaged) == expected
            raise CheckpointError("only the padding was cut")
    for position in range(24, 400, 3):
        damaged.write_bytes(whole[:position] + b"\xff" + whole[position + 1 :])
        try:
            AutoConfig.from_pretrained(damaged)
        except Error:
            pass


def test_tensors_that_are_almost_a_part_of_another(tmp_path):
    """Of names that stand for one tensor of the tree, only those are parts: another suffix is refused."""
    keys = {**METADATA, "general.architecture": "gpt-oss", "gpt-oss.expert_count": 4}
    for count in (1, 50):
        path = tmp_path / f"{count}.gguf"
        path.write_bytes(gguf(keys, {f"blk.{i}.ffn_down_exps.weight.x": [0.0] * 64 for i in range(count)}))
        with pytest.raises(eigenformers.errors.CheckpointError, match=r"blk\.0\.ffn_down_exps\.weight\.x"):
            eigenformers._core.open_gguf(str(path))


def test_experts_of_a_gguf_file(tmp_path):
    """Their matrices stand together in the file, and apart in the tree."""
    import eigenformers as ef
    import numpy as np

    config = ef.Qwen2MoeConfig(
        vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, num_experts=3, num_experts_per_tok=2, moe_intermediate_size=8, rms_norm_eps=1e-5,
        shared_expert_intermediate_size=12, max_position_embeddings=32,
    )  # fmt: skip
    model = ef.Qwen2MoeForCausalLM(config).eval()
    state = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    names = {
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
        "mlp.gate": "ffn_gate_inp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
        **{f"mlp.shared_expert.{part}_proj": f"ffn_{part}_shexp" for part in ("gate", "up", "down")},
    }  # fmt: skip
    tensors = {}
    for part in ("gate", "up", "down"):
        each = [state.pop(f"model.layers.0.mlp.experts.{e}.{part}_proj.weight") for e in range(3)]
        tensors[f"blk.0.ffn_{part}_exps.weight"] = np.stack(each)
    for name, value in state.items():
        stem, _, kind = name.removeprefix("model.layers.0.").rpartition(".")
        in_layer = name.startswith("model.layers")
        value = value[0] if stem == "mlp.shared_expert_gate" else value
        tensors[f"{'blk.0.' if in_layer else ''}{names[stem]}.{kind}"] = value
    sizes = {
        "context_length": 32, "embedding_length": 16, "block_count": 1, "feed_forward_length": 24,
        "attention.head_count": 2, "attention.head_count_kv": 2, "attention.layer_norm_rms_epsilon": 1e-5,
        "expert_count": 3, "expert_used_count": 2, "expert_feed_forward_length": 8,
        "expert_shared_feed_forward_length": 12, "vocab_size": 32,
    }  # fmt: skip
    metadata = {"general.architecture": "qwen2moe", **{f"qwen2moe.{key}": value for key, value in sizes.items()}}
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(_string(key) + _value(value) for key, value in metadata.items())
    data = b""
    for name, value in tensors.items():
        head += _string(name) + struct.pack("<I", value.ndim) + struct.pack(f"<{value.ndim}Q", *value.shape[::-1])
        head += struct.pack("<IQ", 0, len(data))
        data += value.astype("<f4").tobytes()
        data += bytes(-len(data) % 32)
    (tmp_path / "moe.gguf").write_bytes(head + bytes(-len(head) % 32) + data)
    read = ef.AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="moe.gguf").eval()
    ids = ef.tensor([[3, 4, 5, 6]])
    np.testing.assert_allclose(read(ids).logits.detach().numpy(), model(ids).logits.detach().numpy(), rtol=1e-4, atol=1e-6)
