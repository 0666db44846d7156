"""The configuration classes of the formats, with transformers' fields, defaults and checks."""

from __future__ import annotations

from enum import Enum
from typing import Any

from ..utils import logging
from .config_base import QuantizationConfigMixin, QuantizationMethod, plain
from .torchao import needed, type_and_data

logger = logging.get_logger(__name__)


class AwqFormat(str, Enum):
    """How an AWQ checkpoint lays its codes out."""

    GEMM = "gemm"
    GEMV = "gemv"
    GEMV_FAST = "gemv_fast"
    LLM_AWQ = "llm-awq"


class AwqBackend(str, Enum):
    """The kernels that transformers may choose among; here there is one for all."""

    LEGACY_AWQ = "autoawq"
    AUTO = "auto"
    AUTO_TRAINABLE = "auto_trainable"
    MACHETE = "machete"
    MARLIN = "marlin"
    EXLLAMA_V2 = "exllama_v2"
    EXLLAMA_V1 = "exllama_v1"
    GEMM = "gemm"
    GEMM_TRITON = "gemm_triton"
    GEMV = "gemv"
    GEMV_FAST = "gemv_fast"
    TORCH_AWQ = "torch_awq"
    TORCH_FUSED_AWQ = "torch_fused_awq"


def _one_of(what: str, value: Any, known: Any, text: str | None = None) -> None:
    if value not in known:
        raise ValueError(text or f"Only support {what} in {list(known)} but found {value}")


class GPTQConfig(QuantizationConfigMixin):
    """GPTQ (Frantar et al. 2022, arXiv:2210.17323): whole numbers, rounded one column after the other.

    To quantize, give `dataset` (a list of texts) and `tokenizer`; a checkpoint needs neither.

    >>> GPTQConfig(bits=4, group_size=64).to_dict()["checkpoint_format"]
    'gptq'
    """

    def __init__(
        self,
        bits: int,
        tokenizer: Any = None,
        dataset: list[str] | str | None = None,
        group_size: int = 128,
        damp_percent: float = 0.1,
        desc_act: bool = False,
        act_group_aware: bool = True,
        sym: bool = True,
        true_sequential: bool = True,
        format: str = "gptq",
        meta: dict[str, Any] | None = None,
        backend: str | None = None,
        model_seqlen: int | None = None,
        block_name_to_quantize: str | None = None,
        module_name_preceding_first_block: list[str] | None = None,
        batch_size: int = 1,
        pad_token_id: int | None = None,
        max_input_length: int | None = None,
        cache_block_outputs: bool = True,
        modules_in_block_to_quantize: list[list[str]] | None = None,
        **kwargs: Any,
    ):
        self.quant_method = QuantizationMethod.GPTQ
        self.bits, self.tokenizer, self.dataset, self.group_size = bits, tokenizer, dataset, group_size
        self.damp_percent, self.desc_act, self.act_group_aware, self.sym = damp_percent, desc_act, act_group_aware, sym
        self.true_sequential = true_sequential
        self.format = (kwargs.get("checkpoint_format") or format).lower()
        self.meta = meta
        self.backend = backend.lower() if isinstance(backend, str) else backend
        self.model_seqlen = model_seqlen
        self.block_name_to_quantize = block_name_to_quantize
        self.module_name_preceding_first_block = module_name_preceding_first_block
        self.batch_size, self.pad_token_id, self.max_input_length = batch_size, pad_token_id, max_input_length
        self.cache_block_outputs = cache_block_outputs
        self.modules_in_block_to_quantize = modules_in_block_to_quantize
        self.post_init()

    def get_loading_attributes(self) -> dict[str, Any]:
        return {"backend": self.backend, "max_input_length": self.max_input_length}

    def post_init(self) -> None:
        """Check the values."""
        if self.bits not in (2, 3, 4, 8):
            raise ValueError(f"Only support quantization to [2,3,4,8] bits but found {self.bits}")
        if self.group_size != -1 and self.group_size <= 0:
            raise ValueError("group_size must be greater than 0 or equal to -1")
        if not 0 < self.damp_percent < 1:
            raise ValueError("damp_percent must between 0 and 1.")
        if isinstance(self.dataset, str):
            text = (
                "You have entered a string value for dataset. You can only choose between\n                        "
                f"['wikitext2','c4','c4-new'], but we found {self.dataset}"
            )
            _one_of("", self.dataset, ("wikitext2", "c4", "c4-new"), text)
        elif self.dataset is not None and not isinstance(self.dataset, list):
            raise ValueError(
                "dataset needs to be either a list of string or a value in\n                    "
                f"['wikitext2','c4','c4-new'], but we found {self.dataset}"
            )
        if self.desc_act and self.act_group_aware:
            self.act_group_aware = False
            logger.warning(
                "`act_group_aware` has been auto-disabled as it is not compatible with `desc_act = True`."
            )
        self.backend = "auto" if self.backend is None else self.backend

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "checkpoint_format": self.format}

    def to_dict_optimum(self) -> dict[str, Any]:
        """The same dict."""
        return self.to_dict()

    @classmethod
    def from_dict_optimum(cls, config_dict: dict[str, Any]) -> Any:
        """The same as `cls(**config_dict)`."""
        return cls(**config_dict)


