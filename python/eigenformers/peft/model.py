"""PeftModel: a model, its adapters, and their files."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import Any

from .. import _core, nn
from ..errors import UnsupportedError
from ..utils.hub_push import PushToHubMixin, upload_saved
from . import mixed_batch
from .card import write_model_card
from .config import PeftConfig
from .modules_to_save import ModulesToSaveWrapper
from .registry import PEFT_TYPE_TO_PREFIX_MAPPING, PEFT_TYPE_TO_TUNER_MAPPING
from .state import (
    SAFETENSORS_WEIGHTS_NAME,
    WEIGHTS_NAME,
    get_peft_model_state_dict,
    load_peft_weights,
    missing_adapter_keys,
    set_peft_model_state_dict,
)
from .tuners.base import outermost_tuners, switches


class PeftModel(nn.Module, PushToHubMixin):
    """A model with adapters, as `get_peft_model` makes it. Attributes that it has not are those of the model.

    The tuner is at `base_model`, the model itself at `base_model.model`.
    """

    def __init__(
        self,
        model: Any,
        peft_config: Any,
        adapter_name: str = "default",
        autocast_adapter_dtype: bool = True,
        low_cpu_mem_usage: bool = False,
    ):
        super().__init__()
        self.modules_to_save: set[str] | None = None
        self.active_adapter: Any = adapter_name
        self.peft_type = peft_config.peft_type
        tuner = PEFT_TYPE_TO_TUNER_MAPPING.get(peft_config.peft_type)
        if tuner is None:
            raise UnsupportedError(f"PEFT method {peft_config.peft_type}: not supported yet")
        self.base_model = tuner(model, {adapter_name: peft_config}, adapter_name)
        self.base_model._cast_adapter_dtype(adapter_name, autocast_adapter_dtype)
        self._remember_modules_to_save(peft_config)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "base_model":
                raise
        return getattr(self.base_model, name)

    def __deepcopy__(self, memo: dict) -> Any:
        from .copying import put_together, take_apart

        twin = memo[id(self)] = put_together(take_apart(self.get_base_model(), copies=True), type(self))
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        from .copying import put_together, take_apart

        return put_together, (take_apart(self.get_base_model(), copies=False), type(self))

    # --- calling ------------------------------------------------------------------------------------------------------
    def forward(self, *args: Any, adapter_names: list[str] | None = None, **kwargs: Any) -> Any:
        """What the model returns.

        Args:
            adapter_names: one adapter for each row of the batch ("__base__": none), in evaluation mode.
        """
        if adapter_names is None:
            return self.get_base_model()(*args, **kwargs)
        kwargs = _by_name(args, kwargs)
        return mixed_batch.forward(self, adapter_names, kwargs, lambda rows: self.get_base_model()(**rows))

    def generate(self, *args: Any, adapter_names: list[str] | None = None, **kwargs: Any) -> Any:
        """`generate` of the model; `adapter_names` as in `forward`."""
        if adapter_names is None:
            return self.get_base_model().generate(*args, **kwargs)
        kwargs = _by_name(args, kwargs)
        return mixed_batch.generate(self, adapter_names, kwargs, lambda rows: self.get_base_model().generate(**rows))

    def get_base_model(self) -> Any:
        """The model itself, with adapters in its layers."""
        return self.base_model.model

    # --- what there is --------------------------------------------------------------------------------------------------
    @property
    def peft_config(self) -> dict[str, Any]:
        """The configurations by adapter name."""
        return self.base_model.peft_config

    @peft_config.setter
    def peft_config(self, value: dict[str, Any]) -> None:
        self.base_model.peft_config = value

    @property
    def active_adapters(self) -> list[str]:
        """The names of the active adapters."""
        return self.base_model.active_adapters

    @property
    def has_active_enabled_adapter(self) -> bool:
        """Whether an adapter takes part: inside `disable_adapter()` none does."""
        return any(not module.disable_adapters for module in switches(self.base_model))

    @property
    def active_peft_config(self) -> Any:
        """The configuration of the (first) active adapter."""
        return self.peft_config[self.active_adapters[0]]

    def get_nb_trainable_parameters(self) -> tuple[int, int]:
        """How many numbers are trained, and how many there are."""
        trained = total = 0
        for value in self.parameters():
            count = value.numel()
            total += count
            trained += count if value.requires_grad else 0
        return trained, total

    def print_trainable_parameters(self) -> None:
        """Print both numbers and their ratio in percent."""
        trained, total = self.get_nb_trainable_parameters()
        print(
            f"trainable params: {trained:,d} || all params: {total:,d} || "
            f"trainable%: {100 * trained / total:.4f}"
        )

    def get_layer_status(self) -> list[Any]:
        """What each adapted layer holds; see `eigenformers.peft.get_layer_status`."""
        from .status import get_layer_status

        return get_layer_status(self)

    def get_model_status(self) -> Any:
        """What the whole model holds; see `eigenformers.peft.get_model_status`."""
        from .status import get_model_status

        return get_model_status(self)

    def _remember_modules_to_save(self, config: Any) -> None:
        if getattr(config, "modules_to_save", None):
            self.modules_to_save = (self.modules_to_save or set()) | set(config.modules_to_save)

    # --- adapters -------------------------------------------------------------------------------------------------------
    def add_adapter(
        self, adapter_name: str, peft_config: Any, low_cpu_mem_usage: bool = False, autocast_adapter_dtype: bool = True
    ) -> None:
        """Make another adapter; it is not activated.

        Raises:
            ValueError: the name is taken, or the method is another.
        """
        if adapter_name in self.peft_config:
            raise ValueError(f"Adapter with name '{adapter_name}' already exists.")
        _check_name(adapter_name, peft_config)
        if peft_config.peft_type != self.peft_type:
            raise ValueError(
                f"Cannot combine adapters with different peft types. Found {self.peft_type} and "
                f"{peft_config.peft_type}."
            )
        self.peft_config[adapter_name] = peft_config
        try:
            self.base_model.inject_adapter(self.get_base_model(), adapter_name, autocast_adapter_dtype)
        except Exception:  # nothing of it stays
            self.peft_config.pop(adapter_name, None)
            raise
        self._remember_modules_to_save(peft_config)

    def set_adapter(self, adapter_name: str, inference_mode: bool = False) -> None:
        """Make an adapter the active one, trainable unless `inference_mode`.

        Raises:
            ValueError: there is none of that name.
        """
        if adapter_name not in self.peft_config:
            raise ValueError(f"Adapter {adapter_name} not found.")
        self.active_adapter = adapter_name
        self.base_model.set_adapter(adapter_name, inference_mode=inference_mode)

    def set_requires_grad(self, adapter_names: str | list[str], requires_grad: bool = True) -> None:
        """Switch gradients of these adapters, active or not."""
        self.base_model.set_requires_grad(adapter_names, requires_grad)

    def delete_adapter(self, adapter_name: str) -> None:
        """Remove an adapter; when it was the active one, another becomes active."""
        if adapter_name not in self.peft_config:
            raise ValueError(f"Adapter {adapter_name} does not exist")
        self.base_model.delete_adapter(adapter_name)
        active = self.base_model.active_adapters
        if len(active) == 1:
            self.active_adapter = active[0]

    @contextlib.contextmanager
    def disable_adapter(self) -> Iterator[None]:
        """`with model.disable_adapter():` the model computes what it does without adapters."""
        layers = [layer for _, layer in outermost_tuners(self.base_model)]
        off = [layer.disable_adapters for layer in layers]
        if any(off) and not all(off):
            warnings.warn(
                "The model contains some adapter layers that are enabled and others that are disabled. This is most "
                "likely unintentional. After exiting the disable_adapter context, all adapters will be enabled",
                stacklevel=3,
            )
        was_on = not (off and all(off))
        trained = [(p, p.requires_grad) for p in self.parameters() if isinstance(p, _core.Tensor)]
        if was_on:
            self.base_model.disable_adapter_layers()
        try:
            yield
        finally:
            if was_on:
                self.base_model.enable_adapter_layers()
                for parameter, on in trained:
                    parameter.requires_grad_(on)

    # --- files ------------------------------------------------------------------------------------------------------------
    def save_pretrained(
        self,
        save_directory: str | os.PathLike,
        safe_serialization: bool = True,
        selected_adapters: list[str] | None = None,
        save_embedding_layers: bool | str = "auto",
        is_main_process: bool = True,
        path_initial_model_for_weight_conversion: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the adapters: adapter_model.safetensors, adapter_config.json and a model card.

        Args:
            save_directory: of the adapter "default"; others get a folder of their name below it.
            safe_serialization: False writes adapter_model.bin, a file of `torch.save`.
            selected_adapters: only these.
            save_embedding_layers: see `get_peft_model_state_dict`.
            path_initial_model_for_weight_conversion: where a PiSSA or OLoRA adapter was saved before training. What is
                written then is a plain LoRA adapter of twice the rank, for the unchanged base model.

        Raises:
            ValueError: `save_directory` is a file, or an adapter is not there.
        """
        from ..safetensors import save_file
        from ..serialization import save

        folder = os.fspath(save_directory)
        if os.path.isfile(folder):
            raise ValueError(f"Provided path ({folder}) should be a directory, not a file")
        names = list(self.peft_config) if selected_adapters is None else list(selected_adapters)
        if any(name not in self.peft_config for name in names):
            raise ValueError(
                "You passed an invalid `selected_adapters` arguments, current supported adapter names are "
                f"{list(self.peft_config)} - got {selected_adapters}."
            )
        if not is_main_process:
            return
        state = kwargs.pop("state_dict", None)
        with upload_saved(self, folder, kwargs.pop("push_to_hub", False), kwargs):
            os.makedirs(folder, exist_ok=True)
            write_model_card(self, folder)
            for name in names:
                values = get_peft_model_state_dict(self, state, name, save_embedding_layers=save_embedding_layers)
                target = folder if name == "default" else os.path.join(folder, name)
                os.makedirs(target, exist_ok=True)
                config = self.peft_config[name]
                if path_initial_model_for_weight_conversion is not None:
                    initial = load_peft_weights(path_initial_model_for_weight_conversion)
                    config, values = type(self.base_model)._without_initial(config, values, initial)
                values = _apart({key: value.detach().contiguous() for key, value in values.items()})
                if safe_serialization:
                    save_file(values, os.path.join(target, SAFETENSORS_WEIGHTS_NAME), metadata={"format": "pt"})
                else:
                    save(values, os.path.join(target, WEIGHTS_NAME))
                self._save_config(config, target)

    def _save_config(self, config: Any, folder: str) -> None:
        if config.base_model_name_or_path is None:
            config.base_model_name_or_path = getattr(self.get_base_model(), "name_or_path", None) or None
        mapping = None
        if config.task_type is None:
            model_class = type(self.get_base_model())
            mapping = {"base_model_class": model_class.__name__, "parent_library": model_class.__module__}
        training, config.inference_mode = config.inference_mode, True
        try:
            config.save_pretrained(folder, auto_mapping_dict=mapping)
        finally:
            config.inference_mode = training

    @classmethod
    def from_pretrained(
        cls,
        model: Any,
        model_id: str | os.PathLike,
        adapter_name: str = "default",
        is_trainable: bool = False,
        config: Any = None,
        autocast_adapter_dtype: bool = True,
        ephemeral_gpu_offload: bool = False,
        low_cpu_mem_usage: bool = False,
        key_mapping: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Give a model the adapter in a folder or repository; the model is changed in place.

        Args:
            model: the model that the adapter was trained on.
            model_id: folder or repository with adapter_config.json and adapter_model.safetensors (or .bin).
            is_trainable: else the adapter is frozen.
            config: configuration to use instead of the one there.
            key_mapping: `{regular expression: replacement}` for the names in the file.

        Raises:
            ValueError: no adapter there, or one that doesn't fit the model.
        """
        from .tasks import MODEL_TYPE_TO_PEFT_MODEL_MAPPING

        if config is None:
            config = PeftConfig.from_pretrained(model_id, **kwargs)
        elif not isinstance(config, PeftConfig):
            raise ValueError(f"The input config must be a PeftConfig, got {config.__class__}")
        config.inference_mode = not is_trainable
        task = MODEL_TYPE_TO_PEFT_MODEL_MAPPING.get(config.task_type, cls)
        made = task(model, config, adapter_name, autocast_adapter_dtype=autocast_adapter_dtype)
        result = made.load_adapter(
            model_id, adapter_name, is_trainable=is_trainable, autocast_adapter_dtype=autocast_adapter_dtype,
            key_mapping=key_mapping, **kwargs,
        )  # fmt: skip
        if result.missing_keys:
            text = f"Found missing adapter keys while loading the checkpoint: {result.missing_keys}."
            warnings.warn(text, stacklevel=2)
        return made

    def load_adapter(
        self,
        model_id: str | os.PathLike,
        adapter_name: str,
        is_trainable: bool = False,
        torch_device: Any = None,
        autocast_adapter_dtype: bool = True,
        ephemeral_gpu_offload: bool = False,
        low_cpu_mem_usage: bool = False,
        key_mapping: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Load another adapter; it is not activated.

        Returns:
            `missing_keys` (of this adapter only) and `unexpected_keys`, as `load_state_dict` does.
        """
        nn.init.check_device(torch_device)
        if adapter_name not in self.peft_config:
            config = PeftConfig.from_pretrained(model_id, **kwargs)
            config.inference_mode = not is_trainable
            self.add_adapter(adapter_name, config, autocast_adapter_dtype=autocast_adapter_dtype)
            self.set_requires_grad(adapter_name, is_trainable)
        weights = load_peft_weights(model_id, key_mapping=key_mapping, **kwargs)
        result = set_peft_model_state_dict(
            self, weights, adapter_name, ignore_mismatched_sizes=kwargs.get("ignore_mismatched_sizes", False)
        )
        result.missing_keys[:] = missing_adapter_keys(self, adapter_name, result)
        if not is_trainable:
            self.eval()
        return result

    # --- shown as part of the model ---------------------------------------------------------------------------------------
    def create_or_update_model_card(self, output_dir: str | os.PathLike) -> None:
        """Write README.md, or add to the one that is there."""
        write_model_card(self, os.fspath(output_dir))


def _apart(values: dict[str, Any]) -> dict[str, Any]:
    """Tensors that share memory as copies: a file can't hold one twice."""
    seen: set[int] = set()
    for key, value in values.items():
        if value.data_ptr() in seen:
            values[key] = value.clone()
        seen.add(value.data_ptr())
    return values


def _check_name(adapter_name: str, config: Any) -> None:
    prefix = PEFT_TYPE_TO_PREFIX_MAPPING.get(config.peft_type)
    if prefix and adapter_name in prefix:
        warnings.warn(
            f"Adapter name '{adapter_name}' should not be contained in the prefix '{prefix}'. This may lead to "
            "reinitialization of the adapter weights during loading.",
            stacklevel=3,
        )


def _by_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The ids by their name, when they were given first."""
    if len(args) > 1:
        raise TypeError("adapter_names: give all other arguments but the ids by name")
    return {"input_ids": args[0], **kwargs} if args else kwargs


__all__ = ["ModulesToSaveWrapper", "PeftModel"]
