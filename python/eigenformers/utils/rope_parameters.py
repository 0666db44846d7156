"""How a configuration states its rotary position embedding: one dict, `rope_parameters`.

Checkpoints carry `rope_theta` beside `rope_scaling` (with the key `type` or `rope_type`), newer ones `rope_parameters`,
and models that mix layer types one such dict per layer type. All end up as
`{"rope_type": ..., "rope_theta": ..., <what the type needs>}`; the extension reads nothing else.
"""

from __future__ import annotations

from typing import Any

from ..errors import ConfigError
from . import logging

logger = logging.get_logger(__name__)

# rope_type -> (required keys, optional keys), besides rope_theta and partial_rotary_factor, which all types may have
_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "default": (set(), set()),
    "linear": ({"factor"}, set()),
    "dynamic": ({"factor"}, set()),
    "yarn": (
        {"factor", "original_max_position_embeddings"},
        {"attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"},
    ),
    "longrope": (
        {"short_factor", "long_factor", "original_max_position_embeddings"},
        {"attention_factor", "factor"},
    ),
    "llama3": (
        {"factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor", "rope_theta"},
        set(),
    ),
    "proportional": ({"rope_theta"}, set()),
}
_SCALED = ("llama3", "yarn", "longrope")  # these need the length that the model was pretrained with