class AwqConfig(GPTQConfig):
    """AWQ (Lin et al. 2023, arXiv:2306.00978): whole numbers of 4 bits, input channels scaled before rounding."""

    def __init__(
        self,
        bits: int = 4,
        group_size: int = 128,
        zero_point: bool = True,
        backend: Any = AwqBackend.AUTO,
        modules_to_not_convert: list[str] | None = None,
        **kwargs: Any,
    ):
        format = kwargs.pop("format", AwqFormat.GEMM)
        if kwargs.get("version") is not None:
            format = kwargs.pop("version").lower()
        backend = AwqBackend.AUTO if backend == AwqBackend.LEGACY_AWQ else backend
        self.zero_point, self.modules_to_not_convert = zero_point, modules_to_not_convert
        super().__init__(bits=bits, group_size=group_size, backend=backend, format=format, **kwargs)
        self.quant_method = QuantizationMethod.AWQ

    def post_init(self) -> None:
        """Check the values."""
        if self.backend == "llm-awq":
            self.format, self.backend = AwqFormat.LLM_AWQ, AwqBackend.AUTO
        formats, backends = [f.value for f in AwqFormat], [b.value for b in AwqBackend]
        _one_of("", self.format, formats, f"Invalid format '{self.format}'. Must be one of: {formats}")
        _one_of("", self.backend, backends, f"Invalid backend '{self.backend}'. Must be one of: {backends}")

    def to_dict(self) -> dict[str, Any]:
        values = super().to_dict()
        values.pop("checkpoint_format")
        return {**values, "version": plain(self.format)}


class AutoRoundConfig(QuantizationConfigMixin):
    """AutoRound: the layouts of GPTQ and AWQ, rounded by sign gradient descent (arXiv:2309.05516)."""

    def __init__(self, bits: int = 4, group_size: int = 128, sym: bool = True, backend: str = "auto", **kwargs: Any):
        self.bits, self.group_size, self.sym, self.backend = bits, group_size, sym, backend
        self.packing_format = "auto_round:gptq"
        for name, value in kwargs.items():
            setattr(self, name, value)
        self.quant_method = QuantizationMethod.AUTOROUND
        _one_of("", bits, range(2, 9), f"Only support quantization to [2,3,4,8] bits but found {bits}")
        if group_size != -1 and group_size <= 0:
            raise ValueError("group_size must be greater than 0 or equal to -1")

    def get_loading_attributes(self) -> dict[str, Any]:
        return {"backend": self.backend}

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], return_unused_kwargs: bool = False, **kwargs: Any) -> Any:
        method = str(config_dict["quant_method"])
        if not any(known in method for known in ("auto-round", "gptq", "awq")):
            raise NotImplementedError(
                "Failed to convert to auto_round format. Only `gptqv1`, `awq`, and `auto-round` formats are supported."
            )
        if "auto-round" not in method:
            config_dict = {**config_dict, "packing_format": f"auto_round:{method}"}
        return super().from_dict(config_dict, return_unused_kwargs, **kwargs)


