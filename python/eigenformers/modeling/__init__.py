"""`PreTrainedModel`: what all models share, and its loading, saving and initialisation."""

from __future__ import annotations

from .base import PreTrainedModel

__all__ = ["PreTrainedModel"]
