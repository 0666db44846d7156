"""The configuration that a GGUF file's metadata describes.

A GGUF file has no config.json: its metadata is the configuration, under keys that begin with the architecture's name.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import CheckpointError, UnsupportedError, UnsupportedModelError
from .gguf_families import configuration_of, gguf_family
from .gguf_own import OWN_KEYS
from .registry import FAMILIES

# GGUF architecture -> model_type
ARCHITECTURES = {
    "llama": "llama", "mistral": "mistral", "qwen2": "qwen2", "qwen3": "qwen3",
    "qwen2moe": "qwen2_moe", "qwen3moe": "qwen3_moe", "gemma": "gemma", "gemma2": "gemma2", "gemma3": "gemma3_text",
    "smollm3": "smollm3", "olmo2": "olmo2", "granite": "granite", "phi2": "phi", "phi3": "phi3",
    "starcoder2": "starcoder2", "stablelm": "stablelm", "command-r": "cohere", "cohere2": "cohere2", "glm4": "glm4",
    "ernie4_5": "ernie4_5", "exaone4": "exaone4", "nemotron": "nemotron", "falcon": "falcon", "gptneox": "gpt_neox",
    "bloom": "bloom", "gpt2": "gpt2", "mamba": "mamba", "mamba2": "mamba2", "lfm2": "lfm2", "gpt-oss": "gpt_oss", "bert": "bert",
    "nomic-bert": "nomic_bert", "t5": "t5", "deepseek2": "deepseek_v3", "qwen3next": "qwen3_next",
}  # fmt: skip

_SCALING_TYPES = ("linear", "yarn", "longrope")


class _Metadata:
    """Typed access to `<architecture>.<key>`, with errors that name the key."""

    def __init__(self, metadata: dict[str, Any], architecture: str, names: set[str]) -> None:
        self.values, self.architecture, self.names = metadata, architecture, names

    def get(self, key: str, kind: type, default: Any = None, needed: bool = False) -> Any:
        name = key if key.startswith(("general.", "tokenizer.")) else f"{self.architecture}.{key}"
        value = self.values.get(name)
        if value is None:
            if needed:
                raise CheckpointError(f"GGUF metadata: {name} is missing; the file is incomplete or of an unknown kind")
            return default
        if kind is int and isinstance(value, list) and value and all(item == value[0] for item in value):
            value = value[0]  # one value a layer, all the same
        elif kind is int and isinstance(value, list):
            raise UnsupportedError(f"GGUF metadata: {name} differs between layers: {value!r:.80}")
        if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
            raise CheckpointError(f"GGUF metadata: {name} is {value!r:.80}, needed {kind.__name__}")
        return float(value) if kind is float else value


def config_from_gguf(
    metadata: dict[str, Any],
    tensor_names: Iterable[str] = (),
    rope_factors: Sequence[float] | None = None,
    long_factors: dict[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    """The config.json that a GGUF file stands for, with `model_type` and `architectures`.

    Args:
        metadata: key -> value of the file's header; arrays are lists (for the vocabulary, its length will do).
        tensor_names: names of its tensors: they say whether the head is tied and whether attention has biases.
        rope_factors: values of the tensor `rope_freqs.weight`, if there is one: divisors of the rotary frequencies.
        long_factors: those of `rope_factors_long.weight` and `rope_factors_short.weight`, as `"long"` and `"short"`.

    Raises:
        UnsupportedModelError: an architecture that eigenformers does not have.
        UnsupportedError: mixture-of-experts or rotary variants that its families do not have.
        CheckpointError: metadata that is missing or of the wrong type.
    """
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise UnsupportedModelError(
            f"GGUF model with architecture {architecture} is not supported yet. Supported: {', '.join(ARCHITECTURES)}."
        )
    names = set(tensor_names)
    data = _Metadata(metadata, architecture, names)
    experts = data.get("expert_count", int, 0)
    if experts and architecture != "llama" and not gguf_family(ARCHITECTURES[architecture]).experts:
        raise UnsupportedError(f"GGUF model with architecture {architecture}: mixture-of-experts layers")
    window = data.get("attention.sliding_window", int)
    model_type = ARCHITECTURES[architecture]
    if model_type == "llama" and experts:
        model_type = "mixtral"
    elif model_type == "llama" and (window or str(metadata.get("general.name", "")).lower() == "mistral"):
        model_type = "mistral"  # llama.cpp has one architecture for both

    family = gguf_family(model_type)
    if model_type == "t5" and "enc.blk.1.attn_rel_b.weight" in names:
        model_type = "umt5"
    if model_type in OWN_KEYS:
        config = {
            "model_type": model_type,
            "architectures": [_first_head(model_type, "AutoModelForSeq2SeqLM", "AutoModelForCausalLM")],
            "vocab_size": data.get("vocab_size", int) or _count(metadata.get("tokenizer.ggml.tokens")),
            "tie_word_embeddings": "output.weight" not in names,
            "bos_token_id": data.get("tokenizer.ggml.bos_token_id", int),
            "eos_token_id": data.get("tokenizer.ggml.eos_token_id", int),
            "pad_token_id": data.get("tokenizer.ggml.padding_token_id", int),
            **OWN_KEYS[model_type](data, family),
        }
        if not family.rotary:
            return config
        width = config["qk_rope_head_dim"] if model_type == "deepseek_v3" else config["head_dim"]
        rope = config["rope_parameters"] = _rope(data, width, config["max_position_embeddings"], rope_factors)
        if family.partial_rotary:
            rope["partial_rotary_factor"] = data.get("rope.dimension_count", int, width) / width
        return config
    kv_layers = _layers_of_convolutions(metadata, data) if model_type == "lfm2" else None
    config = {
        "model_type": model_type,
        "architectures": [FAMILIES[model_type]["AutoModel" if family.encoder else "AutoModelForCausalLM"]],
        "vocab_size": data.get("vocab_size", int) or _count(metadata.get("tokenizer.ggml.tokens")),
        "hidden_size": data.get("embedding_length", int, needed=True),
        "intermediate_size": data.get("feed_forward_length", int, needed=True),
        "num_hidden_layers": data.get("block_count", int, needed=True),
        "num_attention_heads": data.get("attention.head_count", int, needed=True),
        "max_position_embeddings": data.get("context_length", int, needed=True),
        family.epsilon: data.get(family.epsilon_key, float, needed=True),
        # llama.cpp writes the output projection only where it is not the embedding matrix
        "tie_word_embeddings": "output.weight" not in names,
        "bos_token_id": data.get("tokenizer.ggml.bos_token_id", int),
        "eos_token_id": data.get("tokenizer.ggml.eos_token_id", int),
        "pad_token_id": data.get("tokenizer.ggml.padding_token_id", int),
    }
    kv_heads = config["num_key_value_heads"] = data.get("attention.head_count_kv", int, config["num_attention_heads"])
    if config["num_attention_heads"] < 1:
        raise CheckpointError(f"GGUF metadata: {architecture}.attention.head_count is {config['num_attention_heads']}")
    head_dim, rotary = _head_dim(data, config, family.partial_rotary)
    if family.head_dim:
        config["head_dim"] = head_dim
    elif head_dim * config["num_attention_heads"] != config["hidden_size"]:  # always divided by the number of heads
        raise UnsupportedError(f"GGUF model with architecture {architecture}: heads of {head_dim} values")
    if model_type in ("gemma2", "gemma3_text"):
        config.update(_gemma(data, model_type, window))
    elif family.window:
        config["sliding_window"] = window or None
    elif window and model_type != "exaone4":
        config.update(use_sliding_window=True, sliding_window=window, max_window_layers=0)
    if family.parallel:
        value = metadata.get(f"{architecture}.use_parallel_residual", True)
        config["use_parallel_residual"] = bool(value)
    if model_type in ("mixtral", "gpt_oss"):
        config.update(num_local_experts=experts, num_experts_per_tok=data.get("expert_used_count", int, needed=True))
    elif experts:
        config.update(_experts(data, model_type))
    if model_type == "llama":
        config.update(_llama_biases(names))
    for key, name in family.keys:
        config[name] = data.get(key, float, 1.0)
    config.update(configuration_of(model_type, names, kv_heads, config))
    if kv_layers is not None:
        config.update(layer_types=["full_attention" if count else "conv" for count in kv_layers],
                      conv_L_cache=data.get("shortconv.l_cache", int, needed=True),
                      block_auto_adjust_ff_dim=False)  # fmt: skip
    if model_type == "exaone4" and config["num_hidden_layers"] == 64:
        config.update(sliding_window=window or 4096, sliding_window_pattern=4)
    if family.encoder:
        count = metadata.get("tokenizer.ggml.token_type_count", 2)
        config["type_vocab_size"] = count if isinstance(count, int) and count > 0 else 2
        del config["tie_word_embeddings"]
    for name in family.absent:
        config.pop(name)
    if not family.rotary:
        return config
    rope = _rope(data, rotary, config["max_position_embeddings"], rope_factors, long_factors)
    if model_type == "phi3":
        config["original_max_position_embeddings"] = rope.get(
            "original_max_position_embeddings", config["max_position_embeddings"]
        )
    if model_type == "gpt_oss" and rope["rope_type"] == "yarn":
        rope["truncate"] = False  # of which files say nothing
    if family.partial_rotary:
        rope["partial_rotary_factor"] = rotary / head_dim
    if model_type == "gemma3_text":
        local = data.get("rope.freq_base_swa", float, 10000.0)
        rope = {"full_attention": rope, "sliding_attention": {"rope_type": "default", "rope_theta": local}}
    config["rope_parameters"] = rope
    return config


def _layers_of_convolutions(metadata: dict[str, Any], data: _Metadata) -> list[int]:
    """Heads of keys in each of LFM2's layers, 0 for those of convolutions; the key then holds their number."""
    key, count = f"{data.architecture}.attention.head_count_kv", data.get("block_count", int, needed=True)
    given = metadata.get(key)
    layers = [given] * count if isinstance(given, int) else given
    if not isinstance(layers, list) or len(layers) != count or not all(isinstance(n, int) and n >= 0 for n in layers):
        raise CheckpointError(f"GGUF metadata: {key} is {given!r:.80}, needed a number for each of {count} layers")
    heads = sorted(set(layers) - {0})
    if len(heads) > 1:
        raise UnsupportedError(f"GGUF metadata: {key} differs between layers: {given!r:.80}")
    data.values = {**metadata, key: heads[0] if heads else data.get("attention.head_count", int, 1)}
    return layers


