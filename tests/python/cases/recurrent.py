"""Seeded tiny state-space and hybrid models: logits, states, losses, gradients, padding, caches."""

from __future__ import annotations

import numpy as np
from cases.families import IDS, SIZES, array, loaded, no_grad, tensor

MAMBA = {"state_size": 6, "conv_kernel": 3, "hidden_size": 32, "num_hidden_layers": 2}
NEXT = {
    "head_dim": 16, "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 6,
    "linear_value_head_dim": 8, "linear_conv_kernel_dim": 3, "num_experts": 4, "num_experts_per_tok": 2,
    "moe_intermediate_size": 24, "shared_expert_intermediate_size": 20, "num_hidden_layers": 3,
    "layer_types": ["linear_attention", "full_attention", "linear_attention"],
}  # fmt: skip
# name -> (model_type, changes to SIZES)
MODELS = {
    "mamba": ("mamba", MAMBA),
    "mamba/biases": ("mamba", {**MAMBA, "use_bias": True, "use_conv_bias": False, "time_step_rank": 3, "expand": 1}),
    "mamba2": ("mamba2", {**MAMBA, "num_heads": 4, "head_dim": 16, "n_groups": 2, "chunk_size": 4}),
    "mamba2/one_group": (
        "mamba2",
        {**MAMBA, "num_heads": 8, "head_dim": 8, "n_groups": 1, "use_bias": True},
    ),
    "lfm2": (
        "lfm2",
        {"layer_types": ["conv", "full_attention", "conv"], "num_hidden_layers": 3, "block_multiple_of": 8},
    ),
    "lfm2/as_is": (
        "lfm2",
        {
            "layer_types": ["full_attention", "conv"],
            "conv_bias": True,
            "block_auto_adjust_ff_dim": False,
            "conv_L_cache": 4,
        },
    ),
    "qwen3_next": ("qwen3_next", NEXT),
    "qwen3_next/dense": ("qwen3_next", {**NEXT, "mlp_only_layers": [0, 1], "linear_num_value_heads": 2}),
}


def model_of(lib, name, auto_class="AutoModelForCausalLM", **more):
    model_type, changes = MODELS[name]
    known = set(lib.AutoConfig.for_model(model_type).to_dict())
    values = {**{key: value for key, value in SIZES.items() if key in known}, **changes, **more}
    return loaded(lib, getattr(lib, auto_class), lib.AutoConfig.for_model(model_type, **values))


def squares(model):
    return sum(float(p.grad.float().pow(2).sum()) for p in model.parameters() if p.grad is not None)


def causal_lm(lib, name):
    model = model_of(lib, name)
    cache = "cache_params" if "mamba" in name else "past_key_values"
    ids = tensor(lib, IDS)
    o = model(ids, labels=ids, output_hidden_states=True, use_cache=False)
    o.loss.backward()
    out = {
        "class": type(model).__name__, "keys": list(o.keys()), "logits": array(o.logits)[:, ::4, ::9],
        "loss": float(o.loss.detach()), "gradient": squares(model),
        "each": {n: float(p.grad.float().pow(2).sum()) for n, p in model.named_parameters() if "layers.0" in n and "experts" not in n},
        "hidden": np.concatenate([array(h)[0, 3::4, ::7] for h in o.hidden_states], -1),
    }  # fmt: skip
    mask = np.ones_like(IDS)
    mask[0, :4] = 0
    positions = np.clip(mask.cumsum(1) - 1, 0, None)
    where = {} if "mamba" in name else {"position_ids": tensor(lib, positions)}
    with no_grad(lib):
        left = model(ids, attention_mask=tensor(lib, mask), **where)
        right = model(ids, attention_mask=tensor(lib, mask[:, ::-1].copy()))
        first = model(tensor(lib, IDS[:, :7]), use_cache=True)
        rest = []
        for at in range(7, 10):
            first = model(tensor(lib, IDS[:, at : at + 1]), use_cache=True, **{cache: first[cache]})
            rest.append(array(first.logits)[:, :, ::9])
    out["left"], out["right"] = array(left.logits)[0, 4::3, ::9], array(right.logits)[0, :8:3, ::9]
    out["continued"] = np.concatenate(rest, 1)
    prompt = {"input_ids": ids, "attention_mask": tensor(lib, mask)}
    out["greedy"] = array(model.generate(**prompt, max_new_tokens=5, do_sample=False))
    return out


def case_causal_lm(lib):
    """Every language model with recurrent layers."""
    return {name: causal_lm(lib, name) for name in MODELS}


def case_guesses(lib):
    """Assisted decoding: what the guesses leave in the states, and who refuses them."""
    ids = tensor(lib, np.tile(np.array([[5, 9, 2, 6, 11]]), 3)[:, :13])
    go = {"max_new_tokens": 24, "do_sample": False, "eos_token_id": None, "return_dict_in_generate": True}
    out = {}
    for name in ("lfm2", "lfm2/as_is", "mamba", "mamba2", "qwen3_next"):
        model = model_of(lib, name)
        ways = {"lookup": {"prompt_lookup_num_tokens": 4}, "assistant": {"assistant_model": model_of(lib, "lfm2/as_is")}}
        for way, more in ways.items():
            try:
                o = model.generate(ids, **go, **more)
                out[f"{name} {way}"] = [array(o.sequences), o.past_key_values.get_seq_length()]
            except ValueError as error:
                out[f"{name} {way}"] = str(error)[:60]
    return out


def case_step_limits(lib):
    """Steps of Mamba-2 between two limits, over a whole sequence (the real library forgets them in single steps)."""
    model = model_of(lib, "mamba2", time_step_limit=[0.4, 0.9])
    with no_grad(lib):
        return array(model(tensor(lib, IDS)).logits)[:, ::4, ::9]


def case_base(lib):
    """Base models: fields of the output."""
    out = {}
    for name in ("mamba", "mamba2", "lfm2", "qwen3_next"):
        with no_grad(lib):
            o = model_of(lib, name, "AutoModel")(tensor(lib, IDS))
        out[name] = [type(o).__name__, list(o.keys()), array(o.last_hidden_state)[:, ::4, ::9]]
    return out


def case_answers(lib):
    """Question answering: the names of its weights, what it says."""
    model = model_of(lib, "qwen3_next", "AutoModelForQuestionAnswering")
    with no_grad(lib):
        o = model(
            tensor(lib, IDS), start_positions=tensor(lib, np.array([1, 2])), end_positions=tensor(lib, np.array([3, 4]))
        )
    return {
        "base": model.base_model_prefix,
        "loss": float(o.loss),
        "start": array(o.start_logits),
        "end": array(o.end_logits),
    }


def case_configurations(lib):
    """What a configuration writes by default."""
    out = {}
    for model_type in sorted({kind for kind, _ in MODELS.values()}):
        written = lib.AutoConfig.for_model(model_type).to_dict()
        out[model_type] = {key: value for key, value in written.items() if key != "transformers_version"}
    return out
