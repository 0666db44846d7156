"""Which modules an adapter targets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .. import nn

ALL_LINEAR = "all-linear"
SEQ_CLS_HEAD_NAMES = ["score", "classifier"]
EMBEDDING_LAYER_NAMES = ["embed_tokens", "lm_head"]

# What is adapted when target_modules is not given, by model type.
_QUERY_VALUE = ("query", "value")
_Q_V_PROJ = ("q_proj", "v_proj")
TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING: dict[str, Any] = {
    **dict.fromkeys(("t5", "mt5"), ["q", "v"]),
    **{
        name: list(_Q_V_PROJ)
        for name in (
            "bart", "opt", "gptj", "gpt_neo", "llama", "llama4", "mistral", "mixtral", "stablelm", "gemma", "gemma2",
            "gemma3_text", "qwen2", "qwen3",
        )
    },
    **{name: list(_QUERY_VALUE) for name in ("bert", "roberta", "xlm-roberta", "electra", "layoutlm")},
    **{name: ["query_key_value"] for name in ("bloom", "gpt_neox", "chatglm", "RefinedWebModel", "RefinedWeb", "falcon")},
    "gpt2": ["c_attn"],
    "gpt_bigcode": ["c_attn"],
    "blip-2": ["q", "v", "q_proj", "v_proj"],
    "deberta-v2": ["query_proj", "value_proj"],
    "deberta": ["in_proj"],
    "mpt": ["Wqkv"],
    "btlm": ["c_proj", "c_attn"],
    "codegen": ["qkv_proj"],
    "phi": ["q_proj", "v_proj", "fc1", "fc2"],
    "gemma4": r".*language_model\..*\.(q_proj|v_proj)",
    "nemotron_h": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "rwkv": ["key", "value", "receptance", "output"],
    "rwkv7": ["r_proj", "k_proj", "v_proj", "o_proj", "key", "value"],
}  # fmt: skip


class Excluded:
    """What `check_target_module_exists` returns for a module that is left out on purpose; false."""

    def __bool__(self) -> bool:
        return False


def named_in(key: str, names: Iterable[str]) -> bool:
    """Whether `key` is one of the names or ends in one of them, at a dot.

    >>> named_in("model.layers.0.q_proj", ["q_proj"]), named_in("model.layers.0.xq_proj", ["q_proj"])
    (True, False)
    """
    return any(key == name or key.endswith("." + name) for name in names)


def _layer_index(key: str, patterns: Any) -> int | None:
    """The number of the layer that `key` lies in: the first numbered part, or the one after a pattern."""
    if not patterns:
        found = re.match(r".*?\.[^.]*\.(\d+)\.", key)
        return int(found[1]) if found else None
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        found = re.match(rf"(?:^|.*?\.)(?:{pattern})\.(?P<idx>\d+)\.", key)
        if found:
            return int(found["idx"])
    return None


def check_target_module_exists(config: Any, key: str) -> Any:
    """Whether the configuration targets the module at `key`: true, false, or `Excluded` (false as well).

    In order: exclude_modules, modules_to_save, target_modules, layers_to_transform.
    """
    excluded = getattr(config, "exclude_modules", None)
    if excluded and (re.fullmatch(excluded, key) if isinstance(excluded, str) else named_in(key, excluded)):
        return Excluded()
    for name in getattr(config, "modules_to_save", None) or ():
        if re.match(rf"(^|.*\.){name}($|\..*)", key):
            return Excluded()
    targets = config.target_modules
    if targets is None:
        return False
    if isinstance(targets, str):
        return re.fullmatch(targets, key)
    if key in targets:
        return True
    if not named_in(key, targets):
        return False
    wanted = getattr(config, "layers_to_transform", None)
    if wanted is None or (isinstance(wanted, list) and not wanted):
        return True
    index = _layer_index(key, getattr(config, "layers_pattern", None))
    return index is not None and (index == wanted if isinstance(wanted, int) else index in wanted)


def pattern_key(patterns: Iterable[str], key: str) -> str:
    """The first of the patterns that the end of `key` matches, or `key`: where rank_pattern has the value."""
    return next((pattern for pattern in patterns if re.match(rf"(.*\.)?({pattern})$", key)), key)


def is_linear(module: Any) -> bool:
    """Whether "all-linear" means this module."""
    return isinstance(module, (nn._native.Linear, nn._native.Conv1D))


def all_linear(model: Any, task_type: Any) -> set[str]:
    """The names that "all-linear" stands for: linear layers, adapted ones too, except the output head."""
    from .layers import BaseTunerLayer

    modules = list(model.named_modules())
    tuners = [key for key, module in modules if isinstance(module, BaseTunerLayer)]
    inside = tuple(key + "." for key in tuners)
    found = {
        key
        for key, module in modules
        if (is_linear(module) or (isinstance(module, BaseTunerLayer) and "Linear" in type(module).__name__))
        and not key.startswith(inside)
    }
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if head is None and task_type == "SEQ_CLS":
        head = next((getattr(model, n) for n in SEQ_CLS_HEAD_NAMES if getattr(model, n, None) is not None), None)
    return found - {key for key, module in modules if module is head}


def minimal_suffixes(targets: Iterable[str], others: Iterable[str]) -> set[str]:
    """The shortest endings that name all of `targets` and none of `others`.

    >>> sorted(minimal_suffixes(["a.0.q", "a.1.q", "a.0.v"], ["a.1.v"]))
    ['0.v', 'q']
    """
    others = list(others)
    found: set[str] = set()
    for target in sorted(targets, key=lambda name: (name.count("."), name)):
        if named_in(target, found):
            continue
        parts = target.split(".")
        for start in range(len(parts) - 1, -1, -1):
            suffix = ".".join(parts[start:])
            if not any(named_in(name, [suffix]) for name in others):
                found.add(suffix)
                break
        else:
            found.add(target)
    return found
