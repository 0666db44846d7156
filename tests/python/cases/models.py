"""Seeded tiny models of every family and rope type: logits, hidden states, attentions, loss, gradients, caches."""

from __future__ import annotations

import importlib
import os
import tempfile

import numpy as np

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
ROPES = {
    "default": {"rope_type": "default", "rope_theta": 10000.0},
    "linear": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0},
    "dynamic": {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0},
    "yarn": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 10000.0, "original_max_position_embeddings": 16},
    "yarn_mscale": {
        "rope_type": "yarn", "factor": 8.0, "rope_theta": 5000.0, "original_max_position_embeddings": 16,
        "beta_fast": 16.0, "beta_slow": 2.0, "mscale": 1.0, "mscale_all_dim": 0.5,
    },
    "longrope": {
        "rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": 16, "factor": 4.0,
        "short_factor": [1.0, 1.1, 1.2, 1.5], "long_factor": [1.0, 2.0, 3.0, 4.0],
    },
    "llama3": {
        "rope_type": "llama3", "factor": 8.0, "rope_theta": 500.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
    },
}  # fmt: skip
IDS = np.array([[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4], list(range(20, 40))])


def config(lib, family, **changes):
    values = {
        "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5, "initializer_range": 0.2, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
        **changes,
    }  # fmt: skip
    return lib.AutoConfig.for_model(family, **values)


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


def fill(lib, model, seed=0):
    """The same weights in both libraries: drawn by name."""
    state = {}
    for index, (name, value) in enumerate(sorted(model.state_dict().items())):
        rng = np.random.RandomState(seed * 1000 + index)
        draw = rng.standard_normal(tuple(value.shape)).astype(np.float32) * 0.2
        state[name] = tensor(lib, draw + 1 if name.endswith("norm.weight") else draw)
    if model.config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    return model.eval()


def causal_lm(lib, family, **changes):
    cfg = config(lib, family, **changes)
    return fill(lib, lib.AutoModelForCausalLM.from_config(cfg, attn_implementation="eager"))


def case_logits(lib):
    """Every family with every rope type, past the original context as well."""
    out = {}
    for family in FAMILIES:
        for name, rope in ROPES.items():
            model = causal_lm(lib, family, rope_parameters=dict(rope))
            with no_grad(lib):
                out[f"{family}/{name}"] = array(model(tensor(lib, IDS)).logits)[:, ::5]
    return out