def _gemma(data: _Metadata, model_type: str, window: int | None) -> dict[str, Any]:
    """What Gemma 2 and 3 add: the windows' width, softcaps, and scores scaled by hidden width in the 27B models."""
    layers = data.get("block_count", int, needed=True)
    heads = data.get("attention.head_count", int, needed=True)
    widest = layers == (46 if model_type == "gemma2" else 62)
    scalar = data.get("embedding_length", int, needed=True) // heads if widest else data.get("attention.key_length", int)
    found: dict[str, Any] = {"sliding_window": window or 4096, "query_pre_attn_scalar": scalar or 256}
    for key, name in (("attn", "attn_logit_softcapping"), ("final", "final_logit_softcapping")):
        cap = data.get(f"{key}_logit_softcapping", float)
        if cap is not None:
            found[name] = cap
    return found


def _experts(data: _Metadata, model_type: str) -> dict[str, Any]:
    """How many experts there are, how many a token takes, how wide they are."""
    found: dict[str, Any] = {
        "num_experts": data.get("expert_count", int, needed=True),
        "num_experts_per_tok": data.get("expert_used_count", int, needed=True),
        "moe_intermediate_size": data.get("expert_feed_forward_length", int, needed=True),
        "norm_topk_prob": model_type == "qwen3_moe",  # as llama.cpp computes them
    }
    if model_type == "qwen2_moe":
        found["shared_expert_intermediate_size"] = data.get("expert_shared_feed_forward_length", int, needed=True)
    return found


