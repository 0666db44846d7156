"""Auto classes: the class that a checkpoint needs, chosen by `model_type` in its config.json.

>>> from eigenformers import AutoConfig
>>> config = AutoConfig.for_model("llama", num_hidden_layers=2)
>>> type(config).__name__
'LlamaConfig'
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from ..configuration import PreTrainedConfig
from ..errors import ConfigError, UnsupportedError, UnsupportedModelError
from ..hub import CONFIG_NAME, HUB_ARGUMENTS
from ..utils import logging
from .registry import AUTO_CLASSES, FAMILIES, load_class

logger = logging.get_logger(__name__)
__path__: list[str] = []  # a package to those who import `modeling_auto` from it, see `_module_names`


class _LazyConfigMapping(OrderedDict):
    """`model_type` -> configuration class, imported when it is looked up."""

    def __init__(self) -> None:
        super().__init__()
        self._extra: dict[str, type] = {}

    def __getitem__(self, model_type: str) -> type:
        return self._extra[model_type] if model_type in self._extra else load_class(model_type, "AutoConfig")

    def __contains__(self, model_type: object) -> bool:
        return model_type in self._extra or model_type in FAMILIES

    def __iter__(self) -> Iterator[str]:
        return iter([*FAMILIES, *(name for name in self._extra if name not in FAMILIES)])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __bool__(self) -> bool:
        return True

    def keys(self) -> list[str]:  # type: ignore[override]
        return list(self)

    def values(self) -> list[type]:  # type: ignore[override]
        return [self[model_type] for model_type in self]

    def items(self) -> list[tuple[str, type]]:  # type: ignore[override]
        return [(model_type, self[model_type]) for model_type in self]

    def get(self, model_type: str, default: Any = None) -> Any:
        return self[model_type] if model_type in self else default

    def register(self, model_type: str, config_class: type, exist_ok: bool = False) -> None:
        """Add a family of the user's own."""
        if model_type in self and not exist_ok:
            raise ValueError(f"'{model_type}' is already used by an eigenformers config, pick another name.")
        self._extra[model_type] = config_class


CONFIG_MAPPING = _LazyConfigMapping()


class _LazyAutoMapping(OrderedDict):
    """Configuration class -> model class for one Auto class, imported when it is looked up."""

    def __init__(self, auto_class: str) -> None:
        super().__init__()
        self._auto_class = auto_class
        self._extra: dict[type, Any] = {}

    def _model_types(self) -> list[str]:
        return [model_type for model_type, names in FAMILIES.items() if self._auto_class in names]

    def _model_type_of(self, config_class: Any) -> str | None:
        name = getattr(config_class, "__name__", None)
        return next((kind for kind in self._model_types() if FAMILIES[kind]["AutoConfig"] == name), None)

    def __getitem__(self, config_class: type) -> Any:
        if config_class in self._extra:
            return self._extra[config_class]
        model_type = self._model_type_of(config_class)
        if model_type is None:
            raise KeyError(config_class)
        return load_class(model_type, self._auto_class)

    def __contains__(self, config_class: object) -> bool:
        return config_class in self._extra or self._model_type_of(config_class) is not None

    def __iter__(self) -> Iterator[type]:
        return iter([*(CONFIG_MAPPING[model_type] for model_type in self._model_types()), *self._extra])

    def __len__(self) -> int:
        return len(self._model_types()) + len(self._extra)

    def __bool__(self) -> bool:
        return len(self) > 0

    def keys(self) -> list[type]:  # type: ignore[override]
        return list(self)

    def values(self) -> list[Any]:  # type: ignore[override]
        return [self[config_class] for config_class in self]

    def items(self) -> list[tuple[type, Any]]:  # type: ignore[override]
        return [(config_class, self[config_class]) for config_class in self]

    def get(self, config_class: type, default: Any = None) -> Any:
        return self[config_class] if config_class in self else default

    def names(self) -> list[str]:
        """Names of the configuration classes, without importing them."""
        return [FAMILIES[kind]["AutoConfig"] for kind in self._model_types()] + [c.__name__ for c in self._extra]

    def register(self, config_class: type, model_class: Any, exist_ok: bool = False) -> None:
        """Add a model class of the user's own."""
        if config_class in self and not exist_ok:
            raise ValueError(f"'{config_class}' is already used by an eigenformers model.")
        self._extra[config_class] = model_class