def case_variants(lib):
    """Biases, tying, windows, head sizes, activations."""
    out = {}
    variants = {
        "llama/biases": {"attention_bias": True, "mlp_bias": True},
        "llama/tied": {"tie_word_embeddings": True},
        "llama/mha": {"num_key_value_heads": 4},
        "llama/mqa": {"num_key_value_heads": 1},
        "llama/gelu": {"hidden_act": "gelu"},
        "llama/gelu_tanh": {"hidden_act": "gelu_pytorch_tanh"},
        "llama/wide_heads": {"head_dim": 16},
        "mistral/window": {"sliding_window": 4},
        "mistral/wide_heads": {"head_dim": 16, "sliding_window": None},
        "qwen2/window": {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
        "qwen3/window": {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
        "qwen3/biases": {"attention_bias": True},
        "qwen2/tied": {"tie_word_embeddings": True},
    }
    for name, changes in variants.items():
        model = causal_lm(lib, name.split("/")[0], **changes)
        with no_grad(lib):
            out[name] = array(model(tensor(lib, IDS)).logits)[:, ::5]
    return out


def case_outputs(lib):
    """Everything forward can return, with its order."""
    model = causal_lm(lib, "llama")
    with no_grad(lib):
        o = model(
            tensor(lib, IDS[:, :7]), labels=tensor(lib, IDS[:, :7]), output_hidden_states=True, output_attentions=True
        )
        plain = model(tensor(lib, IDS[:, :7]), return_dict=False)
        base = model.model(tensor(lib, IDS[:, :7]))
        kept = model(tensor(lib, IDS[:, :7]), logits_to_keep=2).logits
    return {
        "keys": list(o.keys()),
        "loss": float(o.loss),
        "hidden_states": [array(h) for h in o.hidden_states],
        "attentions": [array(a) for a in o.attentions],
        "tuple": [type(plain).__name__, len(plain), list(plain[0].shape)],
        "base": [list(base.keys()), array(base.last_hidden_state)],
        "cache": [
            o.past_key_values.get_seq_length(),
            list(o.past_key_values[0][0].shape) if hasattr(o.past_key_values, "__getitem__") else [2, 2, 7, 8],
        ],
        "kept": array(kept),
    }


def case_padding(lib):
    """Left and right padding, position_ids, inputs_embeds, a cache continued."""
    model = causal_lm(lib, "llama")
    ids = IDS[:, :8].copy()
    left = np.ones_like(ids)
    left[0, :3] = 0
    right = np.ones_like(ids)
    right[0, 5:] = 0
    positions = np.clip(left.cumsum(1) - 1, 0, None)
    with no_grad(lib):
        l = model(tensor(lib, ids), attention_mask=tensor(lib, left), position_ids=tensor(lib, positions)).logits
        r = model(tensor(lib, ids), attention_mask=tensor(lib, right)).logits
        shifted = model(tensor(lib, ids), position_ids=tensor(lib, np.arange(8)[None] + 5)).logits
        embeds = model.get_input_embeddings()(tensor(lib, ids))
        e = model(inputs_embeds=embeds).logits
        first = model(tensor(lib, ids[:, :5]), use_cache=True)
        rest = model(tensor(lib, ids[:, 5:]), past_key_values=first.past_key_values)
    return {
        "left": array(l)[0, 3:],
        "right": array(r)[0, :5],
        "shifted": array(shifted),
        "embeds": array(e),
        "continued": array(rest.logits),
        "length": rest.past_key_values.get_seq_length(),
    }


def case_loss_and_gradients(lib):
    """Loss with ignored labels and a divisor; the gradients of every parameter, as sums."""
    out = {}
    for family in FAMILIES:
        model = causal_lm(lib, family)
        labels = IDS[:, :9].copy()
        labels[0, :4] = -100
        loss = model(tensor(lib, IDS[:, :9]), labels=tensor(lib, labels)).loss
        loss.backward()
        out[family] = {
            "loss": float(loss.detach()),
            "gradients": {
                n: [float(p.grad.float().pow(2).sum()), float(p.grad.float().flatten()[:5].sum())]
                for n, p in model.named_parameters()
            },
        }
    model = causal_lm(lib, "llama")
    with no_grad(lib):
        out["divided"] = float(model(tensor(lib, IDS), labels=tensor(lib, IDS), num_items_in_batch=7).loss)
    return out


def case_names(lib):
    """Parameter names, sizes and counts."""
    out = {}
    for family in FAMILIES:
        model = causal_lm(lib, family)
        out[family] = {
            "state": {name: list(value.shape) for name, value in model.state_dict().items()},
            "named_parameters": [name for name, _ in model.named_parameters()],
            "num_parameters": [model.num_parameters(), model.num_parameters(exclude_embeddings=True)],
            "footprint": model.get_memory_footprint(),
        }
    tied = causal_lm(lib, "llama", tie_word_embeddings=True)
    out["tied"] = [tied.num_parameters(), len(tied.state_dict()), [name for name, _ in tied.named_parameters()][-3:]]
    return out


def case_save_and_load(lib):
    """What save_pretrained writes, and that it is read back the same; shards; dtypes."""
    out = {}
    model = causal_lm(lib, "qwen2", tie_word_embeddings=True)
    with tempfile.TemporaryDirectory() as folder, no_grad(lib):
        model.save_pretrained(folder)
        out["files"] = sorted(os.listdir(folder))
        again = lib.AutoModelForCausalLM.from_pretrained(folder)
        out["same"] = bool(
            np.allclose(array(again(tensor(lib, IDS)).logits), array(model(tensor(lib, IDS)).logits), atol=1e-5)
        )
        out["dtype"] = str(again.dtype).split(".")[-1]
        half = lib.AutoModelForCausalLM.from_pretrained(folder, dtype="bfloat16")
        out["half"] = str(half.dtype).split(".")[-1]
    with tempfile.TemporaryDirectory() as folder, no_grad(lib):
        model.save_pretrained(folder, max_shard_size="20KB")
        out["shards"] = sorted(os.listdir(folder))
        again = lib.AutoModelForCausalLM.from_pretrained(folder)
        out["sharded_same"] = bool(
            np.allclose(array(again(tensor(lib, IDS)).logits), array(model(tensor(lib, IDS)).logits), atol=1e-5)
        )
        base = lib.AutoModel.from_pretrained(folder)
        out["base"] = array(base(tensor(lib, IDS[:, :4])).last_hidden_state)
    return out


def case_resize(lib):
    """Vocabulary changes keep old rows and ties."""
    model = causal_lm(lib, "llama", tie_word_embeddings=True)
    before = array(model.get_input_embeddings().weight)
    model.resize_token_embeddings(70, pad_to_multiple_of=8)
    grown = array(model.get_input_embeddings().weight)
    head = array(model.get_output_embeddings().weight)
    out = {
        "shape": list(grown.shape), "kept": bool(np.array_equal(grown[:64], before)), "tied": bool(np.array_equal(grown, head)),
        "vocab_size": model.config.vocab_size, "new_near_mean": bool(np.abs(grown[64:] - before.mean(0)).max() < 1e-2),
    }  # fmt: skip
    model.resize_token_embeddings(50)
    out["shrunk"] = [list(model.get_input_embeddings().weight.shape), model.config.vocab_size]
    return out
