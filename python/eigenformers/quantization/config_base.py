"""What all quantization configurations share: fields as attributes, the JSON of transformers."""

from __future__ import annotations

import copy
import json
import os
from enum import Enum
from typing import Any

from ..utils.dtypes import dtype_name


class QuantizationMethod(str, Enum):
    """The `quant_method` of a quantization_config."""

    BITS_AND_BYTES = "bitsandbytes"
    GPTQ = "gptq"
    AWQ = "awq"
    AQLM = "aqlm"
    VPTQ = "vptq"
    QUANTO = "quanto"
    EETQ = "eetq"
    HIGGS = "higgs"
    HQQ = "hqq"
    COMPRESSED_TENSORS = "compressed-tensors"
    FBGEMM_FP8 = "fbgemm_fp8"
    TORCHAO = "torchao"
    BITNET = "bitnet"
    SPQR = "spqr"
    FP8 = "fp8"
    QUARK = "quark"
    FPQUANT = "fp_quant"
    AUTOROUND = "auto-round"
    MXFP4 = "mxfp4"
    METAL = "metal"
    FOUR_OVER_SIX = "fouroversix"
    SINQ = "sinq"
    GGUF = "gguf"
    NVFP4 = "nvfp4"

    def __str__(self) -> str:
        return self.value


def plain(value: Any) -> Any:
    """`value` as JSON holds it: enums by their value, dtypes by their name."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if hasattr(value, "to_dict"):
        return value.to_dict()
    try:
        return dtype_name(value)
    except ValueError:
        return str(value)


class QuantizationConfigMixin:
    """Base of the configuration classes; also of those that users register."""

    quant_method: Any = None

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], return_unused_kwargs: bool = False, **kwargs: Any) -> Any:
        """Made from the dict of a config.json; `kwargs` override fields that exist, the others come back."""
        config = cls(**config_dict)
        unused = config.update(**kwargs)
        return (config, unused) if return_unused_kwargs else config

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON holds them."""
        return plain({name: copy.copy(value) for name, value in self.__dict__.items()})

    def to_diff_dict(self) -> dict[str, Any]:
        """The fields that are saved; subclasses leave their defaults out."""
        return self.to_dict()

    def to_json_string(self, use_diff: bool = True) -> str:
        """The fields as JSON text."""
        return json.dumps(self.to_diff_dict() if use_diff else self.to_dict(), indent=2, sort_keys=True) + "\n"

    def to_json_file(self, json_file_path: str | os.PathLike) -> None:
        """Write all fields to a file."""
        with open(json_file_path, "w", encoding="utf-8") as file:
            file.write(self.to_json_string(use_diff=False))

    def update(self, **kwargs: Any) -> dict[str, Any]:
        """Set the fields that exist; returns what was not used."""
        for name in list(kwargs):
            if hasattr(self, name):
                setattr(self, name, kwargs.pop(name))
        return kwargs

    def get_loading_attributes(self) -> dict[str, Any]:
        """What a caller may change about a checkpoint that is quantized already."""
        return {}

    def __iter__(self) -> Any:
        return iter(self.to_dict().items())

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.to_json_string()}"


def typed(name: str, value: Any, kind: Any, words: str) -> None:
    """TypeError with transformers' text unless `value` is a `kind`."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {words}")
