"""Quantizers of checkpoints that other tools wrote: what a layer is stored as, and how to read it."""

from __future__ import annotations

import re
from typing import Any

from .. import _core
from ..errors import ConfigError, UnsupportedError
from .base import HfQuantizer, PackedQuantizer
from .quantizers import compute_dtype
from .torchao import int4_group, int8_group, torchao_metadata

Settings = "tuple[str, dict[str, Any]] | None"


def settings(dtype: Any, **values: Any) -> dict[str, Any]:
    """Settings of a layer whose dense values would be of `dtype`."""
    return {"dtype": dtype or _core.float32, "compute": compute_dtype(dtype), **values}


class _Stored(PackedQuantizer):
    """A format that is only read."""

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        if not self.pre_quantized:
            raise UnsupportedError(
                f"{self.quantization_config.quant_method}: only checkpoints that are quantized already are read; to quantize a "
                "dense one, use BitsAndBytesConfig, HqqConfig, FineGrainedFP8Config, or GPTQConfig with texts"
            )


class _Calibrated(PackedQuantizer):
    """Quantizes dense weights when all are there, with the texts of `dataset`."""

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        config = self.quantization_config
        if not self.pre_quantized and (config.dataset is None or isinstance(config.dataset, str)):
            raise ConfigError(
                f"{type(config).__name__}(dataset={config.dataset!r}): quantizing needs a list of texts to calibrate with, "
                "for example the first lines of what the model is for; BitsAndBytesConfig and HqqConfig need none"
            )

    def wrap_reader(self, reader: Any, model: Any, dtype: Any) -> Any:
        return super().wrap_reader(reader, model, dtype) if self.pre_quantized else reader

    def quantize(self, model: Any, skip: list[str], values: dict[str, Any]) -> None:
        """Pack the layers of a model whose weights are dense."""
        raise NotImplementedError

    def _process_model_after_weight_loading(self, model: Any, **kwargs: Any) -> Any:
        if not self.pre_quantized:
            _, values = self.format_of("", (0, 0), model.config.dtype)
            self.quantize(model, self.modules_to_not_convert, values)
            self.quantization_config.dataset = self.quantization_config.tokenizer = None
        return model


class GptqHfQuantizer(_Calibrated):
    """GPTQ checkpoints of 2, 3, 4 and 8 bits, with or without act-order, formats v1 and v2; and GPTQ itself."""

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        super().validate_environment(*args, **kwargs)
        config = self.quantization_config
        if config.format not in ("gptq", "gptq_v2"):
            raise UnsupportedError(
                f"GPTQConfig(format={config.format!r}): the layout is made for one kind of GPU; formats gptq and gptq_v2 "
                "are known"
            )

    def quantize(self, model: Any, skip: list[str], values: dict[str, Any]) -> None:
        from .calibration import quantize_gptq

        quantize_gptq(model, self.quantization_config, skip, values)

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        config = self.quantization_config
        version = "v2" if config.format == "gptq_v2" else "v1"
        return "gptq", settings(dtype, bits=config.bits, group=config.group_size, type=version)

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("qweight", "qzeros", "scales", "g_idx")


class AwqQuantizer(_Calibrated):
    """AWQ checkpoints in the gemm layout, and AWQ itself."""

    def quantize(self, model: Any, skip: list[str], values: dict[str, Any]) -> None:
        from .calibration import quantize_awq

        quantize_awq(model, self.quantization_config, skip, values)

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        super().validate_environment(*args, **kwargs)
        layout = str(getattr(self.quantization_config.format, "value", self.quantization_config.format))
        if layout != "gemm":
            raise UnsupportedError(f"AwqConfig(format={layout!r}): only the gemm layout is known")

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        config = self.quantization_config
        return "awq", settings(dtype, bits=config.bits, group=config.group_size)

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("qweight", "qzeros", "scales")


