"""The Qwen3 family."""

from __future__ import annotations

from ..._lazy import lazy_exports
from ..registry import FAMILIES

_MODULES = {
    name: ".configuration" if auto_class == "AutoConfig" else ".modeling"
    for auto_class, name in FAMILIES["qwen3"].items()
}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
