"""
The module tree and its layers
"""
from __future__ import annotations
import collections.abc
import eigenformers
import typing
__all__: list[str] = ['Activation', 'Attention', 'Block', 'Conv1D', 'Dropout', 'Embedding', 'GatedMlp', 'HeadNorm', 'Identity', 'LayerNorm', 'Linear', 'Module', 'ModuleDict', 'ModuleList', 'ParameterDict', 'PlainMlp', 'RMSNorm', 'RotaryEmbedding', 'Sequential', 'activation_names']
class Activation(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, name: str) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @property
    def name(self) -> str:
        ...
class Attention(Block):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
class Block(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def forward(self, hidden_states: eigenformers.Tensor, **kwargs) -> eigenformers.Tensor:
        ...
class Conv1D(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
class Dropout(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, p: typing.SupportsFloat | typing.SupportsIndex = 0.5) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @property
    def p(self) -> float:
        ...
class Embedding(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, num_embeddings: typing.SupportsInt | typing.SupportsIndex, embedding_dim: typing.SupportsInt | typing.SupportsIndex, embed_scale: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @property
    def embed_scale(self) -> float:
        ...
    @property
    def embedding_dim(self) -> int:
        ...
    @property
    def num_embeddings(self) -> int:
        ...
    @property
    def padding_idx(self) -> int | None:
        ...
    @padding_idx.setter
    def padding_idx(self, arg1: typing.SupportsInt | typing.SupportsIndex | None) -> None:
        ...
class GatedMlp(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, hidden_size: typing.SupportsInt | typing.SupportsIndex, intermediate_size: typing.SupportsInt | typing.SupportsIndex, hidden_act: str = 'silu', bias: bool = False) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
class HeadNorm(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
class Identity(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
class LayerNorm(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, normalized_shape: typing.SupportsInt | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex = 1e-05, elementwise_affine: bool = True, bias: bool = True) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @property
    def eps(self) -> float:
        ...
class Linear(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, in_features: typing.SupportsInt | typing.SupportsIndex, out_features: typing.SupportsInt | typing.SupportsIndex, bias: bool = True) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @property
    def in_features(self) -> int:
        ...
    @property
    def out_features(self) -> int:
        ...
class Module:
    training: bool
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __call__(self, *args, **kwargs) -> typing.Any:
        ...
    def __delattr__(self, arg0: str) -> None:
        ...
    def __getattr__(self, arg0: str) -> typing.Any:
        ...
    def __init__(self) -> None:
        ...
    def __setattr__(self, arg0: str, arg1: typing.Any) -> None:
        ...
    def _add_hook(self, arg0: collections.abc.Callable, arg1: bool, arg2: bool, arg3: bool) -> int:
        ...
    def _children(self) -> list:
        ...
    def _class_name(self) -> str:
        ...
    def _count_parameters(self, arg0: bool, arg1: bool) -> int:
        ...
    def _empty_slots(self) -> list:
        ...
    def _has_hooks(self) -> bool:
        ...
    def _load_state_dict(self, state: collections.abc.Mapping[str, eigenformers.Tensor], assign: bool = False) -> tuple:
        ...
    def _named_modules(self) -> list:
        ...
    def _nbytes(self) -> int:
        ...
    def _own_slots(self, buffers: bool = False) -> list:
        ...
    def _remove_hook(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def _replace(self, arg0: str, arg1: Module) -> None:
        ...
    def _resize_slot(self, arg0: str, arg1: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    def _set_training(self, arg0: bool) -> None:
        ...
    def _slots(self, buffers: bool = False, remove_duplicate: bool = True) -> list:
        ...
    def _state_dict(self, prefix: str = '') -> dict:
        ...
    def _to(self, arg0: eigenformers.dtype) -> None:
        ...
    def add_module(self, name: str, module: Module) -> None:
        ...
    def extra_repr(self) -> str:
        ...
    def get_submodule(self, target: str) -> typing.Any:
        ...
    def register_buffer(self, name: str, tensor: eigenformers.Tensor | None, persistent: bool = True) -> None:
        ...
    def register_parameter(self, name: str, param: eigenformers.Tensor | None) -> None:
        ...
class ModuleDict(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, modules: typing.Any = None) -> None:
        ...
class ModuleList(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @typing.overload
    def __getitem__(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> Module:
        ...
    @typing.overload
    def __getitem__(self, arg0: slice) -> list:
        ...
    def __init__(self, modules: collections.abc.Iterable | None = None) -> None:
        ...
    def __len__(self) -> int:
        ...
    def __setitem__(self, arg0: typing.SupportsInt | typing.SupportsIndex, arg1: Module) -> None:
        ...
    def append(self, arg0: Module) -> typing.Any:
        ...
class ParameterDict(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, parameters: typing.Any = None) -> None:
        ...
class PlainMlp(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
class RMSNorm(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, normalized_shape: typing.SupportsInt | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex = 1e-06, unit_offset: bool = False) -> None:
        ...
    def forward(self, input: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
    @property
    def eps(self) -> float:
        ...
class RotaryEmbedding(Module):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
class Sequential(ModuleList):
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    def __init__(self, *args) -> None:
        ...
    def forward(self, arg0: eigenformers.Tensor) -> eigenformers.Tensor:
        ...
class _Pass:
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
def _lora_linear(x: eigenformers.Tensor, base: Linear, a: eigenformers.Tensor, b: eigenformers.Tensor, scale: typing.SupportsFloat | typing.SupportsIndex) -> eigenformers.Tensor:
    """
    base(x) + scale·(x·aᵀ)·bᵀ as one operation.
    """
def activation_names() -> list[str]:
    ...
