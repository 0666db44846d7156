"""The quantizers of the formats that are computed on packed."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..errors import UnsupportedError
from .base import PackedQuantizer


def compute_dtype(dtype: Any) -> Any:
    """What products round weights and inputs to: bfloat16 for models of it, else nothing below float32."""
    return _core.bfloat16 if dtype is _core.bfloat16 or dtype == _core.bfloat16 else _core.float32


class _Bnb(PackedQuantizer):
    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        config, device_map = self.quantization_config, kwargs.get("device_map")
        if config.llm_int8_has_fp16_weight:
            raise UnsupportedError(
                "BitsAndBytesConfig(llm_int8_has_fp16_weight=True): int8 weights are not trained here; leave it off and "
                "train an adapter, or load the model without a quantization_config"
            )
        values = {str(value) for value in device_map.values()} if isinstance(device_map, dict) else set()
        if not config.llm_int8_enable_fp32_cpu_offload and values != {"cpu"} and values & {"cpu", "disk"}:
            raise ValueError(
                "Some modules are dispatched on the CPU or the disk. Make sure you have enough GPU RAM to fit the "
                "quantized model. If you want to dispatch the model on the CPU or the disk while keeping these modules "
                "in 32-bit, you need to set `llm_int8_enable_fp32_cpu_offload=True` and pass a custom `device_map` to "
                "`from_pretrained`."
            )
        self.offloaded = []
        if config.llm_int8_enable_fp32_cpu_offload and isinstance(device_map, dict) and "" not in device_map:
            self.offloaded = [name for name, value in device_map.items() if str(value) in ("cpu", "disk")]

    def skipped(self, model: Any) -> list[str]:
        keep = self.get_modules_to_not_convert(model, self.quantization_config.llm_int8_skip_modules)
        return [*keep, *self.offloaded]


class Bnb4BitHfQuantizer(_Bnb):
    """nf4 and fp4."""

    quantized_element_size = 0.5  # type: ignore[assignment]

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> tuple[str, dict[str, Any]]:
        config = self.quantization_config
        return "bitsandbytes_4bit", {
            "type": config.bnb_4bit_quant_type, "group": 64, "double_quant": config.bnb_4bit_use_double_quant,
            "dtype": dtype or _core.bfloat16, "compute": compute_dtype(config.bnb_4bit_compute_dtype),
            "storage": config.bnb_4bit_quant_storage,
        }  # fmt: skip

    def parts_of(self, layer: str) -> tuple[str, ...]:
        nested = ("weight.nested_absmax", "weight.nested_quant_map")
        state = tuple(f"weight.quant_state.bitsandbytes__{kind}" for kind in ("nf4", "fp4"))
        return ("weight.absmax", "weight", "weight.quant_map", *nested, *state)

    def _process_model_after_weight_loading(self, model: Any, **kwargs: Any) -> Any:
        model.is_loaded_in_4bit = True
        return model


class Bnb8BitHfQuantizer(_Bnb):
    """LLM.int8()."""

    quantized_element_size = 1  # type: ignore[assignment]

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> tuple[str, dict[str, Any]]:
        threshold = self.quantization_config.llm_int8_threshold
        return "bitsandbytes_8bit", {"threshold": threshold, "dtype": dtype or _core.bfloat16, "compute": _core.float32}

    def parts_of(self, layer: str) -> tuple[str, ...]:
        return ("SCB", "weight", "weight_format")

    def _process_model_after_weight_loading(self, model: Any, **kwargs: Any) -> Any:
        model.is_loaded_in_8bit = True
        return model
