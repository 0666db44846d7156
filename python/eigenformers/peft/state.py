"""An adapter's tensors: out of a model, into a model, and in files."""

from __future__ import annotations

import os
import re
import warnings
from collections import namedtuple
from typing import Any

from .. import _core
from ..modeling.loading import rename
from .config import CONFIG_NAME, find_file
from .matching import EMBEDDING_LAYER_NAMES
from .modules_to_save import ModulesToSaveWrapper
from .registry import PEFT_TYPE_TO_PREFIX_MAPPING
from .tuners.base import outermost_tuners

SAFETENSORS_WEIGHTS_NAME = "adapter_model.safetensors"
WEIGHTS_NAME = "adapter_model.bin"
_BASE = "base_model.model."

_IncompatibleKeys = namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])


def _names(model: Any, adapter: str) -> dict[str, str]:
    """`{name in a file: name in the model}` of all tensors of one adapter."""
    found: dict[str, str] = {}
    config = model.peft_config[adapter]
    layers = outermost_tuners(model)
    for path, layer in layers:
        for part in layer.adapter_layer_names:
            values = getattr(layer, part)
            if adapter not in values:
                continue
            start = f"{path}.{part}"
            if isinstance(values[adapter], _core.Tensor):
                found[start] = f"{start}.{adapter}"
                continue
            for key in values[adapter].state_dict():
                # The length of a row is a bare tensor in files.
                short = start if part == "lora_magnitude_vector" else f"{start}.{key}"
                found[short] = f"{start}.{adapter}.{key}"
    bias = getattr(config, "bias", "none")
    if bias == "all":
        inside = tuple(path + "." for path, _ in layers)
        for name, _ in model.named_parameters():
            if name.endswith(".bias") and (not name.startswith(inside) or name.endswith("base_layer.bias")):
                found[name] = name
    elif bias != "none":
        for path, layer in layers:
            if getattr(layer.get_base_layer(), "bias", None) is not None:
                found[f"{path}.base_layer.bias"] = f"{path}.base_layer.bias"
    for path, module in model.named_modules():
        if isinstance(module, ModulesToSaveWrapper):
            found.update({f"{path}.{k}": f"{path}.{v}" for k, v in module.adapter_state_dict_load_map(adapter).items()})
    return found


def _own_values(model: Any) -> dict[str, Any]:
    """What `state_dict` has, but packed matrices as they are: nothing is unpacked for an adapter's few tensors."""
    return {**dict(model.named_parameters(remove_duplicate=False)), **dict(model.named_buffers(remove_duplicate=False))}


def _embeddings_targeted(model: Any, config: Any) -> bool:
    targets = getattr(config, "target_modules", None)
    if isinstance(targets, str):
        return any(
            re.fullmatch(targets, key.removeprefix(_BASE))
            for key, _ in model.named_modules()
            if key.rsplit(".", 1)[-1] in EMBEDDING_LAYER_NAMES
        )
    return any(name in EMBEDDING_LAYER_NAMES for name in targets or ())


def _vocabulary_changed(model: Any, config: Any) -> bool:
    """Whether the model has another vocabulary than the one that it was loaded from."""
    source, size = config.base_model_name_or_path, getattr(getattr(model, "config", None), "vocab_size", None)
    if not source or not size or not os.path.isdir(source) or find_file(source, "config.json") is None:
        return False
    return size != type(model.config).from_pretrained(source).vocab_size


def _embedding_state(model: Any, only_adapted: bool) -> dict[str, Any]:
    """The embeddings and the head whole, as they are below their adapters."""
    found: dict[str, Any] = {}
    for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
        if layer is None or (only_adapted and not hasattr(layer, "base_layer")):
            continue
        path = next(key for key, module in model.named_modules() if module is layer)
        below = f"{path}.base_layer" if hasattr(layer, "base_layer") else path
        base = layer.get_base_layer() if hasattr(layer, "get_base_layer") else layer
        found.update({f"{below}.{key}": value for key, value in base.state_dict().items()})
    return found


