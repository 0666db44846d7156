"""
eigenformers' C++ core
"""
from __future__ import annotations
from . import autograd
from . import cuda
from . import functional
from . import nn
from . import optim
from . import tokenizers
from eigenformers._tensor.indexing import argwhere
from eigenformers._tensor.indexing import diagonal_scatter
from eigenformers._tensor.indexing import put
from eigenformers._tensor.indexing import scatter
from eigenformers._tensor.indexing import scatter_reduce
from eigenformers._tensor.indexing import select_scatter
from eigenformers._tensor.indexing import slice_scatter
from eigenformers._tensor.indexing import take
from eigenformers._tensor.legacy import BFloat16Tensor
from eigenformers._tensor.legacy import BoolTensor
from eigenformers._tensor.legacy import ByteTensor
from eigenformers._tensor.legacy import CharTensor
from eigenformers._tensor.legacy import DoubleTensor
from eigenformers._tensor.legacy import FloatTensor
from eigenformers._tensor.legacy import HalfTensor
from eigenformers._tensor.legacy import IntTensor
from eigenformers._tensor.legacy import LongTensor
from eigenformers._tensor.legacy import ShortTensor
from eigenformers._tensor.legacy import are_deterministic_algorithms_enabled
from eigenformers._tensor.legacy import autocast
from eigenformers._tensor.legacy import compile
from eigenformers._tensor.legacy import get_default_device
from eigenformers._tensor.legacy import get_float32_matmul_precision
from eigenformers._tensor.legacy import is_complex
from eigenformers._tensor.legacy import logspace
from eigenformers._tensor.legacy import normal
from eigenformers._tensor.legacy import randint_like
from eigenformers._tensor.legacy import set_default_device
from eigenformers._tensor.legacy import set_float32_matmul_precision
from eigenformers._tensor.legacy import use_deterministic_algorithms
from eigenformers._tensor.linear import addbmm
from eigenformers._tensor.linear import addmv
from eigenformers._tensor.linear import addr
from eigenformers._tensor.linear import chain_matmul
from eigenformers._tensor.linear import cross
from eigenformers._tensor.linear import dist
from eigenformers._tensor.linear import inner
from eigenformers._tensor.linear import kron
from eigenformers._tensor.linear import matrix_power
from eigenformers._tensor.linear import tensordot
from eigenformers._tensor.linear import vdot
from eigenformers._tensor.pointwise import acosh
from eigenformers._tensor.pointwise import asinh
from eigenformers._tensor.pointwise import atanh
from eigenformers._tensor.pointwise import can_cast
from eigenformers._tensor.pointwise import copysign
from eigenformers._tensor.pointwise import deg2rad
from eigenformers._tensor.pointwise import exp2
from eigenformers._tensor.pointwise import float_power
from eigenformers._tensor.pointwise import fmax
from eigenformers._tensor.pointwise import fmin
from eigenformers._tensor.pointwise import heaviside
from eigenformers._tensor.pointwise import hypot
from eigenformers._tensor.pointwise import isneginf
from eigenformers._tensor.pointwise import isposinf
from eigenformers._tensor.pointwise import ldexp
from eigenformers._tensor.pointwise import logaddexp2
from eigenformers._tensor.pointwise import positive
from eigenformers._tensor.pointwise import rad2deg
from eigenformers._tensor.pointwise import result_type
from eigenformers._tensor.pointwise import signbit
from eigenformers._tensor.pointwise import sinc
from eigenformers._tensor.reductions import corrcoef
from eigenformers._tensor.reductions import cov
from eigenformers._tensor.reductions import cummin
from eigenformers._tensor.reductions import histc
from eigenformers._tensor.reductions import logcumsumexp
from eigenformers._tensor.reductions import median
from eigenformers._tensor.reductions import mode
from eigenformers._tensor.reductions import msort
from eigenformers._tensor.reductions import nanmedian
from eigenformers._tensor.reductions import trapezoid
from eigenformers._tensor.reductions import trapezoid as trapz
from eigenformers._tensor.reductions import unique
from eigenformers._tensor.reductions import unique_consecutive
from eigenformers._tensor.shapes import atleast_1d
from eigenformers._tensor.shapes import atleast_2d
from eigenformers._tensor.shapes import atleast_3d
from eigenformers._tensor.shapes import block_diag
from eigenformers._tensor.shapes import cartesian_prod
from eigenformers._tensor.shapes import column_stack
from eigenformers._tensor.shapes import combinations
from eigenformers._tensor.shapes import diag_embed
from eigenformers._tensor.shapes import diagflat
from eigenformers._tensor.shapes import dsplit
from eigenformers._tensor.shapes import dstack
from eigenformers._tensor.shapes import empty_strided
from eigenformers._tensor.shapes import fliplr
from eigenformers._tensor.shapes import flipud
from eigenformers._tensor.shapes import hsplit
from eigenformers._tensor.shapes import narrow_copy
from eigenformers._tensor.shapes import rot90
from eigenformers._tensor.shapes import tensor_split
from eigenformers._tensor.shapes import unravel_index
from eigenformers._tensor.shapes import vsplit
import collections.abc
import eigenformers
import numpy
import typing
import typing_extensions
__all__: list[str] = ['BFloat16Tensor', 'BoolTensor', 'ByteTensor', 'Cache', 'CacheLayer', 'CharTensor', 'CheckpointReader', 'DecoderLayer', 'DoubleTensor', 'DynamicCache', 'EncoderDecoderCache', 'FloatTensor', 'FunctionCtx', 'Generator', 'GgufExport', 'GgufFile', 'HalfTensor', 'IntTensor', 'LongTensor', 'Node', 'PackedWeight', 'PreTrainedModel', 'RemovableHandle', 'SafetensorsFile', 'ShortTensor', 'Size', 'StaticCache', 'StoredTensor', 'Tensor', 'abs', 'abs_', 'absolute', 'acos', 'acosh', 'add', 'addbmm', 'addcdiv', 'addcmul', 'addmm', 'addmv', 'addr', 'all', 'allclose', 'amax', 'amin', 'aminmax', 'any', 'arange', 'arccos', 'arcsin', 'arctan', 'arctan2', 'are_deterministic_algorithms_enabled', 'argmax', 'argmin', 'argsort', 'argwhere', 'as_strided', 'as_tensor', 'asarray', 'asin', 'asinh', 'atan', 'atan2', 'atanh', 'atleast_1d', 'atleast_2d', 'atleast_3d', 'autocast', 'autograd', 'available_isas', 'baddbmm', 'bernoulli', 'bfloat16', 'bincount', 'bitwise_and', 'bitwise_left_shift', 'bitwise_not', 'bitwise_or', 'bitwise_right_shift', 'bitwise_xor', 'block_diag', 'bmm', 'bool', 'broadcast_shapes', 'broadcast_tensors', 'broadcast_to', 'bucketize', 'can_cast', 'cartesian_prod', 'cat', 'cdist', 'ceil', 'ceil_', 'chain_matmul', 'checkpoint', 'chunk', 'clamp', 'clamp_', 'clamp_max', 'clamp_max_', 'clamp_min', 'clamp_min_', 'clip', 'clone', 'column_stack', 'combinations', 'compile', 'complex64', 'concat', 'concatenate', 'copysign', 'corrcoef', 'cos', 'cos_', 'cosh', 'cosine_similarity', 'count_nonzero', 'cov', 'cross', 'cuda', 'cummax', 'cummin', 'cumprod', 'cumsum', 'default_generator', 'deg2rad', 'device', 'diag', 'diag_embed', 'diagflat', 'diagonal', 'diagonal_scatter', 'diff', 'dist', 'div', 'divide', 'dot', 'double', 'dropout', 'dsplit', 'dstack', 'dtype', 'einsum', 'empty', 'empty_like', 'empty_strided', 'enable_grad', 'eq', 'equal', 'erf', 'erf_', 'exp', 'exp2', 'exp_', 'expm1', 'eye', 'fill_', 'finfo', 'fix', 'flatten', 'flip', 'fliplr', 'flipud', 'float', 'float16', 'float32', 'float64', 'float8_e4m3fn', 'float8_e5m2', 'float8_e8m0fnu', 'float_power', 'floor', 'floor_', 'floor_divide', 'fmax', 'fmin', 'fmod', 'frac', 'from_dlpack', 'from_numpy', 'frombuffer', 'full', 'full_like', 'functional', 'gather', 'ge', 'generate', 'ger', 'get_default_device', 'get_default_dtype', 'get_float32_matmul_precision', 'get_num_threads', 'get_rng_state', 'gguf_architecture', 'gguf_dequantize', 'gguf_mixes', 'gguf_part_rows', 'gguf_pre_tokenizers', 'gguf_quantize', 'gguf_row_order', 'gguf_types', 'greater', 'greater_equal', 'gt', 'half', 'heaviside', 'histc', 'hsplit', 'hstack', 'hypot', 'iinfo', 'index_add', 'index_copy', 'index_fill', 'index_put', 'index_select', 'inf', 'inference_mode', 'initial_seed', 'inner', 'int', 'int16', 'int32', 'int64', 'int8', 'is_batch_invariant', 'is_complex', 'is_floating_point', 'is_grad_enabled', 'is_inference_mode_enabled', 'is_tensor', 'isa_name', 'isclose', 'isfinite', 'isin', 'isinf', 'isnan', 'isneginf', 'isposinf', 'kron', 'kthvalue', 'ldexp', 'le', 'lerp', 'less', 'less_equal', 'linspace', 'load_checkpoint', 'log', 'log10', 'log1p', 'log2', 'log_', 'log_softmax', 'logaddexp', 'logaddexp2', 'logcumsumexp', 'logical_and', 'logical_not', 'logical_or', 'logical_xor', 'logit', 'logspace', 'logsumexp', 'long', 'lt', 'manual_seed', 'masked_fill', 'masked_scatter', 'masked_select', 'matmul', 'matrix_power', 'max', 'maximum', 'mean', 'median', 'meshgrid', 'min', 'minimum', 'mm', 'mode', 'model_types', 'moveaxis', 'movedim', 'msort', 'mul', 'multinomial', 'multiply', 'mv', 'nan', 'nan_to_num', 'nanmean', 'nanmedian', 'nansum', 'narrow', 'narrow_copy', 'ne', 'neg', 'neg_', 'negative', 'nn', 'no_grad', 'nonzero', 'norm', 'normal', 'not_equal', 'numel', 'ones', 'ones_like', 'open_gguf', 'open_safetensors', 'open_torch', 'optim', 'outer', 'pack_weight', 'permute', 'pi', 'positive', 'pow', 'prod', 'promote_types', 'put', 'quantile', 'quantization_formats', 'quantized_checkpoint', 'rad2deg', 'rand', 'rand_like', 'randint', 'randint_like', 'randn', 'randn_like', 'randperm', 'ravel', 'read_torch', 'reciprocal', 'reciprocal_', 'relu', 'relu_', 'remainder', 'renamed_checkpoint', 'repeat_interleave', 'reshape', 'restore_weight', 'result_type', 'roll', 'rot90', 'round', 'round_', 'row_stack', 'rsqrt', 'rsqrt_', 'rsub', 'safetensors_dtype', 'save_safetensors', 'save_safetensors_lazily', 'scalar_tensor', 'scatter', 'scatter_add', 'scatter_reduce', 'searchsorted', 'seed', 'select', 'select_scatter', 'set_default_device', 'set_default_dtype', 'set_float32_matmul_precision', 'set_grad_enabled', 'set_num_threads', 'set_printoptions', 'set_rng_state', 'short', 'sigmoid', 'sigmoid_', 'sign', 'signbit', 'sin', 'sin_', 'sinc', 'sinh', 'slice_scatter', 'softmax', 'sort', 'split', 'split_with_sizes', 'sqrt', 'sqrt_', 'square', 'square_', 'squeeze', 'stack', 'std', 'std_mean', 'strided', 'sub', 'subtract', 'sum', 'swapaxes', 'swapdims', 't', 'take', 'take_along_dim', 'tan', 'tanh', 'tanh_', 'tensor', 'tensor_split', 'tensordot', 'tensors_in_memory', 'tie', 'tile', 'tokenizers', 'topk', 'trace', 'transpose', 'trapezoid', 'trapz', 'tril', 'tril_indices', 'triu', 'triu_indices', 'true_divide', 'trunc', 'trunc_', 'uint16', 'uint32', 'uint64', 'uint8', 'unbind', 'unflatten', 'unique', 'unique_consecutive', 'unravel_index', 'unsqueeze', 'use_deterministic_algorithms', 'var', 'var_mean', 'vdot', 'vsplit', 'vstack', 'where', 'write_safetensors', 'write_torch', 'xlogy', 'zero_', 'zeros', 'zeros_like']
class Cache:
    """
    Keys and values of past positions, a layer each.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __bool__(self) -> bool:
        ...
    def __copy__(self) -> Cache:
        ...
    def __deepcopy__(self, arg0: dict) -> Cache:
        ...
    def __getitem__(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> tuple[eigenformers.Tensor, eigenformers.Tensor]:
        ...
    def __iter__(self) -> typing.Any:
        ...
    def __len__(self) -> int:
        ...
    def __repr__(self) -> str:
        ...
    def batch_repeat_interleave(self, repeats: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def batch_select_indices(self, indices: eigenformers.Tensor) -> None:
        ...
    def crop(self, tokens_to_remove: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Forget positions: the last n for -n, none for 0; all from n on for n (as in transformers 4).
        """
    def get_mask_sizes(self, query_length: typing.SupportsInt | typing.SupportsIndex, layer_idx: typing.SupportsInt | typing.SupportsIndex) -> tuple[int, int]:
        ...
    def get_max_cache_shape(self, layer_idx: typing.SupportsInt | typing.SupportsIndex | None = None) -> int:
        ...
    def get_max_length(self, layer_idx: typing.SupportsInt | typing.SupportsIndex | None = None) -> int:
        ...
    def get_query_offset(self, layer_idx: typing.SupportsInt | typing.SupportsIndex = 0) -> int:
        ...
    def get_seq_length(self, layer_idx: typing.SupportsInt | typing.SupportsIndex = 0) -> int:
        ...
    def get_usable_length(self, new_seq_length: typing.SupportsInt | typing.SupportsIndex, layer_idx: typing.SupportsInt | typing.SupportsIndex = 0) -> int:
        ...
    def reorder_cache(self, beam_idx: eigenformers.Tensor) -> None:
        ...
    def reset(self) -> None:
        ...
    def to_legacy_cache(self) -> tuple:
        ...
    def update(self, key_states: eigenformers.Tensor, value_states: eigenformers.Tensor, layer_idx: typing.SupportsInt | typing.SupportsIndex, *args, **kwargs) -> tuple[eigenformers.Tensor, eigenformers.Tensor]:
        ...
    @property
    def batch_size(self) -> int:
        ...
    @property
    def is_compileable(self) -> bool:
        ...
    @property
    def is_croppable(self) -> bool:
        ...
    @property
    def is_dummy(self) -> list[bool]:
        ...
    @property
    def is_initialized(self) -> bool:
        ...
    @property
    def is_linear(self) -> list[bool]:
        ...
    @property
    def is_sliding(self) -> list[bool]:
        ...
    @property
    def key_cache(self) -> list:
        ...
    @property
    def layers(self) -> list[CacheLayer]:
        """
        One object a layer, with `keys`, `values`, `is_sliding`.
        """
    @property
    def value_cache(self) -> list:
        ...
