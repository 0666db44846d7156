"""BaseTunerLayer: what every adapter layer can do, whether written in Python or in C++."""

from __future__ import annotations

import warnings
from typing import Any

from .. import _core


def set_requires_grad_of(layer: Any, on: bool) -> None:
    """Switch gradients of a module's parameters, or of one parameter."""
    for parameter in [layer] if isinstance(layer, _core.Tensor) else layer.parameters():
        if isinstance(parameter, _core.Tensor) and parameter.is_floating_point():
            parameter.requires_grad_(on)


def check_adapters_to_merge(module: Any, adapter_names: list[str] | None = None) -> list[str]:
    """The adapters of `adapter_names` (default: the active ones) that are not merged yet; warns about the others."""
    names = module.active_adapters if adapter_names is None else adapter_names
    if isinstance(names, str):
        raise TypeError(f"adapter_names should be a list of strings, got {names!r}.")
    merged = list(module.merged_adapters)
    if not merged:
        return list(names)
    names = [name for name in names if name not in merged]
    if names:
        warnings.warn(
            f"Already following adapters were merged {','.join(merged)}. "
            f"You are now additionally merging {','.join(names)}.",
            stacklevel=2,
        )
    else:
        warnings.warn("All adapters are already merged, nothing to do.", stacklevel=2)
    return names


class BaseTunerLayer:
    """Part of every adapter layer. A layer written in Python is `class MyLayer(nn.Module, BaseTunerLayer)`.

    It puts the layer it adapts at `base_layer`, keeps the parts of its adapters in ModuleDicts or ParameterDicts whose
    names are in `adapter_layer_names`, other things by adapter in dicts named in `other_param_names`, and defines
    `forward`, `merge(safe_merge, adapter_names)` and `unmerge()`.
    """

    adapter_layer_names: tuple[str, ...] = ()
    other_param_names: tuple[str, ...] = ()
    _disable_adapters: bool = False
    _active_adapter: Any = "default"
    merged_adapters: Any = ()

    # --- state ------------------------------------------------------------------------------------------------------
    @property
    def disable_adapters(self) -> bool:
        """Whether the layer computes only what its base does."""
        return self._disable_adapters

    @property
    def active_adapter(self) -> Any:
        """The active adapters, or the name of the one."""
        return self._active_adapter

    @property
    def active_adapters(self) -> list[str]:
        """The names of the active adapters."""
        return [self._active_adapter] if isinstance(self._active_adapter, str) else list(self._active_adapter)

    @property
    def merged(self) -> bool:
        """Whether an adapter is merged into the base weight."""
        return bool(self.merged_adapters)

    def get_base_layer(self) -> Any:
        """The layer below all adapters."""
        layer = self
        while isinstance(layer, BaseTunerLayer):
            layer = layer.base_layer
        return layer

    def _get_available_adapters(self) -> set[str]:
        return {name for part in self.adapter_layer_names for name in getattr(self, part).keys()}

    # --- switching ----------------------------------------------------------------------------------------------------
    def enable_adapters(self, enabled: bool) -> None:
        """Switch all adapters on (the active ones trainable) or off (all frozen)."""
        if enabled:
            self.set_adapter(self.active_adapters)
        else:
            for part in self.adapter_layer_names:
                for layer in getattr(self, part).values():
                    set_requires_grad_of(layer, False)
        self._disable_adapters = not enabled

    def set_adapter(self, adapter_names: str | list[str], inference_mode: bool = False) -> None:
        """Make these adapters active, and trainable unless `inference_mode`; all others frozen."""
        names = [adapter_names] if isinstance(adapter_names, str) else list(adapter_names)
        for part in self.adapter_layer_names:
            for name, layer in getattr(self, part).items():
                set_requires_grad_of(layer, name in names and not inference_mode)
        self._active_adapter = names

    def set_requires_grad(self, adapter_names: str | list[str], requires_grad: bool = True) -> None:
        """Switch gradients of these adapters, active or not."""
        names = [adapter_names] if isinstance(adapter_names, str) else list(adapter_names)
        for part in self.adapter_layer_names:
            for name, layer in getattr(self, part).items():
                if name in names:
                    set_requires_grad_of(layer, requires_grad)

    def delete_adapter(self, adapter_name: str) -> None:
        """Remove an adapter; when it was the only active one, the first of those that are left becomes active."""
        for part in (*self.adapter_layer_names, *self.other_param_names):
            values = getattr(self, part)
            if adapter_name in values:
                del values[adapter_name]
        if adapter_name not in self.active_adapters:
            return
        active = [name for name in self.active_adapters if name != adapter_name]
        left = sorted(self._get_available_adapters())
        if not active and left:
            warnings.warn(
                f"Adapter {adapter_name} was active which is now deleted. Setting active adapter to {left[0]}.",
                stacklevel=2,
            )
            active = left[:1]
        self.set_adapter(active)

    # --- merging: methods define these two ------------------------------------------------------------------------------
    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Add the adapters (default: the active ones) to the base weight."""
        raise NotImplementedError

    def unmerge(self) -> None:
        """Take all merged adapters out of the base weight."""
        raise NotImplementedError


class NativeTunerLayer(BaseTunerLayer):
    """Part of the adapter layers that C++ computes: weights and merging."""

    @property
    def weight(self) -> Any:
        """The base layer's weight."""
        return self.get_base_layer().weight

    @property
    def bias(self) -> Any:
        """The base layer's bias, or None."""
        return getattr(self.get_base_layer(), "bias", None)

    @property
    def in_features(self) -> int:
        """Size of the base layer's input (of an embedding: its number of rows)."""
        return self._features()[0]

    @property
    def out_features(self) -> int:
        """Size of the base layer's output."""
        return self._features()[1]

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Add the adapters (default: the active ones) to the base weight; a packed one becomes dense float32.

        Raises:
            ValueError: `safe_merge`, and the result has values that are not finite: nothing was changed.
        """
        for name in check_adapters_to_merge(self, adapter_names):
            if self._has(name):
                self._merge(name, safe_merge)

    def unmerge(self) -> None:
        """Take all merged adapters out of the base weight; what was packed is again what it was."""
        if not self.merged:
            warnings.warn("Already unmerged. Nothing to do.", stacklevel=2)
            return
        self._unmerge()
