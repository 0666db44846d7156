"""The quantization configurations, as in `transformers.utils.quantization_config`."""

from __future__ import annotations

from ..quantization.bitsandbytes import BitsAndBytesConfig
from ..quantization.config_base import QuantizationConfigMixin, QuantizationMethod
from ..quantization.configs import (
    AqlmConfig,
    AutoRoundConfig,
    AwqConfig,
    BitNetQuantConfig,
    CompressedTensorsConfig,
    EetqConfig,
    FbgemmFp8Config,
    FineGrainedFP8Config,
    GgufConfig,
    GPTQConfig,
    HqqConfig,
    Mxfp4Config,
    QuantoConfig,
    TorchAoConfig,
)

__all__ = [
    "AqlmConfig", "AutoRoundConfig", "AwqConfig", "BitNetQuantConfig", "BitsAndBytesConfig", "CompressedTensorsConfig",
    "EetqConfig", "FbgemmFp8Config", "FineGrainedFP8Config", "GPTQConfig", "GgufConfig", "HqqConfig", "Mxfp4Config",
    "QuantizationConfigMixin", "QuantizationMethod", "QuantoConfig", "TorchAoConfig",
]  # fmt: skip
