"""eigenformers: the Hugging Face workflow on an ordinary CPU, without PyTorch.

Class names, arguments, results and files are those of `transformers`. Everything is imported when it is first used.
"""

from __future__ import annotations

from typing import Any

from ._lazy import lazy_exports
from .generation import MODULES as _GENERATION
from .models.registry import AUTO_CLASSES, public_names
from .pipelines import MODULES as _PIPELINES
from .tokenization import MODULES as _TOKENIZATION

_SUBMODULES = (
    "configuration", "errors", "generation", "hub", "modeling", "models", "nn", "outputs", "pipelines",
    "tokenization", "utils",
)  # fmt: skip
_TENSORS = (  # the extension module, in C++
    "__version__", "Cache", "DynamicCache", "Tensor", "arange", "bfloat16", "bool", "cat", "dtype", "empty",
    "enable_grad", "float16", "float32", "float64", "from_numpy", "full", "get_num_threads", "inference_mode", "int16",
    "int32", "int64", "int8", "is_grad_enabled", "is_tensor", "manual_seed", "no_grad", "ones", "rand", "randn",
    "set_grad_enabled", "set_num_threads", "stack", "tensor", "uint8", "where", "zeros",
)  # fmt: skip
_ERRORS = (
    "CheckpointError", "ConfigError", "DtypeError", "Error", "ShapeError", "TokenizerError", "UnsupportedError",
    "UnsupportedModelError",
)  # fmt: skip
_AUTO = (
    "AutoConfig", "CONFIG_MAPPING", "MODEL_FOR_CAUSAL_LM_MAPPING", "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING",
    "MODEL_MAPPING", *AUTO_CLASSES,
)  # fmt: skip

# Public name -> module that defines it; a colon at the end exports the module itself.
_MODULES: dict[str, str] = {
    **{name: f".{name}:" for name in _SUBMODULES},
    "logging": ".utils.logging:",
    **dict.fromkeys(_TENSORS, "._core"),
    **dict.fromkeys(_ERRORS, ".errors"),
    **dict.fromkeys(("PreTrainedConfig", "PretrainedConfig"), ".configuration"),
    **dict.fromkeys(("set_seed", "enable_full_determinism"), ".random"),
    "PreTrainedModel": ".modeling",
    "PushToHubMixin": ".hub",
    "ModelOutput": ".outputs",
    **dict.fromkeys(_AUTO, ".models.auto"),
    **public_names(),
    **dict.fromkeys(_TOKENIZATION, ".tokenization"),
    **dict.fromkeys(_GENERATION, ".generation"),
    **dict.fromkeys(_PIPELINES, ".pipelines"),
}

__all__ = sorted(_MODULES)  # noqa: PLE0605 (the names of the table)


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name.endswith(("Tokenizer", "TokenizerFast")):
        from . import tokenization

        getattr(tokenization, name, None)  # raises with advice for classes that are known, but not here
    return _load(name)


_load, __dir__ = lazy_exports(__name__, _MODULES)
