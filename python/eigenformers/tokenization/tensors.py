"""Conversion between Python lists, numpy arrays, `eigenformers.Tensor` and whatever else has `tolist`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from .._numpy import is_array, is_scalar, np
from ._engine import UnsupportedError
from .enums import TensorType


def to_py_obj(value: Any) -> Any:
    """Nested plain Python objects for tensors, arrays, numpy scalars, and containers of them."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {key: to_py_obj(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        if set(map(type, value)) == {int}:
            return list(value)
        return [to_py_obj(item) for item in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def is_tensor(value: Any) -> bool:
    """True for an `eigenformers.Tensor`, and for another library's tensor (it speaks DLPack and is no numpy array)."""
    return not (is_array(value) or is_scalar(value)) and hasattr(value, "__dlpack__")


def converter(tensor_type: TensorType) -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    """A pair: is this value already of that type, and the conversion of a nested list to it."""
    if tensor_type is TensorType.NUMPY:
        return lambda value: is_array(value), _to_numpy
    if tensor_type is TensorType.PYTORCH:
        return is_tensor, _to_tensor
    library = {TensorType.MLX: "MLX", TensorType.TENSORFLOW: "TensorFlow", TensorType.JAX: "JAX"}[tensor_type]
    raise UnsupportedError(
        f"return_tensors={tensor_type.value!r}: {library} tensors are not made here; "
        f"ask for 'np' and hand the arrays to {library}, or for 'pt' to get eigenformers tensors (DLPack)"
    )


def _to_numpy(value: Any) -> np.ndarray:
    if is_tensor(value):
        return np.asarray(value)
    if isinstance(value, (list, tuple)) and value and (isinstance(value[0], (list, tuple)) or is_array(value[0])):
        if len({len(row) for row in value}) > 1:  # ragged rows stay rows, in an array of objects
            rows = np.empty(len(value), dtype=object)
            rows[:] = [np.asarray(row) for row in value]
            return rows
    array = np.asarray(value)
    if array.dtype == object and array.ndim == 0:
        raise ValueError(f"cannot make an array of a {type(value).__name__}")
    return array.astype(np.int64) if array.size == 0 and not _of_arrays(value) else array


def _of_arrays(value: Any) -> bool:
    """Whether the type of the numbers is said even where there are none."""
    return isinstance(value, (list, tuple)) and bool(value) and is_array(value[0])


def _to_tensor(value: Any) -> Any:
    import eigenformers

    leaf = value
    while isinstance(leaf, (list, tuple)) and leaf:
        leaf = leaf[0]
    if isinstance(leaf, (bool, int, float)) and not is_scalar(leaf):
        return eigenformers.tensor(value)
    if isinstance(value, (list, tuple)) and value and is_tensor(value[0]):
        value = [np.asarray(item) for item in value]
    array = np.asarray(value)  # ragged lists raise ValueError here, which the caller explains
    if array.dtype == object or array.dtype.kind in "US":
        raise ValueError(f"cannot make a tensor of {array.dtype} values")
    if array.size == 0 and not _of_arrays(value):
        array = array.astype(np.int64)
    elif array.dtype == np.float64 and not is_array(value):
        array = array.astype(np.float32)  # Python floats become the default float type
    return eigenformers.from_numpy(np.ascontiguousarray(array))
