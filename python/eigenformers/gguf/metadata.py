"""A model's configuration as the metadata of a GGUF file; the reverse of `models.gguf`."""

from __future__ import annotations

import json
import math
import os
from typing import Any

from .. import _core
from ..errors import UnsupportedError, UnsupportedModelError
from ..models.gguf import _llama3_factors
from ..models.gguf_families import POSITIONS_BEHIND_PADDING, activation_of, gguf_family, grouped_heads
from .metadata_own import OWN_KEYS

Entry = tuple[str, str, Any]  # key, type in the file, value


def architecture_of(model_type: str) -> str:
    """The name that llama.cpp has for a model type.

    Raises:
        UnsupportedModelError: none, or its tensors have no names here.
    """
    if model_type not in exported_types():
        raise UnsupportedModelError(
            f"GGUF export of model_type {model_type!r} is not supported; supported are {', '.join(exported_types())}"
        )
    architecture = _core.gguf_architecture(model_type)
    return "llama" if architecture == "mistral" else architecture  # llama.cpp has one architecture for both


def exported_types() -> list[str]:
    """The model types that can be exported."""
    from ..models.registry import FAMILIES

    return sorted(name for name in FAMILIES if _core.gguf_architecture(name))


def config_metadata(config: Any) -> tuple[list[Entry], dict[str, list[float]]]:
    """`general.architecture` and the keys below it, and the tensors of rotary factors that the file needs.

    Raises:
        NotImplementedError: something that the format cannot say, by name.
    """
    architecture, family = architecture_of(config.model_type), gguf_family(config.model_type)
    if config.model_type in OWN_KEYS:
        _check_switches(config)
        keys = OWN_KEYS[config.model_type](config, family)
        found = [("general.architecture", "string", architecture)]
        found += [(f"{architecture}.{key}", kind, value) for key, kind, value in keys if value is not None]
        if family.rotary:
            width = config.qk_rope_head_dim if config.model_type == "deepseek_v3" else config.head_dim
            _rope(config, architecture, width, family.partial_rotary,
                  lambda key, kind, value: found.append((f"{architecture}.{key}", kind, value)))  # fmt: skip
        return found, {}
    heads, kv_heads = grouped_heads(config)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    # Bloom's configuration knows no longest text, GPT-2's and Falcon's no width of the MLP but the usual one.
    context = getattr(config, "max_position_embeddings", None) or getattr(config, "seq_length", None) or 2048
    if config.model_type in POSITIONS_BEHIND_PADDING:
        context -= config.pad_token_id + 1
    inner = getattr(config, "intermediate_size", None) or getattr(config, "ffn_hidden_size", None)
    inner = inner or getattr(config, "n_inner", None) or getattr(config, "hidden_dim", None) or 4 * config.hidden_size
    if config.model_type == "lfm2":
        inner = _adjusted_width(config)
    found: list[Entry] = [("general.architecture", "string", architecture)]

    def add(key: str, kind: str, value: Any) -> None:
        if value is not None:
            found.append((f"{architecture}.{key}", kind, value))

    add("block_count", "uint32", config.num_hidden_layers)
    add("context_length", "uint32", context)
    add("embedding_length", "uint32", config.hidden_size)
    add("feed_forward_length", "uint32", inner)
    add("attention.head_count", "uint32", heads)
    if config.model_type == "lfm2":  # 0: a layer of convolutions
        add("attention.head_count_kv", "[int32]", [0 if kind == "conv" else kv_heads for kind in config.layer_types])
        add("shortconv.l_cache", "uint32", config.conv_L_cache)
    else:
        add("attention.head_count_kv", "uint32", kv_heads)
    add(family.epsilon_key, "float32", getattr(config, family.epsilon, 1e-12))  # DistilBERT's is fixed
    add("attention.key_length", "uint32", head_dim)
    add("attention.value_length", "uint32", head_dim)
    add("vocab_size", "uint32", config.vocab_size)
    for key, name in family.keys:
        add(key, "float32", float(getattr(config, name)))
    if family.parallel:
        add("use_parallel_residual", "bool", bool(config.use_parallel_residual))
    window, layer_types = getattr(config, "sliding_window", None), getattr(config, "layer_types", None)
    if config.model_type in ("gemma2", "gemma3_text"):
        _check_gemma(config, head_dim)
        add("attn_logit_softcapping", "float32", getattr(config, "attn_logit_softcapping", None))
        add("final_logit_softcapping", "float32", getattr(config, "final_logit_softcapping", None))
    elif config.model_type in ("cohere2", "exaone4"):
        _check_windows(config, 4)
    elif config.model_type == "smollm3":
        _check_smollm3(config)
    elif config.model_type == "gpt_oss":
        _check_windows(config, 2)
    elif config.model_type == "starcoder2" and window and window < context:
        raise UnsupportedError(
            f"GGUF: the format has no place for starcoder2's sliding_window of {window}; set config.sliding_window = None "
            "for a file that differs in longer texts"
        )
    elif family.window is None and window and any(kind == "sliding_attention" for kind in layer_types or ()):
        raise UnsupportedError(f"GGUF: sliding windows of model_type {config.model_type!r} have no place in the format")
    if family.window:
        add(family.window, "uint32", window)
    if family.experts:
        _experts(config, add)
    _check_switches(config)
    if family.activation and activation_of(config) != family.activation:
        raise UnsupportedError(
            f"GGUF: activation {activation_of(config)!r}; for {config.model_type} the format implies {family.activation!r}"
        )
    if family.encoder:
        add("attention.causal", "bool", False)
        add("pooling_type", "uint32", _pooling(config))
        found.append(("tokenizer.ggml.token_type_count", "uint32", getattr(config, "type_vocab_size", 1)))
    factors: dict[str, list[float]] = {}
    if family.rotary:
        factors = _rope(config, architecture, head_dim, family.partial_rotary, add)
    return found, factors


