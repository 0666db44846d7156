"""Seeded tiny decoders with mixtures of experts: logits, router logits, losses, gradients, padding, caches, heads."""

from __future__ import annotations

import importlib
import os
import tempfile

import numpy as np
from cases.families import IDS, SIZES, array, loaded, no_grad, tensor

SMALL = {"num_experts_per_tok": 2, "moe_intermediate_size": 24}
MLA = {
    "q_lora_rank": 12, "kv_lora_rank": 16, "qk_rope_head_dim": 4, "qk_nope_head_dim": 6, "v_head_dim": 10,
    "n_routed_experts": 8, "n_group": 4, "topk_group": 2, "num_experts_per_tok": 3, "moe_intermediate_size": 24,
    "first_k_dense_replace": 1, "num_key_value_heads": 4,
}  # fmt: skip
# name -> (model_type, changes to SIZES)
MODELS = {
    "mixtral": ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "mixtral/window": ("mixtral", {"num_local_experts": 4, "sliding_window": 4, "num_experts_per_tok": 1}),
    "qwen2_moe": ("qwen2_moe", {**SMALL, "num_experts": 4, "shared_expert_intermediate_size": 20}),
    "qwen2_moe/some": (
        "qwen2_moe",
        {**SMALL, "num_experts": 4, "shared_expert_intermediate_size": 20, "norm_topk_prob": True, "mlp_only_layers": [0]},
    ),
    "qwen3_moe": ("qwen3_moe", {**SMALL, "num_experts": 6, "head_dim": 8, "norm_topk_prob": True}),
    "qwen3_moe/every_second": ("qwen3_moe", {**SMALL, "num_experts": 6, "head_dim": 8, "decoder_sparse_step": 2}),
    "deepseek_v3": ("deepseek_v3", MLA),
    "deepseek_v3/plain": (
        "deepseek_v3",
        {
            **MLA, "q_lora_rank": None, "rope_interleave": False, "n_group": 1, "topk_group": 1, "norm_topk_prob": False,
            "rope_parameters": {
                "rope_type": "yarn", "factor": 4.0, "mscale": 1.0, "mscale_all_dim": 0.5,
                "original_max_position_embeddings": 16, "rope_theta": 10000.0,
            },
        },
    ),
    "gpt_oss": ("gpt_oss", {"num_local_experts": 4, "num_experts_per_tok": 2, "head_dim": 8, "sliding_window": 4}),
}  # fmt: skip


def model_of(lib, name, auto_class="AutoModelForCausalLM", **more):
    model_type, changes = MODELS[name]
    known = set(lib.AutoConfig.for_model(model_type).to_dict())
    values = {**{key: value for key, value in SIZES.items() if key in known}, **changes, **more}
    return loaded(lib, getattr(lib, auto_class), lib.AutoConfig.for_model(model_type, **values))


def squares(model):
    return sum(float(p.grad.float().pow(2).sum()) for p in model.parameters() if p.grad is not None)


def causal_lm(lib, name):
    model = model_of(lib, name)
    ids = tensor(lib, IDS)
    o = model(ids, labels=ids, output_hidden_states=True, output_router_logits=True)
    o.loss.backward()
    out = {
        "class": type(model).__name__, "keys": [key for key in o if key != "past_key_values"],
        "logits": array(o.logits)[:, ::4, ::9], "loss": float(o.loss.detach()), "gradient": squares(model),
        "hidden": np.concatenate([array(h)[0, 3::4, ::7] for h in o.hidden_states], -1),
        "router": [array(r)[::5] for r in o.router_logits],
        "aux": None if o.aux_loss is None else float(o.aux_loss.detach()),
    }  # fmt: skip
    mask = np.ones_like(IDS)
    mask[0, :4] = 0
    positions = np.clip(mask.cumsum(1) - 1, 0, None)
    with no_grad(lib):
        left = model(
            ids, attention_mask=tensor(lib, mask), position_ids=tensor(lib, positions), output_router_logits=True
        )
        right = model(ids, attention_mask=tensor(lib, mask[:, ::-1].copy()))
        first = model(tensor(lib, IDS[:, :7]), use_cache=True)
        second = model(tensor(lib, IDS[:, 7:8]), past_key_values=first.past_key_values, use_cache=True)
        rest = model(tensor(lib, IDS[:, 8:]), past_key_values=second.past_key_values, use_cache=True)
    out["continued"] = array(rest.logits)[:, ::2, ::9]
    out["left"], out["right"] = array(left.logits)[0, 4::3, ::9], array(right.logits)[0, :8:3, ::9]
    out["aux_masked"] = None if left.aux_loss is None else float(left.aux_loss)
    out["greedy"] = array(model.generate(tensor(lib, IDS[:, :5]), max_new_tokens=5, do_sample=False))
    return out


