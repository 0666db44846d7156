"""The module name under which scripts import the configuration classes."""

from __future__ import annotations

from .auxiliary_configs import (
    BaseWatermarkingConfig,
    CompileConfig,
    SynthIDTextWatermarkingConfig,
    WatermarkingConfig,
)
from .configuration import GenerationConfig, GenerationMode

__all__ = [
    "BaseWatermarkingConfig",
    "CompileConfig",
    "GenerationConfig",
    "GenerationMode",
    "SynthIDTextWatermarkingConfig",
    "WatermarkingConfig",
]
