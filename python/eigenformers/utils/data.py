"""`torch.utils.data` under the name that scripts look for; the pieces live in `eigenformers.data`."""

from __future__ import annotations

from .._lazy import lazy_exports
from ..data import TORCH_NAMES

_MODULES = dict.fromkeys(TORCH_NAMES, "...data")

__all__ = sorted(_MODULES)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
