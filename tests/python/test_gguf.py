"""GGUF export of every architecture, and what reads it back."""

from __future__ import annotations

import copy

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import gguf
from eigenformers._core import GgufFile
from gguf_models import (
    ENCODERS,
    FAMILIES,
    TRANSLATORS,
    byte_level,
    encoder,
    falcon_40b,
    greedy,
    long_rope,
    tiny,
    translated,
    translator,
    unigram,
    word_piece,
)


@pytest.mark.parametrize("model_type", FAMILIES)
def test_every_family_comes_back(tmp_path, model_type):
    model = tiny(model_type)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "f32")  # compares tensors, logits and tokens
    again = ef.AutoModelForCausalLM.from_pretrained(path)
    assert again.config.model_type == model_type
    assert greedy(again) == greedy(model)
    for name, value in model.state_dict().items():
        assert np.abs(again.state_dict()[name].numpy() - value.numpy()).max() < 1e-6, name


def test_falcon_with_two_norms_comes_back(tmp_path):
    model = falcon_40b()
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "f32")
    assert {"blk.1.attn_norm.weight", "blk.1.attn_norm_2.bias"} <= set(GgufFile(path).names())
    again = ef.AutoModelForCausalLM.from_pretrained(path)
    assert again.config.num_ln_in_parallel_attn == 2 and greedy(again) == greedy(model)
    quarter = gguf.save_to_gguf(model, tmp_path / "q.gguf", byte_level(), "q4_k_m")
    assert ef.AutoModelForCausalLM.from_pretrained(quarter).config.num_ln_in_parallel_attn == 2


@pytest.mark.parametrize("model_type, changes", TRANSLATORS)
def test_encoder_decoders_come_back(tmp_path, model_type, changes):
    model = translator(model_type, **changes)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", unigram(), "f32")  # compares tensors, logits and tokens
    again = ef.AutoModelForSeq2SeqLM.from_pretrained(path)
    assert again.config.model_type == ("umt5" if model_type == "umt5" else "t5")
    assert translated(again) == translated(model)
    assert again.generate(ef.as_tensor([[5, 17, 1]]), max_new_tokens=4, do_sample=False).tolist() == (
        model.generate(ef.as_tensor([[5, 17, 1]]), max_new_tokens=4, do_sample=False).tolist()
    )
    for change, text in (({"feed_forward_proj": "gated-silu"}, "gated-gelu"), ({"relative_attention_max_distance": 64}, "128")):
        with pytest.raises(NotImplementedError, match=text):
            gguf.save_to_gguf(translator(model_type, **{**changes, **change}), tmp_path / "n.gguf")


def test_an_encoder_decoder_whose_head_is_its_own_stays_so_in_4_bits(tmp_path):
    model = translator("t5", d_model=256, tie_word_embeddings=False)
    model.lm_head.weight = ef.nn.Parameter(ef.randn(320, 256))
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", unigram(), "q4_k_m")
    again = ef.AutoModelForSeq2SeqLM.from_pretrained(path)
    head = again.lm_head.weight.dequantize().to(ef.float32).numpy()
    assert np.abs(head - model.lm_head.weight.detach().numpy()).mean() < 0.1


@pytest.mark.parametrize("original", [2, 256])
def test_long_rope_comes_back(tmp_path, original):
    model = long_rope(original)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "f32")
    again = ef.AutoModelForCausalLM.from_pretrained(path)
    assert again.config.original_max_position_embeddings == original
    assert greedy(again) == greedy(model)


@pytest.mark.parametrize("model_type", ENCODERS)
def test_encoders_come_back(tmp_path, model_type):
    model = encoder(model_type)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", word_piece(), "f32")  # compares tensors, outputs and tokens
    again = ef.AutoModel.from_pretrained(path)
    assert again.config.model_type == ("nomic_bert" if model_type == "nomic_bert" else "bert")
    assert GgufFile(path).get("tokenizer.ggml.model") == "bert"
    with pytest.raises(NotImplementedError, match="lower case"):
        gguf.save_to_gguf(model, tmp_path / "n.gguf", word_piece(lowercase=False), "f32")
    with pytest.raises(NotImplementedError, match="export model.base_model"):
        gguf.save_to_gguf(ef.AutoModelForMaskedLM.from_config(model.config), tmp_path / "n.gguf")


def test_encoders_of_other_shapes(tmp_path):
    """DistilBERT calls its inner width `hidden_dim`; a decoder of the same layers is none that the format can tell."""
    ef.manual_seed(0)
    narrow = ef.DistilBertConfig(
        vocab_size=encoder("distilbert").config.vocab_size, dim=32, hidden_dim=48, n_layers=1, n_heads=2,
        max_position_embeddings=32,
    )  # fmt: skip
    path = gguf.save_to_gguf(ef.DistilBertModel(narrow), tmp_path / "m.gguf", word_piece(), "f32")
    assert ef.AutoConfig.from_pretrained(path).intermediate_size == 48
    for model_type in ("bert", "roberta"):
        config = copy.deepcopy(encoder(model_type).config)
        config.is_decoder = True
        with pytest.raises(NotImplementedError, match="is_decoder=True"):
            gguf.save_to_gguf(ef.AutoModel.from_config(config), tmp_path / "n.gguf", word_piece())


def test_rope_settings_come_back(tmp_path):
    for rope in (
        {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0},
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "rope_theta": 10000.0},
        {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
         "original_max_position_embeddings": 8192, "rope_theta": 500000.0},
    ):  # fmt: skip
        model = tiny("llama", rope_parameters=rope)
        path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "f32")
        again = ef.AutoModelForCausalLM.from_pretrained(path)
        assert again.config.rope_parameters["rope_type"] == rope["rope_type"]
        assert greedy(again) == greedy(model)
    with pytest.raises(NotImplementedError, match="rope_type 'dynamic'"):
        model = tiny("llama", rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0})
        gguf.save_to_gguf(model, tmp_path / "no.gguf", None, "f32")
