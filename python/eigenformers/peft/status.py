"""What adapters a model has: `get_layer_status` and `get_model_status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import _core
from .layers import BaseTunerLayer
from .modules_to_save import ModulesToSaveWrapper
from .tuners.base import outermost_tuners


@dataclass
class TunerLayerStatus:
    """One adapted layer, or module that is trained whole.

    `requires_grad` and `devices` are by adapter ("irregular": some parameters, not all). `quantization_backend` is
    "bnb 4bit", "bnb 8bit", … over a quantized weight, else None.
    """

    name: str
    module_type: str
    enabled: bool
    active_adapters: list[str]
    merged_adapters: list[str]
    requires_grad: dict[str, Any]
    available_adapters: list[str]
    devices: dict[str, list[str]]
    quantization_backend: str | None = None


@dataclass
class TunerModelStatus:
    """The whole model; a value on which its layers disagree is "irregular"."""

    base_model_type: str
    adapter_model_type: str
    peft_types: dict[str, str]
    trainable_params: int
    total_params: int
    num_adapter_layers: int
    enabled: Any
    active_adapters: Any
    merged_adapters: Any
    requires_grad: dict[str, Any]
    available_adapters: list[str]
    devices: dict[str, list[str]]
    quantization_backend: str | None = None


_BACKENDS = {"bitsandbytes_4bit": "bnb 4bit", "bitsandbytes_8bit": "bnb 8bit", "hqq": "hqq"}


def _layers(model: Any) -> list[tuple[str, Any]]:
    root = model.base_model if hasattr(model, "get_base_model") else model  # a PeftModel's tuner, the model at `model`
    tuners = dict(outermost_tuners(root))
    return [(name, m) for name, m in root.named_modules() if name in tuners or isinstance(m, ModulesToSaveWrapper)]


def get_layer_status(model: Any) -> list[TunerLayerStatus]:
    """The adapted layers of a PeftModel, or of a model with injected adapters.

    Raises:
        ValueError: there are none.
    """
    found = []
    for name, layer in _layers(model):
        adapters = sorted(layer._get_available_adapters())
        gradients: dict[str, Any] = {}
        for adapter in adapters:
            flags = {p.requires_grad for part in layer.adapter_layer_names for p in _parameters(layer, part, adapter)}
            gradients[adapter] = flags.pop() if len(flags) == 1 else "irregular"
        found.append(
            TunerLayerStatus(
                name=name,
                module_type=repr(layer).partition("(")[0],
                enabled=not layer.disable_adapters,
                active_adapters=layer.active_adapters,
                merged_adapters=list(layer.merged_adapters),
                requires_grad=gradients,
                available_adapters=adapters,
                devices=dict.fromkeys(adapters, ["cpu"]),
                quantization_backend=_BACKENDS.get(getattr(getattr(_base(layer), "weight", None), "kind", "")),
            )
        )
    if not found:
        raise ValueError(
            "No adapter layers found in the model, please ensure that it's a PEFT model or that you have PEFT adapters "
            "injected in the model."
        )
    return found


def _base(layer: Any) -> Any:
    return layer.get_base_layer() if isinstance(layer, BaseTunerLayer) else layer.original_module


def _parameters(layer: Any, part: str, adapter: str) -> list[Any]:
    values = getattr(layer, part)
    if adapter not in values:
        return []
    value = values[adapter]
    return [value] if isinstance(value, _core.Tensor) else list(value.parameters())


def _agreed(values: list[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else "irregular"


def get_model_status(model: Any) -> TunerModelStatus:
    """The adapters of a PeftModel, or of a model with injected adapters, in sum.

    Raises:
        ValueError: there are none.
    """
    from ..modeling.base import PreTrainedModel

    layers = get_layer_status(model)
    names = sorted({name for layer in layers for name in layer.available_adapters})
    wrapped = hasattr(model, "get_base_model")
    root = model.get_base_model() if wrapped else model
    parameters = list(model.parameters())
    merged = {name for layer in layers for name in layer.merged_adapters}
    partly = any(merged & (set(layer.available_adapters) - set(layer.merged_adapters)) for layer in layers)
    return TunerModelStatus(
        base_model_type=type(root).__name__ if wrapped or isinstance(root, PreTrainedModel) else "other",
        adapter_model_type=type(model.base_model).__name__ if wrapped else "None",
        peft_types={n: str(config.peft_type) for n, config in model.peft_config.items()} if wrapped else {},
        trainable_params=sum(p.numel() for p in parameters if p.requires_grad),
        total_params=sum(p.numel() for p in parameters),
        num_adapter_layers=len(layers),
        enabled=_agreed([layer.enabled for layer in layers]),
        active_adapters=_agreed([layer.active_adapters for layer in layers]),
        merged_adapters="irregular" if partly else sorted(merged),
        requires_grad={n: _agreed([la.requires_grad[n] for la in layers if n in la.requires_grad]) for n in names},
        available_adapters=names,
        devices=dict.fromkeys(names, ["cpu"]),
        quantization_backend=_agreed([layer.quantization_backend for layer in layers]),
    )
