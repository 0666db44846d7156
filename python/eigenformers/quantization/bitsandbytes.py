"""BitsAndBytesConfig: nf4, fp4 and LLM.int8()."""

from __future__ import annotations

import json
from typing import Any

from .. import _core
from ..utils import logging
from ..utils.dtypes import dtype_name, to_dtype
from .config_base import QuantizationConfigMixin, QuantizationMethod, typed

logger = logging.get_logger(__name__)

_STORAGE = ("float16", "float32", "int8", "uint8", "float64", "bfloat16")


class BitsAndBytesConfig(QuantizationConfigMixin):
    """How linear layers are stored and multiplied: 4 bits (Dettmers et al. 2023, arXiv:2305.14314), or int8.

    Args:
        load_in_8bit: rows of int8 with one scale, and an input of int8 (arXiv:2208.07339).
        load_in_4bit: blocks of 64 values, each of one of 16 levels.
        llm_int8_threshold: columns in which an input reaches it are multiplied without rounding the input.
        llm_int8_skip_modules: layers that stay dense; by default the head.
        llm_int8_enable_fp32_cpu_offload: with a `device_map`, the modules that it puts on `"cpu"` or `"disk"` stay dense.
        llm_int8_has_fp16_weight: keep the int8 layers' weights in float16 for training them.
        bnb_4bit_compute_dtype: bfloat16 multiplies weights and inputs rounded to it, others multiply in float32.
        bnb_4bit_quant_type: `"fp4"` or `"nf4"`.
        bnb_4bit_use_double_quant: store the blocks' scales in 8 bits.
        bnb_4bit_quant_storage: the dtype of the tensor that holds the codes; the bytes are the same.

    >>> config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4")
    >>> config.quantization_method()
    'nf4'
    """

    def __init__(
        self,
        load_in_8bit: bool = False,
        load_in_4bit: bool = False,
        llm_int8_threshold: float = 6.0,
        llm_int8_skip_modules: list[str] | None = None,
        llm_int8_enable_fp32_cpu_offload: bool = False,
        llm_int8_has_fp16_weight: bool = False,
        bnb_4bit_compute_dtype: Any = None,
        bnb_4bit_quant_type: str = "fp4",
        bnb_4bit_use_double_quant: bool = False,
        bnb_4bit_quant_storage: Any = None,
        **kwargs: Any,
    ):
        self.quant_method = QuantizationMethod.BITS_AND_BYTES
        if load_in_4bit and load_in_8bit:
            raise ValueError("load_in_4bit and load_in_8bit are both True, but only one can be used at the same time")
        self._load_in_8bit, self._load_in_4bit = load_in_8bit, load_in_4bit
        self.llm_int8_threshold = llm_int8_threshold
        self.llm_int8_skip_modules = llm_int8_skip_modules
        self.llm_int8_enable_fp32_cpu_offload = llm_int8_enable_fp32_cpu_offload
        self.llm_int8_has_fp16_weight = llm_int8_has_fp16_weight
        self.bnb_4bit_quant_type = bnb_4bit_quant_type
        self.bnb_4bit_use_double_quant = bnb_4bit_use_double_quant
        self.bnb_4bit_compute_dtype = self._dtype("bnb_4bit_compute_dtype", bnb_4bit_compute_dtype, "float32")
        if isinstance(bnb_4bit_quant_storage, str) and bnb_4bit_quant_storage not in _STORAGE:
            raise ValueError(
                "`bnb_4bit_quant_storage` must be a valid string (one of 'float16', 'float32', 'int8', 'uint8', "
                "'float64', 'bfloat16') "
            )
        self.bnb_4bit_quant_storage = self._dtype("bnb_4bit_quant_storage", bnb_4bit_quant_storage, "uint8")
        left = [name for name in kwargs if name not in ("quant_method", "_load_in_4bit", "_load_in_8bit")]
        if left:
            logger.info(f"Unused kwargs: {left}. These kwargs are not used in {type(self)}.")
        self.post_init()

    @staticmethod
    def _dtype(name: str, value: Any, default: str) -> Any:
        if value is None:
            return to_dtype(default)
        try:
            found = to_dtype(value)
        except ValueError:
            found = None
        if not isinstance(found, _core.dtype):
            raise ValueError(f"{name} must be a string or a torch.dtype")
        return found

    @property
    def load_in_4bit(self) -> bool:
        """Four bits a weight."""
        return self._load_in_4bit

    @load_in_4bit.setter
    def load_in_4bit(self, value: bool) -> None:
        typed("load_in_4bit", value, bool, "a boolean")
        if self.load_in_8bit and value:
            raise ValueError("load_in_4bit and load_in_8bit are both True, but only one can be used at the same time")
        self._load_in_4bit = value

    @property
    def load_in_8bit(self) -> bool:
        """Eight bits a weight."""
        return self._load_in_8bit

    @load_in_8bit.setter
    def load_in_8bit(self, value: bool) -> None:
        typed("load_in_8bit", value, bool, "a boolean")
        if self.load_in_4bit and value:
            raise ValueError("load_in_4bit and load_in_8bit are both True, but only one can be used at the same time")
        self._load_in_8bit = value

    def post_init(self) -> None:
        """Check the types of all fields."""
        for name in (
            "load_in_4bit", "load_in_8bit", "llm_int8_enable_fp32_cpu_offload", "llm_int8_has_fp16_weight",
            "bnb_4bit_use_double_quant",
        ):  # fmt: skip
            typed(name, getattr(self, name), bool, "a boolean")
        typed("llm_int8_threshold", self.llm_int8_threshold, float, "a float")
        typed("llm_int8_skip_modules", self.llm_int8_skip_modules, (list, type(None)), "a list of strings")
        typed("bnb_4bit_quant_type", self.bnb_4bit_quant_type, str, "a string")

    def is_quantizable(self) -> bool:
        """Whether it asks for anything."""
        return self.load_in_8bit or self.load_in_4bit

    def quantization_method(self) -> str | None:
        """`"llm_int8"`, `"fp4"`, `"nf4"`, or None."""
        if self.load_in_8bit:
            return "llm_int8"
        return self.bnb_4bit_quant_type if self.load_in_4bit and self.bnb_4bit_quant_type in ("fp4", "nf4") else None

    def to_dict(self) -> dict[str, Any]:
        values = super().to_dict()
        for name in ("bnb_4bit_compute_dtype", "bnb_4bit_quant_storage"):
            values[name] = dtype_name(getattr(self, name))
        values["load_in_4bit"], values["load_in_8bit"] = self.load_in_4bit, self.load_in_8bit
        return values

    def to_diff_dict(self) -> dict[str, Any]:
        usual = BitsAndBytesConfig().to_dict()
        return {name: value for name, value in self.to_dict().items() if value != usual[name]}

    def __repr__(self) -> str:
        return f"{type(self).__name__} {json.dumps(self.to_dict(), indent=2, sort_keys=True)}\n"
