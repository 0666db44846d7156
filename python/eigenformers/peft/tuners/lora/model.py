"""LoraModel."""

from __future__ import annotations

import warnings
from typing import Any

from .... import nn
from ...matching import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING, pattern_key
from ..base import BaseTuner
from .conversion import without_initial
from .layer import Embedding, Linear, LoraLayer
from .weighted import WeightedMixin


class LoraModel(WeightedMixin, BaseTuner):
    """A model with LoRA adapters, at `model`."""

    prefix = "lora_"
    tuner_layer_cls = LoraLayer
    target_module_mapping = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING

    def _create_and_replace(
        self, peft_config: Any, adapter_name: str, target: Any, target_name: str, parent: Any, current_key: str
    ) -> None:
        r = peft_config.rank_pattern.get(pattern_key(peft_config.rank_pattern, current_key), peft_config.r)
        alpha = peft_config.alpha_pattern.get(pattern_key(peft_config.alpha_pattern, current_key), peft_config.lora_alpha)
        if isinstance(target, LoraLayer):
            target.update_layer(adapter_name, r, alpha, peft_config)
            if adapter_name not in self.active_adapters:
                for part in target.adapter_layer_names:
                    values = getattr(target, part)
                    if adapter_name in values:
                        _freeze(values[adapter_name])
            return
        layer = self._new_layer(peft_config, adapter_name, target, r, alpha)
        if adapter_name not in self.active_adapters:
            layer.set_adapter([])
        setattr(parent, target_name, layer)

    @classmethod
    def _without_initial(cls, config: Any, values: dict[str, Any], initial: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return without_initial(config, values, initial)

    @staticmethod
    def _new_layer(config: Any, adapter_name: str, target: Any, r: int, alpha: float) -> Any:
        below = target.get_base_layer() if hasattr(target, "get_base_layer") else target
        if isinstance(below, nn._native.Embedding):
            return Embedding(target, adapter_name, config, r, alpha)
        if isinstance(below, (nn._native.Linear, nn._native.Conv1D)):
            turned = isinstance(below, nn._native.Conv1D)  # whose weight is [in, out]
            if bool(config.fan_in_fan_out) != turned:
                kind = "`Conv1D`" if turned else "`torch.nn.Linear`"
                warnings.warn(
                    f"fan_in_fan_out is set to {not turned} but the target module is {kind}. "
                    f"Setting fan_in_fan_out to {turned}.",
                    stacklevel=2,
                )
                config.fan_in_fan_out = turned
            return Linear(target, adapter_name, config, r, alpha)
        raise ValueError(
            f"Target module {target} is not supported. Currently, only the following modules are supported: "
            "`torch.nn.Linear`, `torch.nn.Embedding`, `transformers.pytorch_utils.Conv1D`."
        )


def _freeze(part: Any) -> None:
    part.requires_grad_(False)