class AutoRoundQuantizer(_Stored):
    """auto-round checkpoints in GPTQ's or AWQ's layout."""

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        config = self.quantization_config
        layout = config.packing_format
        values = settings(dtype, bits=config.bits, group=config.group_size)
        if "awq" in layout:
            return "awq", values
        if "gptq" not in layout:
            raise UnsupportedError(f"auto-round: packing_format {layout!r} is not known; auto_round:auto_gptq and "
                                   "auto_round:auto_awq are")  # fmt: skip
        return "gptq", {**values, "type": "v1"}

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("qweight", "qzeros", "scales", "g_idx")


class CompressedTensorsHfQuantizer(_Stored):
    """compressed-tensors: packed and plain whole numbers, e4m3."""

    def _scheme(self, layer: str) -> dict[str, Any] | None:
        config = self.quantization_config
        if any(_matches(layer, target) for target in config.ignore or []):
            return None
        for group in (config.config_groups or {}).values():
            if any(_matches(layer, target) or target == "Linear" for target in group.get("targets", [])):
                return group
        return None

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        scheme = self._scheme(layer)
        if scheme is None or not scheme.get("weights"):
            return None
        weights = scheme["weights"]
        bits, kind, strategy = weights.get("num_bits", 8), weights.get("type", "int"), weights.get("strategy")
        group = weights.get("group_size") or -1
        if kind == "int" and strategy in (None, "tensor", "channel", "group"):
            return "compressed-tensors", settings(dtype, bits=bits, group=group if strategy == "group" else -1)
        if kind == "float" and bits == 8:
            rows, columns = {"tensor": (0, -1), "block": weights.get("block_structure") or (128, 128)}.get(
                strategy, (1, -1)
            )
            return "fp8", settings(dtype, bits=int(rows), group=int(columns))
        raise UnsupportedError(
            f"compressed-tensors: weights of {bits}-bit {kind}, strategy {strategy!r}, are not supported; whole numbers of 2 "
            "to 8 bits and float8 are"
        )

    def parts_of(self, layer: str) -> tuple[str, ...]:
        inputs = ("input_scale", "input_zero_point", "output_scale", "output_zero_point")  # products take floats here
        return ("weight_scale", "weight_packed", "weight", "weight_zero_point", "weight_g_idx", "weight_shape", *inputs)


def _matches(layer: str, target: str) -> bool:
    if target.startswith("re:"):
        return re.match(target[3:], layer) is not None
    return layer == target or layer.endswith(f".{target}")


class FineGrainedFP8HfQuantizer(PackedQuantizer):
    """float8 (e4m3) with a scale for a block; MXFP8 is the same with blocks of 1 x 32 and exponents."""

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        config = self.quantization_config
        if str(config.quant_method) == "mxfp8":
            rows, columns = 1, 32
        else:
            rows, columns = config.weight_block_size or (0, -1)
        return "fp8", settings(dtype, bits=int(rows), group=int(columns))

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("weight_scale_inv", "weight")


class FbgemmFp8HfQuantizer(PackedQuantizer):
    """float8 (e4m3) with a scale for each output."""

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        return "fp8", settings(dtype, bits=1, group=-1, type="weight_scale")

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("weight_scale", "weight")


class Mxfp4HfQuantizer(_Stored):
    """MXFP4 checkpoints."""

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        super().validate_environment(*args, **kwargs)

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        return "mxfp4", settings(dtype)

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("weight_blocks", "weight_scales")


class EetqHfQuantizer(PackedQuantizer):
    """EETQ: int8 with a scale for each output."""

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        return "eetq", settings(dtype, bits=8)

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("weight_scales", "weight")


class HqqHfQuantizer(PackedQuantizer):
    """HQQ with groups along the inputs (axis=1)."""

    def skipped(self, model: Any) -> list[str]:
        return self.get_modules_to_not_convert(model, self.quantization_config.skip_modules, add_default_skips=True)

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        given = self.quantization_config.quant_config
        if "weight_quant_params" not in given:  # by the layers' names
            given = next((value for name, value in given.items() if layer.endswith(name)), None)
        if given is None:
            return None
        values = given["weight_quant_params"]
        return "hqq", settings(dtype, bits=values["nbits"], group=values["group_size"] or -1, axis=values["axis"])

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("W_q", "scale", "zero")


