"""eigenformers: the Hugging Face workflow on an ordinary CPU, without PyTorch.

Class names, arguments, results and files are those of `transformers`. Everything is imported when it is first used.
"""

from __future__ import annotations

import builtins
from typing import Any

from ._lazy import lazy_exports
from ._module_names import install as _install_module_names
from .accelerate import MODULES as _ACCELERATE
from .data import COLLATORS as _COLLATORS
from .generation import MODULES as _GENERATION
from .models.registry import AUTO_CLASSES, public_names
from .pipelines import MODULES as _PIPELINES
from .quantization import MODULES as _QUANTIZATION
from .tokenization import MODULES as _TOKENIZATION
from .trainer import MODULES as _TRAINER
from .trainer import SCHEDULES as _SCHEDULES

_SUBMODULES = (
    "autograd", "backends", "cache_utils", "configuration", "data", "errors", "generation", "gguf", "hub", "linalg",
    "modeling", "models", "nn", "optim", "outputs", "peft", "pipelines", "quantization", "safetensors",
    "sentence_transformers", "serialization", "tokenization", "tokenizers", "trainer", "utils",
)  # fmt: skip
_TENSORS = (  # the extension module, in C++ and in _tensor/; tensors and their functions have torch's names
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "Cache", "CharTensor", "DoubleTensor", "DynamicCache",
    "FloatTensor", "Generator", "HalfTensor", "IntTensor", "LongTensor", "ShortTensor", "Size", "StaticCache",
    "Tensor", "__version__", "abs", "abs_", "absolute", "acos", "acosh", "add", "addbmm", "addcdiv", "addcmul",
    "addmm", "addmv", "addr", "all", "allclose", "amax", "amin", "aminmax", "any", "arange", "arccos", "arcsin",
    "arctan", "arctan2", "are_deterministic_algorithms_enabled", "argmax", "argmin", "argsort", "argwhere",
    "as_strided", "as_tensor", "asarray", "asin", "asinh", "atan", "atan2", "atanh", "atleast_1d", "atleast_2d",
    "atleast_3d", "autocast", "baddbmm", "bernoulli", "bfloat16", "bincount", "bitwise_and", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "block_diag", "bmm", "bool",
    "broadcast_shapes", "broadcast_tensors", "broadcast_to", "bucketize", "can_cast", "cartesian_prod", "cat",
    "cdist", "ceil", "ceil_", "chain_matmul", "chunk", "clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min",
    "clamp_min_", "clip", "clone", "column_stack", "combinations", "compile", "complex64", "concat", "concatenate",
    "copysign", "corrcoef", "cos", "cos_", "cosh", "cosine_similarity", "count_nonzero", "cov", "cross", "cuda",
    "cummax", "cummin", "cumprod", "cumsum", "default_generator", "deg2rad", "device", "diag", "diag_embed",
    "diagflat", "diagonal", "diagonal_scatter", "diff", "dist", "div", "divide", "dot", "double", "dropout",
    "dsplit", "dstack", "dtype", "einsum", "empty", "empty_like", "empty_strided", "enable_grad", "eq", "equal",
    "erf", "erf_",
    "exp", "exp2", "exp_", "expm1", "eye", "fill_", "finfo", "fix", "flatten", "flip", "fliplr", "flipud", "float",
    "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float_power", "floor",
    "floor_", "floor_divide", "fmax", "fmin", "fmod", "frac", "from_dlpack", "from_numpy", "frombuffer", "full",
    "full_like", "gather", "ge", "ger", "get_default_device", "get_default_dtype", "get_float32_matmul_precision",
    "get_num_threads", "get_rng_state", "greater", "greater_equal", "gt", "half", "heaviside", "histc", "hsplit",
    "hstack", "hypot", "iinfo", "index_add", "index_copy", "index_fill", "index_put", "index_select", "inf",
    "inference_mode", "initial_seed", "inner", "int", "int16", "int32", "int64", "int8", "is_batch_invariant",
    "is_complex", "is_floating_point", "is_grad_enabled", "is_inference_mode_enabled", "is_tensor", "isclose",
    "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "kron", "kthvalue", "ldexp", "le", "lerp", "less",
    "less_equal", "linspace", "log", "log10", "log1p", "log2", "log_", "log_softmax", "logaddexp", "logaddexp2",
    "logcumsumexp", "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logspace", "logsumexp",
    "long", "lt", "manual_seed", "masked_fill", "masked_scatter", "masked_select", "matmul", "matrix_power", "max",
    "maximum", "mean", "median", "meshgrid", "min", "minimum", "mm", "mode", "moveaxis", "movedim", "msort", "mul",
    "multinomial", "multiply", "mv", "nan", "nan_to_num", "nanmean", "nanmedian", "nansum", "narrow", "narrow_copy",
    "ne", "neg", "neg_", "negative", "no_grad", "nonzero", "norm", "normal", "not_equal", "numel", "ones",
    "ones_like", "outer", "permute", "pi", "positive", "pow", "prod", "promote_types", "put", "quantile", "rad2deg",
    "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "ravel", "reciprocal",
    "reciprocal_", "relu", "relu_", "remainder", "repeat_interleave", "reshape", "result_type", "roll", "rot90",
    "round", "round_", "row_stack", "rsqrt", "rsqrt_", "rsub", "scalar_tensor", "scatter", "scatter_add",
    "scatter_reduce", "searchsorted", "seed", "select", "select_scatter", "set_default_device", "set_default_dtype",
    "set_float32_matmul_precision", "set_grad_enabled", "set_num_threads", "set_printoptions", "set_rng_state",
    "short", "sigmoid", "sigmoid_", "sign", "signbit", "sin", "sin_", "sinc", "sinh", "slice_scatter", "softmax",
    "sort", "split", "split_with_sizes", "sqrt", "sqrt_", "square", "square_", "squeeze", "stack", "std", "std_mean",
    "strided", "sub", "subtract", "sum", "swapaxes", "swapdims", "t", "take", "take_along_dim", "tan", "tanh",
    "tanh_", "tensor", "tensor_split", "tensordot", "tile", "topk", "trace", "transpose", "trapezoid", "trapz",
    "tril", "tril_indices", "triu", "triu_indices", "true_divide", "trunc", "trunc_", "uint16", "uint32", "uint64",
    "uint8", "unbind", "unflatten", "unique", "unique_consecutive", "unravel_index", "unsqueeze",
    "use_deterministic_algorithms", "var", "var_mean", "vdot", "vsplit", "vstack", "where", "xlogy", "zero_",
    "zeros", "zeros_like",
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
    **dict.fromkeys(("load", "save"), ".serialization"),
    **dict.fromkeys(("PreTrainedConfig", "PretrainedConfig"), ".configuration"),
    **dict.fromkeys(("set_seed", "enable_full_determinism", "set_batch_invariant"), ".random"),
    "PreTrainedModel": ".modeling",
    "PushToHubMixin": ".hub",
    "ModelOutput": ".outputs",
    **dict.fromkeys(("EncoderDecoderCache", "QuantizedCache"), ".cache_utils"),
    **dict.fromkeys(("SentenceTransformer", "CrossEncoder"), ".sentence_transformers"),
    **dict.fromkeys(_AUTO, ".models.auto"),
    **public_names(),
    **dict.fromkeys(_TOKENIZATION, ".tokenization"),
    **dict.fromkeys(_GENERATION, ".generation"),
    **dict.fromkeys(_PIPELINES, ".pipelines"),
    **dict.fromkeys(_ACCELERATE, ".accelerate"),
    **dict.fromkeys(_COLLATORS, ".data"),
    **dict.fromkeys(_SCHEDULES, ".optim.schedules"),
    **dict.fromkeys(_TRAINER, ".trainer"),
    **dict.fromkeys(_QUANTIZATION, ".quantization"),
}

# `from eigenformers import *` leaves Python's own `sum`, `bool`, `float` … alone.
__all__ = sorted(set(_MODULES) - set(vars(builtins)))  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name.endswith(("Tokenizer", "TokenizerFast")):
        from . import tokenization

        getattr(tokenization, name, None)  # raises with advice for classes that are known, but not here
    if name not in _MODULES and name.endswith("Cache"):
        from . import cache_utils

        getattr(cache_utils, name, None)
    return _load(name)


_load, __dir__ = lazy_exports(__name__, _MODULES)
_install_module_names()
