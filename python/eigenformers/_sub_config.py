"""Configurations inside of configurations: a model made of several, such as a vision tower and a language model."""

from __future__ import annotations

from typing import Any

from .errors import ConfigError, UnsupportedModelError


def _base() -> type:
    from .configuration import PreTrainedConfig

    return PreTrainedConfig


class SubConfigSpec:
    """How a nested configuration is built: its class (or `AutoConfig` with a default `model_type`) and arguments."""

    def __init__(
        self,
        config_class: Any,
        model_type: str | None = None,
        init_kwargs: dict[str, Any] | None = None,
        optional: bool = False,
    ):
        self.config_class, self.model_type, self.optional = config_class, model_type, optional
        self.init_kwargs = {} if init_kwargs is None else init_kwargs

    def _class(self, model_type: str | None = None) -> Any:
        if isinstance(self.config_class, type) and issubclass(self.config_class, _base()):
            return self.config_class
        from .models.auto import CONFIG_MAPPING

        model_type = model_type or self.model_type
        if model_type not in CONFIG_MAPPING:
            raise UnsupportedModelError(
                f"Unrecognized model type for subconfig: {model_type}. "
                f"Should contain one of {', '.join(CONFIG_MAPPING)}"
            )
        return CONFIG_MAPPING[model_type]

    def default_fields(self) -> dict[str, Any]:
        """The declared defaults of the nested configuration."""
        return {**self._class().default_config_fields(), **self.init_kwargs}

    def create(self, name: str, value: Any) -> Any:
        """`value` as a configuration object: it may be one already, a dict, or None for the defaults."""
        if isinstance(value, _base()):
            return value
        if value is not None and not isinstance(value, dict):
            raise ConfigError(f"`{name}` must be a `dict`, `PreTrainedConfig`, or `None`, got `{type(value)}`")
        arguments = dict(self.init_kwargs if value is None else value)
        model_type = arguments.pop("model_type", None)
        return self._class(model_type)(**arguments)
