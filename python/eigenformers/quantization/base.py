"""HfQuantizer: what happens to a model before and after its weights are read."""

from __future__ import annotations

import re
from typing import Any

from .. import _core
from ..errors import CheckpointError, UnsupportedError
from ..nn import Linear
from .config_base import QuantizationConfigMixin


def get_module_from_name(module: Any, tensor_name: str) -> tuple[Any, str]:
    """The module that owns a tensor, and the tensor's name in it."""
    owner, _, name = tensor_name.rpartition(".")
    return (module.get_submodule(owner) if owner else module), name


def should_convert_module(full_name: str, patterns: list[str] | None = None) -> bool:
    """Whether no pattern keeps the module: each is a beginning of whole parts, an expression of such, or an end.

    >>> should_convert_module("layers.11.fc1", ["layers.1"]), should_convert_module("layers.11.fc1", ["fc1"])
    (True, False)
    """
    for key in patterns or []:
        if full_name.endswith(key) or re.match(rf"(?:{key})(?:(?<=\.)|(?=\.|$))", full_name):
            return False
    return True


def get_keys_to_not_convert(model: Any) -> list[str]:
    """Tied modules, the last one, and the one that makes the logits: rounding these costs the most."""
    keep = {name for pair in model._ties() for name in pair}
    last = [
        f"{path}.{name}" if path else name
        for path, module in model.named_modules()
        for name in [n for n, _ in module._empty_slots()] + [n for n, _ in module._own_slots()]
    ]
    keep.update(last[-1:])
    head = model.get_output_embeddings()
    keep.update(name for name, module in model.named_modules() if head is not None and module is head)
    return sorted({name.removesuffix(".weight") for name in keep})


class HfQuantizer:
    """Base of all quantizers, and of those that users register with `register_quantizer`.

    The hooks are called by `from_pretrained` in this order: `validate_environment`, `update_dtype`,
    `preprocess_model` (the tree is there, without values), for each tensor `param_needs_quantization` and the result of
    `get_quantize_ops` (or the older `check_quantized_param`, `create_quantized_param`), `postprocess_model`.
    """

    requires_calibration = False
    serialized_names: dict[str, list[str]] = {}

    def __init__(self, quantization_config: QuantizationConfigMixin, **kwargs: Any):
        self.quantization_config = quantization_config
        self.pre_quantized = kwargs.pop("pre_quantized", True)
        if not self.pre_quantized and self.requires_calibration:
            raise ValueError(
                f"The quantization method {quantization_config.quant_method} does require the model to be "
                "pre-quantized. You explicitly passed `pre_quantized=False` meaning your model weights are not "
                "quantized. Make sure to pass `pre_quantized=True` while knowing what you are doing."
            )

    # --- before the weights ----------------------------------------------------------------------------------------
    def validate_environment(self, *args: Any, **kwargs: Any) -> None:
        """Raise if the arguments of `from_pretrained` don't go together."""

    def update_dtype(self, dtype: Any) -> Any:
        """The dtype of what stays dense."""
        return dtype

    def update_torch_dtype(self, torch_dtype: Any) -> Any:
        """The older name of `update_dtype`."""
        return self.update_dtype(torch_dtype)

    def update_device_map(self, device_map: Any) -> Any:
        """The device map to use."""
        return device_map

    def adjust_max_memory(self, max_memory: Any) -> Any:
        """The memory limits to use."""
        return max_memory

    def update_attn_implementation(self, config: Any) -> Any:
        """The configuration that the model is built from."""
        return config

    def preprocess_model(self, model: Any, dtype: Any = None, **kwargs: Any) -> None:
        """Mark the model and change its tree."""
        model.is_quantized = True
        model.quantization_method = self.quantization_config.quant_method
        if self.pre_quantized:
            self._convert_model_for_quantization(model)
        self._process_model_before_weight_loading(model, **kwargs)

    def _process_model_before_weight_loading(self, model: Any, **kwargs: Any) -> Any:
        return model

    def _convert_model_for_quantization(self, model: Any) -> None:
        """Replace modules that the format stores differently; none here."""

    # --- the weights -------------------------------------------------------------------------------------------------
    def param_needs_quantization(self, model: Any, param_name: str, **kwargs: Any) -> bool:
        """Whether a tensor goes through `get_quantize_ops`."""
        return False

    def get_quantize_ops(self) -> Any:
        """An object with `convert(input_dict, model=…, full_layer_name=…) -> {name: value}`."""
        raise NotImplementedError(
            f"{self.quantization_config.quant_method} is not available yet and will be supported soon."
        )

    @property
    def quantized_element_size(self) -> float | None:
        """Bytes of a quantized weight; None: as the tensor says."""
        return None

    def param_element_size(self, model: Any, param_name: str, param: Any) -> float:
        """Bytes of one element of a parameter."""
        if self.quantized_element_size is not None and self.param_needs_quantization(model, param_name):
            return self.quantized_element_size
        return param.element_size()

    def wrap_reader(self, reader: Any, model: Any, dtype: Any) -> Any:
        """The checkpoint as the model reads it: quantizers with packed weights put them together here."""
        return reader

    # --- after the weights ---------------------------------------------------------------------------------------------
    def postprocess_model(self, model: Any, **kwargs: Any) -> Any:
        """Leave the configuration with the model."""
        model.config.quantization_config = self.quantization_config
        if self.pre_quantized and getattr(self.quantization_config, "dequantize", False):
            self.remove_quantization_config(model)
        return self._process_model_after_weight_loading(model, **kwargs)

    def _process_model_after_weight_loading(self, model: Any, **kwargs: Any) -> Any:
        return model

    def remove_quantization_config(self, model: Any) -> None:
        """Make it an ordinary model again."""
        for owner, name in ((model, "hf_quantizer"), (model.config, "quantization_config"),
                            (model, "quantization_method")):  # fmt: skip
            if name in vars(owner):
                delattr(owner, name)
        model.is_quantized = False

    def dequantize(self, model: Any, dtype: Any = None) -> Any:
        """Dense weights in place of the packed ones."""
        model = self._dequantize(model, dtype=model.config.dtype if dtype is None else dtype)
        self.remove_quantization_config(model)
        return model

    def _dequantize(self, model: Any, dtype: Any = None) -> Any:
        raise NotImplementedError(
            f"{self.quantization_config.quant_method} has no implementation of `dequantize`, please raise an issue on "
            "GitHub."
        )

    def get_state_dict_and_metadata(self, model: Any) -> tuple[Any, dict]:
        """What to save in place of the model's own state; None: the model's own."""
        return None, {}

    @staticmethod
    def get_modules_to_not_convert(
        model: Any,
        skip_modules: list[str] | None = None,
        keep_in_fp32_modules: list[str] | None = None,
        add_default_skips: bool = False,
    ) -> list[str]:
        """Names of modules that stay dense; without `skip_modules`, those of `get_keys_to_not_convert`."""
        keep = get_keys_to_not_convert(model) if skip_modules is None or add_default_skips else []
        return sorted({*keep, *(skip_modules or []), *(keep_in_fp32_modules or [])})

    def is_serializable(self, safe_serialization: Any = None) -> bool:
        """Whether `save_pretrained` works."""
        return False

    @property
    def is_trainable(self) -> bool:
        """Whether adapters can be trained over it."""
        return False

    @property
    def is_qat_trainable(self) -> bool:
        """Whether the quantized weights themselves can be trained."""
        return False

    @property
    def is_compileable(self) -> bool:
        """There is nothing to compile."""
        return False


