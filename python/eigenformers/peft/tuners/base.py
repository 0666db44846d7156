"""BaseTuner: finds the layers that a configuration means, and gives them adapters. A method derives from it."""

from __future__ import annotations

import re
import warnings
from typing import Any

from ... import _core, nn
from ...utils import logging
from ..config import PeftConfig
from ..errors import NoMatchingPeftModuleError
from ..layers import BaseTunerLayer
from ..matching import (
    ALL_LINEAR,
    EMBEDDING_LAYER_NAMES,
    Excluded,
    all_linear,
    check_target_module_exists,
    minimal_suffixes,
)
from ..modules_to_save import ModulesToSaveWrapper, wrap_modules_to_save

logger = logging.get_logger(__name__)
_MANY = 20  # target modules from which on they are shortened to what tells them apart


def outermost_tuners(model: Any) -> list[tuple[str, Any]]:
    """`(path, layer)` of the adapted layers, without what lies inside one."""
    found: list[tuple[str, Any]] = []
    for key, module in model.named_modules():
        if isinstance(module, BaseTunerLayer) and not key.startswith(tuple(path + "." for path, _ in found)):
            found.append((key, module))
    return found


def switches(model: Any) -> list[Any]:
    """Everything that adapters are switched at: adapted layers, and modules that are trained whole."""
    return [module for module in model.modules() if isinstance(module, (BaseTunerLayer, ModulesToSaveWrapper))]


