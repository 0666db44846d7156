"""Reading configurations: from a folder, a file, the Hub, a GGUF's metadata or a dict."""

from __future__ import annotations

import copy
import json
import os
import re
from typing import Any

from .errors import ConfigError
from .hub import CONFIG_NAME, HUB_ARGUMENTS, cached_file, extract_commit_hash
from .utils import logging

logger = logging.get_logger(__name__)

# These decide during construction; all other overrides are set afterwards.
_DECIDING_ARGUMENTS = ("num_labels", "attn_implementation", "experts_implementation", "name_or_path")
_SPECIAL_FLOATS = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}


def decode_special_floats(value: Any) -> Any:
    """Undo `{"__float__": "Infinity"}`, the JSON-safe spelling of infinities and NaN in saved configurations."""
    if isinstance(value, dict):
        if set(value) == {"__float__"} and isinstance(value["__float__"], str):
            return _SPECIAL_FLOATS.get(value["__float__"], value)
        return {key: decode_special_floats(item) for key, item in value.items()}
    return [decode_special_floats(item) for item in value] if isinstance(value, list) else value


def read_json_dict(path: str | os.PathLike) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        OSError: the file is not UTF-8, not JSON, nested beyond reason, or holds something other than an object.
    """
    try:
        with open(path, encoding="utf-8") as file:
            value = decode_special_floats(json.load(file))
    except (ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise OSError(f"It looks like the config file at '{path}' is not a valid JSON file.") from None
    if not isinstance(value, dict):
        raise OSError(
            f"It looks like the config file at '{path}' is not a valid JSON file: "
            f"found {type(value).__name__}, needed an object."
        )
    return value


def _newest_readable(files: Any) -> str:
    """Of `configuration_files` (`config.4.0.0.json` …) the newest that the implemented format version can read."""
    from ._configuration_writing import FORMAT_VERSION

    def parse(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in version.split("."))

    versions = {}
    for name in files if isinstance(files, list) else []:
        match = re.fullmatch(r"config\.(\d+(?:\.\d+)*)\.json", str(name))
        if match and parse(match.group(1)) <= parse(FORMAT_VERSION):
            versions[parse(match.group(1))] = name
    return versions[max(versions)] if versions else CONFIG_NAME


class ConfigLoading:
    """The `from_…` class methods of `PreTrainedConfig`."""

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike,
        cache_dir: str | os.PathLike | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        token: str | bool | None = None,
        revision: str = "main",
        **kwargs: Any,
    ) -> Any:
        """Load a configuration.

        Args:
            pretrained_model_name_or_path: a folder, a JSON file, a `.gguf` file, or a repository id on the Hub.
            cache_dir, force_download, local_files_only, token, revision, subfolder, proxies: where and how to fetch
                it, as in every `from_pretrained`.
            gguf_file: name of a GGUF file in the folder or repository whose metadata is the configuration.
            return_unused_kwargs: also return the keyword arguments that are no attributes.
            **kwargs: attributes to override.

        Returns:
            The configuration, or `(configuration, unused_kwargs)`.

        Raises:
            OSError: nothing is found there, or the file is not a JSON object.
            ConfigError: the values in it make no configuration.
        """
        where = {"cache_dir": cache_dir, "force_download": force_download, "local_files_only": local_files_only}
        config_dict, kwargs = cls.get_config_dict(
            pretrained_model_name_or_path, **where, token=token, revision=revision, **kwargs
        )
        if cls.base_config_key and isinstance(config_dict.get(cls.base_config_key), dict):
            config_dict = config_dict[cls.base_config_key]
        model_type = config_dict.get("model_type")
        if model_type is not None and cls.model_type and model_type != cls.model_type:
            nested = [v for v in config_dict.values() if isinstance(v, dict) and v.get("model_type") == cls.model_type]
            if nested:
                config_dict = nested[-1]
            else:
                logger.warning(
                    f"You are using a model of type `{model_type}` to instantiate a model of type "
                    f"`{cls.model_type}`. This is only right for checkpoints that share the architecture, and can "
                    "yield errors otherwise."
                )
        return cls.from_dict(config_dict, **kwargs)

    @classmethod
    def get_config_dict(
        cls, pretrained_model_name_or_path: str | os.PathLike, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the dict in the configuration file and those kwargs that did not say where to find it."""
        original = copy.copy(kwargs)
        config_dict, kwargs = cls._get_config_dict(pretrained_model_name_or_path, **kwargs)
        if "configuration_files" in config_dict:
            name = _newest_readable(config_dict["configuration_files"])
            config_dict, kwargs = cls._get_config_dict(
                pretrained_model_name_or_path, _configuration_file=name, **original
            )
        return config_dict, kwargs

    @classmethod
    def _get_config_dict(cls, path_or_id: str | os.PathLike, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        path_or_id = os.fspath(path_or_id)
        where = {name: kwargs.pop(name) for name in HUB_ARGUMENTS if name in kwargs}
        gguf_file = kwargs.pop("gguf_file", None)
        filename = kwargs.pop("_configuration_file", CONFIG_NAME)
        user_agent = {"file_type": "config", "from_auto_class": kwargs.pop("_from_auto", False)}
        if kwargs.get("_from_pipeline") is not None:
            user_agent["using_pipeline"] = kwargs.pop("_from_pipeline")
        kwargs.pop("_from_pipeline", None)
        if kwargs.pop("trust_remote_code", None) is True:
            logger.warning(
                "The argument `trust_remote_code` is to be used with Auto classes. It has no effect here and is"
                " ignored."
            )

        if os.path.isfile(path_or_id):
            resolved: str | None = path_or_id
        elif gguf_file is not None and os.path.isfile(gguf_file):
            resolved = gguf_file
        else:
            resolved = cached_file(path_or_id, gguf_file or filename, user_agent=user_agent, **where)
        if resolved is None:  # a repository or folder without config.json: the caller knows what that means
            return {}, kwargs

        if resolved.endswith(".gguf") or gguf_file is not None:
            from .models.gguf import read_gguf_config

            config_dict = read_gguf_config(resolved)
        else:
            config_dict = read_json_dict(resolved)
        logger.info(f"loading configuration file {resolved}")

        commit_hash = extract_commit_hash(resolved, where.get("_commit_hash"))
        if commit_hash is not None:
            kwargs["_commit_hash"] = commit_hash
        override = kwargs.get("model_type")
        if override is not None and config_dict.get("model_type") != override:
            logger.warning(
                f"{os.path.basename(resolved)} has 'model_type={config_dict.get('model_type')}' but you overrode "
                f"it with 'model_type={override}'. This may lead to unexpected behavior."
            )
            config_dict["model_type"] = override
        return config_dict, kwargs

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Build a configuration from a dict, with `kwargs` overriding attributes it has.

        Returns the configuration, or with `return_unused_kwargs=True` also the kwargs that are no attributes.
        """
        return_unused = kwargs.pop("return_unused_kwargs", False)
        if not isinstance(config_dict, dict):
            raise ConfigError(f"{cls.__name__}.from_dict: found {type(config_dict).__name__}, needed a dict")
        values = {key: value for key, value in config_dict.items() if key != "model_type"}
        for name in ("_from_auto", "_from_pipeline"):
            kwargs.pop(name, None)
        commit_hash = kwargs.pop("_commit_hash", None)
        for name in _DECIDING_ARGUMENTS:
            if name in kwargs:
                values[name] = kwargs.pop(name)
        for name in ("torch_dtype", "dtype"):
            dtype = kwargs.pop(name, "auto")
            if dtype != "auto":  # which is for whoever loads the weights to decide
                values.pop("torch_dtype", None)
                values["dtype"] = dtype

        config = cls(**values)
        if commit_hash is not None:
            config._commit_hash = commit_hash
        if not cls.model_type and "model_type" in config_dict:  # the base class, used for a family it does not know
            config.model_type = config_dict["model_type"]
        for name in [name for name in kwargs if hasattr(config, name)]:
            value, current = kwargs.pop(name), getattr(config, name)
            if isinstance(value, dict) and isinstance(current, ConfigLoading):
                value = type(current)(**{**current.to_dict(), **value})  # change a nested config, not replace it
            setattr(config, name, value)
        logger.info("Model config %s", config)
        return (config, kwargs) if return_unused else config

    @classmethod
    def from_json_file(cls, json_file: str | os.PathLike) -> Any:
        """Build a configuration from one JSON file."""
        return cls(**{key: value for key, value in read_json_dict(json_file).items() if key != "model_type"})
