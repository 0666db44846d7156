"""Quantizing, GGUF export and what reads it back."""

from __future__ import annotations

import copy
import os
import struct

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import _core, gguf
from eigenformers._core import GgufFile
from eigenformers.tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

WORDS = "the quick brown fox jumps over a lazy dog and runs away into deep dark woods".split()

FAMILIES = (
    "llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "smollm3", "olmo2", "granite",
    "mixtral", "qwen2_moe", "qwen3_moe", "phi", "phi3", "starcoder2", "stablelm", "cohere", "cohere2", "glm4", "ernie4_5",
    "exaone4", "nemotron", "gpt2", "gpt_neox", "falcon", "bloom", "mamba", "mamba2", "lfm2", "gpt_oss",
    "deepseek_v3", "qwen3_next",
)  # fmt: skip


def tiny(model_type: str, **changes):
    settings = {
        "vocab_size": 320, "hidden_size": 256, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 8,
        "num_key_value_heads": 4, "max_position_embeddings": 128, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None,
    }  # fmt: skip
    if model_type in ("qwen3", "gemma", "gemma2", "gemma3_text"):
        settings["head_dim"] = 32
    if model_type == "granite":
        settings.update(attention_multiplier=0.2, embedding_multiplier=2.0, residual_multiplier=0.5, logits_scaling=4.0)
    if model_type == "smollm3":
        settings.update(num_hidden_layers=4)
    if model_type in ("gemma2", "gemma3_text"):
        settings.update(query_pre_attn_scalar=32, sliding_window=16)
    if model_type in ("glm4", "ernie4_5", "nemotron", "cohere2"):
        settings["head_dim"] = 32
    if model_type in ("mixtral", "qwen2_moe", "qwen3_moe"):
        settings.update(num_experts_per_tok=2, moe_intermediate_size=64, shared_expert_intermediate_size=128)
        settings["num_local_experts" if model_type == "mixtral" else "num_experts"] = 4
        settings["norm_topk_prob"] = model_type == "qwen3_moe"
    if model_type == "qwen3_moe":
        settings["head_dim"] = 32
    if model_type == "exaone4":
        settings["sliding_window"] = None
    if model_type == "cohere2":
        settings.update(sliding_window=16, num_hidden_layers=4)
    if model_type == "falcon":
        settings.update(new_decoder_architecture=True, num_kv_heads=4, num_ln_in_parallel_attn=1)
    if model_type in ("gpt2", "gpt_neox", "bloom", "falcon"):
        for name in ("num_key_value_heads", "intermediate_size")[: 1 if model_type == "gpt_neox" else 2]:
            del settings[name]
    if model_type in ("mamba", "mamba2"):
        for name in ("num_key_value_heads", "intermediate_size", "num_attention_heads", "max_position_embeddings"):
            del settings[name]
        settings["state_size"] = 16
    if model_type == "mamba2":
        settings.update(num_heads=8, head_dim=64, n_groups=2)
    if model_type == "lfm2":
        settings.update(num_hidden_layers=4, layer_types=["conv", "full_attention", "conv", "conv"])
    if model_type == "gpt_oss":
        settings.update(head_dim=32, num_local_experts=4, num_experts_per_tok=2, sliding_window=16)
        settings["rope_parameters"] = {"rope_type": "default", "rope_theta": 10000.0}
    if model_type == "bloom":
        del settings["max_position_embeddings"]
    if model_type == "deepseek_v3":
        settings.update(
            q_lora_rank=96, kv_lora_rank=64, qk_rope_head_dim=16, qk_nope_head_dim=32, v_head_dim=24, n_routed_experts=8,
            num_experts_per_tok=3, n_group=4, topk_group=2, moe_intermediate_size=64, first_k_dense_replace=1,
        )  # fmt: skip
    if model_type == "qwen3_next":
        settings.update(
            num_hidden_layers=4, head_dim=32, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=64,
            shared_expert_intermediate_size=96, linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=32,
            linear_value_head_dim=32,
        )  # fmt: skip
    settings.update(changes)
    config = ef.AutoConfig.for_model(model_type, **settings)
    ef.manual_seed(0)
    model = ef.AutoModelForCausalLM.from_config(config)
    for value in model.parameters():  # gains that are not one, biases that are not zero
        if value.dim() == 1:
            value.data.add_(ef.randn(*value.shape) * 0.1)
        else:
            value.data.mul_(4)
    return model.eval()


DEEPSEEK_YARN = {
    "rope_type": "yarn", "rope_theta": 1e4, "factor": 8.0, "original_max_position_embeddings": 16, "beta_fast": 32.0,
    "beta_slow": 1.0, "mscale": 0.8, "mscale_all_dim": 0.8,
}  # fmt: skip


