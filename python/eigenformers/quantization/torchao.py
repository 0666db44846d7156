"""What torchao's files say of their tensors."""

from __future__ import annotations

import json
from typing import Any

from .. import _core
from ..errors import ConfigError, UnsupportedError


def needed(key: str, value: Any, kind: type, least: int | None = None) -> Any:
    """`value`, if it is a `kind`, and not below `least`; else ConfigError with the name of its key."""
    if isinstance(value, kind) and not isinstance(value, bool) and (least is None or value >= least):
        return value
    words = {dict: "an object", str: "text", int: f"a whole number of at least {least}"}[kind]
    raise ConfigError(f"TorchAoConfig: found {key}={value!r:.60}, needed {words}; a damaged quantization_config?")


def type_and_data(key: str, given: Any) -> tuple[str, dict[str, Any]]:
    """Class and fields of one of torchao's objects, or of what a config.json has of it."""
    if not isinstance(given, dict) and hasattr(given, "__dict__"):
        return type(given).__name__, dict(vars(given))
    name = needed(f"{key}['_type']", needed(key, given, dict).get("_type"), str)
    data = given.get("_data")
    return name, dict(needed(f"{key}['_data']", {} if data is None else data, dict))


def int4_group(fields: dict[str, Any]) -> int:
    """Weights a scale of an `Int4WeightOnlyConfig`."""
    return int(needed("group_size", fields.get("group_size", 128), int, 1))


def int8_group(fields: dict[str, Any]) -> int:
    """Weights a scale of an `Int8WeightOnlyConfig`; -1 for a whole row.

    >>> int8_group({"granularity": {"_type": "PerGroup", "_data": {"group_size": 32}}}), int8_group({})
    (32, -1)
    """
    if fields.get("granularity") is None:
        group = fields.get("group_size")
        return -1 if group is None else int(needed("group_size", group, int, 1))
    name, values = type_and_data("granularity", fields["granularity"])
    if name == "PerGroup":
        return int(needed("granularity['_data']['group_size']", values.get("group_size"), int, 1))
    if name == "PerRow" and values.get("dim", -1) in (-1, 1):
        return -1
    raise UnsupportedError(f"TorchAoConfig(Int8WeightOnlyConfig): granularity {name} {values}")


def torchao_metadata(model: Any, config: Any) -> dict[str, str]:
    """Key -> text of the header: for each tensor the class that torchao builds of its parts, and the names of all."""
    kind, fields = config.type_and_fields()
    described: dict[str, dict[str, Any]] = {}
    for name, value in model.named_parameters():
        packed = isinstance(value, _core.PackedWeight)
        described[name] = _described(kind, fields, tuple(value.shape), value.dtype) if packed else {"_type": "Tensor"}
    kept = set(model.state_dict()) - set(described)
    described.update({name: {"_type": "Tensor"} for name, _ in model.named_buffers() if name in kept})
    found = {name: json.dumps(value) for name, value in described.items()}
    found["tensor_names"] = json.dumps(list(described))
    return found


def _described(kind: str, fields: dict[str, Any], shape: tuple[int, ...], dtype: Any) -> dict[str, Any]:
    named = {"_type": "torch.dtype", "_data": str(dtype).rpartition(".")[2]}
    if kind == "Int4WeightOnlyConfig":
        data = {"activation_dtype": named, "block_size": [1, int4_group(fields)], "shape": list(shape)}
        return {"_type": "Int4Tensor", "_data": data, "_tensor_data_names": ["qdata", "scale", "zero_point"]}
    group = int8_group(fields)
    data = {"act_quant_kwargs": None, "reduce_range": False, "block_size": [1, shape[1] if group < 0 else group], "dtype": named}
    return {"_type": "Int8Tensor", "_data": data, "_tensor_data_names": ["zero_point", "qdata", "scale"]}
