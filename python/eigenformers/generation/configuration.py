"""`GenerationConfig`: every parameter of a `generate` call, its checks, and its file `generation_config.json`."""

from __future__ import annotations

import copy
import enum
import json
import os
from dataclasses import is_dataclass
from typing import Any

from .._configuration_writing import FORMAT_VERSION
from ..utils import logging
from ..utils.hub_push import PushToHubMixin, upload_saved
from .auxiliary_configs import WatermarkingConfig

logger = logging.get_logger(__name__)

GENERATION_CONFIG_NAME = "generation_config.json"

METADATA_FIELDS = ("_from_model_config", "_commit_hash", "_original_object_hash", "transformers_version")
# What to_dict leaves out: state of this object, not of the configuration.
_TRANSIENT_FIELDS = ("_commit_hash", "_original_object_hash", "_mask_length")

STATIC_CACHE_IMPLEMENTATIONS = ("static", "offloaded_static")
DYNAMIC_CACHE_IMPLEMENTATIONS = ("dynamic", "offloaded", "quantized")
DEPRECATED_STATIC_CACHE_IMPLEMENTATIONS = (
    "sliding_window",
    "hybrid",
    "hybrid_chunked",
    "offloaded_hybrid",
    "offloaded_hybrid_chunked",
)
ALL_STATIC_CACHE_IMPLEMENTATIONS = STATIC_CACHE_IMPLEMENTATIONS + DEPRECATED_STATIC_CACHE_IMPLEMENTATIONS
ALL_CACHE_IMPLEMENTATIONS = ALL_STATIC_CACHE_IMPLEMENTATIONS + DYNAMIC_CACHE_IMPLEMENTATIONS

# Every parameter, by group. All start as None, which means "not set": the defaults below apply in `generate` only.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "length": (
        "max_length", "max_new_tokens", "min_length", "min_new_tokens", "early_stopping", "max_time", "stop_strings",
    ),
    "strategy": ("do_sample", "num_beams", "use_mtp"),
    "cache": ("use_cache", "cache_implementation", "cache_config", "max_cache_len"),
    "logits": (
        "temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff",
        "repetition_penalty", "encoder_repetition_penalty", "length_penalty", "no_repeat_ngram_size", "bad_words_ids",
        "renormalize_logits", "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values",
        "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens", "sequence_bias",
        "token_healing", "guidance_scale", "watermarking_config",
    ),
    "output": (
        "num_return_sequences", "output_attentions", "output_hidden_states", "output_scores", "output_logits",
        "return_dict_in_generate",
    ),
    "tokens": ("pad_token_id", "bos_token_id", "eos_token_id"),
    "encoder_decoder": ("encoder_no_repeat_ngram_size", "decoder_start_token_id"),
    "assisted": (
        "is_assistant", "num_assistant_tokens", "num_assistant_tokens_schedule", "assistant_confidence_threshold",
        "prompt_lookup_num_tokens", "max_matching_ngram_size", "assistant_early_exit", "assistant_lookbehind",
        "target_lookbehind", "assistant_ensemble_weight", "speculation_type",
    ),
    "performance": ("compile_config", "disable_compile", "continuous_batching_config", "prefill_chunk_size"),
    "legacy": (
        "low_memory", "penalty_alpha", "dola_layers", "diversity_penalty", "num_beam_groups", "constraints",
        "force_words_ids",
    ),
}  # fmt: skip

DEFAULTS: dict[str, Any] = {
    "max_length": 20,
    "min_length": 0,
    "do_sample": False,
    "use_cache": True,
    "early_stopping": False,
    "num_beams": 1,
    "temperature": 1.0,
    "top_k": 50,
    "top_p": 1.0,
    "typical_p": 1.0,
    "repetition_penalty": 1.0,
    "length_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
    "bad_words_ids": None,
    "num_return_sequences": 1,
    "output_scores": False,
    "return_dict_in_generate": False,
    "forced_bos_token_id": None,
    "forced_eos_token_id": None,
    "remove_invalid_values": False,
    "exponential_decay_length_penalty": None,
    "suppress_tokens": None,
    "begin_suppress_tokens": None,
    "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0,
    "encoder_repetition_penalty": 1.0,
    "num_assistant_tokens": 20,
    "num_assistant_tokens_schedule": "constant",
    "assistant_confidence_threshold": 0.4,
    "assistant_lookbehind": 10,
    "target_lookbehind": 10,
    "num_beam_groups": 1,
    "diversity_penalty": 0.0,
}