def falcon_40b():
    """Falcon with a norm before attention and one before the MLP."""
    return tiny("falcon", num_ln_in_parallel_attn=2)


def translator(model_type, **changes):
    settings = {"vocab_size": 320, "d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 3, "num_decoder_layers": 2}
    settings.update({"num_heads": 4, "decoder_start_token_id": 0, **changes})
    ef.manual_seed(0)
    model = ef.AutoModelForSeq2SeqLM.from_config(ef.AutoConfig.for_model(model_type, **settings))
    for name, value in model.named_parameters():
        value.data.add_(ef.randn(*value.shape) * (0.1 if "SelfAttention.relative" not in name else 1.0))
    return model.eval()


def translated(model, count=8, ids=(5, 17, 40, 9, 1)):
    found = [0]
    with ef.no_grad():
        for _ in range(count):
            logits = model(input_ids=ef.as_tensor([list(ids)]), decoder_input_ids=ef.as_tensor([found])).logits
            found.append(int(logits[0, -1].argmax()))
    return found[1:]


def byte_level():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {"<pad>": 0, "<s>": 1, "</s>": 2, **{c: i + 3 for i, c in enumerate(alphabet)}}
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("o", "w")]
    for left, right in merges:
        vocab[left + right] = len(vocab)
    engine = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    engine.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    engine.decoder = decoders.ByteLevel()
    engine.add_special_tokens(["<pad>", "<s>", "</s>"])
    engine.add_tokens(["<tool>"])
    return ef.PreTrainedTokenizerFast(
        tokenizer_object=engine, bos_token="<s>", eos_token="</s>", chat_template="{{ messages[0]['content'] }}<|im_start|>"
    )


