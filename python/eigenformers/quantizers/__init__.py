"""transformers' place of the quantizers; the names are those of `eigenformers.quantization`.

>>> from eigenformers.quantizers import HfQuantizer, register_quantizer
"""

from __future__ import annotations

from ..quantization import (
    AutoHfQuantizer,
    AutoQuantizationConfig,
    HfQuantizer,
    get_hf_quantizer,
    get_module_from_name,
    register_quantization_config,
    register_quantizer,
)

__all__ = [
    "AutoHfQuantizer", "AutoQuantizationConfig", "HfQuantizer", "get_hf_quantizer", "get_module_from_name",
    "register_quantization_config", "register_quantizer",
]  # fmt: skip
