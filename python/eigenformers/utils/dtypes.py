"""Dtype names in configuration files and dtype objects in memory.

`"bfloat16"`, `eigenformers.bfloat16` and `torch.bfloat16` name the same thing; a configuration keeps the dtype object
of this project, and its name where the kernels have no such type (`"float8_e4m3fn"`).
"""

from __future__ import annotations

from typing import Any

from ..errors import ConfigError

# Every spelling that a config.json may carry.
_NAMES = {
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "bool", "complex64", "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz",
    "float8_e8m0fnu", "float4_e2m1fn_x2",
}  # fmt: skip
_SYNONYMS = {
    "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32", "long": "int64",
}  # fmt: skip


def dtype_name(value: Any) -> str:
    """`"bfloat16"` for a name, an eigenformers dtype, a torch dtype or a numpy dtype.

    Raises:
        ConfigError: `value` names no dtype.
    """
    name = value if isinstance(value, str) else getattr(value, "name", None) or str(value)
    name = str(name).split(".")[-1].strip("'<>\" ")
    name = _SYNONYMS.get(name, name)
    if name not in _NAMES:
        raise ConfigError(f"dtype: found {value!r}, needed one of {', '.join(sorted(_NAMES))}")
    return name


def to_dtype(value: Any) -> Any:
    """The dtype object for `value`; its name where the extension has no such dtype.

    Raises:
        ConfigError: `value` names no dtype.
    """
    name = dtype_name(value)
    try:
        from .. import _core
    except ImportError:  # documentation builds and tests of pure Python parts
        return name
    return getattr(_core, name, name)