def get_peft_model_state_dict(
    model: Any,
    state_dict: dict[str, Any] | None = None,
    adapter_name: str = "default",
    unwrap_compiled: bool = False,
    save_embedding_layers: bool | str = "auto",
) -> dict[str, Any]:
    """The tensors of one adapter under the names of adapter files, without the adapter's own name.

    Args:
        model: a PeftModel, or a model that `inject_adapter_in_model` gave adapters.
        state_dict: values to take instead of the model's own.
        save_embedding_layers: True adds the embeddings; "auto" does so where they are adapted or were resized.
    """
    config = model.peft_config[adapter_name]
    values = _own_values(model) if state_dict is None else state_dict
    found = {short: values[full].detach() for short, full in _names(model, adapter_name).items() if full in values}
    targeted = _embeddings_targeted(model, config)
    if save_embedding_layers == "auto":
        save_embedding_layers = False
        if targeted:
            warnings.warn(
                "Setting `save_embedding_layers` to `True` as embedding layers found in `target_modules`.", stacklevel=2
            )
            save_embedding_layers = True
        elif _vocabulary_changed(model, config):
            warnings.warn(
                "Setting `save_embedding_layers` to `True` as the embedding layer has been resized during finetuning.",
                stacklevel=2,
            )
            save_embedding_layers = True
    if save_embedding_layers:
        if hasattr(model, "get_input_embeddings"):
            found.update(_embedding_state(model, targeted))
        else:
            warnings.warn(
                "Could not identify embedding layer(s) because the model is not a 🤗 transformers model.", stacklevel=2
            )
    return found


def set_peft_model_state_dict(
    model: Any,
    peft_model_state_dict: dict[str, Any],
    adapter_name: str = "default",
    ignore_mismatched_sizes: bool = False,
    low_cpu_mem_usage: bool = False,
) -> Any:
    """Put tensors with the names of adapter files into an adapter of the model.

    Returns:
        `missing_keys` (of the whole model: everything that isn't the adapter's) and `unexpected_keys`.

    Raises:
        RuntimeError: sizes that differ, with torch's text (unless `ignore_mismatched_sizes`).
    """
    names = _names(model, adapter_name)
    has_prefix = any(short.startswith(_BASE) for short in names)
    own = dict(model.named_parameters(remove_duplicate=False))
    state: dict[str, Any] = {}
    for short, value in peft_model_state_dict.items():
        if short not in names and not has_prefix:  # files have the prefix, a model without PeftModel has not
            short = short.removeprefix(_BASE)
        full = names.get(short, short)
        state[full] = value
    lost: list[str] = []
    for full in list(state):
        current = own.get(full)
        if isinstance(current, _core.Tensor) and tuple(current.shape) != tuple(state[full].shape):
            if not ignore_mismatched_sizes:
                continue
            lost.append(
                f"{full}: found shape {tuple(state[full].shape)} in the checkpoint and {tuple(current.shape)} in the "
                "model"
            )
            del state[full]
    if lost:
        warnings.warn(
            "Some weights of the adapter were not initialized because the shapes did not match: " + "; ".join(lost),
            stacklevel=2,
        )
    result = model.load_state_dict(state, strict=False)
    return _IncompatibleKeys(list(result.missing_keys), list(result.unexpected_keys))


def missing_adapter_keys(model: Any, adapter_name: str, result: Any) -> list[str]:
    """Those of `result.missing_keys` that are the adapter's own."""
    own = set(_names(model, adapter_name).values())
    return [key for key in result.missing_keys if key in own]


def load_peft_weights(
    model_id: str | os.PathLike, device: Any = None, key_mapping: dict[str, str] | None = None, **hub: Any
) -> dict[str, Any]:
    """The tensors in the adapter file of a folder or repository: safetensors, else the data of a torch file.

    Raises:
        ValueError: there is no adapter file.
        OSError: it is damaged.
    """
    from ..safetensors import load_file
    from ..serialization import load

    path = find_file(model_id, SAFETENSORS_WEIGHTS_NAME, **hub)
    if path is not None:
        found = load_file(path)
    else:
        path = find_file(model_id, WEIGHTS_NAME, **hub)
        if path is None:
            raise ValueError(
                f"Can't find weights for {model_id} in {model_id} or in the Hugging Face Hub. Please check that the "
                f"file {WEIGHTS_NAME} or {SAFETENSORS_WEIGHTS_NAME} is present at {model_id}."
            )
        found = load(path)
    if key_mapping:
        found = {_BASE + rename(name.removeprefix(_BASE), key_mapping): value for name, value in found.items()}
    return found


__all__ = [
    "CONFIG_NAME", "PEFT_TYPE_TO_PREFIX_MAPPING", "SAFETENSORS_WEIGHTS_NAME", "WEIGHTS_NAME",
    "get_peft_model_state_dict", "load_peft_weights", "set_peft_model_state_dict",
]  # fmt: skip
