"""From a quantization_config to the quantizer that carries it out."""

from __future__ import annotations

import difflib
from typing import Any, Callable

from ..errors import UnsupportedError
from ..utils import logging
from . import configs, formats, quantizers
from .base import HfQuantizer
from .bitsandbytes import BitsAndBytesConfig
from .config_base import QuantizationConfigMixin

logger = logging.get_logger(__name__)

AUTO_QUANTIZER_MAPPING: dict[str, Any] = {
    "bitsandbytes_4bit": quantizers.Bnb4BitHfQuantizer,
    "bitsandbytes_8bit": quantizers.Bnb8BitHfQuantizer,
    "gptq": formats.GptqHfQuantizer,
    "awq": formats.AwqQuantizer,
    "auto-round": formats.AutoRoundQuantizer,
    "compressed-tensors": formats.CompressedTensorsHfQuantizer,
    "fp8": formats.FineGrainedFP8HfQuantizer,
    "mxfp8": formats.FineGrainedFP8HfQuantizer,
    "fbgemm_fp8": formats.FbgemmFp8HfQuantizer,
    "mxfp4": formats.Mxfp4HfQuantizer,
    "aqlm": formats.AqlmHfQuantizer,
    "eetq": formats.EetqHfQuantizer,
    "hqq": formats.HqqHfQuantizer,
    "quanto": formats.QuantoHfQuantizer,
    "torchao": formats.TorchAoHfQuantizer,
    "bitnet": formats.BitNetHfQuantizer,
    "gguf": formats.GgufHfQuantizer,
}
AUTO_QUANTIZATION_CONFIG_MAPPING: dict[str, Any] = {
    "bitsandbytes_4bit": BitsAndBytesConfig,
    "bitsandbytes_8bit": BitsAndBytesConfig,
    "gguf": configs.GgufConfig,
    "gptq": configs.GPTQConfig,
    "awq": configs.AwqConfig,
    "auto-round": configs.AutoRoundConfig,
    "compressed-tensors": configs.CompressedTensorsConfig,
    "fp8": configs.FineGrainedFP8Config,
    "mxfp8": configs.FineGrainedFP8Config,
    "fbgemm_fp8": configs.FbgemmFp8Config,
    "mxfp4": configs.Mxfp4Config,
    "aqlm": configs.AqlmConfig,
    "eetq": configs.EetqConfig,
    "hqq": configs.HqqConfig,
    "quanto": configs.QuantoConfig,
    "torchao": configs.TorchAoConfig,
    "bitnet": configs.BitNetQuantConfig,
}

# What transformers knows and is not computed here, and what to do instead.
_ALTERNATIVES = {
    "vptq": "a GPTQ or AWQ checkpoint of the model",
    "spqr": "a GPTQ checkpoint of the model with 3 bits",
    "higgs": "BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type='nf4') on the dense model",
    "quark": "a compressed-tensors or fp8 checkpoint of the model",
    "fp_quant": "Mxfp4Config or BitsAndBytesConfig on the dense model",
    "fouroversix": "a compressed-tensors or mxfp4 checkpoint of the model",
    "nvfp4": "a compressed-tensors or mxfp4 checkpoint of the model",
    "metal": "a GGUF file or an AWQ checkpoint of the model",
    "sinq": "HqqConfig on the dense model",
    "gemma": "a GGUF file of the model",
}


def _method_of(given: Any) -> str:
    """The key of the mappings for a configuration or its dict."""
    get = given.get if isinstance(given, dict) else lambda name, default=None: getattr(given, name, default)
    method = get("quant_method")
    if get("load_in_8bit", False) or get("load_in_4bit", False):
        return "bitsandbytes_4bit" if get("load_in_4bit", False) else "bitsandbytes_8bit"
    if method is None:
        raise ValueError(
            "The model's quantization config from the arguments has no `quant_method` attribute. Make sure that the "
            "model has been correctly quantized"
        )
    method = str(getattr(method, "value", method))
    return "bitsandbytes_8bit" if method == "bitsandbytes" else method


def _look_up(mapping: dict[str, Any], method: str) -> Any:
    if method in mapping:
        return mapping[method]
    if method in _ALTERNATIVES:
        raise UnsupportedError(
            f"quantization method `{method}` is not supported; an alternative is {_ALTERNATIVES[method]}"
        )
    near = difflib.get_close_matches(method, [*AUTO_QUANTIZER_MAPPING, *_ALTERNATIVES], 1)
    raise ValueError(
        f"Unknown quantization type, got {method} - supported types are: {list(AUTO_QUANTIZER_MAPPING)}"
        + (f"; did you mean {near[0]!r}?" if near else "")
    )


class AutoQuantizationConfig:
    """Finds the configuration class for a dict."""

    @classmethod
    def from_dict(cls, quantization_config_dict: dict[str, Any]) -> Any:
        """The configuration that a config.json's `quantization_config` stands for."""
        method = _method_of(quantization_config_dict)
        return _look_up(AUTO_QUANTIZATION_CONFIG_MAPPING, method).from_dict(dict(quantization_config_dict))

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, **kwargs: Any) -> Any:
        """The configuration of a checkpoint; ValueError when it has none."""
        from ..models.auto import AutoConfig

        config = AutoConfig.from_pretrained(pretrained_model_name_or_path, **kwargs)
        found = getattr(config, "quantization_config", None)
        if found is None:
            raise ValueError(
                f"Did not found a `quantization_config` in {pretrained_model_name_or_path}. Make sure that the model is "
                "correctly quantized."
            )
        made = cls.from_dict(found)
        made.update(**kwargs)
        return made