def _refuse_code(trust_remote_code: Any, auto_map: Any, auto_class: str, where: Any, built_in: bool) -> None:
    """Code that comes with a checkpoint is never run: raise where it is asked for or needed."""
    code = auto_map.get(auto_class) if isinstance(auto_map, dict) else None
    if code is None or (built_in and not trust_remote_code):
        return
    wanted = "trust_remote_code=True was passed" if trust_remote_code else "no family of eigenformers replaces it"
    advice = (
        "This model's architecture is built in: leave trust_remote_code out to use that."
        if built_in
        else f"Built-in model types: {', '.join(CONFIG_MAPPING)}."
    )
    raise UnsupportedModelError(
        f"The repository {where} contains custom code which must be executed to correctly load the model "
        f"({auto_class}: {code}), and {wanted}; but eigenformers never runs code of a checkpoint. {advice}"
    )


def _nearest(model_type: Any) -> str:
    """" Did you mean `bert`?", where a known model type is near."""
    import difflib

    near = difflib.get_close_matches(str(model_type), list(CONFIG_MAPPING), 1)
    return f" Did you mean `{near[0]}`?" if near else ""


class AutoConfig:
    """The configuration class of a checkpoint, by its `model_type`."""

    def __init__(self) -> None:
        raise OSError(
            "AutoConfig is designed to be instantiated "
            "using the `AutoConfig.from_pretrained(pretrained_model_name_or_path)` method."
        )

    @classmethod
    def for_model(cls, model_type: str, *args: Any, **kwargs: Any) -> PreTrainedConfig:
        """A configuration of a family by its name, with `kwargs` as its arguments."""
        if model_type not in CONFIG_MAPPING:
            raise UnsupportedModelError(
                f"Unrecognized model identifier: {model_type}.{_nearest(model_type)} Should contain one of "
                f"{', '.join(CONFIG_MAPPING)}"
            )
        return CONFIG_MAPPING[model_type](*args, **kwargs)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike, **kwargs: Any) -> Any:
        """Load the configuration of a checkpoint.

        Args:
            pretrained_model_name_or_path: a folder, a config.json, a `.gguf` file, or a repository id on the Hub.
            trust_remote_code: accepted, but raises where the repository has code that it would run.
            code_revision: revision of that code; without effect, as it is never run.
            **kwargs: as in `PreTrainedConfig.from_pretrained`.

        Raises:
            OSError: nothing is found there, or the file is not a JSON object.
            UnsupportedModelError: a model type that eigenformers does not have, or a model defined by code.
        """
        trust_remote_code = kwargs.pop("trust_remote_code", None)
        kwargs.pop("code_revision", None)
        where = os.fspath(pretrained_model_name_or_path)
        config_dict, unused = PreTrainedConfig.get_config_dict(where, **{**kwargs, "_from_auto": True})
        model_type = config_dict.get("model_type")
        built_in = isinstance(model_type, str) and model_type in CONFIG_MAPPING
        _refuse_code(trust_remote_code, config_dict.get("auto_map"), "AutoConfig", where, built_in)
        if model_type is None:
            _refuse_adapter(where, kwargs)
            raise UnsupportedModelError(
                f"Unrecognized model in {where}. Should have a `model_type` key in its {CONFIG_NAME}. "
                f"Supported model types: {', '.join(CONFIG_MAPPING)}"
            )
        if model_type == "mistral" and "layer_types" in config_dict:
            model_type, built_in = "ministral", "ministral" in CONFIG_MAPPING
        if not built_in:
            raise UnsupportedModelError(
                f"The checkpoint you are trying to load has model type `{model_type}` but eigenformers does not "
                f"recognize this architecture.{_nearest(model_type)} Supported model types: {', '.join(CONFIG_MAPPING)}"
            )
        return CONFIG_MAPPING[model_type].from_dict(config_dict, name_or_path=where, **unused)

    @staticmethod
    def register(model_type: str, config: type, exist_ok: bool = False) -> None:
        """Make a configuration class of your own known by its `model_type`."""
        if issubclass(config, PreTrainedConfig) and config.model_type != model_type:
            raise ConfigError(
                "The config you are passing has a `model_type` attribute that is not consistent with the model type "
                f"you passed (config has {config.model_type} and you passed {model_type}. Fix one of those so they "
                "match!"
            )
        CONFIG_MAPPING.register(model_type, config, exist_ok=exist_ok)