class HqqConfig(QuantizationConfigMixin):
    """HQQ (Badri and Shaji 2023): whole numbers with float zero points, fitted without data."""

    def __init__(
        self,
        nbits: int = 4,
        group_size: int = 64,
        view_as_float: bool = False,
        axis: int | None = None,
        dynamic_config: dict | None = None,
        skip_modules: list[str] | None = ["lm_head"],  # noqa: B006
        **kwargs: Any,
    ):
        axis = 1 if axis is None else axis
        _one_of("", axis, (0, 1), "Invalid axis value. Only 0 and 1 are allowed.")
        one = {"nbits": nbits, "group_size": group_size, "view_as_float": view_as_float, "axis": axis}
        if dynamic_config is None:
            self.quant_config = _hqq_entry(**one)
        else:
            self.quant_config = {name: _hqq_entry(**value) for name, value in dynamic_config.items()}
        self.quant_method = QuantizationMethod.HQQ
        self.skip_modules = skip_modules if skip_modules is None else list(skip_modules)

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], return_unused_kwargs: bool = False, **kwargs: Any) -> Any:
        config = cls()
        config.quant_config, config.skip_modules = config_dict["quant_config"], config_dict["skip_modules"]
        return (config, kwargs) if return_unused_kwargs else config

    def to_dict(self) -> dict[str, Any]:
        return plain({n: getattr(self, n) for n in ("quant_config", "quant_method", "skip_modules")})

    def to_diff_dict(self) -> dict[str, Any]:
        usual = HqqConfig().to_dict()
        return {name: value for name, value in self.to_dict().items() if value != usual[name]}


def _hqq_entry(
    nbits: int = 4, group_size: int | None = 64, view_as_float: bool = False, axis: int = 1, **kwargs: Any
) -> dict[str, Any]:
    _one_of("nbits", nbits, (8, 4, 3, 2, 1))
    if group_size is not None and group_size % 8:
        raise ValueError("Invalid group_size param: the value should be a multiple of 8.")
    weights = {"nbits": nbits, "channel_wise": True, "group_size": group_size, "optimize": True,
               "round_zero": nbits == 4, "axis": axis, "view_as_float": view_as_float}  # fmt: skip
    return {"weight_quant_params": weights, "scale_quant_params": None, "zero_quant_params": None,
            "offload_meta": False}  # fmt: skip


class QuantoConfig(QuantizationConfigMixin):
    """quanto: int8, int4, int2 or float8 weights."""

    def __init__(
        self,
        weights: str = "int8",
        activations: str | None = None,
        modules_to_not_convert: list[str] | None = None,
        **kwargs: Any,
    ):
        self.quant_method = QuantizationMethod.QUANTO
        self.weights, self.activations, self.modules_to_not_convert = weights, activations, modules_to_not_convert
        _one_of("weights", weights, ("float8", "int8", "int4", "int2"))
        _one_of("weights", activations, (None, "int8", "float8"))


class EetqConfig(QuantizationConfigMixin):
    """EETQ: int8 with a scale for each output."""

    def __init__(self, weights: str = "int8", modules_to_not_convert: list[str] | None = None, **kwargs: Any):
        self.quant_method = QuantizationMethod.EETQ
        self.weights, self.modules_to_not_convert = weights, modules_to_not_convert
        _one_of("weights", weights, ("int8",))


class FbgemmFp8Config(QuantizationConfigMixin):
    """float8 (e4m3) with a scale for each output."""

    def __init__(
        self, activation_scale_ub: float = 1200.0, modules_to_not_convert: list[str] | None = None, **kwargs: Any
    ):
        self.quant_method = QuantizationMethod.FBGEMM_FP8
        self.activation_scale_ub, self.modules_to_not_convert = activation_scale_ub, modules_to_not_convert

    def get_loading_attributes(self) -> dict[str, Any]:
        return {"activation_scale_ub": self.activation_scale_ub}


class FineGrainedFP8Config(QuantizationConfigMixin):
    """float8 (e4m3) with a scale for each block of 128 x 128."""

    def __init__(
        self,
        activation_scheme: str = "dynamic",
        weight_block_size: tuple[int, int] | None = (128, 128),
        dequantize: bool = False,
        modules_to_not_convert: list[str] | None = None,
        modules_to_convert: list[str] | None = None,
        scale_fmt: str = "float",
        expert_dtype: str = "fp8",
        **kwargs: Any,
    ):
        self.quant_method = kwargs.pop("quant_method", QuantizationMethod.FP8)
        if modules_to_not_convert is None:
            modules_to_not_convert = kwargs.pop("ignored_layers", None)
        self.modules_to_not_convert, self.modules_to_convert = modules_to_not_convert, modules_to_convert
        self.activation_scheme, self.weight_block_size = activation_scheme.lower(), weight_block_size
        self.dequantize, self.scale_fmt, self.expert_dtype = dequantize, scale_fmt, expert_dtype
        if self.activation_scheme not in ("dynamic", "static"):
            raise ValueError(f"Activation scheme {self.activation_scheme} not supported")
        if weight_block_size is not None and len(weight_block_size) != 2:
            raise ValueError("weight_block_size must be a tuple of two integers")
        if weight_block_size is not None and min(weight_block_size) <= 0:
            raise ValueError("weight_block_size must be a tuple of two positive integers")
        if scale_fmt not in ("float", "ue8m0"):
            raise ValueError(f"scale_fmt must be 'float' or 'ue8m0'; got {scale_fmt!r}")
        if expert_dtype not in ("fp8", "fp4"):
            raise ValueError(f"expert_dtype must be 'fp8' or 'fp4'; got {expert_dtype!r}")

    def get_loading_attributes(self) -> dict[str, Any]:
        return {"dequantize": self.dequantize, "modules_to_not_convert": self.modules_to_not_convert}


