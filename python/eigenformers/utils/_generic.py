"""Small helpers that hold for numpy arrays and tensors alike (`eigenformers.utils.generic`)."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from .._numpy import is_array as is_numpy_array
from .._numpy import np
from ..outputs import ModelOutput
from ..tokenization.tensors import is_tensor as is_torch_tensor
from ..tokenization.tensors import to_py_obj


def is_tensor(value: Any) -> bool:
    """True for a numpy array and for a tensor."""
    return is_numpy_array(value) or is_torch_tensor(value)


def to_numpy(value: Any) -> Any:
    """numpy arrays for tensors and lists; dicts of them keep their keys."""
    if isinstance(value, Mapping):
        return {key: to_numpy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return np.array(value)
    return value.detach().cpu().numpy() if is_torch_tensor(value) else value


def strtobool(value: str) -> int:
    """1 for y, yes, t, true, on, 1; 0 for n, no, f, false, off, 0.

    Raises:
        ValueError: it is something else.
    """
    lower = value.lower()
    if lower in {"y", "yes", "t", "true", "on", "1"}:
        return 1
    if lower in {"n", "no", "f", "false", "off", "0"}:
        return 0
    raise ValueError(f"invalid truth value {lower!r}")


def flatten_dict(nested: Mapping, parent_key: str = "", delimiter: str = ".") -> dict[str, Any]:
    """One level for nested dicts, the keys joined.

    >>> flatten_dict({"a": {"b": 1}, "c": 2})
    {'a.b': 1, 'c': 2}
    """

    def items(level: Mapping, above: str) -> Iterator[tuple[str, Any]]:
        for key, value in level.items():
            name = f"{above}{delimiter}{key}" if above else key
            if value and isinstance(value, Mapping):
                yield from items(value, name)
            else:
                yield name, value

    return dict(items(nested, str(parent_key)))


class ContextManagers:
    """Several context managers as one."""

    def __init__(self, context_managers: list[Any]):
        self.context_managers, self.stack = context_managers, contextlib.ExitStack()

    def __enter__(self) -> None:
        for manager in self.context_managers:
            self.stack.enter_context(manager)

    def __exit__(self, *args: Any) -> None:
        self.stack.__exit__(*args)


def can_return_loss(model_class: type) -> bool:
    """Whether `forward` has return_loss=True."""
    parameter = inspect.signature(model_class.forward).parameters.get("return_loss")  # type: ignore[attr-defined]
    return parameter is not None and parameter.default is True


def find_labels(model_class: type) -> list[str]:
    """The arguments of `forward` that hold labels."""
    spans = ("start_positions", "end_positions") if "QuestionAnswering" in model_class.__name__ else ()
    return [name for name in inspect.signature(model_class.forward).parameters if "label" in name or name in spans]  # type: ignore[attr-defined]


__all__ = [
    "ContextManagers", "ModelOutput", "can_return_loss", "find_labels", "flatten_dict", "is_numpy_array", "is_tensor",
    "is_torch_tensor", "strtobool", "to_numpy", "to_py_obj",
]  # fmt: skip
