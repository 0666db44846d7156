"""Utilities that models, tokenizers and pipelines share; names load when they are used."""

from __future__ import annotations

from .._lazy import lazy_exports

_MODULES = {
    "data": ".data:",
    "logging": ".logging:",
    "ModelOutput": "..outputs",
    "CONFIG_NAME": "..hub",
    "GENERATION_CONFIG_NAME": "..hub",
    "PushToHubMixin": "..hub",
    "cached_file": "..hub",
    "cached_files": "..hub",
    "extract_commit_hash": "..hub",
    "has_file": "..hub",
    "is_offline_mode": "..hub",
    "resolve_weights": "..hub",
    "SAFE_WEIGHTS_NAME": ".weight_files",
    "SAFE_WEIGHTS_INDEX_NAME": ".weight_files",
    "WEIGHTS_NAME": ".weight_files",
    "WEIGHTS_INDEX_NAME": ".weight_files",
    "DocstringParsingException": "..tokenization.json_schema",
    "ExplicitEnum": "..tokenization.enums",
    "PaddingStrategy": "..tokenization.enums",
    "TensorType": "..tokenization.enums",
    "TypeHintParsingException": "..tokenization.json_schema",
    "get_json_schema": "..tokenization.json_schema",
    "to_py_obj": "..tokenization.tensors",
}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