class CompressedTensorsConfig(QuantizationConfigMixin):
    """compressed-tensors: groups of layers, each with the scheme of its weights."""

    def __init__(
        self,
        config_groups: dict[str, Any] | None = None,
        format: str = "dense",
        quantization_status: str = "initialized",
        kv_cache_scheme: Any = None,
        global_compression_ratio: float | None = None,
        ignore: list[str] | None = None,
        quant_method: str = "compressed-tensors",
        run_compressed: bool | None = None,
        dequantize: bool = False,
        use_optimized_inference: bool = False,
        **kwargs: Any,
    ):
        for name, value in (("config_groups", config_groups), ("kv_cache_scheme", kv_cache_scheme)):
            if value and not isinstance(value, dict):
                raise ValueError(f"CompressedTensorsConfig: {name} is {value!r:.80}, needed a dictionary")
        self.quant_method = QuantizationMethod.COMPRESSED_TENSORS
        self.config_groups, self.format, self.quantization_status = config_groups, format, quantization_status
        self.kv_cache_scheme, self.global_compression_ratio = kv_cache_scheme, global_compression_ratio
        self.ignore = ignore
        self.dequantize = dequantize or run_compressed is False
        self.use_optimized_inference = use_optimized_inference
        self._other = kwargs

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], return_unused_kwargs: bool = False, **kwargs: Any) -> Any:
        inner = config_dict.get("quantization_config", config_dict)
        return super().from_dict(inner, return_unused_kwargs, **kwargs)

    def to_dict(self) -> dict[str, Any]:
        if not self.config_groups and not self.kv_cache_scheme:  # nothing is quantized
            return {"quant_method": "compressed-tensors"}
        values = super().to_dict()
        for name in ("dequantize", "use_optimized_inference", "_other"):
            values.pop(name)
        return {**values, **plain(self._other)}

    def to_diff_dict(self) -> dict[str, Any]:
        """What differs from `CompressedTensorsConfig()`."""
        return {name: value for name, value in self.to_dict().items() if name != "quant_method"}

    def get_loading_attributes(self) -> dict[str, Any]:
        return {"dequantize": self.dequantize, "use_optimized_inference": self.use_optimized_inference}

    @property
    def is_quantized(self) -> bool:
        """Whether it names any group."""
        return bool(self.config_groups)

    @property
    def is_quantization_compressed(self) -> bool:
        """Whether the checkpoint holds codes, not rounded floats."""
        return self.is_quantized and self.quantization_status == "compressed"


class Mxfp4Config(QuantizationConfigMixin):
    """MXFP4 (OCP Microscaling): 4-bit floats with a power of two for 32 of them."""

    def __init__(self, modules_to_not_convert: list[str] | None = None, dequantize: bool = False, **kwargs: Any):
        self.quant_method = QuantizationMethod.MXFP4
        self.modules_to_not_convert, self.dequantize = modules_to_not_convert, dequantize

    def get_loading_attributes(self) -> dict[str, Any]:
        return {"dequantize": self.dequantize}

    def to_dict(self) -> dict[str, Any]:
        return {"quant_method": "mxfp4", "modules_to_not_convert": self.modules_to_not_convert}