def source_name(name: str, names: Any, prefix: str) -> str | None:
    """What a tensor of the tree is called in a checkpoint, which may have the base model's prefix or not."""
    for candidate in (name, name.removeprefix(f"{prefix}."), f"{prefix}.{name}"):
        if candidate in names:
            return candidate
    return None


class PackedQuantizer(HfQuantizer):
    """A format that is computed on as it is stored: the matrices of linear layers become `PackedWeight`s."""

    formats: tuple[str, ...] = ()  # of _core.quantization_formats()

    def is_serializable(self, safe_serialization: Any = None) -> bool:
        return True

    @property
    def is_trainable(self) -> bool:
        return True

    def skipped(self, model: Any) -> list[str]:
        """Patterns of layers that stay dense."""
        return self.get_modules_to_not_convert(model, getattr(self.quantization_config, "modules_to_not_convert", None))

    def format_of(self, layer: str, shape: tuple[int, int], dtype: Any) -> tuple[str, dict[str, Any]] | None:
        """Format and settings (`_core.pack_weight`) of one layer; None: it stays dense."""
        raise NotImplementedError

    def parts_of(self, layer: str) -> tuple[str, ...]:
        """Names in the checkpoint, in the layer, of what a quantized matrix is stored as; the first decides."""
        raise NotImplementedError

    def _process_model_before_weight_loading(self, model: Any, **kwargs: Any) -> None:
        self.modules_to_not_convert = self.skipped(model)

    def wrap_reader(self, reader: Any, model: Any, dtype: Any) -> Any:
        names, entries = set(reader.keys()), []
        for path, module in model.named_modules():
            if not isinstance(module, Linear) or (
                not self.pre_quantized and not should_convert_module(path, self.modules_to_not_convert)
            ):
                continue
            shape = (module.out_features, module.in_features)
            found = self.format_of(path, shape, dtype)
            if found is None:
                continue
            entry = self._entry(path, shape, names, model.base_model_prefix, *found)
            if entry is not None:
                entries.append(entry)
        if not entries:
            raise UnsupportedError(
                f"{self.quantization_config.quant_method}: no linear layer of {type(model).__name__} is quantized"
                + (" in this checkpoint" if self.pre_quantized else "")
            )
        return _core.quantized_checkpoint(reader, entries)

    def _entry(self, path: str, shape: Any, names: set[str], prefix: str, form: str, spec: dict) -> dict | None:
        entry: dict[str, Any] = {"format": form, "shape": shape, "spec": spec}
        if not self.pre_quantized:
            name = source_name(f"{path}.weight", names, prefix)
            return None if name is None else {**entry, "name": name}
        wanted = self.parts_of(path)
        first = source_name(f"{path}.{wanted[0]}", names, prefix)
        if first is None:
            for part in wanted[1:]:
                left = source_name(f"{path}.{part}", names, prefix)
                if left is not None and part != "weight":
                    raise CheckpointError(
                        f"{path}: the checkpoint has '{left}' but no '{wanted[0]}' beside it; incomplete download?"
                    )
            return None
        layer = first[: -len(wanted[0])]
        parts = [(part, layer + part) for part in wanted if layer + part in names]
        return {**entry, "name": f"{layer}weight", "parts": parts}

    def _dequantize(self, model: Any, dtype: Any = None) -> Any:
        dtype = _core.bfloat16 if dtype is None else dtype
        for module in model.modules():
            for name, value in module._own_slots():
                if isinstance(value, _core.PackedWeight):
                    setattr(module, name, value.dequantize().to(dtype))
        model.tie_weights()
        return model
