"""LoRA adapters as GGUF files, for llama.cpp's `--lora`."""

from __future__ import annotations

import os
from typing import Any

from .. import _core
from ..errors import UnsupportedError
from ..models.gguf_families import grouped_heads
from .metadata import Entry, architecture_of
from .values import plain_model, plain_names, tuner_layers


def save_lora_to_gguf(model: Any, path: str | os.PathLike, adapter_name: str | None = None) -> str:
    """Write one LoRA adapter.

    Args:
        model: a `PeftModel`, or a model with adapters.
        path: the file.
        adapter_name: which adapter; by default the first active one.

    Returns:
        The path.

    Raises:
        ValueError: no such adapter.
        NotImplementedError: what llama.cpp cannot apply: other methods than LoRA, DoRA, adapters of embeddings, trained
            biases, modules that are saved whole.
    """
    path, model = os.fspath(path), plain_model(model)
    layers = tuner_layers(model)
    if not layers:
        raise ValueError("save_lora_to_gguf: the model carries no adapter")
    name = adapter_name or layers[0][1].active_adapters[0]
    if name not in model.peft_config:
        raise ValueError(f"save_lora_to_gguf: adapter {name!r} is not there, known are {', '.join(model.peft_config)}")
    config = model.peft_config[name]
    if str(getattr(config.peft_type, "value", config.peft_type)).upper() != "LORA":
        raise UnsupportedError(f"GGUF adapters: method {config.peft_type}; llama.cpp applies LoRA only")
    for flag in ("use_dora", "lora_bias", "modules_to_save", "alora_invocation_tokens"):
        if getattr(config, flag, None):
            raise UnsupportedError(f"GGUF adapters: {flag}={getattr(config, flag)!r}; merge the adapter instead")
    if getattr(config, "bias", "none") != "none":
        raise UnsupportedError(f"GGUF adapters: bias={config.bias!r}; merge the adapter instead")
    settings = model.config
    architecture = architecture_of(settings.model_type)
    heads, kv_heads = grouped_heads(settings)
    plain = _core.GgufExport.from_model(model, settings.model_type, heads, kv_heads, *plain_names(model))
    shapes = {target: shape for target, shape, _ in plain.tensors}
    file_names: dict[str, list[str]] = {}
    for target, origin in plain.origins:
        file_names.setdefault(origin, []).append(target)
    export, alpha = _core.GgufExport(), float(config.lora_alpha)
    for layer_path, layer in layers:
        if name not in layer.lora_A:
            if any(name in getattr(layer, part, {}) for part in ("lora_embedding_A",)):
                raise UnsupportedError(f"GGUF adapters: {layer_path} is an embedding; merge the adapter instead")
            continue
        a, b = layer.lora_A[name].weight.detach(), layer.lora_B[name].weight.detach()
        rank, rows = b.shape[1], b.shape[0]
        b = b.to(_core.float32) * (layer.scaling[name] * rank / alpha)  # llama.cpp multiplies by alpha / rank
        targets = file_names.get(f"{layer_path}.weight", [])
        if not targets:
            raise UnsupportedError(f"GGUF adapters: no tensor name for {layer_path}")
        if len(targets) == 1:
            order = _core.gguf_row_order(settings.model_type, f"{layer_path}.weight", rows, heads, kv_heads)
        else:  # one matrix here, several there
            order = _core.gguf_part_rows(targets, rows, heads, kv_heads)
            if not order:
                raise UnsupportedError(f"GGUF adapters: {layer_path} is another matrix in the file; merge the adapter instead")
        b, first = b[_core.as_tensor(order)] if order else b, 0
        for target in targets:
            count = rows if len(targets) == 1 else shapes[target][0]
            export.add(f"{target}.lora_a", a.to(_core.float32).contiguous())
            export.add(f"{target}.lora_b", b[first : first + count].contiguous())
            first += count
    entries: list[Entry] = [
        ("general.architecture", "string", architecture),
        ("general.type", "string", "adapter"),
        ("general.name", "string", name),
        ("adapter.type", "string", "lora"),
        ("adapter.lora.alpha", "float32", alpha),
        ("general.file_type", "uint32", 0),
    ]
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    export.write(path, entries, ["F32"] * len(export.tensors))
    return path