class AqlmConfig(QuantizationConfigMixin):
    """AQLM (arXiv:2401.06118): blocks of weights that are sums of vectors from learned codebooks.

    Args:
        in_group_size, out_group_size: columns and rows of a block.
        num_codebooks: vectors that a block sums up.
        nbits_per_codebook: a codebook has two to the power of it.
        linear_weights_not_to_quantize: names of the weights that are dense.
    """

    def __init__(
        self,
        in_group_size: int = 8,
        out_group_size: int = 1,
        num_codebooks: int = 1,
        nbits_per_codebook: int = 16,
        linear_weights_not_to_quantize: list[str] | None = None,
        **kwargs: Any,
    ):
        self.quant_method = QuantizationMethod.AQLM
        self.in_group_size, self.out_group_size = in_group_size, out_group_size
        self.num_codebooks, self.nbits_per_codebook = num_codebooks, nbits_per_codebook
        self.linear_weights_not_to_quantize = linear_weights_not_to_quantize
        self.post_init()

    def post_init(self) -> None:
        """Raises TypeError or ValueError: a field of the wrong type."""
        for name in ("in_group_size", "out_group_size", "num_codebooks", "nbits_per_codebook"):
            if not isinstance(getattr(self, name), int):
                raise TypeError(f"{name} must be an int")
        if self.linear_weights_not_to_quantize is None:
            self.linear_weights_not_to_quantize = []
        if not isinstance(self.linear_weights_not_to_quantize, list):
            raise ValueError("linear_weights_not_to_quantize must be a list of strings")


class BitNetQuantConfig(QuantizationConfigMixin):
    """BitNet b1.58 (arXiv:2402.17764): weights of -1, 0 and 1."""

    def __init__(
        self,
        modules_to_not_convert: list[str] | None = None,
        linear_class: str = "bitlinear",
        quantization_mode: str = "offline",
        use_rms_norm: bool = False,
        rms_norm_eps: float | None = 1e-6,
        **kwargs: Any,
    ):
        if linear_class not in ("bitlinear", "autobitlinear"):
            raise ValueError(f"linear_class must be either 'bitlinear' or 'autobitlinear', but got {linear_class}")
        if quantization_mode not in ("online", "offline"):
            raise ValueError(f"quantization_mode must be either 'online' or 'offline', but got {quantization_mode}")
        self.quant_method = QuantizationMethod.BITNET
        self.modules_to_not_convert, self.linear_class = modules_to_not_convert, linear_class
        self.quantization_mode, self.use_rms_norm, self.rms_norm_eps = quantization_mode, use_rms_norm, rms_norm_eps


class TorchAoConfig(QuantizationConfigMixin):
    """torchao: `quant_type` is the configuration object of torchao, or the dict that a config.json has of it."""

    def __init__(
        self,
        quant_type: Any,
        modules_to_not_convert: list[str] | None = None,
        include_input_output_embeddings: bool = False,
        untie_embedding_weights: bool = False,
        **kwargs: Any,
    ):
        if isinstance(quant_type, str):
            raise ValueError(
                f"String-based quantization type '{quant_type}' is no longer supported. Please use the corresponding "
                "Config object directly, e.g. TorchAoConfig(Int4WeightOnlyConfig(group_size=32)) instead of "
                "TorchAoConfig('int4_weight_only', group_size=32)."
            )
        self.quant_method = QuantizationMethod.TORCHAO
        self.quant_type, self.modules_to_not_convert = quant_type, modules_to_not_convert
        self.include_input_output_embeddings = include_input_output_embeddings
        self.untie_embedding_weights = untie_embedding_weights
        self.type_and_fields()

    def type_and_fields(self) -> tuple[str, dict[str, Any]]:
        """Name and fields of `quant_type`.

        >>> TorchAoConfig({"_type": "Int8WeightOnlyConfig", "_data": {}}).type_and_fields()
        ('Int8WeightOnlyConfig', {})
        """
        given = self.quant_type
        if isinstance(given, dict) and "default" in given:
            return type_and_data("quant_type['default']", given["default"])
        return type_and_data("quant_type", given)

    def to_dict(self) -> dict[str, Any]:
        name, fields = self.type_and_fields()
        values = super().to_dict()
        values["quant_type"] = {"default": {"_type": name, "_data": plain(fields), "_version": 2}}
        return values

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], return_unused_kwargs: bool = False, **kwargs: Any) -> Any:
        kind = config_dict.get("quant_type")
        if isinstance(kind, str):  # of older torchao
            return cls(kind)
        if list(needed("quant_type", kind, dict)) != ["default"]:
            raise ValueError("Expected only one key 'default' in quant_type dictionary")
        return super().from_dict({**config_dict, "quant_type": kind["default"]},
                                 return_unused_kwargs, **kwargs)  # fmt: skip


class GgufConfig(QuantizationConfigMixin):
    """A GGUF file: packed as it is, or dense."""

    def __init__(self, gguf_file: str | None = None, dequantize: bool = False, **kwargs: Any):
        self.quant_method = QuantizationMethod.GGUF
        self.gguf_file, self.dequantize = gguf_file, dequantize