class QuantoHfQuantizer(PackedQuantizer):
    """quanto: int8, int4 and int2 weights. Not saved, as in transformers."""

    def is_serializable(self, safe_serialization: Any = None) -> bool:
        return False

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        config = self.quantization_config
        if config.weights == "float8":
            raise UnsupportedError("QuantoConfig(weights='float8') is not supported; FbgemmFp8Config is float8 too")
        if config.activations is not None:
            raise UnsupportedError("QuantoConfig(activations=…) is not supported; weights alone are")

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        bits = int(self.quantization_config.weights[3:])
        group = 128
        while shape[1] % group and group > 32:
            group -= 32
        return "quanto", settings(dtype, bits=bits, group=group if bits < 8 and shape[1] % group == 0 else -1)

    def parts_of(self, layer: str) -> tuple[str, ...]:
        inputs = ("input_scale", "output_scale")  # of activations, which stay floats here
        return ("weight._scale", "weight._data", "weight._data._data", "weight._shift", *inputs)


class TorchAoHfQuantizer(PackedQuantizer):
    """torchao: int8 and int4 weight-only, and int8 with inputs rounded as they come, which is not saved: its scales are for
    32 weights, torchao's for a row."""

    def is_serializable(self, safe_serialization: Any = None) -> bool:
        return not self.quantization_config.type_and_fields()[0].startswith("Int8Dynamic")

    def get_state_dict_and_metadata(self, model: Any) -> tuple[Any, dict]:
        """The model's own state, and what torchao's reader wants in the files' headers: a class for each tensor."""
        return None, torchao_metadata(model, self.quantization_config)

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        name, fields = self.quantization_config.type_and_fields()
        known = ("Int8WeightOnlyConfig", "Int4WeightOnlyConfig", "Int8DynamicActivationInt8WeightConfig")
        if name not in known:
            raise UnsupportedError(f"TorchAoConfig({name}) is not supported; {', '.join(known)} are")
        layout = fields.get("int4_packing_format", "plain")
        layout = layout.get("_data", layout) if isinstance(layout, dict) else getattr(layout, "value", layout)
        if str(layout).lower() not in ("plain", "none"):
            raise UnsupportedError(f"TorchAoConfig(Int4WeightOnlyConfig): packing format {layout!r} is for one kind of GPU")

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        name, fields = self.quantization_config.type_and_fields()
        if name.startswith("Int8Dynamic"):
            return ("int8_dynamic", settings(dtype, bits=8)) if shape[1] % 32 == 0 else None
        if name.startswith("Int8"):
            group = int8_group(fields)
            return ("torchao", settings(dtype, bits=8, group=group)) if group < 0 or shape[1] % group == 0 else None
        group = int4_group(fields)
        return ("torchao", settings(dtype, bits=4, group=group)) if shape[1] % group == 0 else None

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("_weight_scale", "_weight_qdata", "_weight_zero_point")


class AqlmHfQuantizer(_Stored):
    """AQLM checkpoints (arXiv:2401.06118)."""

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        return "aqlm", settings(dtype)

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("codes", "codebooks", "scales")


class BitNetHfQuantizer(_Stored):
    """BitNet b1.58 checkpoints whose weights are packed."""

    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        super().validate_environment(*args, **kwargs)
        if self.quantization_config.quantization_mode == "online":
            raise UnsupportedError(
                "BitNetQuantConfig(quantization_mode='online'): dense weights that are rounded in each forward pass are not "
                "supported; use a checkpoint of packed weights (offline)"
            )
        if self.quantization_config.use_rms_norm:
            raise UnsupportedError("BitNetQuantConfig(use_rms_norm=True) is not supported")

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> Any:
        times = self.quantization_config.linear_class == "autobitlinear"
        return "bitnet", settings(dtype, bits=2, type="times" if times else "over")

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("weight_scale", "weight")


class GgufHfQuantizer(HfQuantizer):
    """GGUF files: they are opened packed without a quantizer; `GgufConfig(dequantize=True)` asks for dense weights."""

    def is_serializable(self, safe_serialization: Any = None) -> bool:
        return True

    @property
    def is_trainable(self) -> bool:
        return True
