"""The adapted layers: C++ computes them, here they get their parts."""

from __future__ import annotations

import math
import warnings
from collections import UserDict
from typing import Any

from .... import _core, nn
from ....errors import UnsupportedError
from ...errors import PeftWarning
from ...layers import NativeTunerLayer
from .init import set_first_values


class _Scaling(UserDict):
    """The factors of a layer's adapters, written through to the layer."""

    def __init__(self, layer: Any):
        self._layer = layer
        super().__init__()

    def __setitem__(self, name: str, value: float) -> None:
        super().__setitem__(name, value)
        self._layer._set_scaling(name, float(value))

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._layer._forget(name)


class LoraLayer(NativeTunerLayer):
    """Part of both: names, ranks and factors of the adapters."""

    adapter_layer_names = ("lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector")
    other_param_names = ("r", "lora_alpha", "scaling", "lora_dropout", "use_dora", "use_rslora", "lora_bias")

    def _start(self) -> None:
        self.r: dict[str, int] = {}
        self.lora_alpha: dict[str, float] = {}
        self.use_dora: dict[str, bool] = {}
        self.use_rslora: dict[str, bool] = {}
        self.lora_bias: dict[str, bool] = {}
        self.scaling = {}

    @property
    def scaling(self) -> _Scaling:
        """The factor of each adapter."""
        return self._scaling

    @scaling.setter
    def scaling(self, values: Any) -> None:
        self._scaling = _Scaling(self)
        self._scaling.update(values)

    def update_layer(self, adapter_name: str, r: int, lora_alpha: float, config: Any, **kwargs: Any) -> None:
        """Add an adapter of rank `r`, or replace the one of that name."""
        if not isinstance(r, int) or r <= 0:
            raise ValueError(f"`r` should be a positive integer value but the value passed is {r}")
        self.r[adapter_name], self.lora_alpha[adapter_name] = r, lora_alpha
        self.use_dora[adapter_name], self.use_rslora[adapter_name] = config.use_dora, config.use_rslora
        self.lora_bias[adapter_name] = config.lora_bias
        drop = config.lora_dropout
        self.lora_dropout[adapter_name] = nn.Dropout(p=drop) if drop > 0.0 else nn.Identity()
        self.scaling[adapter_name] = lora_alpha / (math.sqrt(r) if config.use_rslora else r)
        self._add_parts(adapter_name, r, config)
        self.set_adapter(self.active_adapters, inference_mode=config.inference_mode)

    def _add_magnitude(self, name: str, dtype: Any) -> None:
        magnitude = nn.Module()
        magnitude.weight = nn.Parameter(self._weight_norm(name).to(dtype))
        self.lora_magnitude_vector[name] = magnitude

    # --- factors ----------------------------------------------------------------------------------------------------
    def _scale_of(self, adapter: str) -> float:
        rank = self.r[adapter]
        return self.lora_alpha[adapter] / (math.sqrt(rank) if self.use_rslora.get(adapter) else rank)

    def set_scale(self, adapter: str, scale: float) -> None:
        """`scale` times the factor that the configuration gives."""
        if adapter in self.scaling:
            self.scaling[adapter] = scale * self._scale_of(adapter)

    def scale_layer(self, scale: float) -> None:
        """Multiply the factors of the active adapters; those of embeddings stay, as in PEFT."""
        for adapter in self.active_adapters:
            if adapter in self.lora_A and scale != 1:
                self.scaling[adapter] *= scale

    def unscale_layer(self, scale: float | None = None) -> None:
        """Divide the factors of the active adapters; None: back to what the configuration gives."""
        for adapter in self.active_adapters:
            if adapter in self.lora_A:
                self.scaling[adapter] = self._scale_of(adapter) if scale is None else self.scaling[adapter] / scale

    def __repr__(self) -> str:
        return "lora." + nn.Module.__repr__(self)


class Linear(_core._LoraLinear, LoraLayer):
    """A linear layer (packed or not) with LoRA or DoRA adapters."""

    __repr__ = LoraLayer.__repr__

    def __init__(self, base_layer: Any, adapter_name: str, config: Any, r: int = 0, lora_alpha: float = 1):
        super().__init__(base_layer)
        self._start()
        self._active_adapter = adapter_name
        self.update_layer(adapter_name, r, lora_alpha, config)

    def _add_parts(self, name: str, r: int, config: Any) -> None:
        self.lora_A[name] = nn.Linear(self.in_features, r, bias=False)
        self.lora_B[name] = nn.Linear(r, self.out_features, bias=config.lora_bias)
        if config.lora_bias and self.bias is None:
            warnings.warn(
                f"`lora_bias=True` was passed but the targeted layer of type {type(self.get_base_layer()).__name__} "
                "has no bias. This means that merging LoRA weights won't be possible.",
                PeftWarning,
                stacklevel=2,
            )
        set_first_values(self, name, config.init_lora_weights)
        dtype = self._base_dtype()
        self.lora_A[name].to(dtype)
        self.lora_B[name].to(dtype)
        if config.use_dora:
            self._add_magnitude(name, dtype)

    def _base_dtype(self) -> Any:
        weight = self.get_base_layer().weight
        return weight.dtype if isinstance(weight, _core.Tensor) else _core.float32


class Embedding(_core._LoraEmbedding, LoraLayer):
    """An embedding (packed or not) with LoRA adapters: A is `[r, rows]`, B is `[dim, r]`."""

    __repr__ = LoraLayer.__repr__

    def __init__(self, base_layer: Any, adapter_name: str, config: Any, r: int = 0, lora_alpha: float = 1):
        super().__init__(base_layer)
        self._start()
        self._active_adapter = adapter_name
        self.update_layer(adapter_name, r, lora_alpha, config)

    def _features(self) -> tuple[int, int]:
        rows, dim = self.get_base_layer().weight.shape
        return rows, dim

    def _add_parts(self, name: str, r: int, config: Any) -> None:
        if config.lora_bias:
            raise ValueError(f"lora_bias={config.lora_bias} is not supported for {type(self).__name__}.")
        init = config.init_lora_weights
        if isinstance(init, str) and init.lower() != "gaussian":
            raise UnsupportedError(f"LoraConfig(init_lora_weights={init!r}) on an Embedding is not supported yet")
        a, b = _core.randn((r, self.in_features)), _core.randn((self.out_features, r))
        if init:
            a.zero_()
            b.normal_()
        weight = self.get_base_layer().weight
        dtype = weight.dtype if isinstance(weight, _core.Tensor) else _core.float32
        self.lora_embedding_A[name] = nn.Parameter(a.to(dtype))
        self.lora_embedding_B[name] = nn.Parameter(b.to(dtype))
        if config.use_dora:
            self._add_magnitude(name, dtype)
