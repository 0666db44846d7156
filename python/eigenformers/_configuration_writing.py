"""Writing configurations: dicts, JSON and `save_pretrained`, byte for byte in the real library's form."""

from __future__ import annotations

import copy
import json
import math
import os
from dataclasses import MISSING, fields
from typing import Any

from .errors import ConfigError
from .utils import logging
from .utils.dtypes import dtype_name
from .utils.files import atomic_write

logger = logging.get_logger(__name__)

# The version of the real library whose file format this writes: goes into `transformers_version`.
FORMAT_VERSION = "5.23.0"

_NOT_SAVED = (
    "_is_quantized", "_auto_class", "_commit_hash", "_attn_implementation_internal",
    "_experts_implementation_internal", "ignore_keys_at_rope_validation", "base_model_tp_plan", "base_model_pp_plan",
    "base_model_fsdp_plan", "distributed_config",
)  # fmt: skip


def encode_special_floats(value: Any) -> Any:
    """Infinities and NaN as `{"__float__": "Infinity"}`: plain JSON has no spelling for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"__float__": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, dict):
        return {key: encode_special_floats(item) for key, item in value.items()}
    return [encode_special_floats(item) for item in value] if isinstance(value, (list, tuple)) else value


def _plain(value: Any) -> Any:
    """Nested configurations as dicts, tuples as lists, nothing shared with the object."""
    if isinstance(value, ConfigWriting):
        nested = value.to_dict()
        nested.pop("transformers_version", None)
        return nested
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return copy.deepcopy(value)


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    """Dtypes by name and without internal keys, at every depth."""
    for name in _NOT_SAVED:
        values.pop(name, None)
    if "_output_attentions" in values:
        values["output_attentions"] = values.pop("_output_attentions")
    dtype = values.get("dtype")
    if dtype is not None and not isinstance(dtype, (str, int, dict)):  # an int: a vocabulary with a token "dtype"
        values["dtype"] = dtype_name(dtype)
    for value in values.values():
        if isinstance(value, dict):
            _clean(value)
    return values


class ConfigWriting:
    """The `to_…` methods of `PreTrainedConfig`, its updates and `save_pretrained`."""

    @classmethod
    def default_config_fields(cls) -> dict[str, Any]:
        """name -> default of every declared argument whose default is not None."""
        defaults = {}
        for declared in fields(cls):
            if declared.default is not MISSING:
                defaults[declared.name] = declared.default
            elif declared.default_factory is not MISSING:
                defaults[declared.name] = declared.default_factory()
        defaults.update({name: spec.default_fields() for name, spec in cls.sub_configs_defaults.items()})
        return {name: value for name, value in defaults.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """All attributes as plain Python values, `model_type` and `transformers_version` included."""
        values = {}
        for name, value in self.__dict__.items():
            if name == "dtype" and value is not None and not isinstance(value, dict):
                value = dtype_name(value)
            if name == "quantization_config" and hasattr(value, "to_dict"):
                value = value.to_dict()
            values[name] = _plain(value)
        values["model_type"] = type(self).model_type or self.model_type
        values["transformers_version"] = FORMAT_VERSION
        return _clean(values)

    def to_diff_dict(self) -> dict[str, Any]:
        """As `to_dict`, without what every configuration has by default. This is what gets saved."""
        from .configuration import PreTrainedConfig

        common, own_defaults = PreTrainedConfig().to_dict(), self.default_config_fields()
        kept = {}
        for name, value in self.to_dict().items():
            attribute = getattr(self, name, None)
            if isinstance(attribute, ConfigWriting) and name in self.sub_configs:
                defaults = type(attribute)().to_dict()
                kept[name] = {
                    key: item
                    for key, item in value.items()
                    if key == "model_type" or key not in common or item != defaults.get(key)
                }
            elif (
                name not in common
                or name in ("transformers_version", "vocab_file")
                or value != common[name]
                or value != own_defaults.get(name, value)
            ):
                kept[name] = value
        kept.pop("_name_or_path", None)
        return kept

    def to_json_string(self, use_diff: bool = True) -> str:
        """The configuration as indented, sorted JSON text; `use_diff=False` writes the defaults too."""
        values = encode_special_floats(self.to_diff_dict() if use_diff else self.to_dict())
        try:
            return json.dumps(values, indent=2, sort_keys=True) + "\n"
        except TypeError as error:
            raise ConfigError(f"{type(self).__name__}: cannot be written as JSON: {error}") from error

    def to_json_file(self, json_file_path: str | os.PathLike, use_diff: bool = True) -> None:
        """Write `to_json_string` to a file, which appears complete or not at all."""
        atomic_write(json_file_path, self.to_json_string(use_diff=use_diff))

    def save_pretrained(self, save_directory: str | os.PathLike, push_to_hub: bool = False, **kwargs: Any) -> None:
        """Write `config.json` into a folder, so that `from_pretrained` (here or in transformers) reads it.

        Args:
            save_directory: the folder; made if it is not there.
            push_to_hub: also upload it; `repo_id` (default: the folder's name), `commit_message`, `private`, `token`,
                `create_pr`, `revision` and `commit_description` are then taken from `kwargs`.

        Raises:
            ConfigError: the configuration is invalid, or holds generation settings.
            AssertionError: `save_directory` is a file.
        """
        from .configuration import GENERATION_PARAMETERS
        from .hub import CONFIG_NAME, upload_saved

        save_directory = os.fspath(save_directory)
        if os.path.isfile(save_directory):
            raise AssertionError(f"Provided path ({save_directory}) should be a directory, not a file")
        declared = {field.name for field in fields(self)}
        generation = {
            name: self.__dict__[name]
            for name in GENERATION_PARAMETERS
            if name != "use_cache" and name not in declared and self.__dict__.get(name) is not None
        }
        if generation:
            raise ConfigError(
                "Some generation parameters are set in the model config. These should go into `model.generation_config`"
                f"as opposed to `model.config`. \nGeneration parameters found: {generation}"
            )
        self.__dict__.pop("transformers_weights", None)  # it says which file was loaded, not which is saved
        self.validate()
        with upload_saved(self, save_directory, push_to_hub, kwargs):
            path = os.path.join(save_directory, CONFIG_NAME)
            self.to_json_file(path)
            logger.info(f"Configuration saved in {path}")

    def update(self, config_dict: dict[str, Any]) -> None:
        """Set the attributes named in `config_dict`."""
        for name, value in config_dict.items():
            setattr(self, name, value)

    def update_from_string(self, update_str: str) -> None:
        """Set existing attributes from text such as `"hidden_size=64,attention_bias=true,hidden_act=gelu"`."""
        for item in update_str.split(","):
            name, equals, text = item.partition("=")
            if not equals:
                raise ConfigError(f"update_from_string: found {item!r}, needed name=value")
            if not hasattr(self, name):
                raise ConfigError(f"key {name} isn't in the original config dict")
            setattr(self, name, self._parse_like(getattr(self, name), name, text))

    @staticmethod
    def _parse_like(current: Any, name: str, text: str) -> Any:
        if isinstance(current, bool):
            if text.lower() in ("true", "1", "y", "yes"):
                return True
            if text.lower() in ("false", "0", "n", "no"):
                return False
            raise ConfigError(f"can't derive true or false from {text} (key {name})")
        if isinstance(current, (int, float)):
            return type(current)(text)
        if isinstance(current, str):
            return text
        raise TypeError(
            f"You can only update int, float, bool or string values in the config, got {text} for key {name}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.to_json_string()}"
