"""Copies and pickles of models with adapters: the bare model is made again, then its adapters, then all values."""

from __future__ import annotations

import copy
import warnings
from typing import Any

from .. import nn
from .._core import Tensor
from ..errors import UnsupportedError
from .tuners.base import BaseTunerLayer, switches


def take_apart(model: Any, copies: bool) -> dict[str, Any]:
    """What `put_together` needs of a model with adapters in it; values are copied (`copies`) or shared.

    Raises:
        UnsupportedError: an adapter is merged.
    """
    added = []
    for path, module in model.named_modules():
        if getattr(module, "merged", False) and isinstance(module, BaseTunerLayer):
            raise UnsupportedError(f"{path}: a copy of a model with merged adapters; call unmerge_adapter() first")
        if hasattr(type(module), "adapter_layer_names"):
            added += [f"{path}.{name}." for name in module.adapter_layer_names]
    values = {False: [], True: []}  # of the bare model under its own names, of adapters
    bare_twin = None if hasattr(model, "_named_values") else _without_adapters(model)
    for name, value in _values(model) if bare_twin is not None else model._named_values(copies=copies):
        of_adapter = name.startswith(tuple(added))
        bare = name.replace(".base_layer.", ".").replace(".original_module.", ".")
        values[of_adapter].append((name if of_adapter else bare, value))
    layers = [module for module in switches(model) if isinstance(module, BaseTunerLayer)]
    parts = {
        "values": values[True], "configs": copy.deepcopy(dict(model.peft_config)),
        "active": list(layers[0].active_adapters) if layers else [],
        "disabled": any(layer.disable_adapters for layer in layers),
    }  # fmt: skip
    if bare_twin is not None:
        flags = {name: value.requires_grad for name, value in values[False] if isinstance(value, nn.Parameter)}
        return {**parts, "twin": bare_twin, "flags": flags}
    return {
        **parts,
        "model": (type(model), copy.deepcopy(model.config), values[False], model.training, model._untied),
        "attributes": {
            "generation_config": copy.deepcopy(model.generation_config),
            "_hf_peft_config_loaded": model._hf_peft_config_loaded,
        },
    }


def _values(model: Any) -> list[tuple[str, Any]]:
    """Copies of all parameters and buffers of a module that is no PreTrainedModel."""
    return [(name, copy.deepcopy(value)) for name, value in [*model.named_parameters(), *model.named_buffers()]]


def _without_adapters(model: Any) -> Any:
    """A copy of a module that is no PreTrainedModel, as it was before it got adapters."""
    memo: dict[int, Any] = {id(model.peft_config): {}}
    for module in switches(model):
        below = module.get_base_layer() if isinstance(module, BaseTunerLayer) else module.original_module
        memo[id(module)] = copy.deepcopy(below, memo)
    twin = copy.deepcopy(model, memo)
    del twin.peft_config
    return twin


def put_together(parts: dict[str, Any], kind: Any = None) -> Any:
    """The model that `take_apart` described; with the class of a PeftModel as `kind`, inside one."""
    from ..modeling.base import _rebuild
    from .functions import inject_adapter_in_model

    every = [value for _, value in (*(parts["model"][2] if "model" in parts else ()), *parts["values"])]
    flags = [(value, value.requires_grad) for value in every if isinstance(value, Tensor)]
    model = whole = parts["twin"] if "twin" in parts else _rebuild(*parts["model"])
    flags += [(model.get_parameter(name), flag) for name, flag in parts.get("flags", {}).items()]
    with warnings.catch_warnings():  # all has been said when the first model was made
        warnings.simplefilter("ignore")
        for name, config in parts["configs"].items():
            first = getattr(config, "init_lora_weights", None)
            if first is not None:
                config.init_lora_weights = False  # values come below
            if kind is None:
                inject_adapter_in_model(config, model, name)
            elif whole is model:
                whole = kind(model, config, name)
            else:
                whole.add_adapter(name, config)
            if first is not None:
                config.init_lora_weights = first
    for module in switches(model):
        module.set_adapter(parts["active"])
        module.enable_adapters(not parts["disabled"])
    if whole is not model:
        active = parts["active"][0] if len(parts["active"]) == 1 else parts["active"]
        whole.active_adapter = whole.base_model.active_adapter = active
    for path, value in parts["values"]:
        owner, _, name = path.rpartition(".")
        setattr(model.get_submodule(owner), name, value)
    for value, flag in flags:
        value.requires_grad_(flag)
    model.__dict__.update(parts.get("attributes", {}))
    return whole.train(model.training)