def _adjusted_width(config: Any) -> int:
    """How wide LFM2's MLP is by the rule that its configuration asks for."""
    width = int(config.intermediate_size)
    if not config.block_auto_adjust_ff_dim:
        return width
    width = 2 * width // 3
    if config.block_ffn_dim_multiplier is None:
        return width
    multiple = config.block_multiple_of
    return (int(config.block_ffn_dim_multiplier * width) + multiple - 1) // multiple * multiple


def _pooling(config: Any) -> int | None:
    """llama.cpp's number of the pooling that stands beside a sentence-transformers model; None: nothing stands there."""
    try:
        with open(os.path.join(str(config.name_or_path or ""), "1_Pooling", "config.json"), encoding="utf-8") as file:
            modes = json.load(file)
    except (OSError, ValueError):
        return None
    modes = modes if isinstance(modes, dict) else {}
    kinds = {"pooling_mode_mean_tokens": 1, "pooling_mode_cls_token": 2, "pooling_mode_lasttoken": 3}
    chosen = [number for name, number in kinds.items() if modes.get(name)]
    return chosen[0] if len(chosen) == 1 else None


def expert_count(config: Any) -> int:
    """How many experts a layer has; 0 without."""
    if not gguf_family(config.model_type).experts:
        return 0
    names = ("num_local_experts", "num_experts", "n_routed_experts")
    return next(int(value) for value in (getattr(config, name, None) for name in names) if value)


def _experts(config: Any, add: Any) -> None:
    add("expert_count", "uint32", expert_count(config))
    add("expert_used_count", "uint32", config.num_experts_per_tok)
    if config.model_type == "mixtral":
        return
    if config.model_type == "gpt_oss":
        add("expert_feed_forward_length", "uint32", config.intermediate_size)
        if config.tie_word_embeddings:
            raise UnsupportedError("GGUF: tie_word_embeddings=True; for gpt_oss the format implies False")
        return
    add("expert_feed_forward_length", "uint32", config.moe_intermediate_size)
    if config.model_type == "qwen2_moe":
        add("expert_shared_feed_forward_length", "uint32", config.shared_expert_intermediate_size)
    implied = config.model_type == "qwen3_moe"
    if bool(config.norm_topk_prob) != implied:
        raise UnsupportedError(f"GGUF: norm_topk_prob={config.norm_topk_prob}; the format implies {implied}")
    if config.decoder_sparse_step != 1 or config.mlp_only_layers:
        raise UnsupportedError("GGUF: decoder_sparse_step and mlp_only_layers: the format has experts in every layer")


