"""Adapters on a model itself, without a PeftModel: `add_adapter`, `load_adapter`, …"""

from __future__ import annotations

import os
from typing import Any

from ..errors import UnsupportedError


def base_of_adapter(where: Any) -> str | None:
    """The model that an adapter in a local folder belongs to; None where the folder is no adapter's."""
    if not isinstance(where, (str, os.PathLike)) or not os.path.isfile(os.path.join(where, "adapter_config.json")):
        return None
    if os.path.isfile(os.path.join(where, "config.json")):
        return None
    from ..peft import PeftConfig

    return PeftConfig.from_pretrained(where).base_model_name_or_path


class AdaptersMixin:
    """Part of PreTrainedModel."""

    _hf_peft_config_loaded = False

    def _need_adapters(self) -> None:
        if not self._hf_peft_config_loaded:
            raise ValueError("No adapter loaded. Please load an adapter first.")

    def _adapter_layers(self) -> list[Any]:
        """Adapted layers, and modules that are trained whole."""
        from ..peft.tuners.base import switches

        return switches(self)

    def add_adapter(self, adapter_config: Any, adapter_name: str | None = None) -> None:
        """Give the model an adapter with fresh values, and activate it.

        Raises:
            TypeError: `adapter_config` is no PeftConfig.
            ValueError: the name is taken.
        """
        from ..peft import PeftConfig, inject_adapter_in_model

        name = adapter_name or "default"
        if self._hf_peft_config_loaded and name in self.peft_config:
            raise ValueError(f"Adapter with name {name} already exists. Please use a different name.")
        if not isinstance(adapter_config, PeftConfig):
            raise TypeError(f"adapter_config should be an instance of PeftConfig. Got {type(adapter_config)} instead.")
        adapter_config.base_model_name_or_path = self.name_or_path or None
        inject_adapter_in_model(adapter_config, self, name)
        self._hf_peft_config_loaded = True
        self.set_adapter(name)

    def load_adapter(
        self,
        peft_model_id: str | os.PathLike | None = None,
        adapter_name: str | None = None,
        revision: str | None = None,
        token: str | None = None,
        peft_config: Any = None,
        adapter_state_dict: dict[str, Any] | None = None,
        low_cpu_mem_usage: bool = False,
        is_trainable: bool = False,
        hotswap: bool | str = "auto",
        adapter_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Load an adapter from a folder or repository, or from a configuration and tensors, and activate it.

        Raises:
            ValueError: the name is taken, or there is no adapter.
            UnsupportedError: `hotswap=True`.
        """
        from ..peft import PeftConfig, inject_adapter_in_model, load_peft_weights, set_peft_model_state_dict

        if hotswap is True:
            raise UnsupportedError("load_adapter(hotswap=True) is not supported yet")
        name = adapter_name or "default"
        if self._hf_peft_config_loaded and name in self.peft_config:
            raise ValueError(f"Adapter with name {name} already exists. Please use a different name.")
        if peft_model_id is None and (adapter_state_dict is None or peft_config is None):
            raise ValueError(
                "You should either pass a `peft_model_id` or a `peft_config` and `adapter_state_dict` to load an adapter."
            )
        hub = {**(adapter_kwargs or {}), **kwargs}
        hub.update({key: value for key, value in (("revision", revision), ("token", token)) if value is not None})
        if peft_config is None:
            peft_config = PeftConfig.from_pretrained(peft_model_id, **hub)
        elif isinstance(peft_config, dict):
            peft_config = PeftConfig.from_peft_type(**peft_config)
        peft_config.inference_mode = not is_trainable
        state = load_peft_weights(peft_model_id, **hub) if adapter_state_dict is None else adapter_state_dict
        inject_adapter_in_model(peft_config, self, name)
        result = set_peft_model_state_dict(self, state, name)
        self._hf_peft_config_loaded = True
        self.set_adapter(name)
        if not is_trainable:
            self.eval()
            for layer in self._adapter_layers():
                layer.set_requires_grad(name, False)
        return result

    def set_adapter(self, adapter_name: str | list[str]) -> None:
        """Make one adapter active, or several whose parts add up."""
        self._need_adapters()
        if isinstance(adapter_name, list):
            missing = set(adapter_name) - set(self.peft_config)
            if missing:
                raise ValueError(
                    f"Following adapter(s) could not be found: {', '.join(sorted(missing))}. Make sure you are passing "
                    "the correct adapter name(s). current loaded adapters are: "
                    f"{list(self.peft_config)}"
                )
        elif adapter_name not in self.peft_config:
            raise ValueError(
                f"Adapter with name {adapter_name} not found. Please pass the correct adapter name among "
                f"{list(self.peft_config)}"
            )
        for layer in self._adapter_layers():
            layer.set_adapter(adapter_name)

    def disable_adapters(self) -> None:
        """Compute what the model does without adapters."""
        self._need_adapters()
        for layer in self._adapter_layers():
            layer.enable_adapters(False)

    def enable_adapters(self) -> None:
        """Use the active adapters again."""
        self._need_adapters()
        for layer in self._adapter_layers():
            layer.enable_adapters(True)

    def active_adapters(self) -> list[str]:
        """The names of the active adapters."""
        self._need_adapters()
        return next(iter(self._adapter_layers())).active_adapters

    def get_adapter_state_dict(
        self, adapter_name: str | None = None, state_dict: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The tensors of one adapter (default: the first active one)."""
        from ..peft import get_peft_model_state_dict

        self._need_adapters()
        return get_peft_model_state_dict(self, state_dict, adapter_name or self.active_adapters()[0])

    def delete_adapter(self, adapter_names: str | list[str]) -> None:
        """Remove adapters."""
        self._need_adapters()
        names = [adapter_names] if isinstance(adapter_names, str) else list(adapter_names)
        missing = [name for name in names if name not in self.peft_config]
        if missing:
            raise ValueError(
                f"The following adapter(s) are not present and cannot be deleted: {', '.join(missing)}"
            )
        from ..peft.modules_to_save import ModulesToSaveWrapper

        for name in names:
            active: list[str] | None = None
            for layer in self._adapter_layers():
                if isinstance(layer, ModulesToSaveWrapper):
                    layer.delete_adapter(name, active)
                else:
                    layer.delete_adapter(name)
                    active = layer.active_adapters
            del self.peft_config[name]
        if not self.peft_config:
            del self.peft_config
            self._hf_peft_config_loaded = False

    def _save_adapter(self, folder: str, peft_format: bool) -> None:
        """adapter_model.safetensors and adapter_config.json of the active adapter."""
        from ..peft.state import SAFETENSORS_WEIGHTS_NAME
        from ..safetensors import save_file

        active = self.active_adapters()
        if len(active) > 1:
            raise ValueError(
                "Multiple active adapters detected, saving multiple active adapters is not supported yet. You can save "
                "adapters separately one by one by iteratively calling `model.set_adapter(adapter_name)` then "
                "`model.save_pretrained(...)`"
            )
        start = "base_model.model." if peft_format else ""
        values = {start + k: v.detach().contiguous() for k, v in self.get_adapter_state_dict(active[0]).items()}
        save_file(values, os.path.join(folder, SAFETENSORS_WEIGHTS_NAME), metadata={"format": "pt"})
        config = self.peft_config[active[0]]
        training, config.inference_mode = config.inference_mode, True
        try:
            config.save_pretrained(folder)
        finally:
            config.inference_mode = training
