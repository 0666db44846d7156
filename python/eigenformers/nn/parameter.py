"""Tensors that a Module registers when they are set as attributes."""

from __future__ import annotations

from typing import Any

from .._core import Tensor


class _ParameterMeta(type(Tensor)):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and bool(getattr(instance, "_is_parameter", False))


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that belongs to a Module: `Parameter(data, requires_grad=True)`. It shares memory with `data`."""

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        from .. import empty, tensor

        source = empty(0) if data is None else data if isinstance(data, Tensor) else tensor(data)
        made = source.detach()
        made.requires_grad_(bool(requires_grad))
        made._is_parameter = True
        return made


def Buffer(data: Any = None) -> Any:  # noqa: N802 (torch's name)
    """A tensor without gradient; register it with `register_buffer`."""
    return Parameter(data, requires_grad=False)
