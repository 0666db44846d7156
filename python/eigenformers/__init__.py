"""eigenformers: the Hugging Face workflow on an ordinary CPU, without PyTorch.

Class names, arguments, results and files are those of `transformers`. Everything is imported when it is first used.
"""

from __future__ import annotations

import builtins
from typing import Any

from ._lazy import lazy_exports
from .generation import MODULES as _GENERATION
from .models.registry import AUTO_CLASSES, public_names
from .pipelines import MODULES as _PIPELINES
from .tokenization import MODULES as _TOKENIZATION

_SUBMODULES = (
    "autograd", "cache_utils", "configuration", "errors", "generation", "hub", "modeling", "models", "nn", "outputs", "pipelines",
    "safetensors", "serialization", "tokenization", "tokenizers", "utils",
)  # fmt: skip
_TENSORS = (  # the extension module, in C++; tensors and their functions have torch's names
    "Cache", "DynamicCache", "StaticCache", "Generator", "Tensor", "__version__", "abs", "absolute", "acos", "add", "addcdiv",
    "addcmul", "addmm", "all", "allclose", "amax", "amin", "aminmax", "any", "arange", "arctan", "argmax", "argmin",
    "argsort", "argwhere", "as_strided", "as_tensor", "asarray", "asin", "atan", "atan2", "baddbmm", "bernoulli",
    "bfloat16", "bincount", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "bmm", "bool", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "bucketize", "cat",
    "cdist", "ceil", "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone", "complex64", "concat",
    "concatenate", "cos", "cosh", "cosine_similarity", "count_nonzero", "cuda", "cummax", "cumprod", "cumsum",
    "default_generator", "device", "diag", "diagonal", "diff", "div", "divide", "dot", "double", "dropout", "dtype",
    "einsum", "empty", "empty_like", "enable_grad", "eq", "equal", "erf", "exp", "expm1", "eye", "finfo", "flatten",
    "flip", "float", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "floor",
    "floor_divide", "fmod", "frac", "from_dlpack", "from_numpy", "frombuffer", "full", "full_like", "gather", "ge",
    "get_default_dtype", "get_num_threads", "get_rng_state", "gt", "half", "hstack", "iinfo", "index_add",
    "index_copy", "index_fill", "index_put", "index_select", "inf", "inference_mode", "initial_seed", "int",
    "int16", "int32", "int64", "int8", "is_batch_invariant", "is_floating_point", "is_grad_enabled", "is_inference_mode_enabled",
    "is_tensor", "isclose", "isfinite", "isin", "isinf", "isnan", "kthvalue", "le", "lerp", "linspace", "log",
    "log10", "log1p", "log2", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor",
    "logit", "logsumexp", "long", "lt", "manual_seed", "masked_fill", "masked_scatter", "masked_select", "matmul",
    "max", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mm", "movedim", "mul", "multinomial",
    "multiply", "mv", "nan", "nan_to_num", "nanmean", "nansum", "narrow", "ne", "neg", "negative", "no_grad",
    "nonzero", "norm", "normal", "numel", "ones", "ones_like", "outer", "permute", "pi", "pow", "prod",
    "promote_types", "quantile", "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "ravel",
    "reciprocal", "relu", "remainder", "repeat_interleave", "reshape", "roll", "round", "rsqrt", "rsub",
    "scalar_tensor", "scatter", "scatter_add", "searchsorted", "seed", "select", "set_default_dtype",
    "set_grad_enabled", "set_num_threads", "set_rng_state", "short", "sigmoid", "sign", "sin", "sinh", "softmax",
    "sort", "split", "split_with_sizes", "sqrt", "square", "squeeze", "stack", "std", "std_mean", "sub", "sum",
    "swapaxes", "swapdims", "t", "take_along_dim", "tan", "tanh", "tensor", "tile", "topk", "trace", "transpose",
    "tril", "tril_indices", "triu", "triu_indices", "true_divide", "trunc", "uint16", "uint32", "uint64", "uint8",
    "unbind", "unflatten", "unique", "unsqueeze", "var", "var_mean", "vstack", "where", "xlogy", "zeros",
    "zeros_like",
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
    **dict.fromkeys(("set_seed", "enable_full_determinism", "set_batch_invariant"), ".random"),
    "PreTrainedModel": ".modeling",
    "PushToHubMixin": ".hub",
    "ModelOutput": ".outputs",
    **dict.fromkeys(_AUTO, ".models.auto"),
    **public_names(),
    **dict.fromkeys(_TOKENIZATION, ".tokenization"),
    **dict.fromkeys(_GENERATION, ".generation"),
    **dict.fromkeys(_PIPELINES, ".pipelines"),
}

# `from eigenformers import *` leaves Python's own `sum`, `bool`, `float` … alone.
__all__ = sorted(name for name in _MODULES if not hasattr(builtins, name))  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name.endswith(("Tokenizer", "TokenizerFast")):
        from . import tokenization

        getattr(tokenization, name, None)  # raises with advice for classes that are known, but not here
    if name not in _MODULES and name.endswith("Cache"):
        from . import cache_utils

        getattr(cache_utils, name, None)
    return _load(name)


_load, __dir__ = lazy_exports(__name__, _MODULES)
