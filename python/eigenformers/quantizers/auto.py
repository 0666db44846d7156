"""The quantizers by method, as in `transformers.quantizers.auto`."""

from __future__ import annotations

from ..quantization.auto import (
    AUTO_QUANTIZATION_CONFIG_MAPPING,
    AUTO_QUANTIZER_MAPPING,
    AutoHfQuantizer,
    AutoQuantizationConfig,
    get_hf_quantizer,
    register_quantization_config,
    register_quantizer,
)

__all__ = [
    "AUTO_QUANTIZATION_CONFIG_MAPPING", "AUTO_QUANTIZER_MAPPING", "AutoHfQuantizer", "AutoQuantizationConfig",
    "get_hf_quantizer", "register_quantization_config", "register_quantizer",
]  # fmt: skip