def _refuse_adapter(where: str, kwargs: dict[str, Any]) -> None:
    from ..hub import has_file

    accepted = ("revision", "token", "use_auth_token", "cache_dir", "local_files_only")
    if has_file(where, "adapter_config.json", **{name: kwargs[name] for name in accepted if name in kwargs}):
        raise UnsupportedError(f"{where} holds an adapter (adapter_config.json): load the model it was trained on")


class _BaseAutoModelClass:
    """What all `AutoModel…` classes do; each has its own mapping of configuration to model classes."""

    _model_mapping: _LazyAutoMapping

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._model_mapping = _LazyAutoMapping(cls.__name__)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise OSError(
            f"{type(self).__name__} is designed to be instantiated "
            f"using the `{type(self).__name__}.from_pretrained(pretrained_model_name_or_path)` or "
            f"`{type(self).__name__}.from_config(config)` methods."
        )

    @classmethod
    def _model_class(cls, config: PreTrainedConfig) -> Any:
        """The model class for a configuration: of several, the one that `architectures` names."""
        if type(config) not in cls._model_mapping:
            supported = cls._model_mapping.names()
            raise UnsupportedModelError(
                f"Unrecognized configuration class {type(config)} (model type `{config.model_type}`) for this kind of "
                f"AutoModel: {cls.__name__}.\nModel type should be one of {', '.join(supported)}."
                if supported
                else f"{cls.__name__}: no model family of eigenformers has this head yet "
                f"(asked for model type `{config.model_type}`)"
            )
        found = cls._model_mapping[type(config)]
        if not isinstance(found, (list, tuple)):
            return found
        named = {model.__name__: model for model in found}
        return next((named[name] for name in config.architectures or [] if name in named), found[0])

    @classmethod
    def from_config(cls, config: PreTrainedConfig, trust_remote_code: bool | None = None, **kwargs: Any) -> Any:
        """A model with freshly initialised weights.

        Args:
            config: configuration; its class decides which model is built.
            trust_remote_code: accepted, but raises where the configuration names code.
            **kwargs: `dtype` (or `torch_dtype`), `attn_implementation` and others that the model takes.
        """
        built_in = type(config) in cls._model_mapping
        _refuse_code(trust_remote_code, getattr(config, "auto_map", None), cls.__name__, config.name_or_path, built_in)
        kwargs.pop("code_revision", None)
        return cls._model_class(config)._from_config(config, **kwargs)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike, *model_args: Any, **kwargs: Any) -> Any:
        """Load a model with its weights; it comes in evaluation mode.

        Args:
            pretrained_model_name_or_path: a folder, a `.gguf` file, or a repository id on the Hub. Of a local folder
                that holds an adapter: the model that it belongs to, with the adapter.
            config: a configuration to use instead of the checkpoint's own (an object, or where to load it from).
            gguf_file: name of a GGUF file in the folder or repository.
            trust_remote_code: accepted, but raises where the repository has code that it would run.
            **kwargs: attributes of the configuration to override; all others go to the model's `from_pretrained`.

        Raises:
            OSError: nothing is found there.
            UnsupportedModelError: no such family here, none with this head, or a model defined by code.
        """
        from ..modeling.adapters import base_of_adapter

        base = base_of_adapter(pretrained_model_name_or_path)
        if base is not None:
            model = cls.from_pretrained(base, *model_args, **kwargs)
            model.load_adapter(pretrained_model_name_or_path)
            return model
        config = kwargs.pop("config", None)
        trust_remote_code = kwargs.pop("trust_remote_code", None)
        kwargs.pop("code_revision", None)
        if kwargs.pop("adapter_kwargs", None):
            raise UnsupportedError(f"{cls.__name__}.from_pretrained: `adapter_kwargs` is not supported")
        where = {name: kwargs.pop(name) for name in HUB_ARGUMENTS if name in kwargs}
        gguf = {"gguf_file": kwargs["gguf_file"]} if kwargs.get("gguf_file") is not None else {}

        if not isinstance(config, PreTrainedConfig):
            # "auto" is the loader's to decide; a quantization_config here must not replace the checkpoint's unseen.
            held = {
                name: kwargs.pop(name)
                for name in ("dtype", "torch_dtype", "quantization_config", "gguf_file")
                if kwargs.get(name) is not None
            }
            kwargs.pop("quantization_config", None)  # None: nothing is said
            concrete = {name: held[name] for name in ("dtype", "torch_dtype") if held.get(name, "auto") != "auto"}
            own = config is None
            config, kwargs = AutoConfig.from_pretrained(
                pretrained_model_name_or_path if config is None else config,
                return_unused_kwargs=True,
                trust_remote_code=trust_remote_code,
                **where, **gguf, **concrete, **kwargs,
            )  # fmt: skip
            kwargs.update(held)
            if own and getattr(config, "_commit_hash", None):  # the weights come from the configuration's commit
                where["_commit_hash"] = config._commit_hash
        built_in = type(config) in cls._model_mapping
        _refuse_code(
            trust_remote_code, getattr(config, "auto_map", None), cls.__name__, pretrained_model_name_or_path, built_in
        )
        return cls._model_class(config).from_pretrained(
            pretrained_model_name_or_path, *model_args, config=config, **where, **kwargs
        )

    @classmethod
    def register(cls, config_class: type, model_class: Any, exist_ok: bool = False) -> None:
        """Make a model class of your own known for its configuration class."""
        declared = getattr(model_class, "config_class", None)
        if declared is not None and declared.__name__ != config_class.__name__:
            raise ConfigError(
                "The model class you are passing has a `config_class` attribute that is not consistent with the "
                f"config class you passed (model has {declared} and you passed {config_class}. Fix "
                "one of those so they match!"
            )
        cls._model_mapping.register(config_class, model_class, exist_ok=exist_ok)