def sentencepiece():
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2, **{f"<0x{i:02X}>": i + 3 for i in range(256)}}
    merges = [("t", "h"), ("▁", "th"), ("▁th", "e"), ("o", "w")]
    for piece in ["▁", *"theowqk", *(left + right for left, right in merges)]:
        vocab.setdefault(piece, len(vocab))
    engine = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    engine.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    engine.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    engine.add_special_tokens(["<unk>", "<s>", "</s>"])
    return ef.PreTrainedTokenizerFast(tokenizer_object=engine, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def word_piece(lowercase=True):
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab = {token: i for i, token in enumerate([*special, *"theowlbrun12", *(f"##{c}" for c in "theowlrun12"), "the", "owl"])}
    engine = Tokenizer(models.WordPiece(vocab=vocab, unk_token="[UNK]"))
    engine.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    engine.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    engine.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    engine.decoder = decoders.WordPiece(prefix="##")
    engine.add_special_tokens(special)
    return ef.PreTrainedTokenizerFast(
        tokenizer_object=engine, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
    )


def encoder(model_type):
    settings = {"vocab_size": 64, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    settings["pad_token_id"] = 0  # as the tokenizer's
    ef.manual_seed(0)
    model = ef.AutoModel.from_config(ef.AutoConfig.for_model(model_type, max_position_embeddings=64, **settings))
    for value in model.parameters():
        value.data.add_(ef.randn(*value.shape) * 0.1)
    return model.eval()


def long_rope(original):
    """Phi-3 with factors for texts up to `original` tokens, and for longer ones."""
    rope = {"rope_type": "longrope", "rope_theta": 1e4, "original_max_position_embeddings": original}
    rope.update(short_factor=[1 + 0.05 * i for i in range(16)], long_factor=[1 + 0.6 * i for i in range(16)])
    settings = {"original_max_position_embeddings": original, "max_position_embeddings": 1024}
    return tiny("phi3", rope_parameters=rope, **settings)


def greedy(model, count=8):
    ids = [5, 17, 40]
    with ef.no_grad():
        for _ in range(count):
            ids.append(int(model(input_ids=ef.as_tensor([ids])).logits[0, -1].argmax()))
    return ids


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


TRANSLATORS = [
    ("t5", {}), ("t5", {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}), ("mt5", {}), ("umt5", {}),
    ("t5", {"tie_word_embeddings": False}),
]  # fmt: skip


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


ENCODERS = ["bert", "nomic_bert", "roberta", "xlm-roberta", "camembert", "distilbert"]


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


@pytest.mark.parity
@pytest.mark.parametrize("model_type", ENCODERS)
def test_llama_cpp_embeds_the_same(tmp_path, model_type):
    llama_cpp = pytest.importorskip("llama_cpp")
    model, tokenizer = encoder(model_type), word_piece()
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", tokenizer, "f32")
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    engine = llama_cpp.Llama(path, n_ctx=64, embedding=True, verbose=False, n_threads=1, pooling_type=0)
    found = np.array(engine.embed("the Owl runs 12"))
    with ef.no_grad():
        wanted = model(**tokenizer("the Owl runs 12", return_tensors="pt")).last_hidden_state[0].numpy()
    np.testing.assert_allclose(found, wanted, atol=2e-2)  # llama.cpp's GELU is a table of half floats


@pytest.mark.parametrize("method", ["f16", "bf16", "q8_0", "q4_k_m", "q2_k", "iq4_xs", "q2_k_l", "tq2_0"])
def test_methods_write_what_they_say(tmp_path, method):
    model = tiny("llama")
    out = model.save_pretrained_gguf(tmp_path / "folder", byte_level(), method)
    (path,) = out["gguf_files"]
    assert path.endswith(f"folder.{method.upper()}.gguf")
    file = GgufFile(path)
    types = {name: kind for name, _, kind, _ in file.tensors}
    assert types["output_norm.weight"] == "F32"
    expected = {"q4_k_m": "Q6_K", "q2_k": "Q6_K", "iq4_xs": "Q6_K", "q2_k_l": "Q8_0", "tq2_0": "Q6_K"}
    assert types["output.weight"] == expected.get(method, method.upper())
    assert file.get("general.architecture") == "llama"
    assert file.get("tokenizer.ggml.model") == "gpt2" and file.get("tokenizer.ggml.pre") == "smollm"
    assert "FROM ./folder." in open(out["modelfile_location"]).read()


# llama has rows in another order, gpt2 transposed, mixtral experts, falcon parts that become one.
@pytest.mark.parametrize("model_type", ["llama", "gpt2", "mixtral", "falcon"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_blocks_become_what_is_asked_for(tmp_path, model_type, dtype):
    path = tiny(model_type).save_pretrained_gguf(str(tmp_path), quantization_method="q4_1")["gguf_files"][0]
    single = ef.AutoModelForCausalLM.from_pretrained(path, dtype="float32").state_dict()
    for name, value in ef.AutoModelForCausalLM.from_pretrained(path, dtype=dtype).state_dict().items():
        assert value.dtype == getattr(ef, dtype) and ef.equal(value, single[name].to(value.dtype)), name


def test_arguments_of_unsloth(tmp_path, monkeypatch):
    """What is about its way of working changes nothing, what would change files is refused, what is unknown named."""
    model, sent = tiny("llama"), []
    known = {"maximum_memory_usage": 0.5, "temporary_location": "x", "max_shard_size": "5GB", "safe_serialization": True}
    out = model.save_pretrained_gguf(tmp_path / "a", None, "q8_0", **known, tags=None, state_dict=None)
    assert len(out["gguf_files"]) == 1
    model.save_pretrained_merged(tmp_path / "b", None, **known)
    for name, value in (("state_dict", {}), ("variant", "fp16"), ("is_main_process", False), ("tags", ["x"])):
        for save in (model.save_pretrained_gguf, model.save_pretrained_merged):
            with pytest.raises(NotImplementedError, match=name):
                save(tmp_path / "c", None, **{name: value or {"x": 1}} if name == "state_dict" else {name: value})
    for save in (model.save_pretrained_gguf, model.save_pretrained_merged):
        with pytest.raises(TypeError, match="shard_count"):
            save(tmp_path / "c", None, shard_count=2)

    class Api:
        def create_repo(self, repo_id, **kwargs):
            return type("Url", (), {"repo_id": repo_id})

        def upload_file(self, **kwargs):
            sent.append(kwargs)

        upload_folder = upload_file

        def create_commit(self, repo_id, operations, **kwargs):
            commits.append(([operation.path_in_repo for operation in operations], kwargs))

    commits: list = []
    monkeypatch.setattr("eigenformers.hub.hub_api", lambda token: Api())
    model.push_to_hub_gguf("me/owl", None, "q8_0", commit_message="first", create_pr=True)
    model.push_to_hub_merged("me/owl", None, commit_message="second", revision="dev")
    assert sent[0]["path_in_repo"] == "owl.Q8_0.gguf" and sent[0]["commit_message"] == "first" and sent[0]["create_pr"]
    assert sent[1]["repo_id"] == "me/owl" and sent[1]["revision"] == "dev"
    model.push_to_hub_gguf("me/owl", None, ["f16", "q8_0"], create_pr=True)
    assert len(commits) == 1 and commits[0][0] == ["owl.F16.gguf", "owl.Q8_0.gguf"] and commits[0][1]["create_pr"]
    for methods in ([], 4):
        with pytest.raises(ValueError, match="quantization_method"):
            model.save_pretrained_gguf(tmp_path / "d", None, methods)


def test_importance_must_be_a_weight():
    for bad in (float("nan"), -1.0, float("inf")):
        with pytest.raises(ValueError, match="importance"):
            gguf.quantize(ef.randn(1, 256), "iq2_xs", ef.full((256,), bad))
    matrix = gguf.IMatrix()
    matrix.sums["x"], matrix.counts["x"] = np.array([1.0, -2.0], np.float32), 1
    with pytest.raises(OSError, match="negative"):
        matrix.weights()


def test_several_methods_and_names(tmp_path):
    model = tiny("llama")
    out = model.save_pretrained_gguf(tmp_path, byte_level(), ["q8_0", "fast_quantized", "not_quantized"])
    assert [os.path.basename(f).split(".")[1] for f in out["gguf_files"]] == ["Q8_0", "F32"]
    with pytest.raises(ValueError, match="did you mean 'q4_k_m'"):
        model.save_pretrained_gguf(tmp_path / "no", byte_level(), ["q8_0", "q4_k_mm"])
    assert not os.path.exists(tmp_path / "no")
    for name in (*gguf.ALLOWED_QUANTS, *gguf.IMATRIX_QUANTS):
        from eigenformers.gguf.methods import method_named

        assert method_named(name, "bfloat16").mix


@pytest.mark.parametrize("make", [byte_level, sentencepiece, word_piece])
def test_tokenizers_come_back(tmp_path, make):
    tokenizer = make()
    path = gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", tokenizer, "f16")
    again = ef.AutoTokenizer.from_pretrained(path)
    for text in ("the owl", " the  3 é\n", "", "<s>the</s>", "x<tool>y"):
        assert again(text)["input_ids"] == tokenizer(text)["input_ids"], text
    assert again.eos_token == tokenizer.eos_token and again.chat_template == tokenizer.chat_template
    tokens = GgufFile(path).get("tokenizer.ggml.tokens")
    assert len(tokens) == 320 and tokens[-1] == "[PAD319]"


def test_ends_of_lines_in_a_pattern_are_the_same_however_spelled():
    from eigenformers.gguf.vocabulary import pre_tokenizer_name

    patterns = next(patterns for name, patterns, _ in _core.gguf_pre_tokenizers() if name == "deepseek-v3")
    for spelled in (patterns, [p.replace("\\r", "\r").replace("\\n", "\n") for p in patterns]):
        parts = [{"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated"} for p in spelled]
        parts.append({"type": "ByteLevel", "add_prefix_space": False, "use_regex": False})
        state = {"pre_tokenizer": {"type": "Sequence", "pretokenizers": parts}, "normalizer": None, "model": {}}
        assert pre_tokenizer_name(state) == "deepseek-v3"


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


def test_per_tensor_types_and_pure(tmp_path):
    model = tiny("llama")
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q4_k_m",
                             tensor_types={r"blk\.1\.ffn_down": "q8_0"}, token_embedding_type="q5_k")  # fmt: skip
    types = {name: kind for name, _, kind, _ in GgufFile(path).tensors}
    assert types["blk.1.ffn_down.weight"] == "Q8_0" and types["token_embd.weight"] == "Q5_K"
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q4_k_m", pure=True)
    assert {kind for _, _, kind, _ in GgufFile(path).tensors} == {"F32", "Q4_K"}
    with pytest.raises(ValueError, match="Q9_K"):
        gguf.save_to_gguf(model, tmp_path / "m.gguf", None, "q4_k_m", tensor_types={"x": "q9_k"})


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


def test_quantize_round_trip_and_errors():
    ef.manual_seed(1)
    x = ef.randn(3, 512)
    for name, (block, size, writes) in gguf.tensor_types().items():
        if not writes or name in ("F32", "F16", "BF16", "Q1_0"):
            continue
        blocks = gguf.quantize(x, name, np.ones(512, np.float32))
        assert tuple(blocks.shape) == (3, 512 // block * size)
        error = (gguf.dequantize(blocks, name) - x).numpy()
        assert (error**2).mean() ** 0.5 < (1.2 if name.startswith(("TQ", "IQ1")) else 0.6 if name.startswith("IQ2") else 0.4)
    with pytest.raises(ValueError, match="multiple of 256"):
        gguf.quantize(ef.ones(1, 96), "q4_k")
    with pytest.raises(ef.Error, match="must be finite"):
        gguf.quantize(ef.full((1, 32), float("inf")), "q8_0")
    with pytest.raises(ValueError, match="needs a multiple of 34"):
        gguf.dequantize(ef.zeros(1, 33, dtype=ef.uint8), "q8_0")


def test_files_are_quantized_as_models_are(tmp_path):
    model = tiny("qwen3")
    whole = gguf.save_to_gguf(model, tmp_path / "f32.gguf", byte_level(), "f32")
    direct = gguf.save_to_gguf(model, tmp_path / "direct.gguf", byte_level(), "q5_k_m")
    path = gguf.quantize_file(whole, tmp_path / "q.gguf", "q5_k_m")
    a, b = GgufFile(direct), GgufFile(path)
    assert {t[0]: t[1:] for t in a.tensors} == {t[0]: t[1:] for t in b.tensors}
    first, second = _core.open_gguf(direct), _core.open_gguf(path)
    for name in first.keys():
        assert np.array_equal(first.get_tensor(name).numpy(), second.get_tensor(name).numpy()), name
    assert b.get("general.file_type") == 17 and b.get("qwen3.block_count") == 2
    with pytest.raises(NotImplementedError, match="requantizing"):
        gguf.quantize_file(path, tmp_path / "again.gguf", "q2_k")
    gguf.quantize_file(path, tmp_path / "again.gguf", "q2_k", allow_requantize=True)
    with pytest.raises(ValueError, match="same file"):
        gguf.quantize_file(path, path, "q2_k")


def test_importance_matrices(tmp_path):
    model, tokenizer = tiny("llama"), byte_level()
    text = " ".join(WORDS * 20)
    found = gguf.compute_imatrix(model, tokenizer, text, chunk_size=64, max_chunks=3, dataset="words")
    assert found.chunks == 3 and len(found.sums) == 2 * 7 + 1 and found.counts["blk.0.attn_q.weight"] == 3 * 64
    assert np.array_equal(found.sums["blk.1.attn_q.weight"], found.sums["blk.1.attn_v.weight"])
    for name in ("i.gguf", "i.dat"):
        found.save(tmp_path / name)
        again = gguf.IMatrix.load(tmp_path / name)
        assert again.chunks == 3 and again.datasets == ["words"]
        for key, values in found.weights().items():
            np.testing.assert_allclose(again.weights()[key], values, rtol=1e-5)
    plain = gguf.save_to_gguf(model, tmp_path / "p.gguf", tokenizer, "q4_k_s")
    weighted = gguf.save_to_gguf(model, tmp_path / "w.gguf", tokenizer, "q4_k_s", imatrix=tmp_path / "i.gguf")
    file = GgufFile(weighted)
    assert file.get("quantize.imatrix.dataset") == "words" and file.get("quantize.imatrix.chunks_count") == 3
    assert open(plain, "rb").read() != open(weighted, "rb").read()
    raw = open(tmp_path / "i.dat", "rb").read()
    for cut in (0, 3, 9, len(raw) // 2):
        (tmp_path / "cut.dat").write_bytes(raw[:cut])
        with pytest.raises(OSError):
            gguf.IMatrix.load(tmp_path / "cut.dat")
    with pytest.raises(ValueError, match="at least 4096"):
        gguf.compute_imatrix(model, tokenizer, text, chunk_size=4096)


@pytest.mark.parametrize("model_type", ["deepseek_v3", "qwen3_next", "gpt_oss", "mamba2", "lfm2", "t5"])
def test_every_matrix_has_an_importance(tmp_path, model_type):
    model = translator(model_type, d_model=256, d_kv=64, d_ff=256) if model_type == "t5" else tiny(model_type)
    tokenizer = unigram() if model_type == "t5" else byte_level()
    found = gguf.compute_imatrix(model, tokenizer, " ".join(WORDS * 20), chunk_size=32, max_chunks=2)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", tokenizer, "iq2_xxs", imatrix=found)
    for name, shape, kind in _kinds(path):
        if not kind.startswith("F") and name not in ("token_embd.weight", "output.weight"):
            assert np.size(found.weights()[name]) == shape[-1] * (shape[0] if len(shape) == 3 else 1), name
            assert np.ptp(found.weights()[name]) > 0, name


def test_importance_of_gpt_oss_experts_is_that_of_what_they_see():
    model = tiny("gpt_oss", num_experts_per_tok=1)
    mlp = model.model.layers[0].mlp
    mlp.experts.down_proj.data.copy_(ef.eye(256).unsqueeze(0).expand(4, 256, 256))
    mlp.experts.down_proj_bias.data.zero_()
    seen = {}
    mlp.register_forward_hook(lambda _, x, y: seen.update(x=x[0].numpy(), y=y.numpy() if hasattr(y, "numpy") else y[0].numpy()))
    mlp.router.register_forward_hook(lambda _, x, y: seen.update(chosen=y.argmax(-1).numpy().reshape(-1)))
    found = gguf.compute_imatrix(model, byte_level(), " ".join(WORDS * 20), chunk_size=64, max_chunks=1)
    for expert in range(4):
        mine = seen["chosen"] == expert
        for name, rows in (("gate", seen["x"]), ("up", seen["x"]), ("down", seen["y"])):
            sums = (rows.reshape(64, 256)[mine] ** 2).sum(0)
            np.testing.assert_allclose(found.sums[f"blk.0.ffn_{name}_exps.weight"][expert], sums, rtol=1e-4, atol=1e-5)
            assert found.counts[f"blk.0.ffn_{name}_exps.weight"][expert] == mine.sum()


def test_importance_of_experts(tmp_path):
    """Each expert has an importance of its own: what llama.cpp's quantizer is given for a tensor of experts."""
    model, tokenizer = tiny("qwen3_moe"), byte_level()
    found = gguf.compute_imatrix(model, tokenizer, " ".join(WORDS * 20), chunk_size=64, max_chunks=3)
    name = "blk.0.ffn_up_exps.weight"
    assert found.sums[name].shape == (4, 256) and found.counts[name].sum() == 2 * 3 * 64  # two experts for each token
    found.sums[name][3], found.counts[name][3] = 0, 0  # one that no token came to
    for file in ("i.gguf", "i.dat"):
        found.save(tmp_path / file)
        again = gguf.IMatrix.load(tmp_path / file).weights()
        for key, values in found.weights().items():
            np.testing.assert_allclose(again[key], values, rtol=1e-5)
    assert found.weights()[name][3 * 256 :] == [1.0] * 256
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", tokenizer, "q4_0", imatrix=found, pure=True)
    reader, weights = _core.open_gguf(path), np.reshape(found.weights()[name], (4, 256))
    for expert in range(4):
        tree = f"model.layers.0.mlp.experts.{expert}.up_proj"
        alone = gguf.quantize(model.get_submodule(tree).weight.detach(), "q4_0", weights[expert])
        wanted = gguf.dequantize(alone, "q4_0").numpy()
        np.testing.assert_array_equal(reader.get_tensor(f"{tree}.weight").numpy(), wanted)


def test_ollama_modelfiles():
    assert len(gguf.OLLAMA_TEMPLATES) >= 40
    assert set(gguf.MODEL_TO_OLLAMA_TEMPLATE_MAPPER.values()) <= set(gguf.OLLAMA_TEMPLATES)
    text = gguf.create_ollama_modelfile(byte_level(), "meta-llama/Llama-3.1-8B-Instruct", "m.gguf", temperature=0.5)
    assert text.startswith("FROM ./m.gguf\nTEMPLATE") and "<|eot_id|>" in text and 'PARAMETER stop "</s>"' in text
    assert "PARAMETER temperature 0.5" in text
    assert "<|im_start|>" in gguf.create_ollama_modelfile(byte_level(), "someone/unknown", "m.gguf")  # by its template
    assert gguf.create_ollama_modelfile(sentencepiece(), "someone/unknown", "m.gguf") is None
    thinking = gguf.create_ollama_modelfile(None, "Qwen/Qwen3-4B-Thinking-2507", "m.gguf")
    assert "<|im_start|>assistant\n<think>\n{{ .Response }}" in thinking
    packed = gguf.create_ollama_modelfile(None, "unsloth/gpt-oss-20b-unsloth-bnb-4bit", "m.gguf")
    assert packed == gguf.create_ollama_modelfile(None, "openai/gpt-oss-20b", "m.gguf")
    assert 'PARAMETER stop "<|return|>"' in packed
    with pytest.raises(ValueError, match="num_gpus"):
        gguf.create_ollama_modelfile(byte_level(), "Qwen/Qwen3-0.6B", "m.gguf", num_gpus=1)


def test_command_line(tmp_path, capsys):
    from eigenformers.cli import main

    source = gguf.save_to_gguf(tiny("llama"), tmp_path / "a.gguf", byte_level(), "f16")
    assert main(["quantize", source, str(tmp_path / "b.gguf"), "q4_0", "--tensor-type", "ffn_up=q8_0"]) == 0
    assert main(["inspect", str(tmp_path / "b.gguf"), "--tensors"]) == 0
    assert "blk.0.ffn_up.weight  Q8_0" in capsys.readouterr().out
    assert main(["export", source, str(tmp_path / "out"), "-m", "q8_0", "-m", "q5_0"]) == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["Modelfile", "out.Q5_0.gguf", "out.Q8_0.gguf"]
    assert main(["quantize", source, str(tmp_path / "c.gguf"), "q4_x"]) == 1
    assert "did you mean" in capsys.readouterr().err


@pytest.mark.parity
@pytest.mark.parametrize("model_type", [*FAMILIES, "long rope", "long rope of long texts", "falcon 40b", "yarn"])
def test_llama_cpp_says_the_same(tmp_path, model_type):
    llama_cpp = pytest.importorskip("llama_cpp")
    if model_type.startswith("long rope"):
        model = long_rope(256 if model_type == "long rope" else 2)
    elif model_type == "yarn":
        model = tiny("deepseek_v3", rope_parameters=DEEPSEEK_YARN)
    else:
        model = falcon_40b() if model_type == "falcon 40b" else tiny(model_type)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "f32")
    engine = llama_cpp.Llama(path, n_ctx=64, verbose=False, n_threads=1)
    found = []
    for token in engine.generate([5, 17, 40], temp=0.0, top_k=1):
        found.append(token)
        if len(found) == 8:
            break
    assert found == greedy(model)[3:]
    assert engine.tokenize(b"the owl 12", add_bos=False) == byte_level()("the owl 12", add_special_tokens=False)["input_ids"]


@pytest.mark.parity
@pytest.mark.parametrize("model_type, changes", TRANSLATORS)
def test_llama_cpp_translates_the_same(tmp_path, model_type, changes):
    llama = pytest.importorskip("llama_cpp")
    model = translator(model_type, **changes)
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", unigram(), "f32")
    loaded = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    assert loaded and llama.llama_model_has_encoder(loaded) and llama.llama_model_decoder_start_token(loaded) == 0
    params = llama.llama_context_default_params()
    params.n_ctx, params.n_threads, params.n_threads_batch = 64, 1, 1
    context = llama.llama_init_from_model(loaded, params)

    def run(step, ids):
        held = (llama.llama_token * len(ids))(*ids)  # the batch points at it
        assert step(context, llama.llama_batch_get_one(held, len(ids))) == 0

    run(llama.llama_encode, [5, 17, 40, 9, 1])
    found = [0]
    for _ in range(8):
        run(llama.llama_decode, found[-1:])
        found.append(int(np.ctypeslib.as_array(llama.llama_get_logits_ith(context, -1), (320,)).argmax()))
    assert found[1:] == translated(model)
    llama.llama_free(context)
    llama.llama_model_free(loaded)


def adapted(model_type="llama", changes=None, **settings):
    from eigenformers.peft import LoraConfig, get_peft_model

    model = get_peft_model(tiny(model_type, **(changes or {})), LoraConfig(r=4, lora_alpha=8, **settings))
    ef.manual_seed(5)
    for name, value in model.named_parameters():
        if "lora_" in name:
            value.data.copy_(ef.randn(*value.shape) * 0.2)
    return model.eval()


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


ADAPTED = {
    "llama": ["q_proj", "k_proj", "up_proj"], "granite": ["q_proj", "k_proj"], "smollm3": ["q_proj", "k_proj"],
    "mixtral": ["q_proj", "k_proj"], "phi3": ["qkv_proj", "gate_up_proj"], "bloom": ["query_key_value", "dense_h_to_4h"],
    "falcon": ["query_key_value", "dense"], "gpt_neox": ["query_key_value", "dense_4h_to_h"], "gpt2": ["c_attn", "c_fc"],
    "mamba": ["in_proj", "out_proj"], "lfm2": ["q_proj", "in_proj", "w2"],
    "qwen3_next": ["q_proj", "in_proj_qkvz", "in_proj_ba", "out_proj"], "deepseek_v3": ["q_a_proj", "q_b_proj", "o_proj"],
}  # fmt: skip


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


@pytest.mark.parity
@pytest.mark.parametrize("model_type", ["llama", "granite", "smollm3", "bloom", "falcon", "gpt_neox", "gpt2"])
def test_llama_cpp_applies_the_adapter(tmp_path, model_type):
    llama_cpp = pytest.importorskip("llama_cpp")
    model = adapted(model_type, target_modules=ADAPTED[model_type])
    base = gguf.save_to_gguf(tiny(model_type), tmp_path / "m.gguf", byte_level(), "f32")
    lora = gguf.save_lora_to_gguf(model, tmp_path / "l.gguf")
    engine = llama_cpp.Llama(base, lora_path=lora, n_ctx=64, verbose=False, n_threads=1)
    found = []
    for token in engine.generate([5, 17, 40], temp=0.0, top_k=1):
        found.append(token)
        if len(found) == 8:
            break
    assert found == greedy(model)[3:]


def test_our_own_mix_keeps_to_its_size(tmp_path):
    model, tokenizer = tiny("llama"), byte_level()
    model.lm_head.weight.data.mul_(3)
    text = " ".join(WORDS * 8)
    types = gguf.dynamic_types(model, tokenizer, text, "q4_k_m", tokens=64)
    assert len(types) == 16 and len(set(types.values())) > 1
    plain = gguf.save_to_gguf(model, tmp_path / "a.gguf", tokenizer, "q4_k_m")
    ours = gguf.save_to_gguf(model, tmp_path / "b.gguf", tokenizer, "q4_k_m", tensor_types=types)
    assert os.path.getsize(ours) <= os.path.getsize(plain)
    found = {t[0]: t[2] for t in GgufFile(ours).tensors}
    assert found["output.weight"] == types[r"^output\.weight$"]
    with pytest.raises(ValueError, match="coarsest types need"):
        gguf.dynamic_types(model, tokenizer, text, 1000, tokens=64)
    with pytest.raises(ValueError, match="needed 5000"):
        gguf.dynamic_types(model, tokenizer, text, tokens=5000)


def unigram(**changes):
    """A unigram tokenizer as T5's."""
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), ("▁the", -3.0), ("▁owl", -5.0), ("ow", -6.0),
             *((c, -7.0 - i / 10) for i, c in enumerate("abcdefghijklmnopqrstuvwxyz0123456789,.!?"))]  # fmt: skip
    engine = Tokenizer(models.Unigram(words, 2, changes.get("byte_fallback", False)))
    if "normalizer" in changes:
        engine.normalizer = changes["normalizer"]
    space = pre_tokenizers.Metaspace(prepend_scheme="always")
    engine.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), space])
    engine.decoder = decoders.Metaspace()
    engine.post_processor = processors.TemplateProcessing("$A </s>", "$A </s> $B </s>", [("</s>", 1)])
    engine.add_special_tokens(["<pad>", "</s>", "<unk>"])
    return ef.PreTrainedTokenizerFast(tokenizer_object=engine, eos_token="</s>", unk_token="<unk>", pad_token="<pad>")


