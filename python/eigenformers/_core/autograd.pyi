"""
Gradients by hand: `grad`, `backward`, `Function`.
"""
from __future__ import annotations
import typing
__all__: list[str] = ['Function', 'backward', 'grad']
class Function:
    """
    An operation with a gradient of its own: subclass it, with static forward(ctx, …) and backward(ctx, …).
    """
    @staticmethod
    def __reduce_ex__(*args, **kwargs):
        """
        (self: object, protocol: typing.SupportsInt | typing.SupportsIndex) -> object
        """
    @staticmethod
    def apply(arg0: typing.Any, *args, **kwargs) -> typing.Any:
        ...
    @staticmethod
    def backward(*args) -> None:
        ...
    @staticmethod
    def forward(*args) -> None:
        ...
    @staticmethod
    def setup_context(*args) -> None:
        ...
def _set_training_mode(bf16_products: bool, rounded: bool) -> None:
    ...
def _training_mode() -> tuple[bool, bool]:
    ...
def backward(tensors: typing.Any, grad_tensors: typing.Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: typing.Any = None) -> None:
    ...
def grad(outputs: typing.Any, inputs: typing.Any, grad_outputs: typing.Any = None, retain_graph: bool | None = None, create_graph: bool = False, allow_unused: bool = False) -> tuple:
    ...