class MissingRopeKeys(ConfigError, KeyError):
    """`rope_parameters` lacks a key that its `rope_type` needs."""

    __str__ = Exception.__str__  # KeyError would print the message quoted


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class RopeParametersMixin:
    """Standardises and validates `rope_parameters` for `PreTrainedConfig`."""

    default_theta = 10_000.0

    def nested_rope_parameter_keys(self, rope_parameters: dict[str, Any]) -> list[str]:
        """The layer types that `rope_parameters` is nested under; empty for a flat dict."""
        layer_types = getattr(self, "layer_types", None) or ()
        return [key for key in rope_parameters if key in layer_types]

    def _rope_dicts(self) -> dict[str, dict[str, Any]]:
        """label -> the flat dicts in `rope_parameters`; raises ConfigError when something else is there."""
        parameters = getattr(self, "rope_parameters", None)
        if parameters is None:
            return {}
        if not isinstance(parameters, dict):
            raise ConfigError(f"{type(self).__name__}.rope_parameters: found {parameters!r}, needed a dict")
        nested = self.nested_rope_parameter_keys(parameters)
        found = {key: parameters[key] for key in nested} if nested else {"full_attention": parameters}
        for label, value in found.items():
            if value is not None and not isinstance(value, dict):
                raise ConfigError(f"{type(self).__name__}.rope_parameters[{label!r}]: found {value!r}, needed a dict")
        return {label: value for label, value in found.items() if value is not None}

    def convert_rope_params_to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Merge the legacy `rope_scaling`, `rope_theta` and `partial_rotary_factor`; return the other kwargs."""
        self.rope_parameters = kwargs.pop("rope_scaling", None) or self.rope_parameters or {}
        theta = kwargs.pop("rope_theta", getattr(self, "rope_theta", self.default_theta))
        partial = kwargs.pop("partial_rotary_factor", getattr(self, "partial_rotary_factor", None))
        # Copies, so that a dict the caller passed in (or shares between configs) stays as it was.
        self._rope_dicts()  # raises for anything but dicts
        self.rope_parameters = {
            key: dict(value) if isinstance(value, dict) else value for key, value in self.rope_parameters.items()
        }
        for parameters in self._rope_dicts().values():
            parameters.setdefault("rope_theta", theta)
            if partial is not None:
                parameters.setdefault("partial_rotary_factor", partial)
        self.standardize_rope_params()
        return kwargs

    def standardize_rope_params(self) -> None:
        """Fill in `rope_type`, `rope_theta` and, where the type needs it, the pretraining length."""
        theta = getattr(self, "rope_theta", None)
        partial = getattr(self, "partial_rotary_factor", None)
        if not (getattr(self, "rope_parameters", None) or theta):
            logger.warning("`standardize_rope_params` was called but no RoPE parameters were found.")
            return
        if not self.rope_parameters:
            self.rope_parameters = {}
        nested = bool(self.nested_rope_parameter_keys(self.rope_parameters))
        for parameters in self._rope_dicts().values():
            parameters.setdefault("rope_type", parameters.get("type", "default"))
            parameters.setdefault("rope_theta", theta)
            if partial is not None:
                parameters.setdefault("partial_rotary_factor", partial)
            if parameters["rope_type"] in _SCALED:
                outside = None if nested else getattr(self, "original_max_position_embeddings", None)
                if outside is not None:  # Phi-3 keeps it beside rope_scaling, and there it wins
                    parameters["original_max_position_embeddings"] = outside
                else:
                    parameters.setdefault("original_max_position_embeddings", self.max_position_embeddings)

    def validate_rope(self) -> None:
        """Check every dict of `rope_parameters`: missing keys raise, odd values warn."""
        head_dim = getattr(self, "head_dim", None)
        if not getattr(self, "rope_parameters", None):
            return
        for label, parameters in self._rope_dicts().items():
            rope_type = parameters.setdefault("rope_type", parameters.get("type", "default"))
            self._check_common(rope_type, parameters)
            if rope_type in _KEYS:
                self._check_rope_keys(rope_type, parameters)
                self._check_rope_values(rope_type, parameters)
            else:
                logger.warning(
                    f"Missing validation function in 'RotaryEmbeddingConfigMixin' for 'rope_type'='{rope_type}'"
                )
            partial = parameters.get("partial_rotary_factor", 1.0)
            if head_dim is not None and head_dim > 4 and head_dim % 2 and int(head_dim * partial) == head_dim:
                raise ConfigError(
                    f"RoPE requires an even rotary dimension, but got `head_dim`={head_dim} with "
                    f"`partial_rotary_factor`={partial} for `{label}`."
                )

    def _check_common(self, rope_type: Any, parameters: dict[str, Any]) -> None:
        where = f"{type(self).__name__}.rope_parameters"
        if not isinstance(rope_type, str):
            raise ConfigError(f"{where}['rope_type']: found {rope_type!r}, needed a name such as 'default' or 'linear'")
        partial, theta = parameters.get("partial_rotary_factor", 1.0), parameters.get("rope_theta", 1.0)
        if not _is_number(partial) or not 0 <= partial <= 1:
            raise ConfigError(f"{where}['partial_rotary_factor']: found {partial!r}, needed a number from 0 to 1")
        if not _is_number(theta) or not theta > 0:
            raise ConfigError(f"{where}['rope_theta']: found {theta!r}, needed a positive number")

    def _check_rope_keys(self, rope_type: str, parameters: dict[str, Any]) -> None:
        required, optional = _KEYS[rope_type]
        missing = required - parameters.keys()
        if missing:
            raise MissingRopeKeys(
                f"Missing required keys in `rope_parameters` for 'rope_type'='{rope_type}': {sorted(missing)}"
            )
        known = required | optional | {"rope_type", "type", "rope_theta", "partial_rotary_factor"}
        unused = parameters.keys() - known - set(getattr(self, "ignore_keys_at_rope_validation", None) or ())
        if unused:
            logger.warning(f"Unrecognized keys in `rope_parameters` for 'rope_type'='{rope_type}': {sorted(unused)}")

    def _check_rope_values(self, rope_type: str, parameters: dict[str, Any]) -> None:
        def complain(key: str, needed: str) -> None:
            logger.warning(f"`rope_parameters`'s {key} field must be {needed}, got {parameters.get(key)}")

        factor = parameters.get("factor")
        if ("factor" in _KEYS[rope_type][0] or factor is not None) and not (_is_number(factor) and factor >= 1):
            complain("factor", "a float or int >= 1")
        for key in ("beta_fast", "beta_slow", "low_freq_factor", "high_freq_factor", "attention_factor"):
            if parameters.get(key) is not None and not _is_number(parameters[key]):
                raise ConfigError(f"`rope_parameters`'s {key} field must be a float or int, got {parameters[key]!r}")
        if (parameters.get("attention_factor") or 0) < 0:
            complain("attention_factor", "a float greater than 0")
        original = parameters.get("original_max_position_embeddings")
        if rope_type in _SCALED and not (_is_number(original) and original > 0):
            raise ConfigError(
                f"`rope_parameters`'s original_max_position_embeddings field must be an integer, got {original!r}"
            )
        check = getattr(self, f"_check_{rope_type}_values", None)
        if check is not None:
            check(parameters)

    def _check_yarn_values(self, parameters: dict[str, Any]) -> None:
        fast, slow = parameters.get("beta_fast"), parameters.get("beta_slow")
        if (fast or 32) < (slow or 1):
            logger.warning(
                f"`rope_parameters`'s beta_fast field must be greater than beta_slow, got beta_fast={fast} "
                f"(defaults to 32 if None) and beta_slow={slow} (defaults to 1 if None)"
            )
        factor, original = parameters["factor"], parameters["original_max_position_embeddings"]
        implicit = self.max_position_embeddings / original
        if implicit not in (factor, 1):
            logger.warning_once(
                f"The explicitly set RoPE scaling factor (config.rope_parameters['factor'] = {factor}) does not match "
                f"the ratio config.max_position_embeddings / original_max_position_embeddings = {implicit}. "
                f"Using the explicit factor ({factor}) in YaRN."
            )

    def _check_longrope_values(self, parameters: dict[str, Any]) -> None:
        head_dim = getattr(self, "head_dim", None) or self.hidden_size // self.num_attention_heads
        half = int(head_dim * parameters.get("partial_rotary_factor", 1.0)) // 2
        for key in ("short_factor", "long_factor"):
            values = parameters[key]
            if not (isinstance(values, (list, tuple)) and all(map(_is_number, values))):
                raise ConfigError(f"`rope_parameters`'s {key} field must be a list of numbers, got {values!r}")
            if len(values) != half:
                logger.warning(f"`rope_parameters`'s {key} field must have length {half}, got {len(values)}")
        if parameters.get("factor") is None:
            logger.warning_once(
                "This model config has set a `rope_parameters['original_max_position_embeddings']` field, to be used "
                "together with `max_position_embeddings` to determine a scaling factor. Please set the `factor` field "
                "of `rope_parameters` with this ratio instead."
            )

    def _check_llama3_values(self, parameters: dict[str, Any]) -> None:
        low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
        if low is None or high is None or high <= low:
            logger.warning(
                "`rope_parameters`'s high_freq_factor field must be greater than low_freq_factor, got high_freq_factor="
                f"{high} and low_freq_factor={low}"
            )
        original = parameters["original_max_position_embeddings"]
        if original >= self.max_position_embeddings:
            logger.warning(
                "`rope_parameters`'s original_max_position_embeddings field must be less than max_position_embeddings, "
                f"got {original} and max_position_embeddings={self.max_position_embeddings}"
            )

    def _check_proportional_values(self, parameters: dict[str, Any]) -> None:
        if parameters.get("partial_rotary_factor") is None:
            logger.warning(
                "`rope_parameters`'s partial_rotary_factor is None: it defaults to 1.0, which makes this the plain "
                "'linear' type. Provide a value in [0.0, 1.0)."
            )