class AutoHfQuantizer:
    """Finds the quantizer for a configuration."""

    @classmethod
    def from_config(cls, quantization_config: Any, **kwargs: Any) -> HfQuantizer:
        """The quantizer for a configuration or its dict."""
        if isinstance(quantization_config, dict):
            quantization_config = AutoQuantizationConfig.from_dict(quantization_config)
        return _look_up(AUTO_QUANTIZER_MAPPING, _method_of(quantization_config))(quantization_config, **kwargs)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, **kwargs: Any) -> HfQuantizer:
        """The quantizer for a checkpoint."""
        return cls.from_config(AutoQuantizationConfig.from_pretrained(pretrained_model_name_or_path, **kwargs))

    @classmethod
    def merge_quantization_configs(cls, quantization_config: Any, quantization_config_from_args: Any) -> Any:
        """The checkpoint's configuration, with what the caller may change about it."""
        given, warning = quantization_config_from_args, ""
        if given is not None:
            warning = (
                "You passed `quantization_config` or equivalent parameters to `from_pretrained` but the model you're "
                "loading already has a `quantization_config` attribute. The `quantization_config` from the model will "
                "be used."
            )
        if isinstance(quantization_config, dict):
            maker = configs.AutoRoundConfig if isinstance(given, configs.AutoRoundConfig) else AutoQuantizationConfig
            quantization_config = maker.from_dict(quantization_config)
        if given is None:
            return quantization_config
        if type(given).__name__ != type(quantization_config).__name__:
            raise ValueError(
                f"The model is quantized with {type(quantization_config).__name__} but you are passing a "
                f"{type(given).__name__} config. Please make sure to pass the same quantization config class to "
                "`from_pretrained` with different loading attributes."
            )
        changes = given.get_loading_attributes()
        for name, value in changes.items():
            setattr(quantization_config, name, value)
        if changes:
            warning += (
                f"However, loading attributes (e.g. {list(changes)}) will be overwritten with the one you passed to "
                "`from_pretrained`. The rest will be ignored."
            )
        logger.warning(warning)
        return quantization_config

    @staticmethod
    def supports_quant_method(quantization_config_dict: dict[str, Any]) -> bool:
        """Whether there is a configuration class for it."""
        return _method_of(quantization_config_dict) in AUTO_QUANTIZATION_CONFIG_MAPPING


def get_hf_quantizer(
    config: Any, quantization_config: Any, dtype: Any, device_map: Any, weights_only: bool, user_agent: Any
) -> tuple[HfQuantizer | None, Any, Any, Any]:
    """`(quantizer, config, dtype, device_map)` for a model that is about to be built; the quantizer may be None."""
    stored = getattr(config, "quantization_config", None)
    if stored is None and quantization_config is None:
        return None, config, dtype, device_map
    pre_quantized = stored is not None
    if isinstance(quantization_config, dict):
        quantization_config = AutoQuantizationConfig.from_dict(quantization_config)
    if pre_quantized:
        quantization_config = AutoHfQuantizer.merge_quantization_configs(stored, quantization_config)
    config.quantization_config = quantization_config
    quantizer = AutoHfQuantizer.from_config(quantization_config, pre_quantized=pre_quantized)
    quantizer.validate_environment(
        dtype=dtype, device_map=device_map, weights_only=weights_only, model_config=config
    )
    config = quantizer.update_attn_implementation(config)
    return quantizer, config, quantizer.update_dtype(dtype), quantizer.update_device_map(device_map)


def register_quantization_config(method: str) -> Callable[[type], type]:
    """Class decorator: the configuration of a method of your own.

    >>> @register_quantization_config("doc-example")
    ... class ExampleConfig(QuantizationConfigMixin):
    ...     def __init__(self, **kwargs):
    ...         self.quant_method = "doc-example"
    >>> type(AutoQuantizationConfig.from_dict({"quant_method": "doc-example"})).__name__
    'ExampleConfig'
    """

    def register(cls: type) -> type:
        if method in AUTO_QUANTIZATION_CONFIG_MAPPING:
            raise ValueError(f"Config '{method}' already registered")
        if not issubclass(cls, QuantizationConfigMixin):
            raise TypeError("Config must extend QuantizationConfigMixin")
        AUTO_QUANTIZATION_CONFIG_MAPPING[method] = cls
        return cls

    return register


def register_quantizer(name: str) -> Callable[[type], type]:
    """Class decorator: a quantizer of your own, a subclass of `HfQuantizer`."""

    def register(cls: type) -> type:
        if name in AUTO_QUANTIZER_MAPPING:
            raise ValueError(f"Quantizer '{name}' already registered")
        if not issubclass(cls, HfQuantizer):
            raise TypeError("Quantizer must extend HfQuantizer")
        AUTO_QUANTIZER_MAPPING[name] = cls
        return cls

    return register
