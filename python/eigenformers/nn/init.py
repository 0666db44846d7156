"""First values of parameters."""

from __future__ import annotations

from typing import Any, Callable

from .. import _core


def check_device(device: Any) -> None:
    """Raises for any device but the CPU."""
    if device is not None and str(device).split(":")[0] not in ("cpu", "meta"):
        raise NotImplementedError(f"device={device!r}: eigenformers computes on the CPU only")


def fill(module: Any, dtype: Any, first: Callable[[Any], Any], bias: Callable[[Any], Any] | None = None) -> None:
    """Give every parameter of `module` that has none yet memory and values; `bias` defaults to `first`."""
    for name, shape in module._empty_slots():
        value = _core.empty(shape, dtype=dtype or _core.float32)
        (bias or first if name == "bias" else first)(value)
        value.requires_grad_(True)
        setattr(module, name, value)


def zero_row(table: Any, row: int) -> None:
    """Set `table[row]` to zero."""
    with _core.no_grad():
        table[row] = 0