class AutoModel(_BaseAutoModelClass):
    """A base model without a head: hidden states."""


class AutoModelForCausalLM(_BaseAutoModelClass):
    """A model that predicts the next token."""


class AutoModelForSequenceClassification(_BaseAutoModelClass):
    """A model that classifies whole sequences."""


class AutoBackbone(_BaseAutoModelClass):
    """A vision model that returns feature maps."""


def __getattr__(name: str) -> Any:
    """Each of the others, made when it is first asked for. It works as soon as a family in the registry has that head;
    until then it raises UnsupportedModelError with its name."""
    if name not in AUTO_CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    doc = f"A model with a {name[len('AutoModelFor') :]} head."
    return globals().setdefault(name, type(name, (_BaseAutoModelClass,), {"__doc__": doc, "__module__": __name__}))


def __dir__() -> list[str]:
    return sorted({*globals(), *AUTO_CLASSES})


MODEL_MAPPING = AutoModel._model_mapping
MODEL_FOR_CAUSAL_LM_MAPPING = AutoModelForCausalLM._model_mapping
MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING = AutoModelForSequenceClassification._model_mapping

__all__ = [
    "AutoConfig",
    "CONFIG_MAPPING",
    "MODEL_FOR_CAUSAL_LM_MAPPING",
    "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING",
    "MODEL_MAPPING",
    *AUTO_CLASSES,
]
