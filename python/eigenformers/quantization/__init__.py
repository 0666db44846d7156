"""Quantization: configurations, the quantizers that carry them out, and layers by how they are stored.

>>> from eigenformers.quantization import BitsAndBytesConfig
>>> BitsAndBytesConfig(load_in_8bit=True).quantization_method()
'llm_int8'
"""

from __future__ import annotations

from .._lazy import lazy_exports

_CONFIGS = (
    "AqlmConfig", "AutoRoundConfig", "AwqConfig", "BitNetQuantConfig", "CompressedTensorsConfig", "EetqConfig", "FbgemmFp8Config",
    "FineGrainedFP8Config", "GPTQConfig", "GgufConfig", "HqqConfig", "Mxfp4Config", "QuantoConfig", "TorchAoConfig",
)  # fmt: skip
_AUTO = (
    "AUTO_QUANTIZATION_CONFIG_MAPPING", "AUTO_QUANTIZER_MAPPING", "AutoHfQuantizer", "AutoQuantizationConfig",
    "get_hf_quantizer", "register_quantization_config", "register_quantizer",
)  # fmt: skip
PUBLIC = {  # name -> module here
    **dict.fromkeys(_CONFIGS, ".configs"),
    **dict.fromkeys(_AUTO, ".auto"),
    "BitsAndBytesConfig": ".bitsandbytes",
    "HfQuantizer": ".base",
    **dict.fromkeys(("Linear4bit", "Linear8bitLt", "QuantLinear"), ".layers"),
    "prepare_model_for_kbit_training": "..peft.preparing",
}
MODULES = tuple(PUBLIC)

__getattr__, __dir__ = lazy_exports(
    __name__,
    {**PUBLIC, **dict.fromkeys(("QuantizationConfigMixin", "QuantizationMethod"), ".config_base"),
     **dict.fromkeys(("get_keys_to_not_convert", "get_module_from_name", "should_convert_module"), ".base")},
)  # fmt: skip
__all__ = [*MODULES, "QuantizationConfigMixin", "QuantizationMethod", "get_keys_to_not_convert",
           "get_module_from_name", "should_convert_module"]  # noqa: PLE0604  # fmt: skip