class BaseTuner(nn.Module):
    """A model whose layers have adapters, at `model`.

    A method written in Python sets `prefix` (how the names of its parameters start), `tuner_layer_cls` and
    `target_module_mapping`, and defines `_create_and_replace`.
    """

    prefix: str = ""
    tuner_layer_cls: Any = BaseTunerLayer
    target_module_mapping: dict[str, Any] = {}

    def __init__(
        self,
        model: Any,
        peft_config: Any,
        adapter_name: str,
        low_cpu_mem_usage: bool = False,
        state_dict: dict[str, Any] | None = None,
    ):
        super().__init__()
        self.model = model
        self.targeted_module_names: list[str] = []
        configs = {adapter_name: peft_config} if isinstance(peft_config, PeftConfig) else peft_config
        older = getattr(model, "peft_config", None)
        if older is not None:
            warnings.warn(
                "Already found a `peft_config` attribute in the model. This will lead to having multiple adapters in "
                "the model. Make sure to know what you are doing!",
                stacklevel=2,
            )
            older.update(configs)
            configs = older
        self.peft_config = configs
        self.active_adapter: Any = adapter_name
        self.inject_adapter(model, adapter_name, False, low_cpu_mem_usage, state_dict)
        model.peft_config = self.peft_config

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "model":
                raise
        return getattr(self.model, name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the model returns."""
        return self.model(*args, **kwargs)

    @property
    def active_adapters(self) -> list[str]:
        """The names of the active adapters."""
        return [self.active_adapter] if isinstance(self.active_adapter, str) else list(self.active_adapter)

    # --- what a method defines ------------------------------------------------------------------------------------------
    def _create_and_replace(
        self, peft_config: Any, adapter_name: str, target: Any, target_name: str, parent: Any, current_key: str
    ) -> None:
        """Give the layer `target` (at `target_name` of `parent`) an adapter."""
        raise NotImplementedError

    def _prepare_adapter_config(self, peft_config: Any, model_config: dict[str, Any]) -> Any:
        """Fill in what follows from the model: `target_modules` by its type."""
        if peft_config.target_modules is None:
            usual = self.target_module_mapping.get(model_config.get("model_type"))
            if usual is None:
                raise ValueError("Please specify `target_modules` in `peft_config`")
            peft_config.target_modules = usual if isinstance(usual, str) else set(usual)
        return peft_config

    @staticmethod
    def _check_target_module_exists(peft_config: Any, key: str) -> Any:
        return check_target_module_exists(peft_config, key)

    def _check_new_adapter_config(self, config: Any) -> None:
        if len(self.peft_config) > 1:
            with_bias = [c for c in self.peft_config.values() if getattr(c, "bias", "none") != "none"]
            if len(with_bias) > 1:
                raise ValueError(
                    f"{type(self).__name__} supports only 1 adapter with bias. When using multiple adapters, set bias "
                    "to 'none' for all adapters."
                )

    @classmethod
    def _without_initial(cls, config: Any, values: dict[str, Any], initial: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """An adapter less the one that it began as; for methods that change the base weight."""
        raise ValueError(f"{cls.__name__} has no conversion of a mutated initial model")

    # --- making adapters ----------------------------------------------------------------------------------------------
    @staticmethod
    def get_model_config(model: Any) -> dict[str, Any]:
        """The model's configuration as a dict; `{"model_type": "custom"}` when it has none."""
        config = getattr(model, "config", None)
        if config is None:
            return {"model_type": "custom"}
        return config.to_dict() if hasattr(config, "to_dict") else dict(config)

    def inject_adapter(
        self,
        model: Any,
        adapter_name: str,
        autocast_adapter_dtype: bool = True,
        low_cpu_mem_usage: bool = False,
        state_dict: dict[str, Any] | None = None,
    ) -> None:
        """Give the layers that `self.peft_config[adapter_name]` means an adapter of that name.

        Args:
            state_dict: an adapter's tensors; their names, not the configuration, say which layers are meant.

        Raises:
            NoMatchingPeftModuleError: no layer is meant.
            ValueError: the configuration doesn't fit the model or the other adapters.
        """
        config = self.peft_config[adapter_name]
        self._check_new_adapter_config(config)
        self._warn_about_tied(model, config)
        config = self._prepare_adapter_config(config, self.get_model_config(model))
        if isinstance(config.target_modules, str) and config.target_modules.lower() == ALL_LINEAR:
            config.target_modules = all_linear(model, config.task_type)
        before = self._gradients(model, adapter_name)
        keys, excluded, unmatched = self._find_targets(model, config, state_dict)
        self._check_found(config, keys, excluded, unmatched)
        for key in keys:
            parent, _, name = key.rpartition(".")
            self._create_and_replace(
                config, adapter_name, model.get_submodule(key), name, model.get_submodule(parent), current_key=key
            )
        self._warn_about_patterns(config, keys)
        self.targeted_module_names += [key for key in keys if key not in self.targeted_module_names]
        self.set_adapter(self.active_adapters, inference_mode=config.inference_mode)
        self._mark_only_adapters_as_trainable(model)
        if getattr(config, "modules_to_save", None):
            active = adapter_name in self.active_adapters
            wrap_modules_to_save(model, config.modules_to_save, adapter_name, config.inference_mode, active)
        for parameter, on in before:
            parameter.requires_grad_(on)
        self._cast_adapter_dtype(adapter_name, autocast_adapter_dtype)

    def _find_targets(self, model: Any, config: Any, state: Any) -> tuple[list[str], list[str], list[str]]:
        """The paths that are meant, that are left out on purpose, and all others."""
        inside = tuple(path + "." for path, _ in outermost_tuners(model))
        keys = [key for key, _ in model.named_modules() if key and not key.startswith(inside)]
        targets = config.target_modules
        if isinstance(targets, (set, list)) and len(targets) >= _MANY:
            endings = tuple("." + name for name in targets)
            others = [key for key in keys if key not in targets and not key.endswith(endings)]
            shorter = minimal_suffixes(targets, others)
            if len(shorter) < len(targets):
                config.target_modules = shorter
        found: list[str] = []
        excluded: list[str] = []
        unmatched: list[str] = []
        for key in keys:
            result = self._check_target_module_exists(config, key)
            (excluded if isinstance(result, Excluded) else found if result else unmatched).append(key)
        if state is not None:
            named = {name.rsplit("." + self.prefix, 1)[0].removeprefix("base_model.model.") for name in state}
            self._warn_about_inconsistency(set(found), named & set(keys))
            found, unmatched = [key for key in keys if key in named], [key for key in keys if key not in named]
            excluded = []
        return found, excluded, unmatched

    def _check_found(self, config: Any, keys: list[str], excluded: list[str], unmatched: list[str]) -> None:
        if keys:
            if getattr(config, "exclude_modules", None) and not excluded:
                warnings.warn(
                    f"You have passed exclude_modules={config.exclude_modules} but no modules were excluded. Please "
                    "check that exclude_modules was set correctly.",
                    stacklevel=2,
                )
            return
        if excluded and not unmatched:
            raise NoMatchingPeftModuleError(
                "All modules were excluded. This is likely unintended. Check your `target_modules`, `exclude_modules` "
                "and `modules_to_save` configuration."
            )
        if excluded:
            text = (
                "No modules were targeted for adaptation. This might be caused by a combination of mismatched target "
                "modules and excluded modules. Please check your `target_modules` and `exclude_modules` configuration. "
                "You may also have only targeted modules that are marked to be saved (`modules_to_save`)."
            )
        elif not config.target_modules:
            text = (
                "No `target_modules` passed but also no `target_parameters` found. Please check the values for these "
                "arguments."
            )
        else:
            text = (
                f"Target modules {config.target_modules} not found in the base model. Please check the target modules "
                "and try again."
            )
        if getattr(config, "layers_to_transform", None) is not None:
            text += f" Note: You specified 'layers_to_transform': {config.layers_to_transform}."
        if getattr(config, "layers_pattern", None) is not None:
            text += f" You also specified 'layers_pattern': {config.layers_pattern}."
        raise NoMatchingPeftModuleError(text)

    @staticmethod
    def _warn_about_inconsistency(configured: set[str], saved: set[str]) -> None:
        if configured == saved:
            return
        text = (
            "While injecting the PEFT adapters, an inconsistency was discovered between the PEFT config and the "
            "provided state_dict. This is not necessarily an issue and can be ignored if this was the intent. "
        )
        if configured - saved:
            text += f"The PEFT config contained these additional target modules: {sorted(configured - saved)}. "
        if saved - configured:
            text += f"The state_dict contained these additional target modules: {sorted(saved - configured)}. "
        warnings.warn(text, RuntimeWarning, stacklevel=2)

    @staticmethod
    def _warn_about_patterns(config: Any, keys: list[str]) -> None:
        for name in ("rank_pattern", "alpha_pattern"):
            patterns = getattr(config, name, None) or {}
            lost = sorted(p for p in patterns if not any(re.match(rf"(.*\.)?({p})$", key) for key in keys))
            if lost:
                warnings.warn(
                    f"The following {name} keys did not match any targeted module and were ignored: {lost}.",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _warn_about_tied(self, model: Any, config: Any) -> None:
        if not getattr(model, "_ties", None) or not model._ties():
            return
        names = set(getattr(config, "modules_to_save", None) or ())
        targets = getattr(config, "target_modules", None)
        names |= {n for n in EMBEDDING_LAYER_NAMES if re.fullmatch(targets, n)} if isinstance(targets, str) else set(
            targets or ()
        )  # fmt: skip
        if any(name.split(".")[-1] in EMBEDDING_LAYER_NAMES for name in names):
            warnings.warn(
                "Model has `tie_word_embeddings=True` and a tied layer is part of the adapter, but "
                "`ensure_weight_tying` is not set to True. This can lead to complications, for example when merging "
                "the adapter or converting your model to formats other than safetensors. Check the discussion here: "
                "https://github.com/huggingface/peft/issues/2777",
                stacklevel=2,
            )

    def _gradients(self, model: Any, adapter_name: str) -> list[tuple[Any, bool]]:
        """What another adapter must not change: which parameters are trained. Nothing before the first adapter."""
        if not outermost_tuners(model):
            return []
        return [
            (value, value.requires_grad)
            for name, value in model.named_parameters()
            if isinstance(value, _core.Tensor) and f".{adapter_name}." not in f"{name}."
        ]

    def _adapter_names_of_parameters(self, model: Any) -> list[str]:
        """Where parameters of adapters lie: prefixes of their names."""
        layers = outermost_tuners(model)
        return [f"{path}.{part}." for path, layer in layers for part in layer.adapter_layer_names]

    def _mark_only_adapters_as_trainable(self, model: Any) -> None:
        own = tuple(self._adapter_names_of_parameters(model))
        saved = tuple(key + "." for key, m in model.named_modules() if isinstance(m, ModulesToSaveWrapper))
        for name, value in model.named_parameters():
            if isinstance(value, _core.Tensor) and value.requires_grad and not name.startswith(own + saved):
                value.requires_grad_(False)
        for adapter in self.active_adapters:
            bias = getattr(self.peft_config.get(adapter), "bias", "none")
            if bias == "all":
                for name, value in model.named_parameters():
                    if name == "bias" or name.endswith(".bias"):
                        value.requires_grad_(True)
            elif bias.endswith("_only"):
                for _, layer in outermost_tuners(model):
                    if getattr(layer, "bias", None) is not None:
                        layer.bias.requires_grad_(True)
            elif bias != "none":
                raise NotImplementedError(f"Requested bias: {bias}, is not implemented.")

    def _cast_adapter_dtype(self, adapter_name: str, autocast_adapter_dtype: bool = True) -> None:
        """Half-precision adapters become float32, for training."""
        if not autocast_adapter_dtype:
            return
        narrow = (_core.float16, _core.bfloat16)
        for _, layer in outermost_tuners(self.model):
            for part in layer.adapter_layer_names:
                values = getattr(layer, part)
                if adapter_name not in values:
                    continue
                if not isinstance(values[adapter_name], _core.Tensor):
                    if any(p.dtype in narrow for p in values[adapter_name].parameters()):
                        values[adapter_name].to(_core.float32)
                elif values[adapter_name].dtype in narrow:
                    old = values[adapter_name]
                    values[adapter_name] = nn.Parameter(old.detach().to(_core.float32), old.requires_grad)

    # --- switching ------------------------------------------------------------------------------------------------------
    def enable_adapter_layers(self) -> None:
        """Use the active adapters again."""
        for module in switches(self.model):
            module.enable_adapters(True)

    def disable_adapter_layers(self) -> None:
        """Compute what the base model does."""
        for adapter in self.active_adapters:
            bias = getattr(self.peft_config.get(adapter), "bias", "none")
            if bias != "none":
                warnings.warn(
                    f"Careful, disabling adapter layers with bias configured to be '{bias}' does not produce the same "
                    "output as the base model would without adaption.",
                    stacklevel=2,
                )
        for module in switches(self.model):
            module.enable_adapters(False)

    def set_adapter(self, adapter_name: str | list[str], inference_mode: bool = False) -> None:
        """Make one adapter active, or several whose parts add up."""
        for module in switches(self.model):
            if isinstance(module, BaseTunerLayer) and module.merged:
                warnings.warn(
                    "Adapter cannot be set when the model is merged. Unmerging the model first.", stacklevel=2
                )
                module.unmerge()
            module.set_adapter(adapter_name, inference_mode=inference_mode)
        self.active_adapter = adapter_name

    def set_requires_grad(self, adapter_names: str | list[str], requires_grad: bool = True) -> None:
        """Switch gradients of these adapters, active or not."""
        for module in switches(self.model):
            module.set_requires_grad(adapter_names, requires_grad)

    def delete_adapter(self, adapter_name: str) -> None:
        """Remove an adapter.

        Raises:
            ValueError: there is none of that name, or it is merged.
        """
        if adapter_name not in self.peft_config:
            raise ValueError(f"Adapter {adapter_name} does not exist")
        layers = [layer for _, layer in outermost_tuners(self.model)]
        if any(adapter_name in layer.merged_adapters for layer in layers):
            raise ValueError(
                f"Cannot delete adapter(s) {[adapter_name]} while they are merged. Please unmerge them first."
            )
        del self.peft_config[adapter_name]
        active: list[str] | None = None
        for layer in layers:
            layer.delete_adapter(adapter_name)
            active = layer.active_adapters if active is None else active
        for module in self.model.modules():
            if isinstance(module, ModulesToSaveWrapper):
                module.delete_adapter(adapter_name, active)
        self.active_adapter = active or []

    # --- merging --------------------------------------------------------------------------------------------------------
    def merge_adapter(self, adapter_names: list[str] | None = None, safe_merge: bool = False) -> None:
        """Add adapters (default: the active ones) to the base weights; `unmerge_adapter` takes them out again."""
        self._check_merge_allowed()
        for _, layer in outermost_tuners(self.model):
            layer.merge(safe_merge=safe_merge, adapter_names=adapter_names)

    def unmerge_adapter(self) -> None:
        """Take all merged adapters out of the base weights."""
        for _, layer in outermost_tuners(self.model):
            layer.unmerge()

    def _check_merge_allowed(self) -> None:
        ties = getattr(self.model, "_ties", None)
        tied = {name.rpartition(".")[0] for pair in (ties() if ties else ()) for name in pair}
        tied_target_modules = [key for key in self.targeted_module_names if key in tied]
        if tied_target_modules:
            warnings.warn(
                f"Model with `tie_word_embeddings=True` and the {tied_target_modules=} are part of the adapter. This "
                "can lead to complications. You can opt to merge the adapter after cloning the weights (to untie the "
                "embeddings). You can untie the embeddings by loading the model with `tie_word_embeddings=False`.",
                stacklevel=2,
            )

    def merge_and_unload(
        self, progressbar: bool = False, safe_merge: bool = False, adapter_names: list[str] | None = None
    ) -> Any:
        """The model with the adapters (default: the active ones) in its weights, and without adapter layers.

        Args:
            safe_merge: check that each merged weight is finite before it replaces the old one.
        """
        self._check_merge_allowed()
        return self._unload(True, progressbar, safe_merge, adapter_names)

    def unload(self) -> Any:
        """The model as it was before it got adapters."""
        return self._unload(False, False, False, None)

    def _unload(self, merge: bool, progressbar: bool, safe: bool, adapter_names: list[str] | None) -> Any:
        modules = [(key, m) for key, m in self.model.named_modules() if isinstance(m, ModulesToSaveWrapper)]
        layers = outermost_tuners(self.model)
        bar = logging.tqdm if progressbar else lambda values, **_: values
        if merge:
            for _, layer in bar(layers, desc="Unloading and merging model"):
                layer.merge(safe_merge=safe, adapter_names=adapter_names)
        for key, module in layers + modules:
            parent, _, name = key.rpartition(".")
            left = module.get_base_layer() if isinstance(module, BaseTunerLayer) else module.unload(merge, adapter_names)
            setattr(self.model.get_submodule(parent), name, left)
        if hasattr(self.model, "peft_config"):
            del self.model.peft_config
        if merge:
            self._untie_config()
        return self.model

    def _untie_config(self) -> None:
        """Where input and output embeddings are no longer one, the configuration says so."""
        if not getattr(self.model, "_ties", None) or not self.model._ties():
            return
        embeddings, head = self.model.get_input_embeddings(), self.model.get_output_embeddings()
        if head is not None and head.weight is not embeddings.weight and not _same(head.weight, embeddings.weight):
            self.model.config.tie_word_embeddings = False
            warnings.warn(
                "Input and output embeddings are no longer tied after merging. Setting `tie_word_embeddings=False` in "
                "the model config.",
                stacklevel=2,
            )


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, _core.Tensor) and isinstance(b, _core.Tensor):
        return a.data_ptr() == b.data_ptr()
    return a is b