def case_causal_lm(lib):
    """Every decoder with experts."""
    return {name: causal_lm(lib, name) for name in MODELS}


def case_heads(lib):
    """Base models and classifiers."""
    out = {}
    for name in ("mixtral", "qwen2_moe", "qwen3_moe", "deepseek_v3", "gpt_oss"):
        with no_grad(lib):
            o = model_of(lib, name, "AutoModel")(tensor(lib, IDS))
        found = {"base": [list(o.keys()), array(o.last_hidden_state)[:, ::4, ::9]]}
        for head in ("SequenceClassification", "TokenClassification", "QuestionAnswering"):
            auto_class = getattr(lib, f"AutoModelFor{head}")
            if type(lib.AutoConfig.for_model(MODELS[name][0])) not in auto_class._model_mapping:
                continue
            model = model_of(lib, name, f"AutoModelFor{head}", **({} if head == "QuestionAnswering" else {"num_labels": 3}))
            labels = {
                "SequenceClassification": {"labels": np.array([1, 2])}, "TokenClassification": {"labels": IDS % 3},
                "QuestionAnswering": {"start_positions": np.array([1, 2]), "end_positions": np.array([3, 4])},
            }[head]  # fmt: skip
            o = model(tensor(lib, IDS), **{key: tensor(lib, value) for key, value in labels.items()})
            o.loss.backward()
            found[head] = [type(model).__name__, float(o.loss.detach()), squares(model)]
        out[name] = found
    return out


def case_names(lib):
    """The tensors' names in a file, and files that hold the experts together, as the real library has them in memory."""
    files = importlib.import_module(
        "safetensors.numpy" if lib.__name__ == "transformers" else "eigenformers.safetensors.numpy"
    )
    out = {}
    for name in ("mixtral", "qwen3_moe", "deepseek_v3", "gpt_oss"):
        with tempfile.TemporaryDirectory() as folder:
            model = model_of(lib, name)
            model.save_pretrained(folder)
            path = os.path.join(folder, "model.safetensors")
            state = files.load_file(path)
            out[name] = {key: list(value.shape) for key, value in sorted(state.items())}
            fused = together(state)
            if len(fused) < len(state):
                files.save_file(fused, path, metadata={"format": "pt"})
                again = lib.AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
                with no_grad(lib):
                    out[f"{name}/together"] = array(again(tensor(lib, IDS)).logits)[:, ::4, ::9]
    return out


def together(state):
    """A state with all experts of a layer in one tensor."""
    fused, experts = {}, {}
    names = {"w1": "gate_proj", "w3": "up_proj", "w2": "down_proj"}
    for key, value in state.items():
        if ".experts." not in key or not key.endswith(".weight"):
            fused[key.replace("block_sparse_moe", "mlp")] = value
            continue
        layer, _, rest = key.replace("block_sparse_moe", "mlp").partition(".experts.")
        number, part, _ = rest.split(".")
        experts.setdefault(layer, {})[int(number), names.get(part, part)] = value
    for layer, parts in experts.items():
        count = max(number for number, _ in parts) + 1
        both = [np.concatenate([parts[i, "gate_proj"], parts[i, "up_proj"]]) for i in range(count)]
        fused[f"{layer}.experts.gate_up_proj"] = np.stack(both)
        fused[f"{layer}.experts.down_proj"] = np.stack([parts[i, "down_proj"] for i in range(count)])
    return fused


def case_configurations(lib):
    """What a configuration writes by default."""
    out = {}
    for model_type in sorted({kind for kind, _ in MODELS.values()}):
        written = lib.AutoConfig.for_model(model_type).to_dict()
        out[model_type] = {key: value for key, value in written.items() if key != "transformers_version"}
    return out


