"""What torchao's files say of their tensors."""

from __future__ import annotations

import json
from typing import Any

from .. import _core
from ..errors import UnsupportedError


def int8_group(fields: dict[str, Any]) -> int:
    """Weights a scale of an `Int8WeightOnlyConfig`; -1 for a whole row.

    >>> int8_group({"granularity": {"_type": "PerGroup", "_data": {"group_size": 32}}}), int8_group({})
    (32, -1)
    """
    granularity = fields.get("granularity")
    if granularity is None:
        return int(fields.get("group_size") or -1)
    given = granularity if isinstance(granularity, dict) else {"_type": type(granularity).__name__, "_data": vars(granularity)}
    values = given.get("_data") or {}
    if given.get("_type") == "PerGroup":
        return int(values["group_size"])
    if given.get("_type") == "PerRow" and values.get("dim", -1) in (-1, 1):
        return -1
    raise UnsupportedError(f"TorchAoConfig(Int8WeightOnlyConfig): granularity {given.get('_type')} {values}")


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
        data = {"activation_dtype": named, "block_size": [1, int(fields.get("group_size", 128))], "shape": list(shape)}
        return {"_type": "Int4Tensor", "_data": data, "_tensor_data_names": ["qdata", "scale", "zero_point"]}
    group = int8_group(fields)
    data = {"act_quant_kwargs": None, "reduce_range": False, "block_size": [1, shape[1] if group < 0 else group], "dtype": named}
    return {"_type": "Int8Tensor", "_data": data, "_tensor_data_names": ["zero_point", "qdata", "scale"]}
