"""`FloatTensor` and its like, random tensors by their moments, and switches that have nothing to switch here."""

from __future__ import annotations

import builtins
import contextlib
from typing import Any

from .. import _core
from .._core import Tensor
from .register import FUNCTIONS, function, method

_scalar_normal, _type = _core.normal, Tensor.type
_core.strided = "strided"
FUNCTIONS.add("strided")


class _TypedTensor(builtins.type):
    """The type of `FloatTensor`: makes tensors of one dtype, and `isinstance` asks for it."""

    dtype: Any

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.dtype

    def __call__(cls, *args: Any, device: Any = None) -> Tensor:
        """From a sequence, or from sizes (then without values)."""
        if not args:
            return _core.empty(0, dtype=cls.dtype, device=device)
        if len(args) == 1 and not isinstance(args[0], (int, _core.Size)):
            return _core.tensor(args[0], dtype=cls.dtype, device=device)
        return _core.empty(*args, dtype=cls.dtype, device=device)


for _name, _dtype in {
    "FloatTensor": _core.float32, "DoubleTensor": _core.float64, "HalfTensor": _core.float16,
    "BFloat16Tensor": _core.bfloat16, "LongTensor": _core.int64, "IntTensor": _core.int32, "ShortTensor": _core.int16,
    "CharTensor": _core.int8, "ByteTensor": _core.uint8, "BoolTensor": _core.bool,
}.items():  # fmt: skip
    _made = _TypedTensor(_name, (), {"dtype": _dtype, "__doc__": f"Tensors of dtype {_dtype}.", "__module__": __name__})
    setattr(_core, _name, _made)
    globals()[_name] = _made
    FUNCTIONS.add(_name)


@method
def type(input: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:  # noqa: A001
    """The name of the tensor's type; or the tensor as another, given as a dtype, `LongTensor` or its name."""
    if dtype is None:
        return _type(input)
    if isinstance(dtype, str) and dtype.endswith("Tensor"):
        dtype = globals().get(dtype.rpartition(".")[2], dtype)
    return _type(input, getattr(dtype, "dtype", dtype))


class UntypedStorage:
    """The memory of a tensor, as far as scripts ask about it."""

    def __init__(self, tensor: Tensor):
        self._tensor = tensor
        self.device = tensor.device

    def data_ptr(self) -> int:
        """The address of its first byte."""
        return self._tensor.data_ptr() - self._tensor.storage_offset() * self._tensor.element_size()

    def nbytes(self) -> int:
        """Its size."""
        return self._tensor._storage_nbytes

    size = __len__ = nbytes


@method
def untyped_storage(input: Tensor) -> UntypedStorage:
    """The memory that the tensor looks at, shared with its views."""
    return UntypedStorage(input)


@method
def __array_wrap__(input: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:  # noqa: N807
    """numpy's functions of a tensor give tensors."""
    return _core.as_tensor(array)


@function
def is_complex(input: Tensor) -> bool:
    """Whether the numbers are complex."""
    return input.is_complex()


@function
def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None) -> Tensor:
    """Normal numbers by mean and deviation: numbers with a `size`, or tensors."""
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        if size is None:
            raise TypeError("normal() received an invalid combination of arguments: size= is needed with numbers")
        return _scalar_normal(float(mean), float(std), size, generator=generator)
    shape = _core.broadcast_shapes(*(tuple(x.shape) for x in (mean, std) if isinstance(x, Tensor)))
    return _core.randn(*shape, generator=generator) * std + mean


@function
def randint_like(input: Tensor, low: int, high: Any = None, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Whole numbers in the shape of another tensor."""
    low, high = (0, low) if high is None else (low, high)
    return _core.randint(low, high, tuple(input.shape), device=device).to(dtype or input.dtype)


@function
def logspace(start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Powers of `base` with exponents at equal distances."""
    found = _core.pow(float(base), _core.linspace(start, end, steps, dtype=_core.float64, device=device))
    return found.to(dtype or _core.float32)


@function
def compile(model: Any = None, **options: Any) -> Any:
    """The function itself: there is nothing to compile, and results are the same."""
    return model if model is not None else lambda f: f


@function
@contextlib.contextmanager
def autocast(device_type: str = "cpu", dtype: Any = None, enabled: bool = True, cache_enabled: Any = None) -> Any:
    """Products in bfloat16 with float32 weights: matrices are rounded for the product, sums stay in float32.

    What backward needs is kept in bfloat16 too. `dtype` is bfloat16 (the default); float32 changes nothing.
    """
    if str(device_type).split(":")[0] != "cpu":
        _core.device(device_type)  # raises, and says why
    if dtype not in (None, _core.bfloat16, _core.float32):
        raise NotImplementedError(f"autocast: dtype={dtype} is not supported on a CPU here; use bfloat16")
    before = _core.autograd._training_mode()
    on = bool(enabled) and dtype != _core.float32
    _core.autograd._set_training_mode(on, on)
    try:
        yield
    finally:
        _core.autograd._set_training_mode(*before)


@function
def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing to do: computation is deterministic as it is."""


@function
def are_deterministic_algorithms_enabled() -> bool:
    """Always."""
    return True


@function
def set_default_device(device: Any) -> None:
    """The CPU, or an error."""
    _core.device("cpu" if device is None else device)


@function
def get_default_device() -> Any:
    """The CPU."""
    return _core.device("cpu")


@function
def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: float32 products are always computed in float32."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"{precision} is not one of 'highest', 'high', or 'medium'")


@function
def get_float32_matmul_precision() -> str:
    """Always the highest."""
    return "highest"
