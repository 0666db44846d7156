"""Between the caller's arrays (Tensor or numpy) and numpy, where the Python processors and criteria compute."""

from __future__ import annotations

from typing import Any

from .._numpy import is_array, np


def as_array(values: Any) -> np.ndarray:
    """A numpy view of a Tensor, array or list. bf16 and f16 come out as float32, in which all is computed."""
    if is_array(values):
        return values.astype(np.float32) if values.dtype == np.float16 else values
    if isinstance(values, (list, tuple, int, float)):
        return np.asarray(values)
    if "float16" in str(values.dtype):  # numpy knows no bfloat16
        values = values.float()
    if getattr(values, "requires_grad", False):
        values = values.detach()
    return np.asarray(values.numpy() if hasattr(values, "numpy") else values)


def like(result: np.ndarray, template: Any) -> Any:
    """`result` as the kind and dtype of `template`: numpy for numpy, Tensor for Tensor."""
    if is_array(template):
        return result.astype(template.dtype, copy=False)
    return to_tensor(result).to(template.dtype)


def to_tensor(array: np.ndarray) -> Any:
    """A Tensor with the values of `array`."""
    import eigenformers

    return eigenformers.from_numpy(np.ascontiguousarray(array))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, in the dtype of `scores`."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Logarithm of the softmax over the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def token_ids(value: Any) -> np.ndarray:
    """One id or a list of ids, as an int64 vector."""
    if not hasattr(value, "dtype") and not isinstance(value, int):
        value = list(value)  # of any kind: a range, a set
    return np.atleast_1d(as_array(value)).astype(np.int64)
