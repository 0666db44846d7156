"""`save_pretrained_merged`: a dense checkpoint with adapters merged, written a tensor at a time."""

from __future__ import annotations

import copy
import os
import tempfile
from typing import Any

from .. import _core
from ..errors import UnsupportedError
from ..modeling.saving import parse_size
from ..utils.weight_files import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME
from .values import dense_values, plain_model

_METHODS = ("lora", "merged_16bit", "merged_4bit_forced")


def save_merged(model: Any, folder: str, tokenizer: Any, save_method: str, max_shard_size: int | str) -> None:
    """See `GgufExportMixin.save_pretrained_merged`."""
    method = str(save_method).lower().replace(" ", "_")
    if method in ("16bit", "16_bit"):
        method = "merged_16bit"
    if method == "merged_4bit":
        raise RuntimeError(
            "save_pretrained_merged(save_method='merged_4bit'): merging into 4 bits loses accuracy; use 'merged_16bit' to "
            "go on to GGUF or other formats, or 'merged_4bit_forced' if 4 bits are what you want"
        )
    if method not in _METHODS:
        raise UnsupportedError(
            f"save_pretrained_merged(save_method={save_method!r}) is not supported, known are {', '.join(_METHODS)}"
        )
    if os.path.isfile(folder):
        raise OSError(f"Provided path ({folder}) should be a directory, not a file")
    os.makedirs(folder, exist_ok=True)
    plain = plain_model(model)
    if method == "lora":
        if not getattr(plain, "peft_config", None):
            raise ValueError("save_pretrained_merged(save_method='lora'): the model carries no adapter")
        _save_adapter(plain, folder)
    elif method == "merged_4bit_forced":
        _save_4bit(plain, folder, max_shard_size)
    else:
        _save_dense(plain, folder, parse_size(max_shard_size))
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)


def _save_4bit(model: Any, folder: str, max_shard_size: int | str) -> None:
    """As bitsandbytes stores 4 bits, with the model's own settings if it has such; through a dense copy on disk."""
    from ..quantization import BitsAndBytesConfig

    given = getattr(model.config, "quantization_config", None)
    if isinstance(given, dict):
        given = BitsAndBytesConfig(**given) if given.get("load_in_4bit") else None
    if not isinstance(given, BitsAndBytesConfig) or not given.load_in_4bit:
        given = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype="bfloat16"
        )
    with tempfile.TemporaryDirectory(dir=folder) as dense:
        _save_dense(model, dense, parse_size(max_shard_size))
        half = _core.float16 if model.dtype == _core.float16 else _core.bfloat16
        packed = type(model).from_pretrained(dense, dtype=half, quantization_config=copy.deepcopy(given))
        packed.config._name_or_path = model.config._name_or_path
        packed.save_pretrained(folder, max_shard_size=max_shard_size)


def _save_adapter(model: Any, folder: str) -> None:
    from ..peft import get_peft_model_state_dict
    from ..safetensors import save_file

    name = next(iter(model.peft_config))
    tensors = {key: value.contiguous() for key, value in get_peft_model_state_dict(model, adapter_name=name).items()}
    save_file(tensors, os.path.join(folder, "adapter_model.safetensors"), metadata={"format": "pt"})
    model.peft_config[name].save_pretrained(folder)


def _save_dense(model: Any, folder: str, limit: int) -> None:
    half = _core.float16 if model.dtype == _core.float16 else _core.bfloat16
    values = dense_values(model)
    items = [(name, half, list(shape), value) for name, (shape, value) in values.items()]
    stem = SAFE_WEIGHTS_NAME.removesuffix(".safetensors")
    files = set(_core.save_safetensors_lazily(items, folder, stem, SAFE_WEIGHTS_INDEX_NAME, limit)[0])
    model._remove_stale(folder, stem, SAFE_WEIGHTS_INDEX_NAME, files)
    config = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__]
    config.dtype = half
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.save_pretrained(folder)
    if model.can_generate() and model.generation_config is not None:
        model.generation_config.save_pretrained(folder)
