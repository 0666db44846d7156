"""The TAPAS family."""

from __future__ import annotations

from ..registry import family_exports

__all__, __getattr__, __dir__ = family_exports(__name__, "tapas")
