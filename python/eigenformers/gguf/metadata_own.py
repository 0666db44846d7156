"""The metadata of families that are unlike the usual decoder."""

from __future__ import annotations

import math
from typing import Any, Callable

from ..errors import UnsupportedError
from ..models.gguf_families import GgufFamily

Entry = tuple[str, str, Any]  # key, type in the file, value; None: left out


def _state_space(config: Any, family: GgufFamily) -> list[Entry]:
    second = config.model_type == "mamba2"
    limits = tuple(float(value) for value in getattr(config, "time_step_limit", (0.0, math.inf)))
    if limits != (0.0, math.inf):
        raise UnsupportedError(f"GGUF: time_step_limit={limits}; the format implies (0.0, inf)")
    inner = int(config.expand * config.hidden_size)
    return [
        ("context_length", "uint32", 2**20),  # none is the longest
        ("embedding_length", "uint32", config.hidden_size),
        ("feed_forward_length", "uint32", 0),
        ("attention.head_count", "uint32", 0),
        ("block_count", "uint32", config.num_hidden_layers),
        ("ssm.conv_kernel", "uint32", config.conv_kernel),
        ("ssm.inner_size", "uint32", inner),
        ("ssm.state_size", "uint32", config.state_size),
        ("ssm.time_step_rank", "uint32", config.num_heads if second else config.time_step_rank),
        (family.epsilon_key, "float32", config.layer_norm_epsilon),
        ("vocab_size", "uint32", config.vocab_size),
        ("ssm.group_count", "uint32", config.n_groups) if second else ("ssm.dt_b_c_rms", "bool", False),
    ]


def _decoder(config: Any, family: GgufFamily) -> list[Entry]:
    return [
        ("block_count", "uint32", config.num_hidden_layers),
        ("context_length", "uint32", config.max_position_embeddings),
        ("embedding_length", "uint32", config.hidden_size),
        ("feed_forward_length", "uint32", config.intermediate_size),
        ("attention.head_count", "uint32", config.num_attention_heads),
        (family.epsilon_key, "float32", config.rms_norm_eps),
        ("vocab_size", "uint32", config.vocab_size),
        ("expert_used_count", "uint32", config.num_experts_per_tok),
        ("expert_feed_forward_length", "uint32", config.moe_intermediate_size),
    ]


def _deepseek(config: Any, family: GgufFamily) -> list[Entry]:
    """Latents are keys and values of one head there; what a head has without them stands under `_mla`."""
    if config.tie_word_embeddings:
        raise UnsupportedError("GGUF: tie_word_embeddings=True; for deepseek_v3 the format implies False")
    return [
        *_decoder(config, family),
        ("attention.head_count_kv", "uint32", 1),
        ("attention.q_lora_rank", "uint32", config.q_lora_rank),
        ("attention.kv_lora_rank", "uint32", config.kv_lora_rank),
        ("attention.key_length", "uint32", config.kv_lora_rank + config.qk_rope_head_dim),
        ("attention.value_length", "uint32", config.kv_lora_rank),
        ("attention.key_length_mla", "uint32", config.qk_nope_head_dim + config.qk_rope_head_dim),
        ("attention.value_length_mla", "uint32", config.v_head_dim),
        ("leading_dense_block_count", "uint32", config.first_k_dense_replace),
        ("expert_count", "uint32", config.n_routed_experts),
        ("expert_shared_count", "uint32", config.n_shared_experts),
        ("expert_group_count", "uint32", config.n_group),
        ("expert_group_used_count", "uint32", config.topk_group),
        ("expert_weights_scale", "float32", float(config.routed_scaling_factor)),
        ("expert_weights_norm", "bool", bool(config.norm_topk_prob)),
        ("expert_gating_func", "uint32", 2),  # sigmoids
    ]


def _qwen3_next(config: Any, family: GgufFamily) -> list[Entry]:
    """What the format calls a state space is the gated delta network."""
    layers = config.num_hidden_layers
    kinds = list(config.layer_types)
    every = kinds.index("full_attention") + 1 if "full_attention" in kinds else layers + 1
    if kinds != ["linear_attention" if (i + 1) % every else "full_attention" for i in range(layers)]:
        raise UnsupportedError("GGUF: layer_types of qwen3_next; the format has full attention in every nth layer")
    if config.linear_key_head_dim != config.linear_value_head_dim:
        raise UnsupportedError(
            f"GGUF: linear_value_head_dim={config.linear_value_head_dim}; the format implies that of keys, "
            f"{config.linear_key_head_dim}"
        )
    return [
        *_decoder(config, family),
        ("attention.head_count_kv", "uint32", config.num_key_value_heads),
        ("attention.key_length", "uint32", config.head_dim),
        ("attention.value_length", "uint32", config.head_dim),
        ("expert_count", "uint32", config.num_experts),
        ("expert_shared_feed_forward_length", "uint32", config.shared_expert_intermediate_size),
        ("ssm.conv_kernel", "uint32", config.linear_conv_kernel_dim),
        ("ssm.state_size", "uint32", config.linear_key_head_dim),
        ("ssm.group_count", "uint32", config.linear_num_key_heads),
        ("ssm.time_step_rank", "uint32", config.linear_num_value_heads),
        ("ssm.inner_size", "uint32", config.linear_num_value_heads * config.linear_value_head_dim),
        ("full_attention_interval", "uint32", every),
    ]


def _t5(config: Any, family: GgufFamily) -> list[Entry]:
    gated, act = config.is_gated_act, config.dense_act_fn
    if (gated, act) not in ((True, "gelu_new"), (False, "relu")):
        raise UnsupportedError(
            f"GGUF: feed_forward_proj={config.feed_forward_proj!r}; for {config.model_type} the format implies "
            f"'{'gated-gelu' if gated else 'relu'}'"
        )
    scaled = getattr(config, "scale_decoder_outputs", config.model_type == "umt5" and config.tie_word_embeddings)
    start = getattr(config, "decoder_start_token_id", None)
    return [
        ("context_length", "uint32", getattr(config, "n_positions", None) or 512),
        ("embedding_length", "uint32", config.d_model),
        ("feed_forward_length", "uint32", config.d_ff),
        ("block_count", "uint32", config.num_layers),
        ("decoder_block_count", "uint32", config.num_decoder_layers),
        ("attention.head_count", "uint32", config.num_heads),
        ("attention.key_length", "uint32", config.d_kv),
        ("attention.value_length", "uint32", config.d_kv),
        ("attention.layer_norm_epsilon", "float32", config.layer_norm_epsilon),
        (family.epsilon_key, "float32", config.layer_norm_epsilon),
        ("attention.relative_buckets_count", "uint32", config.relative_attention_num_buckets),
        ("decoder_start_token_id", "uint32", config.pad_token_id if start is None else start),
        ("vocab_size", "uint32", config.vocab_size),
        ("logit_scale", "float32", config.d_model**-0.5 if scaled else 1.0),  # llama.cpp reads none: the order is the same
    ]


OWN_KEYS: dict[str, Callable[[Any, GgufFamily], list[Entry]]] = {
    "mamba": _state_space, "mamba2": _state_space, "deepseek_v3": _deepseek, "qwen3_next": _qwen3_next,
    "t5": _t5, "mt5": _t5, "umt5": _t5,
}  # fmt: skip