def _first_head(model_type: str, *names: str) -> str:
    """The first of these classes that the family has."""
    return next(FAMILIES[model_type][name] for name in names if name in FAMILIES[model_type])


def _count(tokens: Any) -> int:
    """Length of the vocabulary, given as such or as its length."""
    count = tokens if isinstance(tokens, int) else len(tokens) if isinstance(tokens, list) else 0
    if count < 1:
        raise CheckpointError(
            "GGUF metadata: neither vocab_size nor tokenizer.ggml.tokens says how long the vocabulary is"
        )
    return count


def _head_dim(data: _Metadata, config: dict[str, Any], partial: bool) -> tuple[int, int]:
    """Width of a head, and how much of it turns with the position."""
    rotary = data.get("rope.dimension_count", int)
    usual = config["hidden_size"] // config["num_attention_heads"] if partial else rotary
    head_dim = data.get("attention.key_length", int) or usual or config["hidden_size"] // config["num_attention_heads"]
    if data.get("attention.value_length", int, head_dim) != head_dim:
        raise UnsupportedError(f"GGUF model with architecture {data.architecture}: value heads unlike key heads")
    if rotary not in (None, head_dim) and not (partial and 0 < rotary < head_dim):
        raise UnsupportedError(
            f"GGUF model with architecture {data.architecture}: rotary embedding of {rotary} of {head_dim} dimensions"
        )
    return head_dim, rotary or head_dim


