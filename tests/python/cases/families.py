"""Seeded tiny models of every decoder family: logits, hidden states, loss, gradients, padding, caches.

Both libraries write a checkpoint in the Hub's names, whose tensors are then drawn by name, and read it back: a name that
is not the Hub's gives other weights and other numbers.
"""

from __future__ import annotations

import importlib
import os
import tempfile
import zlib

import numpy as np

IDS = np.array([[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]])
SIZES = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip
GEMMA = {"head_dim": 8, "query_pre_attn_scalar": 12, "sliding_window": 4}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
# name -> (model_type, changes to SIZES)
DECODERS = {
    "llama": ("llama", {}),
    "llama/laplace": ("llama", {"hidden_act": "laplace"}),
    "mistral": ("mistral", {}),
    "qwen2": ("qwen2", {}),
    "qwen3": ("qwen3", {"head_dim": 8}),
    "gemma": ("gemma", {"head_dim": 16}),
    "gemma2": ("gemma2", GEMMA),
    "gemma3_text": ("gemma3_text", {**GEMMA, "layer_types": ["sliding_attention", "full_attention"]}),
    "phi3": ("phi3", {"sliding_window": 4}),
    "phi3/longrope": (
        "phi3",
        {
            "original_max_position_embeddings": 8, "partial_rotary_factor": 0.5,
            "rope_parameters": {"rope_type": "longrope", "short_factor": [1.0, 1.5], "long_factor": [2.0, 3.0]},
        },
    ),
    "smollm3": ("smollm3", {"no_rope_layer_interval": 2}),
    "smollm3/window": ("smollm3", {"no_rope_layer_interval": 2, "use_sliding_window": True, "sliding_window": 4}),
    "olmo2": ("olmo2", {}),
    "granite": (
        "granite",
        {"embedding_multiplier": 3.0, "logits_scaling": 2.0, "residual_multiplier": 0.3, "attention_multiplier": 0.2},
    ),
    "stablelm": ("stablelm", {"use_qkv_bias": True}),
    "stablelm/parallel": (
        "stablelm",
        {"use_parallel_residual": True, "qk_layernorm": True, "rope_parameters": {"partial_rotary_factor": 0.5}},
    ),
    "starcoder2": ("starcoder2", {"sliding_window": 4}),
    "cohere": ("cohere", {}),
    "cohere/norms": ("cohere", {"use_qk_norm": True, "attention_bias": True}),
    "cohere2": ("cohere2", {"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}),
    "glm4": ("glm4", {"head_dim": 8, "eos_token_id": 2}),
    "ernie4_5": ("ernie4_5", {"head_dim": 8, "use_bias": True}),
    "exaone4": ("exaone4", {"sliding_window": 4, "sliding_window_pattern": 2}),
    "exaone4/full": ("exaone4", {"sliding_window": None, "layer_types": ["full_attention"] * 2}),
    "nemotron": ("nemotron", {}),
    "phi": ("phi", {}),
    "phi/norms": ("phi", {"qk_layernorm": True}),
    "gpt_neox": ("gpt_neox", {}),
    "gpt_neox/serial": ("gpt_neox", {"use_parallel_residual": False, "rope_parameters": {"partial_rotary_factor": 1.0}}),
    "gpt2": ("gpt2", {**GPT, "n_inner": 40}),
    "gpt2/by_layer": ("gpt2", {**GPT, "scale_attn_by_inverse_layer_idx": True}),
    "gptj": ("gptj", {**GPT, "rotary_dim": 4}),
    "gpt_neo": (
        "gpt_neo",
        {"num_layers": 2, "num_heads": 4, "window_size": 4, "attention_types": [[["global", "local"], 1]]},
    ),
    "bloom": ("bloom", {"n_layer": 2, "n_head": 4}),
    "bloom/six_heads": (
        "bloom",
        {"n_layer": 2, "n_head": 6, "hidden_size": 24, "apply_residual_connection_post_layernorm": True},
    ),
    "falcon": ("falcon", {"hidden_size": 32}),
    "falcon/grouped": ("falcon", {"new_decoder_architecture": True, "num_kv_heads": 2, "ffn_hidden_size": 40}),
    "falcon/slopes": (
        "falcon", {"alibi": True, "multi_query": False, "parallel_attn": False, "bias": True, "hidden_size": 32},
    ),
    "opt": ("opt", {"ffn_dim": 48}),
    "opt/sqrtsoftplus": ("opt", {"ffn_dim": 48, "activation_function": "sqrtsoftplus"}),
    "opt/norms_behind": ("opt", {"ffn_dim": 48, "do_layer_norm_before": False, "word_embed_proj_dim": 16}),
    "gemma3_text/both_ways": ("gemma3_text", {**GEMMA, "sliding_window": 6, "use_bidirectional_attention": True}),
}


def tensor(lib, array):
    """An array as the library's own tensor."""
    array = np.ascontiguousarray(array)
    return (
        importlib.import_module("torch").from_numpy(array) if lib.__name__ == "transformers" else lib.from_numpy(array)
    )


def array(value):
    return value.detach().float().numpy() if value.is_floating_point() else value.numpy()


def no_grad(lib):
    return importlib.import_module("torch").no_grad() if lib.__name__ == "transformers" else lib.no_grad()


def draw(name, shape):
    """The values of a tensor, from its name alone."""
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    values = np.asarray(np.asarray(rng.standard_normal(shape), np.float32) * np.float32(0.2))
    is_gain = len(shape) == 1 and name.endswith("weight") and ("norm" in name.lower() or ".ln_" in name)
    return values + 1 if is_gain else values


def loaded(lib, auto_class, config, kind="eager"):
    """A model whose weights are drawn by their names in the file that the library writes; `kind` of attention."""
    files = importlib.import_module(
        "safetensors.numpy" if lib.__name__ == "transformers" else "eigenformers.safetensors.numpy"
    )
    with tempfile.TemporaryDirectory() as folder:
        auto_class.from_config(config).save_pretrained(folder)
        path = os.path.join(folder, "model.safetensors")
        state = {name: draw(name, value.shape) for name, value in files.load_file(path).items()}
        files.save_file(state, path, metadata={"format": "pt"})
        kind = "sdpa" if config.model_type == "falcon" else kind  # Falcon's eager path adds its slopes twice
        return auto_class.from_pretrained(folder, attn_implementation=kind, dtype="float32").eval()


def config_of(lib, model_type, changes):
    known = set(lib.AutoConfig.for_model(model_type).to_dict())
    values = {**{name: value for name, value in SIZES.items() if name in known}, **changes}
    return lib.AutoConfig.for_model(model_type, **values)


def some(logits):
    """A few of a [batch, length, vocabulary] array's numbers."""
    return array(logits)[:, ::4, ::9]


def causal_lm(lib, name):
    """What a language model returns, with gradients, padding and a cache."""
    model_type, changes = DECODERS[name]
    model = loaded(lib, lib.AutoModelForCausalLM, config_of(lib, model_type, changes))
    ids = tensor(lib, IDS)
    output = model(ids, labels=ids, output_hidden_states=True)
    output.loss.backward()
    out = {
        "logits": some(output.logits),
        "hidden": np.concatenate([array(h)[0, 3::4, ::7] for h in output.hidden_states], -1),
        "loss": float(output.loss.detach()),
        "gradient": float(sum(float(p.grad.float().pow(2).sum()) for p in model.parameters() if p.grad is not None)),
    }
    mask = np.ones_like(IDS)
    mask[0, :4] = 0
    positions = np.clip(mask.cumsum(1) - 1, 0, None)
    with no_grad(lib):
        left = model(ids, attention_mask=tensor(lib, mask), position_ids=tensor(lib, positions)).logits
        right = model(ids, attention_mask=tensor(lib, mask[:, ::-1].copy())).logits
        if not getattr(model.config, "use_bidirectional_attention", False):
            first = model(tensor(lib, IDS[:, :7]), use_cache=True)
            second = model(tensor(lib, IDS[:, 7:8]), past_key_values=first.past_key_values, use_cache=True)
            rest = model(tensor(lib, IDS[:, 8:]), past_key_values=second.past_key_values, use_cache=True).logits
            out["continued"] = array(rest)[:, ::2, ::9]
    out["left"], out["right"] = array(left)[0, 4::3, ::9], array(right)[0, :8:3, ::9]
    return out


def case_causal_lm(lib):
    """Every decoder with a language-model head."""
    return {name: causal_lm(lib, name) for name in DECODERS}


def heads(lib, name):
    """The classifiers on a decoder: logits and the loss of each kind of label, gradients through the head."""
    model_type, changes = DECODERS[name]
    config = config_of(lib, model_type, {**changes, "num_labels": 3})
    ids = IDS.copy()
    ids[0, 9:] = 0  # padding
    ids = tensor(lib, ids)
    mask = tensor(lib, (array(ids) != 0).astype(np.int64))
    out = {}
    for head in ("SequenceClassification", "TokenClassification", "QuestionAnswering"):
        auto_class = getattr(lib, f"AutoModelFor{head}")
        if type(config) not in auto_class._model_mapping:
            continue
        if head == "QuestionAnswering":
            config = config_of(lib, model_type, changes)
        model = loaded(lib, auto_class, config)
        if head == "QuestionAnswering":
            positions = {"start_positions": tensor(lib, np.array([2, 40])), "end_positions": tensor(lib, np.array([4, 7]))}
            output = model(ids, attention_mask=mask, **positions)
            logits = [array(output.start_logits)[:, ::4], array(output.end_logits)[:, ::4]]
        else:
            labels = np.array([1, 2]) if head == "SequenceClassification" else np.where(IDS % 3 == 0, -100, IDS % 3)
            output = model(ids, attention_mask=mask, labels=tensor(lib, labels))
            logits = array(output.logits) if head == "SequenceClassification" else array(output.logits)[:, ::4]
        output.loss.backward()
        out[head] = {
            "class": type(model).__name__, "keys": [key for key in output if key != "past_key_values"],
            "logits": logits, "loss": float(output.loss.detach()),
            "gradient": sum(float(p.grad.float().pow(2).sum()) for p in model.parameters() if p.grad is not None),
        }  # fmt: skip
    return out


def case_heads(lib):
    """Every decoder with every classifier it has."""
    return {name: heads(lib, name) for name in DECODERS if "/" not in name}


def case_problem_types(lib):
    """Regression with one and with several values, several labels at once, and how the kind is found out."""
    out = {}
    targets = {
        "one_value": (1, None, np.array([0.5, -1.0], dtype=np.float32)),
        "values": (3, "regression", np.arange(6, dtype=np.float32).reshape(2, 3)),
        "labels": (3, None, np.array([[1, 0, 1], [0, 0, 1]], dtype=np.float32)),
        "class": (3, None, np.array([0, 2])),
    }
    for name, (count, kind, labels) in targets.items():
        config = config_of(lib, "llama", {"num_labels": count, "problem_type": kind})
        model = loaded(lib, lib.AutoModelForSequenceClassification, config)
        output = model(tensor(lib, IDS), labels=tensor(lib, labels))
        out[name] = {"loss": float(output.loss.detach()), "kind": model.config.problem_type}
    model.config.pad_token_id = None
    out["one"] = array(model(tensor(lib, IDS[:1])).logits)
    try:
        model(tensor(lib, IDS))
    except ValueError as error:
        out["error"] = str(error)
    return out


def case_configurations(lib):
    """What a configuration writes by default: every key, as the other library reads it."""
    out = {}
    for model_type in sorted({"bert", *(kind for kind, _ in DECODERS.values())}):
        written = lib.AutoConfig.for_model(model_type).to_dict()
        out[model_type] = {key: value for key, value in written.items() if key != "transformers_version"}
    return out
