"""`PreTrainedModel` under the name that scripts import it from."""

from __future__ import annotations

from .generation.mixin import GenerationMixin
from .modeling import PreTrainedModel

__all__ = ["GenerationMixin", "PreTrainedModel"]
