"""The configurations of families whose GGUF metadata is unlike that of the usual decoder."""

from __future__ import annotations

from typing import Any, Callable

from ..errors import CheckpointError, UnsupportedError
from .gguf_families import GgufFamily


def _state_space(data: Any, family: GgufFamily) -> dict[str, Any]:
    """Mamba's and Mamba-2's."""
    hidden, inner = data.get("embedding_length", int, needed=True), data.get("ssm.inner_size", int, needed=True)
    rank, second = data.get("ssm.time_step_rank", int, needed=True), data.architecture == "mamba2"
    if hidden < 1 or inner % hidden or not inner or rank < 1 or (second and inner % rank):
        raise CheckpointError(
            f"GGUF metadata: {data.architecture}.embedding_length {hidden}, ssm.inner_size {inner} and "
            f"ssm.time_step_rank {rank} don't fit together"
        )
    if data.values.get(f"{data.architecture}.ssm.dt_b_c_rms"):
        raise UnsupportedError("GGUF metadata: ssm.dt_b_c_rms: norms within Mamba's layers")
    config = {
        "hidden_size": hidden,
        "expand": inner // hidden,
        "num_hidden_layers": data.get("block_count", int, needed=True),
        "conv_kernel": data.get("ssm.conv_kernel", int, needed=True),
        "state_size": data.get("ssm.state_size", int, needed=True),
        "layer_norm_epsilon": data.get(family.epsilon_key, float, needed=True),
    }
    if not second:
        return {**config, "time_step_rank": rank}
    return {**config, "num_heads": rank, "head_dim": inner // rank, "n_groups": data.get("ssm.group_count", int, 1)}


def _decoder(data: Any, family: GgufFamily) -> dict[str, Any]:
    return {
        "num_hidden_layers": data.get("block_count", int, needed=True),
        "max_position_embeddings": data.get("context_length", int, needed=True),
        "hidden_size": data.get("embedding_length", int, needed=True),
        "intermediate_size": data.get("feed_forward_length", int, 0),
        "num_attention_heads": data.get("attention.head_count", int, needed=True),
        "rms_norm_eps": data.get(family.epsilon_key, float, needed=True),
        "num_experts_per_tok": data.get("expert_used_count", int, needed=True),
        "moe_intermediate_size": data.get("expert_feed_forward_length", int, needed=True),
    }


def _deepseek(data: Any, family: GgufFamily) -> dict[str, Any]:
    if data.get("expert_gating_func", int, 1) != 2:
        raise UnsupportedError("GGUF metadata: deepseek2.expert_gating_func other than 2 (sigmoids): a DeepSeek-V2 model")
    config = _decoder(data, family)
    rank, rotary = data.get("attention.kv_lora_rank", int, needed=True), data.get("rope.dimension_count", int, needed=True)
    mla = data.get("attention.key_length_mla", int)  # files without it: the plain lengths are those of a head
    keys = mla or data.get("attention.key_length", int, needed=True)
    if keys <= rotary:
        raise CheckpointError(f"GGUF metadata: keys of {keys} values, of which rope.dimension_count turns {rotary}")
    values = data.get("attention.value_length_mla" if mla else "attention.value_length", int, needed=True)
    return {
        **config,
        "num_key_value_heads": config["num_attention_heads"],
        "q_lora_rank": data.get("attention.q_lora_rank", int),
        "kv_lora_rank": rank,
        "qk_rope_head_dim": rotary,
        "qk_nope_head_dim": keys - rotary,
        "v_head_dim": values,
        "first_k_dense_replace": data.get("leading_dense_block_count", int, 0),
        "n_routed_experts": data.get("expert_count", int, needed=True),
        "n_shared_experts": data.get("expert_shared_count", int, 1),
        "n_group": data.get("expert_group_count", int, 1),
        "topk_group": data.get("expert_group_used_count", int, 1),
        "routed_scaling_factor": data.get("expert_weights_scale", float, 1.0),
        "norm_topk_prob": bool(data.values.get("deepseek2.expert_weights_norm", False)),
    }


def _qwen3_next(data: Any, family: GgufFamily) -> dict[str, Any]:
    config = _decoder(data, family)
    heads, width = data.get("ssm.time_step_rank", int, needed=True), data.get("ssm.state_size", int, needed=True)
    if data.get("ssm.inner_size", int, needed=True) != heads * width or width < 1:
        raise CheckpointError(
            f"GGUF metadata: qwen3next.ssm.inner_size is {data.get('ssm.inner_size', int)}, needed ssm.time_step_rank "
            f"{heads} times ssm.state_size {width}"
        )
    every = data.get("full_attention_interval", int, 4)
    if every < 1:
        raise CheckpointError(f"GGUF metadata: qwen3next.full_attention_interval is {every}")
    layers = range(config["num_hidden_layers"])
    return {
        **config,
        "num_key_value_heads": data.get("attention.head_count_kv", int, needed=True),
        "head_dim": data.get("attention.key_length", int, needed=True),
        "num_experts": data.get("expert_count", int, needed=True),
        "shared_expert_intermediate_size": data.get("expert_shared_feed_forward_length", int, needed=True),
        "linear_conv_kernel_dim": data.get("ssm.conv_kernel", int, needed=True),
        "linear_key_head_dim": width,
        "linear_value_head_dim": width,
        "linear_num_key_heads": data.get("ssm.group_count", int, needed=True),
        "linear_num_value_heads": heads,
        "layer_types": ["linear_attention" if (i + 1) % every else "full_attention" for i in layers],
    }


def _t5(data: Any, family: GgufFamily) -> dict[str, Any]:
    layers, width = data.get("block_count", int, needed=True), data.get("embedding_length", int, needed=True)
    gated = "enc.blk.0.ffn_gate.weight" in data.names
    config = {
        "d_model": width,
        "d_kv": data.get("attention.key_length", int, needed=True),
        "d_ff": data.get("feed_forward_length", int, needed=True),
        "num_layers": layers,
        "num_decoder_layers": data.get("decoder_block_count", int, layers),
        "num_heads": data.get("attention.head_count", int, needed=True),
        "relative_attention_num_buckets": data.get("attention.relative_buckets_count", int, needed=True),
        "layer_norm_epsilon": data.get(family.epsilon_key, float, needed=True),
        "feed_forward_proj": "gated-gelu" if gated else "relu",
        "decoder_start_token_id": data.get("decoder_start_token_id", int, 0),
    }
    scale = data.get("logit_scale", float)
    if scale is not None:  # of this library's files; elsewhere what is tied is scaled
        config["scale_decoder_outputs"] = scale != 1.0
    return config


OWN_KEYS: dict[str, Callable[[Any, GgufFamily], dict[str, Any]]] = {
    "mamba": _state_space, "mamba2": _state_space, "deepseek_v3": _deepseek, "qwen3_next": _qwen3_next, "t5": _t5, "umt5": _t5,
}  # fmt: skip
