"""AutoTokenizer: the tokenizer class that a folder or repository stands for."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ..utils import logging
from ._engine import TokenizerError
from .base import PreTrainedTokenizerBase
from .families import SLOW_CLASSES, TOKENIZER_MAPPING_NAMES
from .fast import PreTrainedTokenizerFast
from .loading import TOKENIZER_CONFIG_FILE, Repository, take_hub_kwargs
from .models import class_of
from .vocab_files import read_json

logger = logging.get_logger(__name__)

_GENERIC = {"PreTrainedTokenizerFast", "TokenizersBackend", "PreTrainedTokenizer", "PythonBackend"}
_registered: dict[str, type[PreTrainedTokenizerBase]] = {}  # by class name
_fast_of: dict[str, type[PreTrainedTokenizerBase]] = {}  # by the name of the slow class that it was registered with
_registered_configs: dict[Any, type[PreTrainedTokenizerBase]] = {}  # by configuration class


def tokenizer_class_from_name(class_name: str) -> type[PreTrainedTokenizerBase] | None:
    """The class of that name (with or without "Fast"), None if there is none."""
    if class_name in _fast_of:
        return _fast_of[class_name]
    if class_name in _registered:
        return _registered[class_name]
    if class_name in _GENERIC:
        return PreTrainedTokenizerFast
    if class_name in SLOW_CLASSES:
        return getattr(importlib.import_module(f".{SLOW_CLASSES[class_name]}", __package__), class_name)
    found = class_of(class_name)
    if found is None and class_name.endswith("Fast"):
        return tokenizer_class_from_name(_without_fast(class_name))
    return found


def get_tokenizer_config(pretrained_model_name_or_path: str | os.PathLike, **kwargs: Any) -> dict[str, Any]:
    """Content of a folder's or repository's tokenizer_config.json, empty if it has none."""
    hub_kwargs = take_hub_kwargs(kwargs)
    repository = Repository(os.fspath(pretrained_model_name_or_path), hub_kwargs.pop("subfolder", ""), **hub_kwargs)
    path = repository.find(TOKENIZER_CONFIG_FILE)
    return read_json(path) if path else {}


class AutoTokenizer:
    """Makes the tokenizer that belongs to a model. Not instantiated itself; use `AutoTokenizer.from_pretrained`."""

    def __init__(self) -> None:
        raise OSError(
            "AutoTokenizer is designed to be instantiated "
            "using the `AutoTokenizer.from_pretrained(pretrained_model_name_or_path)` method."
        )

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike, *inputs: Any, **kwargs: Any) -> Any:
        """Load the tokenizer of a model from a folder, a hub repository, or a file.

        The class is the one that tokenizer_config.json names, else config.json, else the one of the model's type. It
        decides about defaults only: a tokenizer.json is taken as it is, whatever the class.

        Args:
            pretrained_model_name_or_path: folder, repository id, tokenizer.json, or .gguf file.
            config: a model configuration that decides the class.
            tokenizer_type: a model type that decides the class.
            use_fast: accepted; there is one implementation.
            gguf_file: name of a GGUF file in the folder or repository.
            **kwargs: arguments of the class's `from_pretrained`.

        >>> AutoTokenizer.from_pretrained("path/to/model")  # doctest: +SKIP
        """
        name = os.fspath(pretrained_model_name_or_path)
        config = kwargs.pop("config", None)
        tokenizer_type = kwargs.pop("tokenizer_type", None)
        for ignored in ("use_fast", "_from_auto", "code_revision"):
            kwargs.pop(ignored, None)
        if kwargs.pop("mistral_format", None):
            options = dict(kwargs)
            hub_kwargs = take_hub_kwargs(options)
            path = Repository(name, hub_kwargs.pop("subfolder", ""), **hub_kwargs).find("tekken.json")
            if path is None:
                raise OSError(
                    f"Cannot find 'tekken.json' at '{name}'. Set `mistral_format=False` to use standard HuggingFace "
                    "files instead."
                )
            return PreTrainedTokenizerFast(*inputs, vocab_file=path, name_or_path=name, **options)
        if tokenizer_type is not None:
            if tokenizer_type not in TOKENIZER_MAPPING_NAMES:
                raise ValueError(
                    f"Passed `tokenizer_type` {tokenizer_type} does not exist. `tokenizer_type` should be one of "
                    f"{', '.join(TOKENIZER_MAPPING_NAMES)}."
                )
            tokenizer_class = tokenizer_class_from_name(TOKENIZER_MAPPING_NAMES[tokenizer_type])
        elif os.path.isfile(name) or kwargs.get("gguf_file"):
            tokenizer_class = _class_for_config(config) or PreTrainedTokenizerFast
        else:
            tokenizer_class = _choose_class(name, config, kwargs)
        return tokenizer_class.from_pretrained(name, *inputs, **kwargs)

    @staticmethod
    def register(
        config_class: Any,
        tokenizer_class: type | None = None,
        slow_tokenizer_class: type | None = None,
        fast_tokenizer_class: type | None = None,
        exist_ok: bool = False,
    ) -> None:
        """Make `from_pretrained` know a tokenizer class of your own, by its name and by a configuration class.

        `slow_tokenizer_class` and `fast_tokenizer_class` are the older names of `tokenizer_class`; the fast one wins,
        also where a folder names the slow one. A configuration class of this package keeps its tokenizer, unless
        `exist_ok`; one of your own takes the latest registration.
        """
        chosen = tokenizer_class or fast_tokenizer_class or slow_tokenizer_class
        if chosen is None:
            raise ValueError("You need to pass a `tokenizer_class`")
        for candidate in (slow_tokenizer_class, fast_tokenizer_class, tokenizer_class):
            if candidate is not None:
                _registered[candidate.__name__] = candidate
        if slow_tokenizer_class is not None and fast_tokenizer_class is not None:
            _fast_of[slow_tokenizer_class.__name__] = fast_tokenizer_class
        if not exist_ok and getattr(config_class, "__module__", "").startswith("eigenformers."):
            if config_class.model_type in TOKENIZER_MAPPING_NAMES:
                raise ValueError(f"'{config_class}' is already used by a Transformers model.")
            return
        _registered_configs[config_class] = chosen


class _TokenizerMapping(Mapping):
    """Configuration class -> tokenizer class, imported when it is looked up."""

    def __getitem__(self, config_class: Any) -> type[PreTrainedTokenizerBase]:
        found = _registered_configs.get(config_class) or _class_for_type(getattr(config_class, "model_type", None))
        if found is None:
            raise KeyError(config_class)
        return found

    def __iter__(self) -> Iterator[Any]:
        from ..models.auto import CONFIG_MAPPING

        yield from (CONFIG_MAPPING[name] for name in CONFIG_MAPPING if name in TOKENIZER_MAPPING_NAMES)
        yield from _registered_configs

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @staticmethod
    def register(config_class: Any, tokenizer_class: type, exist_ok: bool = False) -> None:
        """Make `AutoTokenizer` know a class for a configuration."""
        AutoTokenizer.register(config_class, tokenizer_class, exist_ok=exist_ok)


TOKENIZER_MAPPING = _TokenizerMapping()


def _class_for_config(config: Any) -> type[PreTrainedTokenizerBase] | None:
    """The class for a configuration object: registered, named in it, or that of its model type."""
    if config is None:
        return None
    if type(config) in _registered_configs:
        return _registered_configs[type(config)]
    found = tokenizer_class_from_name(getattr(config, "tokenizer_class", None) or "")
    return found or _class_for_type(getattr(config, "model_type", None))


def _class_for_type(model_type: str | None) -> type[PreTrainedTokenizerBase] | None:
    for config_class, tokenizer_class in _registered_configs.items():
        if model_type and getattr(config_class, "model_type", None) == model_type:
            return tokenizer_class
    return tokenizer_class_from_name(TOKENIZER_MAPPING_NAMES.get(model_type or "", ""))


def _without_fast(class_name: str) -> str:
    return class_name[: -len("Fast")] if class_name.endswith("Fast") else class_name


def _class_name_in(path: str | None, key: str = "tokenizer_class") -> str | None:
    """A name that a file may state."""
    value = read_json(path).get(key) if path else None
    if value is not None and not isinstance(value, str):
        raise TokenizerError(f"{path}: {key} is {value!r}, needed a name")
    return value


def _choose_class(name: str, config: Any, kwargs: dict[str, Any]) -> type[PreTrainedTokenizerBase]:
    options = dict(kwargs)
    hub_kwargs = take_hub_kwargs(options)
    repository = Repository(name, hub_kwargs.pop("subfolder", ""), **hub_kwargs)
    path = repository.find(TOKENIZER_CONFIG_FILE)
    if repository.hub_kwargs.get("_commit_hash"):  # the files themselves shall come from the same commit
        kwargs["_commit_hash"] = repository.hub_kwargs["_commit_hash"]
    class_name = _class_name_in(path)
    if not class_name or class_name in _GENERIC:
        found = _class_for_config(config)
        if found is not None:
            return PreTrainedTokenizerFast if class_name in _GENERIC and found.__name__ not in _registered else found
        if class_name in _GENERIC:
            return PreTrainedTokenizerFast
        path = repository.find("config.json")
        class_name = _class_name_in(path)
        if not class_name:
            return _class_for_type(_class_name_in(path, "model_type")) or PreTrainedTokenizerFast
    plain = _without_fast(class_name)
    found = tokenizer_class_from_name(plain) or tokenizer_class_from_name(f"{plain}Fast")
    if found is None:
        logger.warning_once(
            f"{name}: the tokenizer class is {class_name}, which is not implemented; "
            "loading PreTrainedTokenizerFast, which follows tokenizer.json alone."
        )
        return PreTrainedTokenizerFast
    return found