class CacheLayer:
    """
    Keys and values of one layer.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __repr__(self) -> str:
        ...
    def get_max_length(self) -> int:
        ...
    def get_seq_length(self) -> int:
        ...
    @property
    def dtype(self) -> eigenformers.dtype:
        ...
    @property
    def is_initialized(self) -> bool:
        ...
    @property
    def is_sliding(self) -> bool:
        ...
    @property
    def keys(self) -> eigenformers.Tensor:
        ...
    @property
    def sliding_window(self) -> typing.Any:
        ...
    @property
    def values(self) -> eigenformers.Tensor:
        ...
class CheckpointReader:
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __contains__(self, arg0: str) -> bool:
        ...
    def get_info(self, arg0: str) -> tuple[tuple, eigenformers.dtype, str]:
        ...
    def get_tensor(self, arg0: str) -> eigenformers.Tensor:
        ...
    def keys(self) -> list[str]:
        ...
class DecoderLayer(nn.Block):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
class DynamicCache(Cache):
    """
    Grows as needed. With `config`, layers with a sliding window keep that window only.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def from_legacy_cache(past_key_values: typing.Any = None) -> DynamicCache:
        ...
    def __getstate__(self) -> tuple[bool, tuple]:
        ...
    def __init__(self, ddp_cache_data: typing.Any = None, config: typing.Any = None, offloading: typing.Any = False, offload_only_non_sliding: bool = False) -> None:
        ...
    def __setstate__(self, arg0: tuple) -> None:
        ...
    def activate_past_recording(self) -> None:
        """
        Keep what leaves a sliding window, so that `crop` can go back.
        """
    def is_recording_past(self, layer_idx: typing.SupportsInt | typing.SupportsIndex) -> bool:
        ...
class EncoderDecoderCache(Cache):
    """
    A decoder's own keys and values, and those of the encoder's states; made of two caches.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def from_legacy_cache(past_key_values: typing.Any = None) -> EncoderDecoderCache:
        ...
    def __getitem__(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> tuple[eigenformers.Tensor, eigenformers.Tensor, eigenformers.Tensor, eigenformers.Tensor]:
        ...
    def __getstate__(self) -> tuple[Cache, Cache]:
        ...
    def __init__(self, *args) -> None:
        ...
    def __iter__(self) -> typing.Any:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: tuple) -> None:
        ...
    def activate_past_recording(self) -> None:
        ...
    def to_legacy_cache(self) -> tuple:
        ...
    @property
    def cross_attention_cache(self) -> Cache:
        ...
    @property
    def is_updated(self) -> dict:
        ...
    @property
    def self_attention_cache(self) -> Cache:
        ...
class FunctionCtx:
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def mark_dirty(self, *args) -> None:
        ...
    def mark_non_differentiable(self, *args) -> None:
        ...
    def save_for_backward(self, *args) -> None:
        ...
    def set_materialize_grads(self, value: bool) -> None:
        ...
    @property
    def needs_input_grad(self) -> tuple:
        ...
    @property
    def saved_tensors(self) -> tuple:
        ...
class Generator:
    """
    A stream of random numbers of its own: `Generator().manual_seed(0)`.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, device: typing.Any = None) -> None:
        ...
    def get_state(self) -> eigenformers.Tensor:
        ...
    def initial_seed(self) -> int:
        ...
    def manual_seed(self, seed: int) -> typing.Any:
        ...
    def seed(self) -> int:
        ...
    def set_state(self, new_state: eigenformers.Tensor) -> typing.Any:
        ...
class GgufExport:
    """
    Tensors on their way into a GGUF file.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def from_file(path: str) -> GgufExport:
        ...
    @staticmethod
    def from_model(model: nn.Module, model_type: str, heads: typing.SupportsInt | typing.SupportsIndex, kv_heads: typing.SupportsInt | typing.SupportsIndex, names: collections.abc.Mapping[str, str] = {}, values: collections.abc.Mapping[str, collections.abc.Callable] = {}) -> GgufExport:
        """
        names: other names for the model's tensors, '' leaves one out. values: name -> function of a tensor's values.
        """
    def __init__(self) -> None:
        ...
    def add(self, name: str, value: eigenformers.Tensor) -> None:
        ...
    def choose(self, mix: str, architecture: str, layers: typing.SupportsInt | typing.SupportsIndex, heads_per_kv: typing.SupportsInt | typing.SupportsIndex, experts: typing.SupportsInt | typing.SupportsIndex = 0, importance: bool = False, output: str | None = None, token_embedding: str | None = None, overrides: collections.abc.Sequence[tuple[str, str]] = [], pure: bool = False) -> list[str]:
        ...
    def write(self, path: str, metadata: collections.abc.Sequence[tuple[str, str, typing.Any]], types: collections.abc.Sequence[str], importance: collections.abc.Mapping[str, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]] | None = None, through: eigenformers.dtype | None = None, progress: typing.Any = None) -> None:
        ...
    @property
    def origins(self) -> list[tuple[str, str]]:
        """
        (name in the file, name in the model) of each tensor.
        """
    @property
    def tensors(self) -> list:
        ...
class GgufFile:
    """
    The header of a GGUF file. Of a split model any part opens all of them.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __contains__(self, arg0: str) -> bool:
        ...
    def __getitem__(self, name: str) -> ...:
        """
        A StoredTensor: numbers, or for the block types rows of raw blocks as bytes.
        """
    def __init__(self, path: str, disable_mmap: bool = False) -> None:
        ...
    def array_length(self, key: str) -> int | None:
        """
        Length of an array, without making it a list; None for anything else.
        """
    def floats(self, name: str) -> list:
        """
        Values of a (small) F32 tensor.
        """
    def get(self, key: str, default: typing.Any = None) -> typing.Any:
        """
        One value; an array as a list.
        """
    def keys(self) -> list:
        """
        Names of the metadata, in file order.
        """
    def names(self) -> list:
        """
        Names of the tensors, in file order.
        """
    @property
    def alignment(self) -> int:
        ...
    @property
    def metadata(self) -> dict:
        """
        All of it as a dict, arrays as lists.
        """
    @property
    def path(self) -> str:
        ...
    @property
    def tensors(self) -> list:
        """
        (name, shape, type name, bytes) of each tensor; the shape is row-major, as in NumPy.
        """
    @property
    def version(self) -> int:
        ...
class Node:
    """
    A recorded operation.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __repr__(self) -> str:
        ...
    def name(self) -> str:
        ...
    @property
    def next_functions(self) -> tuple:
        ...
class PackedWeight:
    """
    A matrix in a packed storage format.
    """
    requires_grad: bool
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def dequantize(self) -> eigenformers.Tensor:
        """
        The matrix as a dense float32 tensor [out_features, in_features].
        """
    def dim(self) -> int:
        ...
    def is_floating_point(self) -> bool:
        ...
    def numel(self) -> int:
        ...
    def requires_grad_(self, requires_grad: bool = True) -> typing.Any:
        ...
    def size(self, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> typing.Any:
        ...
    def state(self) -> dict:
        """
        What a checkpoint stores of it, by name in the layer.
        """
    @property
    def device(self) -> typing.Any:
        ...
    @property
    def dtype(self) -> eigenformers.dtype:
        ...
    @property
    def grad(self) -> None:
        ...
    @property
    def kind(self) -> str:
        ...
    @property
    def nbytes(self) -> int:
        ...
    @property
    def ndim(self) -> int:
        ...
    @property
    def shape(self) -> tuple:
        ...
class PreTrainedModel(nn.Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self) -> None:
        ...
    def _build(self, model_type: str, head: str, config: str, base: PreTrainedModel = None) -> None:
        ...
    def _native_run(self, arg0: dict) -> dict:
        ...
    def _resize_buffer(self, arg0: str, arg1: eigenformers.Tensor) -> None:
        ...
    @property
    def _built(self) -> bool:
        ...
class RemovableHandle:
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __enter__(self) -> typing.Any:
        ...
    def __exit__(self, *args) -> None:
        ...
    def remove(self) -> None:
        ...
class SafetensorsFile:
    """
    A safetensors file: the header is checked, tensors are read when asked for.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def from_bytes(data: bytes) -> SafetensorsFile:
        ...
    def __contains__(self, arg0: str) -> bool:
        ...
    def __getitem__(self, name: str) -> StoredTensor:
        """
        A StoredTensor; KeyError for an unknown name.
        """
    def __init__(self, path: str, disable_mmap: bool = False) -> None:
        ...
    def __len__(self) -> int:
        ...
    def keys(self) -> list[str]:
        """
        Names of the tensors, in file order.
        """
    def metadata(self) -> dict[str, str]:
        """
        The strings under __metadata__.
        """
    @property
    def path(self) -> str:
        ...
class Size(tuple):
    """
    The sizes of a tensor: a tuple of whole numbers.
    """
    @staticmethod
    def numel(*args, **kwargs):
        """
        The product of all sizes.
        """
    def __add__(self, value):
        """
        Return self+value.
        """
    def __getitem__(self, key):
        """
        Return self[key].
        """
    def __repr__(self):
        """
        Return repr(self).
        """
