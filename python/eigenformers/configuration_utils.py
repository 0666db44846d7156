"""`PreTrainedConfig` under the names that scripts import it from."""

from __future__ import annotations

from .configuration import PreTrainedConfig

PretrainedConfig = PreTrainedConfig

__all__ = ["PreTrainedConfig", "PretrainedConfig"]