def _llama_biases(names: set[str]) -> dict[str, bool]:
    """Llama's configuration has one switch for all four attention projections and one for the MLP's three."""
    found = {}
    for switch, parts in (
        ("attention_bias", ("attn_q", "attn_k", "attn_v", "attn_output")),
        ("mlp_bias", ("ffn_gate", "ffn_up", "ffn_down")),
    ):
        with_bias = [part for part in parts if f"blk.0.{part}.bias" in names]
        if with_bias and len(with_bias) < len(parts):
            raise UnsupportedError(f"GGUF model with architecture llama: biases on {', '.join(with_bias)} only")
        found[switch] = bool(with_bias)
    return found


def _rope(
    data: _Metadata,
    head_dim: int,
    context: int,
    factors: Sequence[float] | None,
    long_factors: dict[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": data.get("rope.freq_base", float, 10000.0)}
    kind = data.get("rope.scaling.type", str, "none")
    factor = data.get("rope.scaling.factor", float) or data.get("rope.scale_linear", float) or 1.0
    original = data.get("rope.scaling.original_context_length", int)
    if kind == "none" and factor != 1.0:
        kind = "linear"  # files from before rope.scaling.type have the bare factor
    if kind != "none" and kind not in _SCALING_TYPES:
        raise UnsupportedError(f"GGUF model with architecture {data.architecture}: rope.scaling.type {kind!r}")
    if factors is not None:
        if kind != "none":
            raise UnsupportedError(f"GGUF: rope_freqs.weight together with rope.scaling.type {kind!r}")
        if len(factors) != head_dim // 2:
            raise CheckpointError(f"rope_freqs.weight: has {len(factors)} values, needed {head_dim // 2}")
        rope.update(_from_factors([float(value) for value in factors], rope["rope_theta"], head_dim, context))
    elif kind == "linear" and factor != 1.0:
        rope.update(rope_type="linear", factor=factor)
    elif kind == "yarn" and factor != 1.0:
        rope.update(rope_type="yarn", factor=factor, original_max_position_embeddings=original or context)
        for name in ("beta_fast", "beta_slow"):
            value = data.get(f"rope.scaling.yarn_{name}", float)
            if value is not None:
                rope[name] = value
        attention = data.get("rope.scaling.attn_factor", float, 1.0)
        if attention != 1.0:  # there a multiplier of yarn's own factor, in config.json the factor itself
            rope["attention_factor"] = attention * (0.1 * math.log(factor) + 1.0)
        log_multiplier = data.get("rope.scaling.yarn_log_multiplier", float, 0.0)
        if data.architecture == "deepseek2":
            rope["mscale"] = rope["mscale_all_dim"] = round(10 * log_multiplier, 6)
        elif log_multiplier:
            raise UnsupportedError("GGUF metadata: rope.scaling.yarn_log_multiplier other than 0 is not supported")
    elif long_factors and data.architecture == "phi3":  # files need not name the type
        for name in ("long", "short"):
            if len(long_factors.get(name, ())) != head_dim // 2:
                raise CheckpointError(
                    f"rope_factors_{name}.weight: has {len(long_factors.get(name, ()))} values, needed {head_dim // 2}"
                )
            rope[f"{name}_factor"] = [float(value) for value in long_factors[name]]
        rope.update(rope_type="longrope", original_max_position_embeddings=original or context)
        rope["attention_factor"] = data.get("rope.scaling.attn_factor", float, 1.0)
    elif kind == "longrope":
        raise UnsupportedError(f"GGUF model with architecture {data.architecture}: rope.scaling.type 'longrope'")
    return rope


def _from_factors(factors: list[float], theta: float, head_dim: int, context: int) -> dict[str, Any]:
    """Rotary parameters with exactly these frequency divisors.

    Llama 3's are recognised and named; any others are stated one by one, as `longrope` does, without its scaling.
    """
    if all(value == 1.0 for value in factors):
        return {}
    largest = max(factors)
    for original in (8192, 4096, 16384, 32768, 2048):
        rope = {
            "rope_type": "llama3",
            "factor": float(round(largest)),
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": original,
        }
        expected = _llama3_factors(rope, theta, head_dim)
        if all(abs(a - b) <= 1e-4 * b for a, b in zip(factors, expected)):
            return rope
    return {
        "rope_type": "longrope",
        "short_factor": factors,
        "long_factor": factors,
        "attention_factor": 1.0,
        "factor": 1.0,
        "original_max_position_embeddings": context,
    }


def _llama3_factors(rope: dict[str, Any], theta: float, head_dim: int) -> list[float]:
    """Long wavelengths are divided by `factor`, short ones by 1, those between by a blend."""
    factor, low, high = rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"]
    factors = []
    for pair in range(head_dim // 2):
        turns = rope["original_max_position_embeddings"] / (6.283185307179586 * theta ** (2 * pair / head_dim))
        blend = min(max((turns - low) / (high - low), 0.0), 1.0)
        factors.append(1.0 / (blend + (1.0 - blend) / factor))
    return factors


def architecture_of(file: Any, path: str | os.PathLike) -> str | None:
    """`general.architecture` of an open file, if it has that key.

    Raises:
        CheckpointError: its value is no string.
    """
    found = file.get("general.architecture")
    if found is not None and not isinstance(found, str):
        kind = "an array" if isinstance(found, list) else f"{found!r}"
        raise CheckpointError(f"{os.fspath(path)}: general.architecture is {kind}, needed the name of an architecture")
    return found


def read_gguf_config(path: str | os.PathLike) -> dict[str, Any]:
    """`config_from_gguf` of a file on disk (of the first one, if it is split).

    Raises:
        CheckpointError: not a GGUF file, or a damaged one.
    """
    from .. import _core

    file = _core.GgufFile(os.fspath(path))
    architecture = f"{architecture_of(file, path)}."
    metadata = {
        # of the long arrays (the vocabulary) only the length matters here
        key: file.get(key) if key.startswith(architecture) else file.array_length(key) or file.get(key)
        for key in file.keys()
    }
    names = file.names()
    factors = file.floats("rope_freqs.weight") if "rope_freqs.weight" in names else None
    long = {
        name: file.floats(f"rope_factors_{name}.weight")
        for name in ("long", "short")
        if f"rope_factors_{name}.weight" in names
    }
    return config_from_gguf(metadata, names, factors, long)