class StaticCache(DynamicCache):
    """
    Room for `max_cache_len` positions, taken at the first; more of them is an error.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __getstate__(self) -> tuple:
        ...
    def __init__(self, config: typing.Any, max_cache_len: typing.SupportsInt | typing.SupportsIndex, offloading: typing.Any = False, offload_only_non_sliding: bool = True, **kwargs) -> None:
        ...
    def __setstate__(self, arg0: tuple) -> None:
        ...
class StoredTensor:
    """
    A tensor as it lies in a file. The buffer protocol gives its raw bytes.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def numpy(self) -> numpy.ndarray:
        """
        A view; TypeError for dtypes that NumPy does not have.
        """
    def tensor(self) -> eigenformers.Tensor:
        """
        A Tensor over the file's bytes. Writing to it never changes the file.
        """
    @property
    def dtype(self) -> str:
        """
        As in "float32".
        """
    @property
    def name(self) -> str:
        ...
    @property
    def nbytes(self) -> int:
        ...
    @property
    def shape(self) -> eigenformers.Size:
        ...
    @property
    def strides(self) -> eigenformers.Size:
        """
        In elements.
        """
class Tensor:
    """
    An array of numbers with shape, dtype and optional gradient. Methods are named as torch's.
    """
    __array_priority__: typing.ClassVar[int] = 1000
    _is_parameter: bool
    data: eigenformers.Tensor
    requires_grad: bool
    @staticmethod
    def __array_wrap__(input: Tensor, array: typing.Any, context: typing.Any = None, return_scalar: bool = False) -> Tensor:
        """
        numpy's functions of a tensor give tensors.
        """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def acosh(input: Tensor) -> Tensor:
        """
        The inverse hyperbolic cosine.
        """
    @staticmethod
    def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: typing.Any = 1, alpha: typing.Any = 1) -> Tensor:
        """
        β·input + α·the sum of all batch1·batch2.
        """
    @staticmethod
    def addmm_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `addmm` in place.
        """
    @staticmethod
    def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: typing.Any = 1, alpha: typing.Any = 1) -> Tensor:
        """
        β·input + α·mat·vec.
        """
    @staticmethod
    def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: typing.Any = 1, alpha: typing.Any = 1) -> Tensor:
        """
        β·input + α·vec1·vec2ᵀ.
        """
    @staticmethod
    def arccos(*args, **kwargs):
        """
        acos(self: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def arccos_(*args, **kwargs):
        """
        acos_(self: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def arcsin(*args, **kwargs):
        """
        asin(self: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def arcsin_(*args, **kwargs):
        """
        asin_(self: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def arctan2(*args, **kwargs):
        """
        atan2(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def argwhere(input: Tensor) -> Tensor:
        """
        The indices of what is not 0, a row each.
        """
    @staticmethod
    def asinh(input: Tensor) -> Tensor:
        """
        The inverse hyperbolic sine.
        """
    @staticmethod
    def atan2_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `atan2` in place.
        """
    @staticmethod
    def atanh(input: Tensor) -> Tensor:
        """
        The inverse hyperbolic tangent.
        """
    @staticmethod
    def baddbmm_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `baddbmm` in place.
        """
    @staticmethod
    def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: typing.Any = None) -> Tensor:
        """
        Numbers of a Cauchy distribution.
        """
    @staticmethod
    def copysign(input: Tensor, other: typing.Any) -> Tensor:
        """
        The magnitude of `input` with the sign of `other`.
        """
    @staticmethod
    def corrcoef(input: Tensor) -> Tensor:
        """
        Correlations of the rows.
        """
    @staticmethod
    def cov(input: Tensor, *, correction: int = 1, fweights: typing.Any = None, aweights: typing.Any = None) -> Tensor:
        """
        Covariances of the rows.
        """
    @staticmethod
    def cross(input: Tensor, other: Tensor, dim: typing.Any = None) -> Tensor:
        """
        The cross product of vectors of three.
        """
    @staticmethod
    def cummin(input: Tensor, dim: int) -> typing.Any:
        """
        The smallest so far, with its index.
        """
    @staticmethod
    def cumprod_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `cumprod` in place.
        """
    @staticmethod
    def cumsum_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `cumsum` in place.
        """
    @staticmethod
    def deg2rad(input: Tensor) -> Tensor:
        """
        Degrees to radians.
        """
    @staticmethod
    def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
        """
        The last dimension as a diagonal of new matrices.
        """
    @staticmethod
    def diagflat(input: Tensor, offset: int = 0) -> Tensor:
        """
        All elements on the diagonal of a matrix.
        """
    @staticmethod
    def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """
        A copy with `src` on a diagonal.
        """
    @staticmethod
    def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
        """
        The p-norm of the difference.
        """
    @staticmethod
    def divide_(*args, **kwargs):
        """
        div_(*args, **kwargs)
        Overloaded function.
        
        1. div_(self: eigenformers.Tensor, other: eigenformers.Tensor, *, rounding_mode: str | None = None) -> eigenformers.Tensor
        
        2. div_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def dsplit(input: Tensor, indices_or_sections: typing.Any) -> tuple[Tensor, ...]:
        """
        `tensor_split` along the third dimension into parts of one size, or at the given indices.
        """
    @staticmethod
    def exp2(input: Tensor) -> Tensor:
        """
        2ˣ.
        """
    @staticmethod
    def fill_diagonal_(input: Tensor, fill_value: typing.Any, wrap: bool = False) -> Tensor:
        """
        A number on the main diagonal.
        """
    @staticmethod
    def fix(*args, **kwargs):
        """
        trunc(self: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def fix_(*args, **kwargs):
        """
        trunc_(self: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def fliplr(input: Tensor) -> Tensor:
        """
        Columns in reverse order.
        """
    @staticmethod
    def flipud(input: Tensor) -> Tensor:
        """
        Rows in reverse order.
        """
    @staticmethod
    def float_power(input: typing.Any, exponent: typing.Any) -> Tensor:
        """
        A power in float64.
        """
    @staticmethod
    def fmax(input: Tensor, other: Tensor) -> Tensor:
        """
        The larger of two numbers; a number rather than NaN.
        """
    @staticmethod
    def fmin(input: Tensor, other: Tensor) -> Tensor:
        """
        The smaller of two numbers; a number rather than NaN.
        """
    @staticmethod
    def geometric_(input: Tensor, p: float, *, generator: typing.Any = None) -> Tensor:
        """
        The number of the first success.
        """
    @staticmethod
    def ger(*args, **kwargs):
        """
        outer(self: eigenformers.Tensor, vec2: eigenformers.Tensor) -> eigenformers.Tensor
        """
    @staticmethod
    def greater(*args, **kwargs):
        """
        gt(*args, **kwargs)
        Overloaded function.
        
        1. gt(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. gt(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def greater_(*args, **kwargs):
        """
        gt_(*args, **kwargs)
        Overloaded function.
        
        1. gt_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. gt_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def greater_equal(*args, **kwargs):
        """
        ge(*args, **kwargs)
        Overloaded function.
        
        1. ge(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. ge(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def greater_equal_(*args, **kwargs):
        """
        ge_(*args, **kwargs)
        Overloaded function.
        
        1. ge_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. ge_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def heaviside(input: Tensor, values: Tensor) -> Tensor:
        """
        0 below zero, 1 above, `values` at zero.
        """
    @staticmethod
    def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
        """
        How many elements fall in each of `bins` equal intervals.
        """
    @staticmethod
    def hsplit(input: Tensor, indices_or_sections: typing.Any) -> tuple[Tensor, ...]:
        """
        `tensor_split` along columns into parts of one size, or at the given indices.
        """
    @staticmethod
    def hypot(input: Tensor, other: Tensor) -> Tensor:
        """
        √(x² + y²), scaled so that squares don't overflow.
        """
    @staticmethod
    def inner(input: Tensor, other: Tensor) -> Tensor:
        """
        Sums of products over the last dimensions.
        """
    @staticmethod
    def isneginf(input: Tensor) -> Tensor:
        """
        Where it is -∞.
        """
    @staticmethod
    def isposinf(input: Tensor) -> Tensor:
        """
        Where it is +∞.
        """
    @staticmethod
    def kron(input: Tensor, other: Tensor) -> Tensor:
        """
        The Kronecker product.
        """
    @staticmethod
    def ldexp(input: Tensor, other: Tensor) -> Tensor:
        """
        x · 2ʸ.
        """
    @staticmethod
    def less(*args, **kwargs):
        """
        lt(*args, **kwargs)
        Overloaded function.
        
        1. lt(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. lt(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def less_(*args, **kwargs):
        """
        lt_(*args, **kwargs)
        Overloaded function.
        
        1. lt_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. lt_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def less_equal(*args, **kwargs):
        """
        le(*args, **kwargs)
        Overloaded function.
        
        1. le(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. le(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def less_equal_(*args, **kwargs):
        """
        le_(*args, **kwargs)
        Overloaded function.
        
        1. le_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. le_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: typing.Any = None) -> Tensor:
        """
        exp of normal numbers.
        """
    @staticmethod
    def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
        """
        log₂(2ˣ + 2ʸ).
        """
    @staticmethod
    def logcumsumexp(input: Tensor, dim: int) -> Tensor:
        """
        log of the running sum of exponentials.
        """
    @staticmethod
    def logical_and_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `logical_and` in place.
        """
    @staticmethod
    def logical_or_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `logical_or` in place.
        """
    @staticmethod
    def logical_xor_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `logical_xor` in place.
        """
    @staticmethod
    def logit_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `logit` in place.
        """
    @staticmethod
    def matrix_power(input: Tensor, n: int) -> Tensor:
        """
        A square matrix times itself, n times.
        """
    @staticmethod
    def median(input: Tensor, dim: typing.Any = None, keepdim: bool = False) -> typing.Any:
        """
        The middle value, the lower of two; along `dim` with its index.
        """
    @staticmethod
    def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> typing.Any:
        """
        The most frequent value, the smallest of several, with an index where it stands.
        """
    @staticmethod
    def moveaxis(*args, **kwargs):
        """
        movedim(self: eigenformers.Tensor, source: collections.abc.Sequence[int], destination: collections.abc.Sequence[int]) -> eigenformers.Tensor
        """
    @staticmethod
    def msort(input: Tensor) -> Tensor:
        """
        Sorted along the first dimension.
        """
    @staticmethod
    def multiply_(*args, **kwargs):
        """
        mul_(*args, **kwargs)
        Overloaded function.
        
        1. mul_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. mul_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def nan_to_num_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `nan_to_num` in place.
        """
    @staticmethod
    def nanmedian(input: Tensor) -> Tensor:
        """
        The median of what is a number.
        """
    @staticmethod
    def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
        """
        `narrow`, with memory of its own.
        """
    @staticmethod
    def new_empty_strided(input: Tensor, size: typing.Any, stride: typing.Any, dtype: typing.Any = None, device: typing.Any = None) -> Tensor:
        """
        Memory of that layout, without values.
        """
    @staticmethod
    def not_equal(*args, **kwargs):
        """
        ne(*args, **kwargs)
        Overloaded function.
        
        1. ne(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. ne(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def not_equal_(*args, **kwargs):
        """
        ne_(*args, **kwargs)
        Overloaded function.
        
        1. ne_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor
        
        2. ne_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def positive(input: Tensor) -> Tensor:
        """
        The tensor itself.
        """
    @staticmethod
    def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
        """
        Elements by their number in the flattened tensor replaced, or added to.
        """
    @staticmethod
    def put_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `put` in place.
        """
    @staticmethod
    def rad2deg(input: Tensor) -> Tensor:
        """
        Radians to degrees.
        """
    @staticmethod
    def random_(input: Tensor, from_: int = 0, to: typing.Any = None, *, generator: typing.Any = None) -> Tensor:
        """
        Whole numbers in `[from_, to)`; `random_(n)` draws from `[0, n)`; by default all that the dtype holds exactly.
        """
    @staticmethod
    def resize_(input: Tensor, *sizes: typing.Any) -> Tensor:
        """
        Another shape for the same memory; more elements than there are is an error here.
        """
    @staticmethod
    def rot90(input: Tensor, k: int = 1, dims: typing.Any = (0, 1)) -> Tensor:
        """
        Turned by `k` quarters from the first of `dims` towards the second.
        """
    @staticmethod
    def scatter(input: Tensor, dim: int, index: Tensor, src: typing.Any = None, *, value: typing.Any = None, reduce: typing.Any = None) -> Tensor:
        """
        A copy with elements replaced by `src` (a tensor or a number); `reduce="add"` or `"multiply"` combines them.
        """
    @staticmethod
    def scatter_(input: Tensor, dim: int, index: Tensor, src: typing.Any = None, *, value: typing.Any = None, reduce: typing.Any = None) -> Tensor:
        """
        `scatter` in place.
        """
    @staticmethod
    def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
        """
        Elements of `src` that land on the same place combined by sum, prod, mean, amax or amin.
        """
    @staticmethod
    def scatter_reduce_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `scatter_reduce` in place.
        """
    @staticmethod
    def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
        """
        A copy with `src` at one index.
        """
    @staticmethod
    def set_(input: Tensor, source: Tensor) -> Tensor:
        """
        Share the memory of another tensor.
        """
    @staticmethod
    def signbit(input: Tensor) -> Tensor:
        """
        Whether the sign is set, also that of -0.
        """
    @staticmethod
    def sinc(input: Tensor) -> Tensor:
        """
        sin(πx)/πx, 1 at 0.
        """
    @staticmethod
    def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: typing.Any = None, end: typing.Any = None, step: int = 1) -> Tensor:
        """
        A copy with `src` in a slice of it.
        """
    @staticmethod
    def subtract(*args, **kwargs):
        """
        sub(*args, **kwargs)
        Overloaded function.
        
        1. sub(self: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor
        
        2. sub(self: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor
        """
    @staticmethod
    def subtract_(*args, **kwargs):
        """
        sub_(*args, **kwargs)
        Overloaded function.
        
        1. sub_(self: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor
        
        2. sub_(self: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor
        """
    @staticmethod
    def sum_to_size(input: Tensor, *size: typing.Any) -> Tensor:
        """
        Summed over the dimensions that broadcasting from `size` would repeat.
        """
    @staticmethod
    def take(input: Tensor, index: Tensor) -> Tensor:
        """
        Elements by their number in the flattened tensor.
        """
    @staticmethod
    def tensor_split(input: Tensor, indices_or_sections: typing.Any, dim: int = 0) -> tuple[Tensor, ...]:
        """
        Parts of nearly equal size, or parts that begin at the given indices.
        """
    @staticmethod
    def true_divide_(*args, **kwargs):
        """
        div_(*args, **kwargs)
        Overloaded function.
        
        1. div_(self: eigenformers.Tensor, other: eigenformers.Tensor, *, rounding_mode: str | None = None) -> eigenformers.Tensor
        
        2. div_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor
        """
    @staticmethod
    def type(input: Tensor, dtype: typing.Any = None, non_blocking: bool = False) -> typing.Any:
        """
        The name of the tensor's type; or the tensor as another, given as a dtype, `LongTensor` or its name.
        """
    @staticmethod
    def unique(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: typing.Any = None) -> typing.Any:
        """
        The different elements, or slices along `dim`, in order.
        """
    @staticmethod
    def unique_consecutive(input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: typing.Any = None) -> typing.Any:
        """
        Without elements (or slices along `dim`) that equal the one before.
        """
    @staticmethod
    def unravel_index(indices: Tensor, shape: typing.Any) -> tuple[Tensor, ...]:
        """
        Flat indices as one index a dimension.
        """
    @staticmethod
    def untyped_storage(input: Tensor) -> UntypedStorage:
        """
        The memory that the tensor looks at, shared with its views.
        """
    @staticmethod
    def vdot(input: Tensor, other: Tensor) -> Tensor:
        """
        The product of two vectors.
        """
    @staticmethod
    def vsplit(input: Tensor, indices_or_sections: typing.Any) -> tuple[Tensor, ...]:
        """
        `tensor_split` along rows into parts of one size, or at the given indices.
        """
    @staticmethod
    def xlogy_(input: Tensor, *args: typing.Any, **kwargs: typing.Any) -> Tensor:
        """
        `xlogy` in place.
        """
    def __abs__(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __add__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __add__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __and__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __and__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __array__(self: eigenformers.Tensor, dtype: typing.Any = None, copy: typing.Any = None) -> typing.Any:
        ...
    def __bool__(self: eigenformers.Tensor) -> bool:
        ...
    def __complex__(self: eigenformers.Tensor) -> complex:
        ...
    def __contains__(self: eigenformers.Tensor, arg0: typing.Any) -> bool:
        ...
    def __copy__(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def __deepcopy__(self: eigenformers.Tensor, memo: dict) -> eigenformers.Tensor:
        ...
    def __dlpack__(self: eigenformers.Tensor, *, stream: typing.Any = None, max_version: typing.Any = None, dl_device: typing.Any = None, copy: bool | None = None) -> typing_extensions.CapsuleType:
        ...
    def __dlpack_device__(self: eigenformers.Tensor) -> tuple[int, int]:
        ...
    @typing.overload
    def __eq__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __eq__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __float__(self: eigenformers.Tensor) -> float:
        ...
    @typing.overload
    def __floordiv__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __floordiv__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __format__(self: eigenformers.Tensor, arg0: str) -> typing.Any:
        ...
    @typing.overload
    def __ge__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ge__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __getitem__(self: eigenformers.Tensor, arg0: typing.Any) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __gt__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __gt__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __hash__(self: eigenformers.Tensor) -> int:
        ...
    @typing.overload
    def __hash__(self: eigenformers.Tensor) -> int:
        ...
    @typing.overload
    def __iadd__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __iadd__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __iand__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __iand__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ifloordiv__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ifloordiv__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ilshift__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ilshift__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __imod__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __imod__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __imul__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __imul__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def __index__(self: eigenformers.Tensor) -> int:
        ...
    def __init__(self, *args) -> None:
        ...
    def __int__(self: eigenformers.Tensor) -> int:
        ...
    def __invert__(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ior__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ior__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ipow__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ipow__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __irshift__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __irshift__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __isub__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __isub__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __iter__(self: eigenformers.Tensor) -> collections.abc.Iterator:
        ...
    @typing.overload
    def __itruediv__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __itruediv__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ixor__(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ixor__(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __le__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __le__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __len__(self: eigenformers.Tensor) -> int:
        ...
    @typing.overload
    def __lshift__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __lshift__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __lt__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __lt__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __matmul__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __mod__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __mod__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __mul__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __mul__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ne__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ne__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __neg__(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __or__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __or__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __pos__(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __pow__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __pow__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __radd__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __radd__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rand__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rand__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __reduce__(self: eigenformers.Tensor) -> tuple[..., tuple[bytes, str, eigenformers.Size, bool, bool]]:
        ...
    def __repr__(self: eigenformers.Tensor) -> str:
        ...
    @typing.overload
    def __rfloordiv__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rfloordiv__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rlshift__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rlshift__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __rmatmul__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rmod__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rmod__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rmul__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rmul__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ror__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __ror__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rpow__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rpow__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rrshift__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rrshift__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rshift__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rshift__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rsub__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rsub__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rtruediv__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rtruediv__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rxor__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __rxor__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def __setitem__(self: eigenformers.Tensor, arg0: typing.Any, arg1: typing.Any) -> None:
        ...
    @typing.overload
    def __sub__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __sub__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __truediv__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __truediv__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __xor__(self: eigenformers.Tensor, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def __xor__(self: eigenformers.Tensor, arg0: float) -> eigenformers.Tensor:
        ...
    def _trunc_normal_(self: eigenformers.Tensor, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, std: typing.SupportsFloat | typing.SupportsIndex = 1.0, a: typing.SupportsFloat | typing.SupportsIndex = -2.0, b: typing.SupportsFloat | typing.SupportsIndex = 2.0, generator: Generator = None) -> eigenformers.Tensor:
        ...
    def abs(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def abs_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def absolute(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def absolute_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def acos(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def acos_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def add(self: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def add(self: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def add_(self: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def add_(self: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    def addcdiv(self: eigenformers.Tensor, tensor1: eigenformers.Tensor, tensor2: eigenformers.Tensor, *, value: float = 1) -> eigenformers.Tensor:
        ...
    def addcdiv_(self: eigenformers.Tensor, tensor1: eigenformers.Tensor, tensor2: eigenformers.Tensor, *, value: float = 1) -> eigenformers.Tensor:
        ...
    def addcmul(self: eigenformers.Tensor, tensor1: eigenformers.Tensor, tensor2: eigenformers.Tensor, *, value: float = 1) -> eigenformers.Tensor:
        ...
    def addcmul_(self: eigenformers.Tensor, tensor1: eigenformers.Tensor, tensor2: eigenformers.Tensor, *, value: float = 1) -> eigenformers.Tensor:
        ...
    def addmm(self: eigenformers.Tensor, mat1: eigenformers.Tensor, mat2: eigenformers.Tensor, *, beta: float = 1, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def all(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def all(self, *args, **kwargs) -> typing.Any:
        ...
    def allclose(self: eigenformers.Tensor, other: eigenformers.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: bool = False) -> bool:
        ...
    @typing.overload
    def amax(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] = (), keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def amax(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def amin(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] = (), keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def amin(self, *args, **kwargs) -> typing.Any:
        ...
    def aminmax(self: eigenformers.Tensor, *, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False) -> typing.Any:
        ...
    @typing.overload
    def any(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def any(self, *args, **kwargs) -> typing.Any:
        ...
    def arctan(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def arctan_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def argmax(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def argmax(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def argmin(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def argmin(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def argsort(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex = -1, descending: bool = False, stable: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def argsort(self, *args, **kwargs) -> typing.Any:
        ...
    def as_strided(self: eigenformers.Tensor, size: collections.abc.Sequence[int], stride: collections.abc.Sequence[int], storage_offset: typing.SupportsInt | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    def asin(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def asin_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def atan(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def atan2(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def atan_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def backward(self: eigenformers.Tensor, gradient: eigenformers.Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: typing.Any = None) -> None:
        ...
    def baddbmm(self: eigenformers.Tensor, batch1: eigenformers.Tensor, batch2: eigenformers.Tensor, *, beta: float = 1, alpha: float = 1) -> eigenformers.Tensor:
        ...
    def bernoulli(self: eigenformers.Tensor, *, generator: Generator = None) -> eigenformers.Tensor:
        ...
    def bernoulli_(self: eigenformers.Tensor, p: typing.SupportsFloat | typing.SupportsIndex = 0.5, *, generator: Generator = None) -> eigenformers.Tensor:
        ...
    def bfloat16(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def bincount(self: eigenformers.Tensor, weights: eigenformers.Tensor | None = None, minlength: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_and(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_and(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_and_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_and_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_left_shift(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_left_shift(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_left_shift_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_left_shift_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def bitwise_not(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def bitwise_not_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_or(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_or(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_or_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_or_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_right_shift(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_right_shift(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_right_shift_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_right_shift_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_xor(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_xor(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_xor_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def bitwise_xor_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def bmm(self: eigenformers.Tensor, mat2: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def bool(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def broadcast_to(self: eigenformers.Tensor, size: collections.abc.Sequence[int]) -> eigenformers.Tensor:
        ...
    def byte(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def ceil(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def ceil_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def char(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def chunk(self: eigenformers.Tensor, chunks: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
        ...
    @typing.overload
    def chunk(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def clamp(self: eigenformers.Tensor, min: float | None = None, max: float | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def clamp(self: eigenformers.Tensor, min: eigenformers.Tensor | None = None, max: eigenformers.Tensor | None = None) -> eigenformers.Tensor:
        ...
    def clamp_(self: eigenformers.Tensor, min: float | None = None, max: float | None = None) -> eigenformers.Tensor:
        ...
    def clamp_max(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    def clamp_max_(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    def clamp_min(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    def clamp_min_(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def clip(self: eigenformers.Tensor, min: float | None = None, max: float | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def clip(self: eigenformers.Tensor, min: eigenformers.Tensor | None = None, max: eigenformers.Tensor | None = None) -> eigenformers.Tensor:
        ...
    def clip_(self: eigenformers.Tensor, min: float | None = None, max: float | None = None) -> eigenformers.Tensor:
        ...
    def clone(self: eigenformers.Tensor, memory_format: typing.Any = None) -> eigenformers.Tensor:
        ...
    def contiguous(self: eigenformers.Tensor, memory_format: typing.Any = None) -> eigenformers.Tensor:
        ...
    def copy_(self: eigenformers.Tensor, src: eigenformers.Tensor, non_blocking: bool = False) -> eigenformers.Tensor:
        ...
    def cos(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def cos_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def cosh(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def cosh_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def count_nonzero(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def count_nonzero(self, *args, **kwargs) -> typing.Any:
        ...
    def cpu(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def cuda(self: eigenformers.Tensor, *args, **kwargs) -> None:
        ...
    def cummax(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
        ...
    @typing.overload
    def cumprod(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def cumprod(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def cumsum(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def cumsum(self, *args, **kwargs) -> typing.Any:
        ...
    def data_ptr(self: eigenformers.Tensor) -> int:
        ...
    def detach(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def detach_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def diag(self: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    def diagonal(self: eigenformers.Tensor, offset: typing.SupportsInt | typing.SupportsIndex = 0, dim1: typing.SupportsInt | typing.SupportsIndex = 0, dim2: typing.SupportsInt | typing.SupportsIndex = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def diff(self: eigenformers.Tensor, n: typing.SupportsInt | typing.SupportsIndex = 1, dim: typing.SupportsInt | typing.SupportsIndex = -1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def diff(self, *args, **kwargs) -> typing.Any:
        ...
    def dim(self: eigenformers.Tensor) -> int:
        ...
    @typing.overload
    def div(self: eigenformers.Tensor, other: eigenformers.Tensor, *, rounding_mode: str | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def div(self: eigenformers.Tensor, other: float, *, rounding_mode: str | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def div_(self: eigenformers.Tensor, other: eigenformers.Tensor, *, rounding_mode: str | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def div_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def divide(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def divide(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def dot(self: eigenformers.Tensor, tensor: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def double(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def element_size(self: eigenformers.Tensor) -> int:
        ...
    @typing.overload
    def eq(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def eq(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def eq_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def eq_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def equal(self: eigenformers.Tensor, other: eigenformers.Tensor) -> bool:
        ...
    def erf(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def erf_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def exp(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def exp_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def expand(self: eigenformers.Tensor, *args) -> eigenformers.Tensor:
        ...
    def expand_as(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def expm1(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def expm1_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def exponential_(self: eigenformers.Tensor, lambd: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, generator: Generator = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def fill_(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def fill_(self: eigenformers.Tensor, value: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def flatten(self: eigenformers.Tensor, start_dim: typing.SupportsInt | typing.SupportsIndex = 0, end_dim: typing.SupportsInt | typing.SupportsIndex = -1) -> eigenformers.Tensor:
        ...
    def flip(self: eigenformers.Tensor, *args) -> eigenformers.Tensor:
        ...
    def float(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def floor(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def floor_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def floor_divide(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def floor_divide(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def floor_divide_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def floor_divide_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def fmod(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def fmod(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def fmod_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def fmod_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def frac(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def frac_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def gather(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def gather(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def ge(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def ge(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def ge_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def ge_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def get_device(self: eigenformers.Tensor) -> int:
        ...
    @typing.overload
    def gt(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def gt(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def gt_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def gt_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def half(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def index_add(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, source: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    def index_add_(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, source: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    def index_copy(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, source: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def index_copy_(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, source: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def index_fill(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    def index_fill_(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    def index_put(self: eigenformers.Tensor, indices: collections.abc.Sequence[eigenformers.Tensor], values: eigenformers.Tensor, accumulate: bool = False) -> eigenformers.Tensor:
        ...
    def index_put_(self: eigenformers.Tensor, indices: collections.abc.Sequence[eigenformers.Tensor], values: eigenformers.Tensor, accumulate: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def index_select(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def index_select(self, *args, **kwargs) -> typing.Any:
        ...
    def int(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def is_complex(self: eigenformers.Tensor) -> bool:
        ...
    def is_contiguous(self: eigenformers.Tensor) -> bool:
        ...
    def is_floating_point(self: eigenformers.Tensor) -> bool:
        ...
    def is_inference(self: eigenformers.Tensor) -> bool:
        ...
    def is_pinned(self: eigenformers.Tensor) -> bool:
        ...
    def is_shared(self: eigenformers.Tensor) -> bool:
        ...
    def is_signed(self: eigenformers.Tensor) -> bool:
        ...
    def isclose(self: eigenformers.Tensor, other: eigenformers.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: bool = False) -> eigenformers.Tensor:
        ...
    def isfinite(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def isinf(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def isnan(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def item(self: eigenformers.Tensor) -> float:
        ...
    def kthvalue(self: eigenformers.Tensor, k: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = -1, keepdim: bool = False) -> typing.Any:
        ...
    @typing.overload
    def le(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def le(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def le_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def le_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def lerp(self: eigenformers.Tensor, end: eigenformers.Tensor, weight: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def lerp(self: eigenformers.Tensor, end: eigenformers.Tensor, weight: float) -> eigenformers.Tensor:
        ...
    def lerp_(self: eigenformers.Tensor, end: eigenformers.Tensor, weight: float) -> eigenformers.Tensor:
        ...
    def log(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def log10(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def log10_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def log1p(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def log1p_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def log2(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def log2_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def log_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def log_softmax(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def log_softmax(self, *args, **kwargs) -> typing.Any:
        ...
    def logaddexp(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def logical_and(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def logical_not(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def logical_not_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def logical_or(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def logical_xor(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def logit(self: eigenformers.Tensor, eps: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def logsumexp(self: eigenformers.Tensor, dim: collections.abc.Sequence[int], keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def logsumexp(self, *args, **kwargs) -> typing.Any:
        ...
    def long(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def lt(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def lt(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def lt_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def lt_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def masked_fill(self: eigenformers.Tensor, mask: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def masked_fill(self: eigenformers.Tensor, mask: eigenformers.Tensor, value: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def masked_fill_(self: eigenformers.Tensor, mask: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
        ...
    def masked_scatter(self: eigenformers.Tensor, mask: eigenformers.Tensor, source: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def masked_scatter_(self: eigenformers.Tensor, mask: eigenformers.Tensor, source: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def masked_select(self: eigenformers.Tensor, mask: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def matmul(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def max(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def max(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def max(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, keepdim: bool = False) -> typing.Any:
        ...
    @typing.overload
    def max(self, *args, **kwargs) -> typing.Any:
        ...
    def maximum(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def mean(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def mean(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def min(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def min(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def min(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, keepdim: bool = False) -> typing.Any:
        ...
    @typing.overload
    def min(self, *args, **kwargs) -> typing.Any:
        ...
    def minimum(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def mm(self: eigenformers.Tensor, mat2: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def movedim(self: eigenformers.Tensor, source: collections.abc.Sequence[int], destination: collections.abc.Sequence[int]) -> eigenformers.Tensor:
        ...
    @typing.overload
    def mul(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def mul(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def mul_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def mul_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def multinomial(self: eigenformers.Tensor, num_samples: typing.SupportsInt | typing.SupportsIndex, replacement: bool = False, *, generator: Generator = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def multiply(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def multiply(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def mv(self: eigenformers.Tensor, vec: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def nan_to_num(self: eigenformers.Tensor, nan: typing.SupportsFloat | typing.SupportsIndex = 0.0, posinf: typing.SupportsFloat | typing.SupportsIndex | None = None, neginf: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def nanmean(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def nanmean(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def nansum(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
        ...
    @typing.overload
    def nansum(self, *args, **kwargs) -> typing.Any:
        ...
    def narrow(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, start: typing.SupportsInt | typing.SupportsIndex, length: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def ndimension(self: eigenformers.Tensor) -> int:
        ...
    @typing.overload
    def ne(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def ne(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def ne_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def ne_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def neg(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def neg_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def negative(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def negative_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def nelement(self: eigenformers.Tensor) -> int:
        ...
    def new_empty(self: eigenformers.Tensor, *args, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
        ...
    def new_full(self: eigenformers.Tensor, size: collections.abc.Sequence[int], fill_value: float, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
        ...
    def new_ones(self: eigenformers.Tensor, *args, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
        ...
    def new_tensor(self: eigenformers.Tensor, data: typing.Any, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
        ...
    def new_zeros(self: eigenformers.Tensor, *args, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
        ...
    def nonzero(self: eigenformers.Tensor, *, as_tuple: bool = False) -> typing.Any:
        ...
    @typing.overload
    def norm(self: eigenformers.Tensor, p: typing.Any = 'fro', dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def norm(self, *args, **kwargs) -> typing.Any:
        ...
    def normal_(self: eigenformers.Tensor, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, std: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, generator: Generator = None) -> eigenformers.Tensor:
        ...
    def numel(self: eigenformers.Tensor) -> int:
        ...
    def numpy(self: eigenformers.Tensor, *, force: bool = False) -> numpy.ndarray:
        """
        The values as a numpy array on the same memory.
        """
    def outer(self: eigenformers.Tensor, vec2: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def permute(self: eigenformers.Tensor, dims: collections.abc.Sequence[int]) -> eigenformers.Tensor:
        ...
    @typing.overload
    def permute(self: eigenformers.Tensor, *args) -> eigenformers.Tensor:
        ...
    def pin_memory(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def pow(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def pow(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def pow_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def pow_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def prod(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def prod(self, *args, **kwargs) -> typing.Any:
        ...
    def quantile(self: eigenformers.Tensor, q: typing.Any, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False, *, interpolation: str = 'linear') -> eigenformers.Tensor:
        ...
    def ravel(self: eigenformers.Tensor, start_dim: typing.SupportsInt | typing.SupportsIndex = 0, end_dim: typing.SupportsInt | typing.SupportsIndex = -1) -> eigenformers.Tensor:
        ...
    def reciprocal(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def reciprocal_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def register_hook(self: eigenformers.Tensor, hook: collections.abc.Callable) -> RemovableHandle:
        ...
    def register_post_accumulate_grad_hook(self: eigenformers.Tensor, hook: collections.abc.Callable) -> RemovableHandle:
        ...
    def relu(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def relu_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def remainder(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def remainder(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    @typing.overload
    def remainder_(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def remainder_(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def repeat(self: eigenformers.Tensor, *args) -> eigenformers.Tensor:
        ...
    @typing.overload
    def repeat_interleave(self: eigenformers.Tensor, repeats: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def repeat_interleave(self: eigenformers.Tensor, repeats: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    def requires_grad_(self: eigenformers.Tensor, requires_grad: bool = True) -> eigenformers.Tensor:
        ...
    def reshape(self: eigenformers.Tensor, *args) -> eigenformers.Tensor:
        ...
    def reshape_as(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def retain_grad(self: eigenformers.Tensor) -> None:
        ...
    def roll(self: eigenformers.Tensor, shifts: collections.abc.Sequence[int], dims: collections.abc.Sequence[int] | None = None) -> eigenformers.Tensor:
        ...
    def round(self: eigenformers.Tensor, *, decimals: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    def round_(self: eigenformers.Tensor, *, decimals: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    def rsqrt(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def rsqrt_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def scatter_add(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, src: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def scatter_add_(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, src: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def select(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def share_memory_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def short(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sigmoid(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sigmoid_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sign(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sign_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sin(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sin_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sinh(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sinh_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def size(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> typing.Any:
        ...
    @typing.overload
    def softmax(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def softmax(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def sort(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex = -1, descending: bool = False, stable: bool = False) -> typing.Any:
        ...
    @typing.overload
    def sort(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def split(self: eigenformers.Tensor, split_size_or_sections: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
        ...
    @typing.overload
    def split(self: eigenformers.Tensor, split_size_or_sections: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
        ...
    @typing.overload
    def split(self, *args, **kwargs) -> typing.Any:
        ...
    def split_with_sizes(self: eigenformers.Tensor, split_sizes: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
        ...
    def sqrt(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def sqrt_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def square(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def square_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def squeeze(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def squeeze(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    @typing.overload
    def squeeze(self: eigenformers.Tensor, dim: collections.abc.Sequence[int]) -> eigenformers.Tensor:
        ...
    @typing.overload
    def squeeze(self, *args, **kwargs) -> typing.Any:
        ...
    def squeeze_(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def std(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def std(self, *args, **kwargs) -> typing.Any:
        ...
    def storage_offset(self: eigenformers.Tensor) -> int:
        ...
    def stride(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> typing.Any:
        ...
    @typing.overload
    def sub(self: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def sub(self: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def sub_(self: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def sub_(self: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor:
        ...
    @typing.overload
    def sum(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def sum(self, *args, **kwargs) -> typing.Any:
        ...
    def swapaxes(self: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def swapaxes_(self: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def swapdims(self: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def swapdims_(self: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def t(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def t_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def take_along_dim(self: eigenformers.Tensor, indices: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def tan(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def tan_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def tanh(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def tanh_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def tile(self: eigenformers.Tensor, dims: collections.abc.Sequence[int]) -> eigenformers.Tensor:
        ...
    def to(self: eigenformers.Tensor, *args, **kwargs) -> eigenformers.Tensor:
        ...
    def tolist(self: eigenformers.Tensor) -> typing.Any:
        ...
    @typing.overload
    def topk(self: eigenformers.Tensor, k: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = -1, largest: bool = True, sorted: bool = True) -> typing.Any:
        ...
    @typing.overload
    def topk(self, *args, **kwargs) -> typing.Any:
        ...
    def trace(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def transpose(self: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def transpose_(self: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def tril(self: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    def tril_(self: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    def triu(self: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    def triu_(self: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
        ...
    @typing.overload
    def true_divide(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def true_divide(self: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
        ...
    def trunc(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def trunc_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def type_as(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @typing.overload
    def unbind(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
        ...
    @typing.overload
    def unbind(self, *args, **kwargs) -> typing.Any:
        ...
    def unflatten(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, sizes: collections.abc.Sequence[int]) -> eigenformers.Tensor:
        ...
    def unfold(self: eigenformers.Tensor, dimension: typing.SupportsInt | typing.SupportsIndex, size: typing.SupportsInt | typing.SupportsIndex, step: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    def uniform_(self: eigenformers.Tensor, from: typing.SupportsFloat | typing.SupportsIndex = 0.0, to: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, generator: Generator = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def unsqueeze(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    @typing.overload
    def unsqueeze(self, *args, **kwargs) -> typing.Any:
        ...
    def unsqueeze_(self: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
        ...
    @typing.overload
    def var(self: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
        ...
    @typing.overload
    def var(self, *args, **kwargs) -> typing.Any:
        ...
    @typing.overload
    def view(self: eigenformers.Tensor, dtype: eigenformers.dtype) -> eigenformers.Tensor:
        ...
    @typing.overload
    def view(self: eigenformers.Tensor, *args) -> eigenformers.Tensor:
        ...
    def view_as(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def where(self: eigenformers.Tensor, condition: eigenformers.Tensor, other: typing.Any) -> eigenformers.Tensor:
        ...
    def xlogy(self: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    def zero_(self: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @property
    def H(self) -> eigenformers.Tensor:
        ...
    @property
    def T(self) -> eigenformers.Tensor:
        ...
    @property
    def _storage_nbytes(self) -> int:
        ...
    @property
    def _version(self) -> int:
        ...
    @property
    def device(self) -> ...:
        ...
    @property
    def dtype(self) -> eigenformers.dtype:
        ...
    @property
    def grad(self) -> eigenformers.Tensor:
        ...
    @grad.setter
    def grad(self, arg1: eigenformers.Tensor | None) -> None:
        ...
    @property
    def grad_fn(self) -> Node:
        ...
    @property
    def is_cpu(self) -> bool:
        ...
    @property
    def is_cuda(self) -> bool:
        ...
    @property
    def is_leaf(self) -> bool:
        ...
    @property
    def is_meta(self) -> bool:
        ...
    @property
    def is_mps(self) -> bool:
        ...
    @property
    def is_nested(self) -> bool:
        ...
    @property
    def is_quantized(self) -> bool:
        ...
    @property
    def is_sparse(self) -> bool:
        ...
    @property
    def is_xpu(self) -> bool:
        ...
    @property
    def itemsize(self) -> int:
        ...
    @property
    def layout(self) -> str:
        ...
    @property
    def mH(self) -> eigenformers.Tensor:
        ...
    @property
    def mT(self) -> eigenformers.Tensor:
        ...
    @property
    def nbytes(self) -> int:
        ...
    @property
    def ndim(self) -> int:
        ...
    @property
    def retains_grad(self) -> bool:
        ...
    @property
    def shape(self) -> eigenformers.Size:
        ...
class _GradMode:
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __call__(self, *args, **kwargs) -> typing.Any:
        ...
    def __enter__(self) -> typing.Any:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __get__(self, instance: typing.Any, owner: typing.Any = None) -> typing.Any:
        ...
class _LoraEmbedding(_LoraLayer):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, base_layer: nn.Module) -> None:
        ...
    def forward(self, x: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
class _LoraLayer(_TunerLayer):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def _forget(self, arg0: str) -> None:
        ...
    def _scaling(self, arg0: str) -> float:
        ...
    def _set_scaling(self, arg0: str, arg1: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    def _weight_norm(self, adapter: str) -> eigenformers.Tensor:
        ...
class _LoraLinear(_LoraLayer):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, base_layer: nn.Module) -> None:
        ...
    def forward(self, x: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
class _QuantizedCache(Cache):
    """
    Keys and values as integers of 4 or 8 bits; eigenformers.QuantizedCache has the arguments.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, nbits: typing.SupportsInt | typing.SupportsIndex, q_group_size: typing.SupportsInt | typing.SupportsIndex, residual_length: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def nbytes(self) -> int:
        """
        Bytes of memory that the positions take.
        """
class _RecurrentCache(DynamicCache):
    """
    States of recurrent layers, keys and values of the others; made by DynamicCache(config=...).
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __getstate__(self) -> tuple:
        ...
    def __setstate__(self, arg0: tuple) -> None:
        ...
class _TunerLayer(nn.Module):
    _disable_adapters: bool
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def _base_packed(self) -> bool:
        ...
    def _base_value(self) -> eigenformers.Tensor:
        ...
    def _base_write(self, arg0: eigenformers.Tensor) -> None:
        ...
    def _features(self) -> tuple[int, int]:
        ...
    def _has(self, arg0: str) -> bool:
        ...
    def _merge(self, adapter: str, safe: bool) -> None:
        ...
    def _unmerge(self) -> None:
        ...
    def get_delta_weight(self, adapter: str) -> eigenformers.Tensor:
        """
        What merging the adapter adds to the base weight, in that weight's layout.
        """
    @property
    def _active_adapter(self) -> list[str]:
        ...
    @_active_adapter.setter
    def _active_adapter(self, arg1: str | collections.abc.Sequence[str]) -> None:
        ...
    @property
    def fan_in_fan_out(self) -> bool:
        ...
    @property
    def merged_adapters(self) -> list[str]:
        ...
    @merged_adapters.setter
    def merged_adapters(self, arg1: collections.abc.Sequence[str]) -> None:
        ...
class device:
    """
    Where a tensor lives: always the CPU.
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __enter__(self) -> typing.Any:
        ...
    def __eq__(self, other: typing.Any) -> bool:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, type: typing.Any = 'cpu', index: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def __reduce__(self) -> tuple[type, tuple[str]]:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    @property
    def index(self) -> None:
        ...
    @property
    def type(self) -> str:
        ...
class dtype:
    """
    The element type of a tensor: `eigenformers.float32`, …
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __eq__(self: numpy.dtype[typing.Any], other: typing.Any) -> bool:
        ...
    def __hash__(self: numpy.dtype[typing.Any]) -> int:
        ...
    def __reduce__(self: numpy.dtype[typing.Any]) -> str:
        ...
    def __repr__(self: numpy.dtype[typing.Any]) -> str:
        ...
    @property
    def is_complex(self) -> bool:
        ...
    @property
    def is_floating_point(self) -> bool:
        ...
    @property
    def is_signed(self) -> bool:
        ...
    @property
    def itemsize(self) -> int:
        ...
class finfo:
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, type: eigenformers.dtype | None = None) -> None:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def bits(self) -> int:
        ...
    @property
    def dtype(self) -> str:
        ...
    @property
    def eps(self) -> float:
        ...
    @property
    def max(self) -> float:
        ...
    @property
    def min(self) -> float:
        ...
    @property
    def resolution(self) -> float:
        ...
    @property
    def smallest_normal(self) -> float:
        ...
    @property
    def tiny(self) -> float:
        ...
class iinfo:
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, type: eigenformers.dtype) -> None:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def bits(self) -> int:
        ...
    @property
    def dtype(self) -> str:
        ...
    @property
    def max(self) -> int:
        ...
    @property
    def min(self) -> int:
        ...
def _rebuild_tensor(arg0: bytes, arg1: str, arg2: collections.abc.Sequence[int], arg3: bool, arg4: bool) -> eigenformers.Tensor:
    ...
def _set_batch_invariant(arg0: bool) -> None:
    ...
def abs(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def abs_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def absolute(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def acos(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def add(input: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
    ...
@typing.overload
def add(input: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor:
    ...
def addcdiv(input: eigenformers.Tensor, tensor1: eigenformers.Tensor, tensor2: eigenformers.Tensor, *, value: float = 1) -> eigenformers.Tensor:
    ...
def addcmul(input: eigenformers.Tensor, tensor1: eigenformers.Tensor, tensor2: eigenformers.Tensor, *, value: float = 1) -> eigenformers.Tensor:
    ...
def addmm(input: eigenformers.Tensor, mat1: eigenformers.Tensor, mat2: eigenformers.Tensor, *, beta: float = 1, alpha: float = 1) -> eigenformers.Tensor:
    ...
@typing.overload
def all(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def all(*args, **kwargs) -> typing.Any:
    ...
def allclose(input: eigenformers.Tensor, other: eigenformers.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: bool = False) -> bool:
    ...
@typing.overload
def amax(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] = (), keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def amax(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def amin(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] = (), keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def amin(*args, **kwargs) -> typing.Any:
    ...
def aminmax(input: eigenformers.Tensor, *, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False) -> typing.Any:
    ...
@typing.overload
def any(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def any(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def arange(end: float, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def arange(start: float, end: float, step: float = 1, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
def arctan(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def argmax(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def argmax(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def argmin(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def argmin(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def argsort(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex = -1, descending: bool = False, stable: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def argsort(*args, **kwargs) -> typing.Any:
    ...
def as_strided(input: eigenformers.Tensor, size: collections.abc.Sequence[int], stride: collections.abc.Sequence[int], storage_offset: typing.SupportsInt | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
    ...
def as_tensor(data: typing.Any, dtype: eigenformers.dtype | None = None, device: typing.Any = None) -> eigenformers.Tensor:
    ...
def asarray(obj: typing.Any, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None) -> eigenformers.Tensor:
    ...
def asin(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def atan(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def atan2(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def available_isas() -> list[str]:
    """
    The instruction sets that this machine has kernels for, best first.
    """
def baddbmm(input: eigenformers.Tensor, batch1: eigenformers.Tensor, batch2: eigenformers.Tensor, *, beta: float = 1, alpha: float = 1) -> eigenformers.Tensor:
    ...
def bernoulli(input: eigenformers.Tensor, *, generator: Generator = None) -> eigenformers.Tensor:
    ...
def bincount(input: eigenformers.Tensor, weights: eigenformers.Tensor | None = None, minlength: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_and(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_and(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_left_shift(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_left_shift(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def bitwise_not(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_or(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_or(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_right_shift(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_right_shift(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_xor(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def bitwise_xor(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def bmm(input: eigenformers.Tensor, mat2: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def broadcast_shapes(*args) -> eigenformers.Size:
    ...
def broadcast_tensors(*args) -> tuple:
    ...
def broadcast_to(input: eigenformers.Tensor, size: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
def bucketize(input: eigenformers.Tensor, boundaries: eigenformers.Tensor, *, right: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def cat(tensors: collections.abc.Sequence[eigenformers.Tensor], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
@typing.overload
def cat(*args, **kwargs) -> typing.Any:
    ...
def cdist(x1: eigenformers.Tensor, x2: eigenformers.Tensor, p: typing.SupportsFloat | typing.SupportsIndex = 2.0) -> eigenformers.Tensor:
    ...
def ceil(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def ceil_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def checkpoint(function: collections.abc.Callable, *args, use_reentrant: bool | None = None, preserve_rng_state: bool = True, **kwargs) -> typing.Any:
    """
    y = function(*args) without keeping its inner values: they are computed again in backward.
    """
@typing.overload
def chunk(input: eigenformers.Tensor, chunks: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
    ...
@typing.overload
def chunk(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def clamp(input: eigenformers.Tensor, min: float | None = None, max: float | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def clamp(input: eigenformers.Tensor, min: eigenformers.Tensor | None = None, max: eigenformers.Tensor | None = None) -> eigenformers.Tensor:
    ...
def clamp_(self: eigenformers.Tensor, min: float | None = None, max: float | None = None) -> eigenformers.Tensor:
    ...
def clamp_max(input: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
    ...
def clamp_max_(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
    ...
def clamp_min(input: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
    ...
def clamp_min_(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
    ...
@typing.overload
def clip(input: eigenformers.Tensor, min: float | None = None, max: float | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def clip(input: eigenformers.Tensor, min: eigenformers.Tensor | None = None, max: eigenformers.Tensor | None = None) -> eigenformers.Tensor:
    ...
def clone(input: eigenformers.Tensor, memory_format: typing.Any = None) -> eigenformers.Tensor:
    ...
def concat(tensors: collections.abc.Sequence[eigenformers.Tensor], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def concatenate(tensors: collections.abc.Sequence[eigenformers.Tensor], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def cos(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def cos_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def cosh(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def cosine_similarity(x1: eigenformers.Tensor, x2: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex = 1, eps: typing.SupportsFloat | typing.SupportsIndex = 1e-08) -> eigenformers.Tensor:
    ...
@typing.overload
def count_nonzero(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def count_nonzero(*args, **kwargs) -> typing.Any:
    ...
def cummax(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
    ...
@typing.overload
def cumprod(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def cumprod(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def cumsum(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def cumsum(*args, **kwargs) -> typing.Any:
    ...
def diag(input: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def diagonal(input: eigenformers.Tensor, offset: typing.SupportsInt | typing.SupportsIndex = 0, dim1: typing.SupportsInt | typing.SupportsIndex = 0, dim2: typing.SupportsInt | typing.SupportsIndex = 1) -> eigenformers.Tensor:
    ...
@typing.overload
def diff(input: eigenformers.Tensor, n: typing.SupportsInt | typing.SupportsIndex = 1, dim: typing.SupportsInt | typing.SupportsIndex = -1) -> eigenformers.Tensor:
    ...
@typing.overload
def diff(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def div(input: eigenformers.Tensor, other: eigenformers.Tensor, *, rounding_mode: str | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def div(input: eigenformers.Tensor, other: float, *, rounding_mode: str | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def divide(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def divide(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def dot(input: eigenformers.Tensor, tensor: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def dropout(input: eigenformers.Tensor, p: typing.SupportsFloat | typing.SupportsIndex, train: bool) -> eigenformers.Tensor:
    ...
def einsum(equation: str, *args) -> eigenformers.Tensor:
    ...
def empty(*args, **kwargs) -> eigenformers.Tensor:
    ...
def empty_like(input: eigenformers.Tensor, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False, memory_format: typing.Any = None) -> eigenformers.Tensor:
    ...
def enable_grad(orig_func: typing.Any = None) -> typing.Any:
    ...
@typing.overload
def eq(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def eq(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def equal(input: eigenformers.Tensor, other: eigenformers.Tensor) -> bool:
    ...
def erf(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def erf_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def exp(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def exp_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def expm1(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def eye(n: typing.SupportsInt | typing.SupportsIndex, m: typing.SupportsInt | typing.SupportsIndex | None = None, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def fill_(self: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
    ...
@typing.overload
def fill_(self: eigenformers.Tensor, value: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def flatten(input: eigenformers.Tensor, start_dim: typing.SupportsInt | typing.SupportsIndex = 0, end_dim: typing.SupportsInt | typing.SupportsIndex = -1) -> eigenformers.Tensor:
    ...
def flip(input: eigenformers.Tensor, dims: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
def floor(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def floor_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def floor_divide(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def floor_divide(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
@typing.overload
def fmod(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def fmod(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def frac(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def from_dlpack(ext_tensor: typing.Any) -> eigenformers.Tensor:
    """
    A tensor on the memory of any object with __dlpack__.
    """
def from_numpy(ndarray: typing.Any) -> eigenformers.Tensor:
    """
    A tensor on the memory of a numpy array.
    """
def frombuffer(buffer: typing_extensions.Buffer, *, dtype: eigenformers.dtype, count: typing.SupportsInt | typing.SupportsIndex = -1, offset: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def full(size: collections.abc.Sequence[int], fill_value: float, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
def full_like(input: eigenformers.Tensor, fill_value: float, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def gather(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def gather(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def ge(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def ge(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def generate(model: PreTrainedModel, input_ids: eigenformers.Tensor, attention_mask: eigenformers.Tensor | None, position_ids: eigenformers.Tensor | None, inputs_embeds: eigenformers.Tensor | None, past_key_values: Cache, options: dict, processors: list, guidance: typing.Any, prefix_processor: typing.Any, criteria: list, put: typing.Any, encoder: dict = {}, watermark: typing.Any = None, candidates: typing.Any = None, constraints: typing.Any = None, dola_layers: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex] = [], output_embeddings: typing.Any = None) -> dict:
    ...
def get_default_dtype() -> eigenformers.dtype:
    ...
def get_num_threads() -> int:
    ...
def get_rng_state() -> eigenformers.Tensor:
    ...
def gguf_architecture(model_type: str) -> str:
    ...
def gguf_dequantize(blocks: eigenformers.Tensor, type: str) -> eigenformers.Tensor:
    ...
def gguf_mixes() -> dict:
    ...
def gguf_part_rows(names: collections.abc.Sequence[str], rows: typing.SupportsInt | typing.SupportsIndex, heads: typing.SupportsInt | typing.SupportsIndex, kv_heads: typing.SupportsInt | typing.SupportsIndex) -> list[int]:
    """
    The row of the tree's tensor for each row of the file's tensors `names`, behind one another; [] where rows don't stay what they are.
    """
def gguf_pre_tokenizers() -> list:
    ...
def gguf_quantize(x: eigenformers.Tensor, type: str, importance: eigenformers.Tensor | None = None) -> eigenformers.Tensor:
    ...
def gguf_row_order(model_type: str, name: str, rows: typing.SupportsInt | typing.SupportsIndex, heads: typing.SupportsInt | typing.SupportsIndex, kv_heads: typing.SupportsInt | typing.SupportsIndex) -> list[int]:
    """
    Row i of the file's tensor is row order[i] of the model's; empty: the order is the same.
    """
def gguf_types() -> dict:
    ...
@typing.overload
def gt(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def gt(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def hstack(tensors: collections.abc.Sequence[eigenformers.Tensor]) -> eigenformers.Tensor:
    ...
def index_add(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, source: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
    ...
def index_copy(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, source: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def index_fill(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
    ...
def index_put(input: eigenformers.Tensor, indices: collections.abc.Sequence[eigenformers.Tensor], values: eigenformers.Tensor, accumulate: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def index_select(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def index_select(*args, **kwargs) -> typing.Any:
    ...
def inference_mode(mode: typing.Any = True) -> typing.Any:
    ...
def initial_seed() -> int:
    ...
def is_batch_invariant() -> bool:
    """
    Whether results are the same bits whatever else is in the batch; see set_batch_invariant.
    """
def is_floating_point(input: eigenformers.Tensor) -> bool:
    ...
def is_grad_enabled() -> bool:
    ...
def is_inference_mode_enabled() -> bool:
    ...
def is_tensor(obj: typing.Any) -> bool:
    ...
def isa_name() -> str:
    """
    The instruction set in use.
    """
def isclose(input: eigenformers.Tensor, other: eigenformers.Tensor, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: bool = False) -> eigenformers.Tensor:
    ...
def isfinite(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def isin(elements: eigenformers.Tensor, test_elements: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def isin(elements: eigenformers.Tensor, test_element: float) -> eigenformers.Tensor:
    ...
def isinf(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def isnan(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def kthvalue(input: eigenformers.Tensor, k: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = -1, keepdim: bool = False) -> typing.Any:
    ...
@typing.overload
def le(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def le(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
@typing.overload
def lerp(input: eigenformers.Tensor, end: eigenformers.Tensor, weight: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def lerp(input: eigenformers.Tensor, end: eigenformers.Tensor, weight: float) -> eigenformers.Tensor:
    ...
def linspace(start: typing.SupportsFloat | typing.SupportsIndex, end: typing.SupportsFloat | typing.SupportsIndex, steps: typing.SupportsInt | typing.SupportsIndex, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
def load_checkpoint(model: nn.Module, reader: CheckpointReader, dtype: eigenformers.dtype | None = None, base_prefix: str = '', ties: collections.abc.Sequence[tuple[str, str]] = [], dequantize: bool = False, ignore_missing: collections.abc.Sequence[str] = [], ignore_unexpected: collections.abc.Sequence[str] = [], progress: typing.Any = None) -> dict:
    ...
def log(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def log10(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def log1p(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def log2(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def log_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def log_softmax(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def log_softmax(*args, **kwargs) -> typing.Any:
    ...
def logaddexp(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def logical_and(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def logical_not(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def logical_or(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def logical_xor(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def logit(input: eigenformers.Tensor, eps: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def logsumexp(input: eigenformers.Tensor, dim: collections.abc.Sequence[int], keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def logsumexp(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def lt(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def lt(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def manual_seed(seed: int) -> ...:
    ...
@typing.overload
def masked_fill(input: eigenformers.Tensor, mask: eigenformers.Tensor, value: float) -> eigenformers.Tensor:
    ...
@typing.overload
def masked_fill(input: eigenformers.Tensor, mask: eigenformers.Tensor, value: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def masked_scatter(input: eigenformers.Tensor, mask: eigenformers.Tensor, source: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def masked_select(input: eigenformers.Tensor, mask: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def matmul(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def max(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def max(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def max(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, keepdim: bool = False) -> typing.Any:
    ...
@typing.overload
def max(*args, **kwargs) -> typing.Any:
    ...
def maximum(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def mean(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def mean(*args, **kwargs) -> typing.Any:
    ...
def meshgrid(*args, indexing: str = 'ij') -> tuple:
    ...
@typing.overload
def min(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def min(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def min(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, keepdim: bool = False) -> typing.Any:
    ...
@typing.overload
def min(*args, **kwargs) -> typing.Any:
    ...
def minimum(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def mm(input: eigenformers.Tensor, mat2: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def model_types() -> list[str]:
    ...
def movedim(input: eigenformers.Tensor, source: collections.abc.Sequence[int], destination: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
@typing.overload
def mul(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def mul(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def multinomial(input: eigenformers.Tensor, num_samples: typing.SupportsInt | typing.SupportsIndex, replacement: bool = False, *, generator: Generator = None) -> eigenformers.Tensor:
    ...
@typing.overload
def multiply(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def multiply(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def mv(input: eigenformers.Tensor, vec: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def nan_to_num(input: eigenformers.Tensor, nan: typing.SupportsFloat | typing.SupportsIndex = 0.0, posinf: typing.SupportsFloat | typing.SupportsIndex | None = None, neginf: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def nanmean(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def nanmean(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def nansum(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def nansum(*args, **kwargs) -> typing.Any:
    ...
def narrow(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, start: typing.SupportsInt | typing.SupportsIndex, length: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
@typing.overload
def ne(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def ne(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def neg(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def neg_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def negative(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def no_grad(orig_func: typing.Any = None) -> typing.Any:
    ...
def nonzero(input: eigenformers.Tensor, *, as_tuple: bool = False) -> typing.Any:
    ...
@typing.overload
def norm(input: eigenformers.Tensor, p: typing.Any = 'fro', dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def norm(*args, **kwargs) -> typing.Any:
    ...
def numel(input: eigenformers.Tensor) -> int:
    ...
def ones(*args, **kwargs) -> eigenformers.Tensor:
    ...
def ones_like(input: eigenformers.Tensor, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False, memory_format: typing.Any = None) -> eigenformers.Tensor:
    ...
def open_gguf(path: str, disable_mmap: bool = False, model_type: str = '') -> CheckpointReader:
    ...
def open_safetensors(paths: collections.abc.Sequence[str], disable_mmap: bool = False) -> CheckpointReader:
    ...
def open_torch(paths: collections.abc.Sequence[str], disable_mmap: bool = False) -> CheckpointReader:
    ...
def outer(input: eigenformers.Tensor, vec2: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def pack_weight(format: str, dense: eigenformers.Tensor, **kwargs) -> PackedWeight:
    ...
def permute(input: eigenformers.Tensor, dims: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
@typing.overload
def pow(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def pow(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
@typing.overload
def pow(self: float, exponent: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def prod(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def prod(*args, **kwargs) -> typing.Any:
    ...
def promote_types(type1: eigenformers.dtype, type2: eigenformers.dtype) -> eigenformers.dtype:
    ...
def quantile(input: eigenformers.Tensor, q: typing.Any, dim: typing.SupportsInt | typing.SupportsIndex | None = None, keepdim: bool = False, *, interpolation: str = 'linear') -> eigenformers.Tensor:
    ...
def quantization_formats() -> list[str]:
    ...
def quantized_checkpoint(reader: CheckpointReader, entries: collections.abc.Sequence[dict]) -> CheckpointReader:
    ...
def rand(*args, dtype: eigenformers.dtype | None = None, generator: Generator = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
def rand_like(input: eigenformers.Tensor, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
@typing.overload
def randint(high: typing.SupportsInt | typing.SupportsIndex, size: collections.abc.Sequence[int], *, generator: Generator = None, dtype: eigenformers.dtype | None = None, device: typing.Any = None) -> eigenformers.Tensor:
    ...
@typing.overload
def randint(low: typing.SupportsInt | typing.SupportsIndex, high: typing.SupportsInt | typing.SupportsIndex, size: collections.abc.Sequence[int], *, generator: Generator = None, dtype: eigenformers.dtype | None = None, device: typing.Any = None) -> eigenformers.Tensor:
    ...
def randn(*args, dtype: eigenformers.dtype | None = None, generator: Generator = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
def randn_like(input: eigenformers.Tensor, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False) -> eigenformers.Tensor:
    ...
def randperm(n: typing.SupportsInt | typing.SupportsIndex, *, generator: Generator = None, dtype: eigenformers.dtype | None = None, device: typing.Any = None) -> eigenformers.Tensor:
    ...
def ravel(input: eigenformers.Tensor, start_dim: typing.SupportsInt | typing.SupportsIndex = 0, end_dim: typing.SupportsInt | typing.SupportsIndex = -1) -> eigenformers.Tensor:
    ...
def read_torch(path: str, disable_mmap: bool = False) -> typing.Any:
    """
    What torch.save wrote, as data: plain containers and Tensors. Anything else is refused; no code runs.
    """
def reciprocal(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def reciprocal_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def relu(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def relu_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def remainder(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def remainder(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def renamed_checkpoint(reader: CheckpointReader, names: collections.abc.Sequence[tuple[str, str]]) -> CheckpointReader:
    ...
@typing.overload
def repeat_interleave(input: eigenformers.Tensor, repeats: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def repeat_interleave(input: eigenformers.Tensor, repeats: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
    ...
def reshape(input: eigenformers.Tensor, shape: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
def restore_weight(format: str, parts: collections.abc.Mapping[str, eigenformers.Tensor], shape: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], **kwargs) -> PackedWeight:
    ...
def roll(input: eigenformers.Tensor, shifts: collections.abc.Sequence[int], dims: collections.abc.Sequence[int] | None = None) -> eigenformers.Tensor:
    ...
def round(input: eigenformers.Tensor, *, decimals: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def round_(self: eigenformers.Tensor, *, decimals: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def rsqrt(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def rsqrt_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def rsub(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def safetensors_dtype(dtype: str) -> str:
    """
    The name of a dtype in a safetensors header: "F32" for "float32".
    """
def save_safetensors(model: nn.Module, tensors: collections.abc.Sequence[tuple[str, eigenformers.Tensor]], folder: str, stem: str, index_name: str, max_shard_bytes: typing.SupportsInt | typing.SupportsIndex, metadata: collections.abc.Mapping[str, str] = {}) -> tuple[list[str], dict[str, str], int, int]:
    ...
def save_safetensors_lazily(items: collections.abc.Sequence[tuple[str, eigenformers.dtype, collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], collections.abc.Callable]], folder: str, stem: str, index_name: str, max_shard_bytes: typing.SupportsInt | typing.SupportsIndex) -> tuple[list[str], dict[str, str], int, int]:
    """
    items: (name, dtype, shape, function of the values), each made when it is written.
    """
def scalar_tensor(s: float, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None) -> eigenformers.Tensor:
    ...
def scatter_add(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: eigenformers.Tensor, src: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def searchsorted(sorted_sequence: eigenformers.Tensor, input: eigenformers.Tensor, *, right: bool = False) -> eigenformers.Tensor:
    ...
def seed() -> int:
    ...
def select(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, index: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
def set_default_dtype(d: eigenformers.dtype) -> None:
    ...
def set_grad_enabled(mode: bool) -> typing.Any:
    ...
def set_num_threads(int: typing.SupportsInt | typing.SupportsIndex) -> None:
    ...
def set_printoptions(precision: typing.SupportsInt | typing.SupportsIndex | None = None, threshold: typing.Any = None, edgeitems: typing.SupportsInt | typing.SupportsIndex | None = None, linewidth: typing.SupportsInt | typing.SupportsIndex | None = None, profile: str | None = None, sci_mode: bool | None = None) -> None:
    """
    How repr(tensor) looks; as torch.set_printoptions.
    """
def set_rng_state(new_state: eigenformers.Tensor) -> None:
    ...
def sigmoid(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def sigmoid_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def sign(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def sin(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def sin_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def sinh(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def softmax(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def softmax(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def sort(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex = -1, descending: bool = False, stable: bool = False) -> typing.Any:
    ...
@typing.overload
def sort(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def split(tensor: eigenformers.Tensor, split_size_or_sections: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
    ...
@typing.overload
def split(tensor: eigenformers.Tensor, split_size_or_sections: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
    ...
@typing.overload
def split(*args, **kwargs) -> typing.Any:
    ...
def split_with_sizes(tensor: eigenformers.Tensor, split_sizes: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
    ...
def sqrt(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def sqrt_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def square(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def square_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def squeeze(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def squeeze(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
@typing.overload
def squeeze(input: eigenformers.Tensor, dim: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
@typing.overload
def squeeze(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def stack(tensors: collections.abc.Sequence[eigenformers.Tensor], dim: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
@typing.overload
def stack(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def std(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def std(*args, **kwargs) -> typing.Any:
    ...
def std_mean(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None, keepdim: bool = False) -> tuple[eigenformers.Tensor, eigenformers.Tensor]:
    ...
@typing.overload
def sub(input: eigenformers.Tensor, other: eigenformers.Tensor, *, alpha: float = 1) -> eigenformers.Tensor:
    ...
@typing.overload
def sub(input: eigenformers.Tensor, other: float, *, alpha: float = 1) -> eigenformers.Tensor:
    ...
@typing.overload
def sum(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, keepdim: bool = False, *, dtype: eigenformers.dtype | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def sum(*args, **kwargs) -> typing.Any:
    ...
def swapaxes(input: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
def swapdims(input: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
def t(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def take_along_dim(input: eigenformers.Tensor, indices: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
def tan(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def tanh(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def tanh_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def tensor(data: typing.Any, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False, pin_memory: bool = False) -> eigenformers.Tensor:
    """
    A new tensor from numbers, nested sequences or an array.
    
    >>> import eigenformers as ef
    >>> ef.tensor([[1, 2], [3, 4]]).sum().item()
    10
    """
def tensors_in_memory(tensors: collections.abc.Sequence[tuple[str, eigenformers.Tensor]]) -> CheckpointReader:
    ...
def tie(model: nn.Module, target: str, source: str) -> None:
    ...
def tile(input: eigenformers.Tensor, dims: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
@typing.overload
def topk(input: eigenformers.Tensor, k: typing.SupportsInt | typing.SupportsIndex, dim: typing.SupportsInt | typing.SupportsIndex = -1, largest: bool = True, sorted: bool = True) -> typing.Any:
    ...
@typing.overload
def topk(*args, **kwargs) -> typing.Any:
    ...
def trace(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def transpose(input: eigenformers.Tensor, dim0: typing.SupportsInt | typing.SupportsIndex, dim1: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
def tril(input: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def tril_indices(row: typing.SupportsInt | typing.SupportsIndex, col: typing.SupportsInt | typing.SupportsIndex, offset: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def triu(input: eigenformers.Tensor, diagonal: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
def triu_indices(row: typing.SupportsInt | typing.SupportsIndex, col: typing.SupportsInt | typing.SupportsIndex, offset: typing.SupportsInt | typing.SupportsIndex = 0) -> eigenformers.Tensor:
    ...
@typing.overload
def true_divide(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def true_divide(input: eigenformers.Tensor, other: float) -> eigenformers.Tensor:
    ...
def trunc(input: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def trunc_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
@typing.overload
def unbind(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex = 0) -> tuple:
    ...
@typing.overload
def unbind(*args, **kwargs) -> typing.Any:
    ...
def unflatten(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex, sizes: collections.abc.Sequence[int]) -> eigenformers.Tensor:
    ...
@typing.overload
def unsqueeze(input: eigenformers.Tensor, dim: typing.SupportsInt | typing.SupportsIndex) -> eigenformers.Tensor:
    ...
@typing.overload
def unsqueeze(*args, **kwargs) -> typing.Any:
    ...
@typing.overload
def var(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None) -> eigenformers.Tensor:
    ...
@typing.overload
def var(*args, **kwargs) -> typing.Any:
    ...
def var_mean(input: eigenformers.Tensor, dim: collections.abc.Sequence[int] | None = None, *, correction: typing.SupportsFloat | typing.SupportsIndex | None = None, keepdim: bool = False) -> tuple[eigenformers.Tensor, eigenformers.Tensor]:
    ...
def vstack(tensors: collections.abc.Sequence[eigenformers.Tensor]) -> eigenformers.Tensor:
    ...
@typing.overload
def where(condition: eigenformers.Tensor, input: typing.Any, other: typing.Any) -> eigenformers.Tensor:
    ...
@typing.overload
def where(condition: eigenformers.Tensor) -> tuple:
    ...
def write_safetensors(path: str, tensors: collections.abc.Sequence[tuple[str, typing.Any]], metadata: collections.abc.Mapping[str, str]) -> None:
    """
    Writes (name, Tensor or array) pairs; the file appears whole or not at all.
    """
def write_torch(path: str, tensors: collections.abc.Sequence[tuple[str, typing.Any]]) -> None:
    """
    Writes a state dict that torch.load(weights_only=True) reads.
    """
def xlogy(input: eigenformers.Tensor, other: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def zero_(self: eigenformers.Tensor) -> eigenformers.Tensor:
    ...
def zeros(*args, **kwargs) -> eigenformers.Tensor:
    ...
def zeros_like(input: eigenformers.Tensor, *, dtype: eigenformers.dtype | None = None, device: typing.Any = None, requires_grad: bool = False, memory_format: typing.Any = None) -> eigenformers.Tensor:
    ...
__version__: str = '0.1.0'
_cpu: device  # value = device(type='cpu')
bfloat16: dtype  # value = eigenformers.bfloat16
bool: dtype  # value = eigenformers.bool
complex64: dtype  # value = eigenformers.complex64
default_generator: Generator  # value = <eigenformers._core.Generator object>
double: dtype  # value = eigenformers.float64
float: dtype  # value = eigenformers.float32
float16: dtype  # value = eigenformers.float16
float32: dtype  # value = eigenformers.float32
float64: dtype  # value = eigenformers.float64
float8_e4m3fn: dtype  # value = eigenformers.float8_e4m3fn
float8_e5m2: dtype  # value = eigenformers.float8_e5m2
float8_e8m0fnu: dtype  # value = eigenformers.float8_e8m0fnu
half: dtype  # value = eigenformers.float16
inf: float  # value = inf
int: dtype  # value = eigenformers.int32
int16: dtype  # value = eigenformers.int16
int32: dtype  # value = eigenformers.int32
int64: dtype  # value = eigenformers.int64
int8: dtype  # value = eigenformers.int8
long: dtype  # value = eigenformers.int64
nan: float  # value = nan
pi: float = 3.141592653589793
short: dtype  # value = eigenformers.int16
strided: str = 'strided'
uint16: dtype  # value = eigenformers.uint16
uint32: dtype  # value = eigenformers.uint32
uint64: dtype  # value = eigenformers.uint64
uint8: dtype  # value = eigenformers.uint8
arccos = acos
arcsin = asin
arctan2 = atan2
fix = trunc
ger = outer
greater = gt
greater_equal = ge
less = lt
less_equal = le
moveaxis = movedim
not_equal = ne
row_stack = vstack
subtract = sub