def test_unigram_tokenizers(tmp_path):
    path = gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", unigram(), "f32")  # compares the ids of a text
    assert GgufFile(path).get("tokenizer.ggml.model") == "t5"
    again = ef.AutoTokenizer.from_pretrained(path)
    for text in ("the owl, 12!", "  the   owl ", "ÄÖ the", "", "owl\n\towl"):
        assert again(text)["input_ids"] == unigram()(text)["input_ids"], text
    assert again.decode(again("the owl")["input_ids"], skip_special_tokens=True) == "the owl"
    with pytest.raises(NotImplementedError, match="byte fallback"):
        gguf.save_to_gguf(tiny("llama"), tmp_path / "n.gguf", unigram(byte_fallback=True), "f32")
    with pytest.raises(NotImplementedError, match="normalizer Lowercase"):
        gguf.save_to_gguf(tiny("llama"), tmp_path / "n.gguf", unigram(normalizer=normalizers.Lowercase()), "f32")


def test_a_byte_level_tokenizer_without_merges(tmp_path):
    tokenizer = byte_level()
    engine = Tokenizer(models.BPE(vocab=tokenizer.get_vocab(), merges=[]))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    with pytest.raises(NotImplementedError, match="without merges: llama.cpp opens no such file"):
        gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", ef.PreTrainedTokenizerFast(tokenizer_object=engine), "f32")
    assert not (tmp_path / "m.gguf").exists()