class GenerationMode(str, enum.Enum):
    """How `generate` searches. A mode equals its string: `GenerationMode.SAMPLE == "sample"`."""

    CONTRASTIVE_SEARCH = "contrastive_search"
    GREEDY_SEARCH = "greedy_search"
    SAMPLE = "sample"
    ASSISTED_GENERATION = "assisted_generation"
    DOLA_GENERATION = "dola_generation"
    BEAM_SEARCH = "beam_search"
    BEAM_SAMPLE = "beam_sample"
    CONSTRAINED_BEAM_SEARCH = "constrained_beam_search"
    GROUP_BEAM_SEARCH = "group_beam_search"


class GenerationConfig(PushToHubMixin):
    """The parameters of a `generate` call. Each is an attribute and a keyword argument; None means "not set".

    - length: `max_length` (prompt included), `max_new_tokens`, `min_length`, `min_new_tokens`, `early_stopping`
      (True, False or "never", beams only), `max_time` (seconds), `stop_strings` (str or list of str)
    - strategy: `do_sample`, `num_beams`, `num_return_sequences`
    - cache: `use_cache`, `cache_implementation`, `cache_config`, `max_cache_len`
    - logits: `temperature`, `top_k`, `top_p`, `min_p`, `top_h`, `typical_p`, `epsilon_cutoff`, `eta_cutoff`,
      `repetition_penalty`, `no_repeat_ngram_size`, `bad_words_ids`, `sequence_bias`, `suppress_tokens`,
      `begin_suppress_tokens`, `forced_bos_token_id`, `forced_eos_token_id`, `exponential_decay_length_penalty`,
      `guidance_scale`, `renormalize_logits`, `remove_invalid_values`, ...
    - tokens: `pad_token_id`, `bos_token_id`, `eos_token_id` (int or list of int)
    - output: `return_dict_in_generate`, `output_scores`, `output_logits`, `output_attentions`, `output_hidden_states`

    The complete list is `PARAMETERS` in this module. Further keyword arguments become attributes too. Values that
    cannot work raise ValueError; combinations that would be ignored are logged as a warning.

    >>> config = GenerationConfig(max_new_tokens=5, do_sample=True, top_p=0.9)
    >>> config.top_p, config.top_k, config.get_generation_mode().value
    (0.9, None, 'sample')
    """

    extra_output_flags = ("output_attentions", "output_hidden_states", "output_scores", "output_logits")

    def __init__(self, **kwargs: Any):
        explicit = set(kwargs)
        for group in PARAMETERS.values():
            for name in group:
                setattr(self, name, kwargs.pop(name, None))
        if isinstance(self.watermarking_config, dict):
            self.watermarking_config = WatermarkingConfig.from_dict(self.watermarking_config)
        kwargs.pop("_commit_hash", None)
        self._from_model_config = kwargs.pop("_from_model_config", None)
        self.transformers_version = kwargs.pop("transformers_version", None)

        if not self._from_model_config:  # a model's config.json holds many keys that are not about generation
            for name, value in kwargs.items():
                setattr(self, name, value)
        elif kwargs.get("force_bos_token_to_be_generated", False):
            self.forced_bos_token_id = self.bos_token_id
            logger.warning_once(
                f"Please make sure the generation config includes `forced_bos_token_id={self.bos_token_id}`. "
            )
        self.validate(user_set_attributes=explicit)

    def __hash__(self) -> int:
        return hash(self.to_json_string(ignore_metadata=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GenerationConfig):
            return False
        mine, theirs = (config.to_json_string(use_diff=False, ignore_metadata=True) for config in (self, other))
        return mine == theirs

    def __repr__(self) -> str:
        return f"{self.__class__.__name__} {self.to_json_string(ignore_metadata=True)}"

    def get_generation_mode(self, assistant_model: Any = None) -> GenerationMode:
        """The search that these parameters ask for; `assistant_model` turns greedy and sampling into assisted."""
        mode = self._base_mode()
        extensions = (
            (
                assistant_model is not None
                or self.use_mtp
                or self.prompt_lookup_num_tokens is not None
                or self.assistant_early_exit is not None,
                GenerationMode.ASSISTED_GENERATION,
                "You've set `assistant_model` or `use_mtp`, which triggers assisted generate. Currently, assisted "
                "generate is only supported with Greedy Search and Sample. However, the base decoding mode (based on "
                "current flags) is {} -- some of the set flags will be ignored.",
            ),
            (
                self.dola_layers is not None,
                GenerationMode.DOLA_GENERATION,
                "You've set `dola_layers`, which triggers DoLa generate. Currently, DoLa generate is only supported "
                "with Greedy Search and Sample.  However, the base decoding mode (based on current flags) is {} -- "
                "some of the set flags will be ignored.",
            ),
        )
        for wanted, extended, message in extensions:
            if wanted and mode in (GenerationMode.GREEDY_SEARCH, GenerationMode.SAMPLE):
                mode = extended
            elif wanted:
                logger.warning(message.format(mode))
        return mode

    def _base_mode(self) -> GenerationMode:
        if self.constraints is not None or self.force_words_ids is not None:
            return GenerationMode.CONSTRAINED_BEAM_SEARCH
        if self.num_beams in (None, 1):
            if self.do_sample is True:
                return GenerationMode.SAMPLE
            contrastive = (self.top_k or 0) > 1 and (self.penalty_alpha or 0) > 0
            return GenerationMode.CONTRASTIVE_SEARCH if contrastive else GenerationMode.GREEDY_SEARCH
        if (self.num_beam_groups or 1) > 1:
            return GenerationMode.GROUP_BEAM_SEARCH
        return GenerationMode.BEAM_SAMPLE if self.do_sample is True else GenerationMode.BEAM_SEARCH

    @staticmethod
    def _get_default_generation_params() -> dict[str, Any]:
        """The values that `generate` gives to parameters nobody set."""
        return dict(DEFAULTS)

    def validate(self, strict: bool = False, user_set_attributes: set[str] | None = None) -> None:
        """Raises ValueError for values that cannot work; combinations that would be ignored are logged.

        Args:
            strict: raise for those combinations too.
            user_set_attributes: the names that the caller gave. With it, a combination is reported only when the
                caller chose the useless flag himself, not when it came with a model's defaults.
        """
        from .validation import validate

        validate(self, strict, user_set_attributes)

    def update(self, defaults_only: bool = False, allow_custom_entries: bool = False, **kwargs: Any) -> dict[str, Any]:
        """Sets the attributes named by `kwargs` that exist, and returns the rest.

        Args:
            defaults_only: touch only attributes that are None.
            allow_custom_entries: create attributes that don't exist.

        >>> GenerationConfig().update(top_k=7, colour="red")
        {'colour': 'red'}
        """
        used = set()
        for name, value in kwargs.items():
            if hasattr(self, name):
                if defaults_only and getattr(self, name) is not None:
                    continue
                if name == "watermarking_config" and isinstance(value, dict):
                    value = WatermarkingConfig.from_dict(value)
            elif not allow_custom_entries:
                continue
            setattr(self, name, value)
            used.add(name)
        self.validate(user_set_attributes=used)
        return {name: value for name, value in kwargs.items() if name not in used}

    # Reading and writing

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Builds a configuration from a dict; `kwargs` win. With `return_unused_kwargs=True` returns a pair."""
        return_unused = kwargs.pop("return_unused_kwargs", False)
        for internal in ("_from_auto", "_from_pipeline"):
            kwargs.pop(internal, None)
        config = cls(**{**config_dict, **kwargs})
        unused = config.update(**kwargs)
        logger.info(f"Generate config {config}")
        return (config, unused) if return_unused else config

    @classmethod
    def from_model_config(cls, model_config: Any) -> GenerationConfig:
        """Takes the generation parameters out of a model's config (a `PreTrainedConfig` or its dict)."""
        is_dict = isinstance(model_config, dict)
        values = dict(model_config) if is_dict else model_config.to_dict()
        values.pop("_from_model_config", None)
        values = {name: value for name, value in values.items() if value is not None}
        config = cls.from_dict(values, return_unused_kwargs=False, _from_model_config=True)

        # Composite models may keep generation parameters in the configuration of their text part.
        if is_dict:
            nested = next((model_config[k] for k in ("decoder", "generator", "text_config") if model_config.get(k)), {})
            nested = nested or model_config
        else:
            nested = model_config.get_text_config(decoder=True).to_dict()
        unset = GenerationConfig()
        for name in config.to_dict():
            if name in nested and getattr(config, name) == getattr(unset, name):
                setattr(config, name, nested[name])

        if not config.return_dict_in_generate and any(getattr(config, flag, False) for flag in cls.extra_output_flags):
            config.return_dict_in_generate = True
        config._original_object_hash = hash(config)
        return config

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name: str | os.PathLike,
        config_file_name: str | os.PathLike | None = None,
        cache_dir: str | os.PathLike | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        token: str | bool | None = None,
        revision: str = "main",
        **kwargs: Any,
    ) -> Any:
        """Reads `generation_config.json` of a directory or a Hub repository; `kwargs` override its values.

        With `return_unused_kwargs=True` returns `(config, unused)`. OSError if there is no such file, or no JSON in it.
        """
        from ..hub import cached_file

        name = str(config_file_name) if config_file_name is not None else GENERATION_CONFIG_NAME
        subfolder = kwargs.pop("subfolder", "")
        kwargs.pop("proxies", None)
        path = cached_file(
            pretrained_model_name,
            name,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
            token=token,
            revision=revision,
            subfolder=subfolder,
        )
        values = cls._dict_from_json_file(path)
        logger.info(f"loading configuration file {path}")
        if kwargs.get("_from_model_config", False):
            return cls.from_model_config(values)
        try:
            result = cls.from_dict(values, **kwargs)
            config = result[0] if isinstance(result, tuple) else result
            config._original_object_hash = hash(config)
        except (TypeError, AttributeError) as error:  # a string where a number belongs, a key named like a method
            raise ValueError(f"{path}: a parameter has the wrong type ({error}).") from error
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        return result

    @staticmethod
    def _dict_from_json_file(json_file: str | os.PathLike) -> dict[str, Any]:
        try:
            with open(json_file, encoding="utf-8") as reader:
                values = json.load(reader)
        except (ValueError, RecursionError) as error:
            raise OSError(f"It looks like the config file at '{json_file}' is not a valid JSON file.") from error
        if not isinstance(values, dict):
            raise OSError(f"{json_file}: found a JSON {type(values).__name__}, needed an object with parameters.")
        return values

    def to_dict(self) -> dict[str, Any]:
        """All attributes, as a new dict."""
        output = {name: copy.deepcopy(value) for name, value in vars(self).items() if name not in _TRANSIENT_FIELDS}
        output["transformers_version"] = FORMAT_VERSION
        self.dict_dtype_to_str(output)
        return output

    def to_diff_dict(self) -> dict[str, Any]:
        """The attributes that differ from an empty `GenerationConfig()`: what is written to the file."""
        unset = GenerationConfig().to_dict()
        return {
            name: value
            for name, value in self.to_dict().items()
            if name not in unset or name == "transformers_version" or value != unset[name]
        }

    def dict_dtype_to_str(self, values: dict[str, Any]) -> None:
        """Replaces dtype objects under a key `dtype`, at any depth, by their names, in place."""
        if values.get("dtype") is not None and not isinstance(values["dtype"], str):
            values["dtype"] = str(values["dtype"]).rsplit(".", 1)[-1]
        for value in values.values():
            if isinstance(value, dict):
                self.dict_dtype_to_str(value)

    def to_json_string(
        self, use_diff: bool = True, ignore_metadata: bool = False, keys_to_pop: list[str] | None = None
    ) -> str:
        """JSON with sorted keys; `use_diff` leaves out what is not set, `ignore_metadata` versions and hashes."""
        values = self.to_diff_dict() if use_diff else self.to_dict()
        dropped = (*(keys_to_pop or ()), *(METADATA_FIELDS if ignore_metadata else ()))
        values = {name: _jsonable(value) for name, value in values.items() if name not in dropped}
        return json.dumps(values, indent=2, sort_keys=True) + "\n"

    def to_json_file(
        self, json_file_path: str | os.PathLike, use_diff: bool = True, keys_to_pop: list[str] | None = None
    ) -> None:
        """Writes `to_json_string` to a file."""
        with open(json_file_path, "w", encoding="utf-8") as writer:
            writer.write(self.to_json_string(use_diff=use_diff, keys_to_pop=keys_to_pop))

    def save_pretrained(
        self,
        save_directory: str | os.PathLike,
        config_file_name: str | os.PathLike | None = None,
        push_to_hub: bool = False,
        **kwargs: Any,
    ) -> None:
        """Writes `generation_config.json` into a directory (created if needed), and uploads it on demand.

        A configuration changed since it was read must pass the strict checks, so that no bad file is written.
        """
        changed = getattr(self, "_original_object_hash", None) != hash(self)
        try:
            self.validate(strict=changed)
        except ValueError as error:
            raise ValueError(str(error) + "\n\nFix these issues to save the configuration.") from error
        if os.path.isfile(save_directory):
            raise AssertionError(f"Provided path ({save_directory}) should be a directory, not a file")
        name = config_file_name if config_file_name is not None else GENERATION_CONFIG_NAME
        path = os.path.join(save_directory, name)
        with upload_saved(self, os.fspath(save_directory), push_to_hub, kwargs):
            self.to_json_file(path, use_diff=True, keys_to_pop=["compile_config"])
        logger.info(f"Configuration saved in {path}")


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if hasattr(value, "to_dict"):
        return _jsonable(value.to_dict())
    return None if is_dataclass(value) else value  # a ContinuousBatchingConfig is of the run, not of the file