# model_type -> what the format implies
_SWITCHES: dict[str, dict[str, Any]] = {
    "falcon": {"alibi": False, "parallel_attn": True},
    "gpt2": {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False},
    "bloom": {"apply_residual_connection_post_layernorm": False},
    "stablelm": {"qk_layernorm": False},
    "phi": {"qk_layernorm": False},
    "lfm2": {"conv_bias": False},
    "gpt_oss": {"attention_bias": True, "swiglu_alpha": 1.702, "swiglu_limit": 7.0},
    "mamba": {"use_bias": False, "use_conv_bias": True, "hidden_act": "silu"},
    "mamba2": {"use_bias": False, "use_conv_bias": True, "hidden_act": "silu"},
    "deepseek_v3": {"attention_bias": False, "rope_interleave": True, "hidden_act": "silu"},
    "qwen3_next": {
        "attention_bias": False, "hidden_act": "silu", "norm_topk_prob": True, "decoder_sparse_step": 1, "mlp_only_layers": [],
    },
    **{name: {"relative_attention_max_distance": 128} for name in ("t5", "mt5", "umt5")},
    **{name: {"is_decoder": False} for name in ("bert", "roberta", "xlm-roberta", "camembert")},
}  # fmt: skip


def _check_switches(config: Any) -> None:
    for name, implied in _SWITCHES.get(config.model_type, {}).items():
        value = activation_of(config) if name == "hidden_act" else getattr(config, name, implied)
        if (bool(value) if isinstance(implied, bool) else value) != implied:
            found = f"activation {value!r}" if name == "hidden_act" else f"{name}={value}"
            raise UnsupportedError(f"GGUF: {found}; for {config.model_type} the format implies {implied!r}")


def _check_windows(config: Any, period: int) -> None:
    """All layers but every `period`th have a window; EXAONE 4 of fewer than 64 layers has none."""
    layers = config.num_hidden_layers
    slides = config.model_type != "exaone4" or layers == 64
    usual = ["sliding_attention" if slides and (i + 1) % period else "full_attention" for i in range(layers)]
    if list(config.layer_types or usual) != usual:
        raise UnsupportedError(
            f"GGUF: layer_types of {config.model_type}; the format implies "
            + (f"that every {period}th layer attends to all" if slides else "that all layers attend to all")
        )


def _check_gemma(config: Any, head_dim: int) -> None:
    layers, heads = config.num_hidden_layers, config.num_attention_heads
    widest = layers == (46 if config.model_type == "gemma2" else 62)
    implied = config.hidden_size // heads if widest else head_dim
    if config.query_pre_attn_scalar != implied:
        raise UnsupportedError(
            f"GGUF: query_pre_attn_scalar {config.query_pre_attn_scalar}; for {config.model_type} of {layers} layers the"
            f" format implies {implied}"
        )
    kinds = getattr(config, "layer_types", None)
    period = 2 if config.model_type == "gemma2" else 6
    usual = ["full_attention" if (i + 1) % period == 0 else "sliding_attention" for i in range(layers)]
    if kinds and list(kinds) != usual:
        raise UnsupportedError(f"GGUF: layer_types; for {config.model_type} every {period}th layer attends to all")


def _check_smollm3(config: Any) -> None:
    usual = [int((i + 1) % 4 != 0) for i in range(config.num_hidden_layers)]
    if list(getattr(config, "no_rope_layers", None) or usual) != usual or getattr(config, "use_sliding_window", False):
        raise UnsupportedError("GGUF: for smollm3 every fourth layer is without rotation, and none has a window")


