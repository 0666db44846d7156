"""Model families and the Auto classes that choose among them."""

from __future__ import annotations

from .._lazy import lazy_exports
from .registry import FAMILIES

_MODULES = {"auto": ".auto:", "gguf": ".gguf:", "registry": ".registry:"}
_MODULES.update({model_type.replace("-", "_"): f".{model_type.replace('-', '_')}:" for model_type in FAMILIES})

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