@pytest.mark.parity
def test_llama_cpp_splits_by_unigrams(tmp_path):
    llama_cpp = pytest.importorskip("llama_cpp")
    path = gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", unigram(), "f32")
    engine = llama_cpp.Llama(path, vocab_only=True, verbose=False)
    for text in ("the owl, 12!", "  the   owl ", "the ÄÖ"):  # line breaks become spaces by the map, where there is one
        assert engine.tokenize(text.encode(), add_bos=False) == unigram()(text, add_special_tokens=False)["input_ids"], text



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


def test_mxfp4_of_experts_is_exact(tmp_path):
    """Values that MXFP4 holds come back as they were: a gpt-oss checkpoint loses nothing."""
    model = tiny("gpt_oss")
    for layer in model.model.layers:
        for name in ("gate_up_proj", "down_proj"):
            value = getattr(layer.mlp.experts, name)
            grid = gguf.dequantize(gguf.quantize(value.detach().transpose(1, 2), "mxfp4"), "mxfp4")
            setattr(layer.mlp.experts, name, grid.transpose(1, 2).contiguous())
    path = gguf.save_to_gguf(model, tmp_path / "m.gguf", byte_level(), "mxfp4_moe")
    reader, kinds = _core.open_gguf(path), {name: kind for name, _, kind in _kinds(path)}
    assert kinds["blk.0.ffn_gate_exps.weight"] == kinds["blk.1.ffn_down_exps.weight"] == "MXFP4"
    for name in ("gate_up_proj", "gate_up_proj_bias", "down_proj", "down_proj_bias"):
        tree = f"model.layers.1.mlp.experts.{name}"
        np.testing.assert_array_equal(reader.get_tensor(tree).numpy(), model.state_dict()[tree].float().numpy())


def _kinds(path):
    return _core.GgufExport.from_file(path).tensors


@pytest.mark.parametrize("tensor_type", [name for name, (_, _, written) in gguf.tensor_types().items() if written])
def test_weights_whose_squares_overflow(tensor_type):
    """Sums of squares are infinite, and what is searched for is NaN: some code is found all the same."""
    x = np.random.RandomState(0).randn(2, 256).astype(np.float32) * np.float32(1e30)
    blocks = gguf.quantize(x, tensor_type, np.ones(256, np.float32))
    length, size, _ = gguf.tensor_types()[tensor_type]
    assert tuple(blocks.shape) == (2, 256 // length * size)
