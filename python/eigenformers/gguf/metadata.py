"""A model's configuration as the metadata of a GGUF file; the reverse of `models.gguf`."""

from __future__ import annotations

import math
import os
from typing import Any

from .. import _core
from ..errors import UnsupportedError, UnsupportedModelError
from ..models.gguf import GRANITE_SCALES, _llama3_factors

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

    # The experts of a mixture share a tensor there, which the writer does not make yet.
    return sorted(name for name in FAMILIES if _core.gguf_architecture(name) and not name.endswith("moe"))


def config_metadata(config: Any) -> tuple[list[Entry], list[float] | None]:
    """`general.architecture` and the keys below it, and the values of `rope_freqs.weight` if the file needs them.

    Raises:
        NotImplementedError: something that the format cannot say, by name.
    """
    architecture = architecture_of(config.model_type)
    heads = config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    found: list[Entry] = [("general.architecture", "string", architecture)]

    def add(key: str, kind: str, value: Any) -> None:
        if value is not None:
            found.append((f"{architecture}.{key}", kind, value))

    add("block_count", "uint32", config.num_hidden_layers)
    add("context_length", "uint32", config.max_position_embeddings)
    add("embedding_length", "uint32", config.hidden_size)
    add("feed_forward_length", "uint32", config.intermediate_size)
    add("attention.head_count", "uint32", heads)
    add("attention.head_count_kv", "uint32", config.num_key_value_heads or heads)
    add("attention.layer_norm_rms_epsilon", "float32", config.rms_norm_eps)
    add("attention.key_length", "uint32", head_dim)
    add("attention.value_length", "uint32", head_dim)
    add("vocab_size", "uint32", config.vocab_size)
    add("rope.dimension_count", "uint32", head_dim)
    window, layer_types = getattr(config, "sliding_window", None), getattr(config, "layer_types", None)
    if config.model_type in ("gemma2", "gemma3_text"):
        _check_gemma(config, head_dim)
        add("attn_logit_softcapping", "float32", getattr(config, "attn_logit_softcapping", None))
        add("final_logit_softcapping", "float32", getattr(config, "final_logit_softcapping", None))
        add("attention.sliding_window", "uint32", window)
    elif config.model_type == "granite":
        for key, name in GRANITE_SCALES.items():
            add(key, "float32", float(getattr(config, name)))
    elif config.model_type == "smollm3":
        _check_smollm3(config)
    elif config.model_type == "mistral":
        add("attention.sliding_window", "uint32", window)
    elif window and any(kind == "sliding_attention" for kind in layer_types or ()):
        raise UnsupportedError(f"GGUF: sliding windows of model_type {config.model_type!r} have no place in the format")
    _check_activation(config)
    factors = _rope(config, architecture, head_dim, add)
    return found, factors


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


def _check_activation(config: Any) -> None:
    gemma = config.model_type.startswith("gemma")
    needed = "gelu_pytorch_tanh" if gemma else "silu"
    name = getattr(config, "hidden_activation", None) or getattr(config, "hidden_act", None)
    same = {"swish": "silu", "gelu_fast": "gelu_pytorch_tanh"}
    if config.model_type == "gemma":  # whose first configurations say gelu and mean the other
        same["gelu"] = "gelu_pytorch_tanh"
    if same.get(name, name) != needed:
        raise UnsupportedError(f"GGUF: activation {name!r}; for {config.model_type} the format implies {needed!r}")


def _rope(config: Any, architecture: str, head_dim: int, add: Any) -> list[float] | None:
    rope = dict(config.rope_parameters or {})
    if "full_attention" in rope:
        local = rope.get("sliding_attention", {})
        add("rope.freq_base_swa", "float32", float(local.get("rope_theta", 10000.0)))
        if local.get("rope_type", "default") != "default":
            raise UnsupportedError("GGUF: scaled rotary embedding of the sliding layers")
        rope = dict(rope["full_attention"])
    theta, kind = float(rope.get("rope_theta", 10000.0)), rope.get("rope_type", "default")
    add("rope.freq_base", "float32", theta)
    if float(rope.get("partial_rotary_factor", 1.0) or 1.0) != 1.0:
        raise UnsupportedError(f"GGUF: partial_rotary_factor for model_type {config.model_type!r}")
    if kind == "default":
        return None
    if kind == "linear":
        add("rope.scaling.type", "string", "linear")
        add("rope.scaling.factor", "float32", float(rope["factor"]))
        return None
    if kind == "llama3":
        if architecture != "llama":
            raise UnsupportedError(f"GGUF: rope_type 'llama3' for architecture {architecture}")
        return _llama3_factors(rope, theta, head_dim)
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
        for name in ("mscale", "mscale_all_dim"):
            if rope.get(name):
                raise UnsupportedError(f"GGUF: rope parameter {name!r}")
        return None
    raise UnsupportedError(f"GGUF: rope_type {kind!r} has no place in the format for architecture {architecture}")


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
