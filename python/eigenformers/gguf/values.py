"""A model's tensors as they are exported: under its own names, with adapters merged one tensor at a time."""

from __future__ import annotations

from typing import Any, Callable

from .. import _core
from ..models.gguf_families import POSITIONS_BEHIND_PADDING

Values = dict[str, Callable[[], Any]]


def plain_model(model: Any) -> Any:
    """The model itself, where a `PeftModel` is given."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def tuner_layers(model: Any) -> list[tuple[str, Any]]:
    """`(path, layer)` of the adapted layers; none where no adapter was ever put on."""
    if not getattr(model, "peft_config", None):
        return []
    from ..peft.tuners.base import outermost_tuners

    return outermost_tuners(model)


def plain_names(model: Any) -> tuple[dict[str, str], Values]:
    """What adapters change: names, and values.

    Returns:
        names: tensor of the model -> its name without adapters; `""` for an adapter's own tensor.
        values: name without adapters -> function that gives the merged float32 tensor.
    """
    if not getattr(model, "peft_config", None):
        return {}, {}
    from ..peft.modules_to_save import ModulesToSaveWrapper

    present = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    names: dict[str, str] = {}
    values: Values = {}
    for path, layer in tuner_layers(model):
        for name in present:
            if name.startswith(path + "."):
                rest = name[len(path) + 1 :]
                inside = rest.startswith("base_layer.")
                while rest.startswith("base_layer."):
                    rest = rest[len("base_layer.") :]
                names[name] = f"{path}.{rest}" if inside and "lora_" not in rest else ""
        values[f"{path}.weight"] = _merged(layer, "weight")
        if any(getattr(layer, "lora_bias", {}).values()):
            values[f"{path}.bias"] = _merged(layer, "bias")
    for path, module in model.named_modules():
        if not isinstance(module, ModulesToSaveWrapper):
            continue
        active = module.active_adapters[0] if module.active_adapters else None
        chosen = "original_module." if active is None else f"modules_to_save.{active}."
        for name in present:
            if name.startswith(path + "."):
                rest = name[len(path) + 1 :]
                names[name] = f"{path}.{rest[len(chosen) :]}" if rest.startswith(chosen) else ""
    return names, values


def _merged(layer: Any, part: str) -> Callable[[], Any]:
    """The layer's weight or bias with its active adapters; the layer itself is as before when the value is there."""

    def value() -> Any:
        base = layer.get_base_layer()
        if layer.merged or layer.disable_adapters:
            return dense_weight(getattr(base, part))
        saved = {
            name: getattr(base, name).detach().clone()
            for name in ("weight", "bias")
            if isinstance(getattr(base, name, None), _core.Tensor)
        }
        with _core.no_grad():
            layer.merge(safe_merge=True)
            try:
                merged = dense_weight(getattr(base, part)).to(_core.float32).clone()
            finally:
                layer.unmerge()
                for name, before in saved.items():  # adding and subtracting rounds
                    if not _core.equal(getattr(base, name), before):
                        getattr(base, name).data.copy_(before)
        return merged

    return value


def dense_weight(weight: Any) -> Any:
    """A parameter's values, of a packed one too."""
    return weight.dequantize() if isinstance(weight, _core.PackedWeight) else weight.detach()


def moved_positions(model: Any) -> dict[str, Any]:
    """Name -> the rows of RoBERTa's positions from that of the first token on: files have no others."""
    if model.config.model_type not in POSITIONS_BEHIND_PADDING:
        return {}
    name = "embeddings.position_embeddings.weight"
    return {name: model.get_parameter(name).detach()[model.config.pad_token_id + 1 :]}


def dense_values(model: Any) -> dict[str, tuple[tuple[int, ...], Callable[[], Any]]]:
    """name without adapters -> shape, and function of the dense tensor; a tied tensor once."""
    names, values = plain_names(model)
    found: dict[str, tuple[tuple[int, ...], Callable[[], Any]]] = {}
    for name, parameter in model.named_parameters():
        clean = names.get(name, name)
        if clean:
            shape = tuple(parameter.shape)
            found[clean] = (shape, values.get(clean) or (lambda parameter=parameter: dense_weight(parameter)))
    return found
