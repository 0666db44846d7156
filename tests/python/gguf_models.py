"""Small models and tokenizers of every kind that GGUF files hold."""

from __future__ import annotations

import eigenformers as ef
from eigenformers import _core
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

TRANSLATORS = [
    ("t5", {}), ("t5", {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}), ("mt5", {}), ("umt5", {}),
    ("t5", {"tie_word_embeddings": False}),
]  # fmt: skip

ENCODERS = ["bert", "nomic_bert", "roberta", "xlm-roberta", "camembert", "distilbert"]


def adapted(model_type="llama", changes=None, **settings):
    from eigenformers.peft import LoraConfig, get_peft_model

    model = get_peft_model(tiny(model_type, **(changes or {})), LoraConfig(r=4, lora_alpha=8, **settings))
    ef.manual_seed(5)
    for name, value in model.named_parameters():
        if "lora_" in name:
            value.data.copy_(ef.randn(*value.shape) * 0.2)
    return model.eval()

ADAPTED = {
    "llama": ["q_proj", "k_proj", "up_proj"], "granite": ["q_proj", "k_proj"], "smollm3": ["q_proj", "k_proj"],
    "mixtral": ["q_proj", "k_proj"], "phi3": ["qkv_proj", "gate_up_proj"], "bloom": ["query_key_value", "dense_h_to_4h"],
    "falcon": ["query_key_value", "dense"], "gpt_neox": ["query_key_value", "dense_4h_to_h"], "gpt2": ["c_attn", "c_fc"],
    "mamba": ["in_proj", "out_proj"], "lfm2": ["q_proj", "in_proj", "w2"],
    "qwen3_next": ["q_proj", "in_proj_qkvz", "in_proj_ba", "out_proj"], "deepseek_v3": ["q_a_proj", "q_b_proj", "o_proj"],
}  # fmt: skip


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


def tensor_kinds(path):
    return _core.GgufExport.from_file(path).tensors
