"""ModulesToSaveWrapper: a module that is trained whole beside the adapters, in a copy per adapter."""

from __future__ import annotations

import copy
from typing import Any

from .. import nn
from ..errors import UnsupportedError
from .layers import BaseTunerLayer, set_requires_grad_of


class ModulesToSaveWrapper(nn.Module):
    """In the place of a module: the original, and for each adapter a trainable copy (a packed weight becomes dense)."""

    adapter_layer_names = ("modules_to_save",)
    other_param_names = ()
    merged_adapters = ()

    def __init__(self, module_to_save: Any, adapter_name: str):
        super().__init__()
        if isinstance(module_to_save, (nn.ModuleDict, nn.ModuleList, nn.ParameterDict, nn.ParameterList, BaseTunerLayer)):
            raise TypeError(f"modules_to_save cannot be applied to modules of type {type(module_to_save)}")
        self.original_module = module_to_save
        self.modules_to_save = nn.ModuleDict()
        self._active_adapter: list[str] = [adapter_name]
        self._disable_adapters = False
        self.update(adapter_name)

    # --- state ------------------------------------------------------------------------------------------------------
    @property
    def disable_adapters(self) -> bool:
        """Whether the original is used."""
        return self._disable_adapters

    @property
    def active_adapters(self) -> list[str]:
        """The name of the adapter whose copy is used, in a list."""
        return self._active_adapter

    @property
    def active_adapter(self) -> Any:
        """As `active_adapters`."""
        return self._active_adapter

    def _get_available_adapters(self) -> set[str]:
        return set(self.modules_to_save)

    def _current(self) -> Any:
        active = self._active_adapter[:1]
        if self._disable_adapters or not active:
            return self.original_module
        return self.modules_to_save[active[0]]

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name in ("original_module", "modules_to_save", "_active_adapter", "_disable_adapters"):
                raise
        try:
            return getattr(self._current(), name)
        except KeyError:  # an active adapter that is none of these
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'") from None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the copy in use (or the original) returns."""
        return self._current()(*args, **kwargs)

    # --- adapters -----------------------------------------------------------------------------------------------------
    def update(self, adapter_name: str) -> None:
        """Make the copy of an adapter, from the original."""
        if adapter_name not in self.modules_to_save:
            self.modules_to_save[adapter_name] = copy.deepcopy(self.original_module)
        self.original_module.requires_grad_(False)

    def enable_adapters(self, enabled: bool) -> None:
        """Use the copy, trainable, or the original."""
        self._disable_adapters = not enabled
        for name, module in self.modules_to_save.items():
            set_requires_grad_of(module, enabled and name in self._active_adapter)

    def set_adapter(self, adapter_names: str | list[str], inference_mode: bool = False) -> None:
        """Use the copy of this adapter (or, where it has none, the original)."""
        names = [adapter_names] if isinstance(adapter_names, str) else list(adapter_names)
        own = [name for name in names if name in self.modules_to_save]
        if len(own) > 1:
            raise ValueError(f"Only one adapter can be set at a time for {self}, got {len(own)}")
        for name, module in self.modules_to_save.items():
            set_requires_grad_of(module, name in own and not inference_mode)
        self._active_adapter = own

    def set_requires_grad(self, adapter_names: str | list[str], requires_grad: bool = True) -> None:
        """Switch gradients of these adapters' copies."""
        names = [adapter_names] if isinstance(adapter_names, str) else adapter_names
        for name in names:
            if name in self.modules_to_save:
                set_requires_grad_of(self.modules_to_save[name], requires_grad)

    def delete_adapter(self, adapter_name: str, new_active_adapters: list[str] | None) -> None:
        """Remove an adapter's copy."""
        if adapter_name in self.modules_to_save:
            del self.modules_to_save[adapter_name]
        if adapter_name in self._active_adapter:
            self.set_adapter((new_active_adapters or [])[:1])

    # --- files --------------------------------------------------------------------------------------------------------
    def adapter_state_dict_load_map(self, adapter_name: str) -> dict[str, str]:
        """`{name in the file: name in this module}`."""
        if adapter_name not in self.modules_to_save:
            return {}
        return {key: f"modules_to_save.{adapter_name}.{key}" for key in self.modules_to_save[adapter_name].state_dict()}

    def unload(self, merge: bool, adapter_names: list[str] | None) -> Any:
        """What stays when adapters are removed: the copy with `merge`, else the original."""
        if not merge:
            return self.original_module
        names = self._active_adapter if adapter_names is None else adapter_names
        own = [name for name in names if name in self.modules_to_save]
        if len(own) > 1:
            raise ValueError(f"Attempted to set multiple ({own}) adapters at once for modules_to_save.")
        return self.modules_to_save[own[0]] if own else self.original_module


def wrap_modules_to_save(model: Any, names: Any, adapter: str, inference_mode: bool, activate: bool) -> None:
    """Put a wrapper around every module whose path ends in one of `names`."""
    wrappers = {key for key, module in model.named_modules() if isinstance(module, ModulesToSaveWrapper)}
    adapted = {key: module for key, module in model.named_modules() if isinstance(module, BaseTunerLayer)}
    for module in adapted.values():
        for part in getattr(module, "adapter_layer_names", ()):
            values = getattr(module, part, {})
            if adapter in values and isinstance(values[adapter], nn.Module) and any(adapter.endswith(n) for n in names):
                raise ValueError(
                    f"You are trying to target a module with {ModulesToSaveWrapper} that is a child of {type(module)}. "
                    "This is almost certainly not the intended behavior. Please ensure that the adapter name, "
                    f"'{adapter}', does not conflict with any of the targeted modules."
                )
    inside = tuple(key + "." for key in {*wrappers, *adapted})
    for key, module in list(model.named_modules()):
        if not key or key.startswith(inside) or not any(key.endswith(name) for name in names):
            continue
        inside += (key + ".",)
        _wrap(model, key, module, adapter, inference_mode, activate)


def _wrap(model: Any, key: str, module: Any, adapter: str, inference_mode: bool, activate: bool) -> None:
    if isinstance(module, ModulesToSaveWrapper):
        wrapper = module
        wrapper.update(adapter)
    else:
        parent, _, child = key.rpartition(".")
        wrapper = ModulesToSaveWrapper(module, adapter)
        wrapper.set_adapter([])
        try:
            setattr(model.get_submodule(parent), child, wrapper)
        except UnsupportedError:  # a group that only holds modules, such as RoBERTa's classifier: wrap what it holds
            for name, part in module.named_children():
                if any(True for _ in part.parameters()):
                    _wrap(model, f"{key}.{name}", part, adapter, inference_mode, activate)
            return
    wrapper.set_adapter(adapter if activate else wrapper.active_adapters, inference_mode=inference_mode)
