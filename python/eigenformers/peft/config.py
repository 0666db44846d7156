"""PeftConfig: what every method's configuration has, and adapter_config.json."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import UnsupportedError
from ..hub import HUB_ARGUMENTS, cached_file
from ..utils.files import atomic_write
from .registry import PEFT_TYPE_TO_CONFIG_MAPPING, PeftType, TaskType

CONFIG_NAME = "adapter_config.json"
PEFT_VERSION = "0.21.2"  # of the file format that is written


def _plain(value: Any) -> Any:
    """What json can write: sets become lists."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def find_file(folder: Any, name: str, **hub: Any) -> str | None:
    """The path of one file of a folder or repository, or None."""
    hub = {key: value for key, value in hub.items() if key in HUB_ARGUMENTS}
    try:
        return cached_file(folder, name, _raise_exceptions_for_missing_entries=False, **hub)
    except OSError:
        return None


@dataclass
class PeftConfig:
    """Base of the configurations.

    Args:
        task_type: a `TaskType`, or None for any model.
        peft_type: the method, set by the subclass.
        base_model_name_or_path: the model that the adapter belongs to.
        revision: of that model.
        inference_mode: adapters made with it are frozen.
    """

    task_type: Any = None
    peft_type: Any = None
    auto_mapping: dict | None = None
    peft_version: str | None = None
    base_model_name_or_path: str | None = None
    revision: str | None = None
    inference_mode: bool = False

    def __post_init__(self) -> None:
        if self.task_type is not None and self.task_type not in list(TaskType):
            raise ValueError(
                f"Invalid task type: '{self.task_type}'. Must be one of the following task types: "
                f"{', '.join(TaskType)}."
            )
        if self.peft_version is None:
            self.peft_version = PEFT_VERSION

    # --- what it is -------------------------------------------------------------------------------------------------
    @property
    def is_prompt_learning(self) -> bool:
        """Whether the method trains virtual tokens; False for adapters of layers."""
        return False

    @property
    def is_adaption_prompt(self) -> bool:
        """Whether the method is LLaMA-Adapter."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)

    # --- files ------------------------------------------------------------------------------------------------------
    def save_pretrained(self, save_directory: str | os.PathLike, **kwargs: Any) -> None:
        """Write adapter_config.json: keys sorted, sets as lists.

        Raises:
            AssertionError: `save_directory` is a file.
        """
        folder = os.fspath(save_directory)
        if os.path.isfile(folder):
            raise AssertionError(f"Provided path ({folder}) should be a directory, not a file")
        os.makedirs(folder, exist_ok=True)
        auto_mapping = kwargs.pop("auto_mapping_dict", None)
        values = _plain(self.to_dict())
        if auto_mapping is not None:
            values["auto_mapping"] = auto_mapping
        atomic_write(os.path.join(folder, CONFIG_NAME), json.dumps(values, indent=2, sort_keys=True))

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike, subfolder: str | None = None, **kwargs: Any
    ) -> Any:
        """Read adapter_config.json of a folder or repository; the class follows from its `peft_type`.

        Raises:
            ValueError: there is no such file.
            TypeError: the file doesn't say which method it is for.
        """
        own = {field.name for field in fields(cls)}
        hub = {key: kwargs.pop(key) for key in list(kwargs) if key in HUB_ARGUMENTS and key != "revision"}
        revision = kwargs.get("revision")
        path = find_file(
            pretrained_model_name_or_path, CONFIG_NAME, subfolder=subfolder or "", revision=revision or "main", **hub
        )
        if path is None:
            raise ValueError(f"Can't find '{CONFIG_NAME}' at '{pretrained_model_name_or_path}'")
        given = {key: value for key, value in kwargs.items() if key in own}
        return cls.from_peft_type(**{**given, **cls.check_kwargs(**cls.from_json_file(path))})

    @classmethod
    def from_json_file(cls, path_json_file: str | os.PathLike, **kwargs: Any) -> dict[str, Any]:
        """The values in a file.

        Raises:
            ValueError: it holds no JSON object.
        """
        with open(path_json_file, encoding="utf-8") as file:
            try:
                found = json.load(file)
            except ValueError as error:
                raise ValueError(f"{path_json_file}: found no valid JSON ({error}); incomplete download?") from error
        if not isinstance(found, dict):
            raise ValueError(f"{path_json_file}: found a {type(found).__name__}, needed a JSON object")
        if "runtime_config" in found:
            warnings.warn(
                "The configuration file contains a `runtime_config` key. This is ignored. Runtime configurations are "
                "only valid at runtime.",
                stacklevel=2,
            )
            del found["runtime_config"]
        return found

    @classmethod
    def from_peft_type(cls, **kwargs: Any) -> Any:
        """A configuration of the class that `peft_type` names. Unknown keys are left out with a warning.

        Raises:
            TypeError: no `peft_type` although there are keys that only a method's configuration has.
            UnsupportedError: a method that is not supported, by name.
        """
        chosen = cls
        peft_type = kwargs.get("peft_type")
        if peft_type is not None:
            if peft_type not in PEFT_TYPE_TO_CONFIG_MAPPING:
                raise _unknown_type(peft_type)
            chosen = PEFT_TYPE_TO_CONFIG_MAPPING[PeftType(peft_type)]
        known = {field.name for field in fields(chosen) if field.init}
        unexpected = sorted(key for key in kwargs if key not in known)
        if unexpected:
            if "peft_type" not in kwargs and chosen is PeftConfig:
                raise TypeError(
                    f"The {cls.__name__} config that is trying to be loaded is missing required keys: "
                    f"{ {'peft_type'} }."
                )
            warnings.warn(
                f"Unexpected keyword arguments {unexpected} for class {chosen.__name__}, these are ignored. This "
                "probably means that you're loading a configuration file that was saved using a higher version of the "
                "library and additional parameters have been introduced since. It is highly recommended to upgrade "
                "the PEFT version before continuing (e.g. by running `pip install -U peft`).",
                stacklevel=2,
            )
        return chosen(**{key: value for key, value in kwargs.items() if key in known})

    @classmethod
    def check_kwargs(cls, **kwargs: Any) -> dict[str, Any]:
        """For subclasses: look at the values of a file before the configuration is made of them."""
        return kwargs

    @classmethod
    def _get_peft_type(cls, model_id: str | os.PathLike, **hub: Any) -> Any:
        """The `peft_type` in a folder's or repository's adapter_config.json."""
        subfolder = hub.pop("subfolder", None) or ""
        path = find_file(model_id, CONFIG_NAME, subfolder=subfolder, **hub)
        if path is None:
            raise ValueError(f"Can't find '{CONFIG_NAME}' at '{model_id}'")
        return cls.from_json_file(path)["peft_type"]


PeftConfigMixin = PeftConfig


def _unknown_type(peft_type: Any) -> Exception:
    known = ", ".join(sorted(str(name) for name in PEFT_TYPE_TO_CONFIG_MAPPING))
    if peft_type in list(PeftType):
        return UnsupportedError(f"PEFT method {peft_type}: not supported yet (supported: {known})")
    return ValueError(f"Unknown PEFT type passed: {peft_type}; needed one of {known}")


def get_peft_config(config_dict: dict[str, Any]) -> Any:
    """The configuration that a dict with `peft_type` describes."""
    if config_dict.get("peft_type") not in PEFT_TYPE_TO_CONFIG_MAPPING:
        raise _unknown_type(config_dict.get("peft_type"))
    return PEFT_TYPE_TO_CONFIG_MAPPING[PeftType(config_dict["peft_type"])](**config_dict)