def _rope(config: Any, architecture: str, head_dim: int, partial: bool, add: Any) -> dict[str, list[float]]:
    rope = dict(config.rope_parameters or {})
    if "full_attention" in rope:
        local = rope.get("sliding_attention", {})
        add("rope.freq_base_swa", "float32", float(local.get("rope_theta", 10000.0)))
        if local.get("rope_type", "default") != "default":
            raise UnsupportedError("GGUF: scaled rotary embedding of the sliding layers")
        rope = dict(rope["full_attention"])
    theta, kind = float(rope.get("rope_theta", 10000.0)), rope.get("rope_type", "default")
    add("rope.freq_base", "float32", theta)
    share = float(rope.get("partial_rotary_factor", 1.0) or 1.0)
    add("rope.dimension_count", "uint32", int(head_dim * share))
    if share != 1.0 and not partial:
        raise UnsupportedError(f"GGUF: partial_rotary_factor for model_type {config.model_type!r}")
    if kind == "default":
        return {}
    if kind == "linear":
        add("rope.scaling.type", "string", "linear")
        add("rope.scaling.factor", "float32", float(rope["factor"]))
        return {}
    if kind == "llama3":
        if architecture != "llama":
            raise UnsupportedError(f"GGUF: rope_type 'llama3' for architecture {architecture}")
        return {"rope_freqs.weight": _llama3_factors(rope, theta, head_dim)}
    if kind == "yarn":
        factor = float(rope["factor"])
        add("rope.scaling.type", "string", "yarn")
        add("rope.scaling.factor", "float32", factor)
        add("rope.scaling.original_context_length", "uint32",
            int(rope.get("original_max_position_embeddings") or config.max_position_embeddings))  # fmt: skip
        for name in ("beta_fast", "beta_slow"):
            if rope.get(name) is not None:
                add(f"rope.scaling.yarn_{name}", "float32", float(rope[name]))
        if rope.get("attention_factor") is not None:  # there a multiplier of yarn's own
            add("rope.scaling.attn_factor", "float32", float(rope["attention_factor"]) / (0.1 * math.log(factor) + 1.0))
        both = rope.get("mscale"), rope.get("mscale_all_dim")
        if config.model_type == "deepseek_v3":
            if not both[0] or both[0] != both[1]:
                raise UnsupportedError(
                    f"GGUF: rope parameters mscale={both[0]} and mscale_all_dim={both[1]}; the format implies that they are equal"
                )
            add("rope.scaling.yarn_log_multiplier", "float32", 0.1 * float(both[1]))
        elif any(both):
            raise UnsupportedError(f"GGUF: rope parameter {'mscale' if both[0] else 'mscale_all_dim'!r}")
        return {}
    if kind == "longrope" and config.model_type == "phi3":
        return _longrope(config, rope, add)
    raise UnsupportedError(f"GGUF: rope_type {kind!r} has no place in the format for architecture {architecture}")


def _longrope(config: Any, rope: dict[str, Any], add: Any) -> dict[str, list[float]]:
    """Factors for short and for long texts, and by how much attention is scaled in both."""
    context = config.max_position_embeddings
    original = int(rope.get("original_max_position_embeddings") or config.original_max_position_embeddings or context)
    scale = context / original
    attention = rope.get("attention_factor")
    if attention is None:
        attention = math.sqrt(1.0 + math.log(scale) / math.log(original)) if scale > 1.0 else 1.0
    add("rope.scaling.type", "string", "longrope")
    add("rope.scaling.original_context_length", "uint32", original)
    add("rope.scaling.attn_factor", "float32", float(attention))
    return {
        f"rope_factors_{name}.weight": [float(value) for value in rope[f"{name}_factor"]] for name in ("long", "short")
    }


def general_metadata(config: Any, name: str | None, file_type: int, parameters: int) -> list[Entry]:
    """`general.type`, `general.name`, its size, and the type of the file."""
    title = name or os.path.basename(os.path.normpath(str(config.name_or_path or ""))) or config.model_type
    return [
        ("general.type", "string", "model"),
        ("general.name", "string", title.replace("_", " ")),
        ("general.size_label", "string", size_label(parameters)),
        ("general.quantization_version", "uint32", 2),
        ("general.file_type", "uint32", file_type),
    ]


def size_label(parameters: int) -> str:
    """`"135M"`, `"7B"`: how many parameters a model has.

    >>> size_label(134_515_008), size_label(7_241_732_096), size_label(1_240_000)
    ('135M', '7.2B', '1.2M')
    """
    for unit, name in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if parameters >= unit:
            value = parameters / unit
            return f"{value:.0f}{name}" if value >= 10 else f"{value:.1f}{name}"
    return str(parameters)
