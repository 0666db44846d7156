"""Configuration of a model: what `config.json` says, with the real library's names, defaults and files.

A subclass declares its arguments as annotated class attributes and finishes derived values in `__post_init__`:

>>> class TinyConfig(PreTrainedConfig):
...     model_type = "tiny"
...     attribute_map = {"n_embd": "hidden_size"}
...     hidden_size: int = 32
>>> config = TinyConfig(hidden_size=64, num_labels=3)
>>> config.n_embd, config.num_labels, config.id2label[2]
(64, 3, 'LABEL_2')

A class with its own `__init__` that ends in `super().__init__(**kwargs)` (the older style) works too.
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from ._configuration_loading import ConfigLoading
from ._configuration_writing import ConfigWriting
from ._sub_config import SubConfigSpec
from .errors import ConfigError, UnsupportedError
from .hub import PushToHubMixin
from .utils import logging
from .utils.dtypes import dtype_name, to_dtype
from .utils.field_types import compile_check
from .utils.rope_parameters import RopeParametersMixin

logger = logging.get_logger(__name__)

ALLOWED_ATTN_LAYER_TYPES = (
    "full_attention", "sliding_attention", "chunked_attention", "window_attention", "indexed_attention",
    "compressed_sparse_attention", "heavily_compressed_attention", "minimax_m3_sparse", "conv", "moe", "hybrid",
    "hybrid_sliding", "reference_sliding_attention", "linear_attention",
)  # fmt: skip
ALLOWED_MLP_LAYER_TYPES = ("sparse", "dense")
ALLOWED_LAYER_TYPES = ALLOWED_ATTN_LAYER_TYPES + ALLOWED_MLP_LAYER_TYPES
_LEGACY_LAYER_TYPES = {
    "mamba": "linear_attention",
    "attention": "full_attention",
    "deepseek_sparse_attention": "indexed_attention",
    "qwen_sparse_attention": "indexed_attention",
}

# Old files keep generation settings in config.json. They belong to generation_config.json and are not kept here.
GENERATION_PARAMETERS = (
    "max_length", "min_length", "do_sample", "use_cache", "early_stopping", "num_beams", "temperature", "top_k",
    "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores",
    "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values",
    "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens", "epsilon_cutoff", "eta_cutoff",
    "encoder_repetition_penalty", "num_assistant_tokens", "num_assistant_tokens_schedule",
    "assistant_confidence_threshold", "assistant_lookbehind", "target_lookbehind", "num_beam_groups",
    "diversity_penalty",
)  # fmt: skip

# What a file may claim before anything is sized by it.
MAX_LAYERS = 100_000
MAX_LABELS = 10_000_000


class _Alias:
    """An attribute that is another name for `target` (an entry of `attribute_map`)."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __get__(self, config: Any, owner: type) -> Any:
        return self if config is None else getattr(config, self.target)

    def __set__(self, config: Any, value: Any) -> None:
        setattr(config, self.target, value)

    def __delete__(self, config: Any) -> None:
        delattr(config, self.target)


class PreTrainedConfig(ConfigLoading, ConfigWriting, RopeParametersMixin, PushToHubMixin):
    """Base class of all configurations; also usable as it is for a config.json of no known family.

    Class attributes that subclasses set: `model_type`, `attribute_map` (other name -> attribute),
    `keys_to_ignore_at_inference`, `base_model_tp_plan`, `base_model_pp_plan`, `base_model_ep_plan`,
    `sub_configs_defaults` (name -> configuration class or `SubConfigSpec`; `sub_configs` in older classes).

    Arguments (all by keyword): those annotated below, `num_labels`, `name_or_path`, `output_attentions`,
    `attn_implementation`, `experts_implementation`, `torch_dtype` (older name of `dtype`), `rope_theta` and
    `rope_scaling` (merged into `rope_parameters`). Anything else becomes an attribute and is saved.

    Raises:
        ConfigError: a value of the wrong kind, or values that contradict each other.
        UnsupportedError: `per_layer_config` (a model whose layers differ in shape).
    """

    model_type: ClassVar[str] = ""
    base_config_key: ClassVar[str] = ""
    sub_configs: ClassVar[dict[str, Any]] = {}
    sub_configs_defaults: ClassVar[dict[str, Any]] = {}
    attribute_map: ClassVar[dict[str, str]] = {}
    keys_to_ignore_at_inference: ClassVar[list[str]] = []
    base_model_tp_plan: ClassVar[dict[str, Any] | None] = None
    base_model_pp_plan: ClassVar[dict[str, Any] | None] = None
    base_model_ep_plan: ClassVar[dict[str, Any] | None] = None
    base_model_fsdp_plan: ClassVar[dict[Any, str]] = {
        "embed_tokens": "free_full_weight",
        "layers.*": "free_full_weight",
        "norm": "keep_full_weight",
    }
    _auto_class: ClassVar[str | None] = None
    _field_checks: ClassVar[dict[str, tuple]] = {}

    transformers_version: str | None = None
    architectures: list[str] | None = None
    output_hidden_states: bool | None = False
    return_dict: bool | None = True
    dtype: Any = None
    chunk_size_feed_forward: int = 0
    is_encoder_decoder: bool = False
    id2label: dict[int, str] | dict[str, str] | None = None
    label2id: dict[str, int] | dict[str, str] | None = None
    problem_type: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _declare_fields(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args:
            raise ConfigError(
                f"When `accept_kwargs=True`, {type(self).__name__} accepts only keyword arguments, "
                f"but found `{len(args)}` positional args."
            )
        for declared in fields(self):
            if declared.name in kwargs:
                setattr(self, declared.name, kwargs.pop(declared.name))
            elif declared.name in self.__dict__:  # an older class set it before calling this
                continue
            elif declared.default is not MISSING:
                setattr(self, declared.name, declared.default)
            elif declared.default_factory is not MISSING:
                setattr(self, declared.name, declared.default_factory())
            else:
                raise TypeError(f"Missing required field - '{declared.name}'")
        self.__post_init__(**kwargs)
        self.validate()

    def __post_init__(self, **kwargs: Any) -> None:
        """Derive what the arguments leave open; subclasses do theirs and then call this with the rest."""
        for name, spec in self.sub_configs_defaults.items():
            value = kwargs.pop(name, getattr(self, name, None))
            if value is not None or not spec.optional:
                setattr(self, name, spec.create(name, value))

        legacy_dtype = kwargs.pop("torch_dtype", None)
        self.dtype = legacy_dtype if self.dtype is None else self.dtype
        self._set_labels(kwargs.get("num_labels"))

        if hasattr(self, "rope_parameters"):
            kwargs = self.convert_rope_params_to_dict(**kwargs)
        elif kwargs.get("rope_scaling") and kwargs.get("rope_theta"):
            self.rope_parameters = None  # a family that does not declare it, with a file that has the old pair
            kwargs = self.convert_rope_params_to_dict(**kwargs)

        for name in GENERATION_PARAMETERS:
            kwargs.pop(name, None)
        self._name_or_path = str(kwargs.pop("name_or_path", ""))
        kwargs.pop("_commit_hash", None)
        if kwargs.pop("per_layer_config", None):
            raise UnsupportedError(
                f"{type(self).__name__}: `per_layer_config` (layers that differ in shape) is not supported"
            )
        self._output_attentions = kwargs.pop("output_attentions", False)
        self._attn_implementation = kwargs.pop("attn_implementation", None)
        self._experts_implementation = kwargs.pop("experts_implementation", None)

        for name, value in kwargs.items():
            if name in ("_attn_implementation_internal", "_experts_implementation_internal"):
                continue  # an internal that an old file carries; the public argument decides
            try:
                setattr(self, name, value)
            except AttributeError:
                logger.error(f"Can't set {name} with value {value} for {type(self).__name__}")
                raise
        for name in ("layer_types", "mtp_layer_types"):
            kinds = getattr(self, name, None)
            if isinstance(kinds, (list, tuple)) and all(isinstance(kind, str) for kind in kinds):
                setattr(self, name, [_LEGACY_LAYER_TYPES.get(kind, kind) for kind in kinds])

    def _set_labels(self, num_labels: Any) -> None:
        if self.id2label is None:
            self.num_labels = 2 if num_labels is None else num_labels
        else:
            if num_labels is not None and len(self.id2label) != num_labels:
                logger.warning(
                    f"You passed `num_labels={num_labels}` which is incompatible to "
                    f"the `id2label` map of length `{len(self.id2label)}`."
                )
            try:
                self.id2label = {int(key): value for key, value in self.id2label.items()}
            except (TypeError, ValueError):
                raise ConfigError(
                    f"{type(self).__name__}.id2label: found keys {list(self.id2label)[:5]}, needed integers"
                ) from None
        if self.problem_type == "single_label_classification" and self.num_labels == 1:
            raise ConfigError(
                '`problem_type="single_label_classification"` requires `num_labels > 1`. For binary '
                'classification use `num_labels=2`, or use `problem_type="regression"` for a '
                "single-output regression head."
            )

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        text, check = self._field_checks.get(name, ("", None))
        if check is not None and not isinstance(value, PreTrainedConfig) and not check(value):
            raise ConfigError(
                f"{type(self).__name__}: Field '{name}' expected {text}, got {type(value).__name__} "
                f"(value: {value!r:.200})"
            )
        if name == "dtype" and value is not None:
            nested = isinstance(value, dict)
            value = {part: dtype_name(kind) for part, kind in value.items()} if nested else to_dtype(value)
        super().__setattr__(name, value)

    @property
    def name_or_path(self) -> str:
        """Where this configuration was loaded from."""
        return getattr(self, "_name_or_path", "")

    @name_or_path.setter
    def name_or_path(self, value: Any) -> None:
        self._name_or_path = str(value)

    @property
    def num_labels(self) -> int | None:
        """Number of labels of a classifier: the length of `id2label`."""
        return None if self.id2label is None else len(self.id2label)

    @num_labels.setter
    def num_labels(self, value: int) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_LABELS:
            raise ConfigError(
                f"{type(self).__name__}.num_labels: found {value!r}, needed an integer from 0 to {MAX_LABELS}"
            )
        if self.num_labels != value:
            self.id2label = {index: f"LABEL_{index}" for index in range(value)}
            self.label2id = {label: index for index, label in self.id2label.items()}

    @property
    def output_attentions(self) -> bool | None:
        """Whether models return attention weights, which only the eager attention computes."""
        return self._output_attentions

    @output_attentions.setter
    def output_attentions(self, value: bool | None) -> None:
        if value and self._attn_implementation is None:
            self._attn_implementation = "eager"
        self._output_attentions = value
        self.validate_output_attentions()

    @property
    def torch_dtype(self) -> Any:
        """Older name of `dtype`."""
        logger.warning_once("`torch_dtype` is deprecated! Use `dtype` instead!")
        return self.dtype

    @torch_dtype.setter
    def torch_dtype(self, value: Any) -> None:
        logger.warning_once("`torch_dtype` is deprecated! Use `dtype` instead!")
        self.dtype = value

    @property
    def use_return_dict(self) -> bool | None:
        """Older name of `return_dict`."""
        logger.warning_once("`use_return_dict` is deprecated! Use `return_dict` instead!")
        return self.return_dict

    @property
    def rope_scaling(self) -> dict[str, Any] | None:
        """Older name of `rope_parameters`."""
        return self.rope_parameters

    @rope_scaling.setter
    def rope_scaling(self, value: dict[str, Any] | None) -> None:
        warnings.warn(
            "`rope_scaling` is deprecated and will be removed in a future version. Set `rope_parameters` "
            "instead, with `rope_type` and `rope_theta` included.",
            FutureWarning,
            stacklevel=2,
        )
        theta = (getattr(self, "rope_parameters", None) or {}).get("rope_theta", self.default_theta)
        self.rope_parameters = None if value is None else {"rope_theta": theta, **value}
        if value is not None:
            self.standardize_rope_params()

    @property
    def _attn_implementation(self) -> str | None:
        return self.__dict__.get("_attn_implementation_internal")

    @_attn_implementation.setter
    def _attn_implementation(self, value: str | dict | None) -> None:
        self._set_implementation("_attn_implementation", value)

    @property
    def _experts_implementation(self) -> str | None:
        return self.__dict__.get("_experts_implementation_internal")

    @_experts_implementation.setter
    def _experts_implementation(self, value: str | dict | None) -> None:
        self._set_implementation("_experts_implementation", value)

    def _set_implementation(self, kind: str, value: str | dict | None) -> None:
        """Set it here and in the nested configurations; a dict names them, `""` being this one."""

        def choose(key: str, config: Any) -> Any:
            return value.get(key, getattr(config, kind)) if isinstance(value, dict) else value

        self.__dict__[f"{kind}_internal"] = choose("", self)
        for name in self.sub_configs:
            nested = getattr(self, name, None)
            if isinstance(nested, PreTrainedConfig):
                setattr(nested, kind, choose(name, nested))

    # Validation: every method called validate_* runs after construction and before saving

    def validate(self) -> None:
        """Run all `validate_*` methods; they raise ConfigError or warn."""
        for name in dir(type(self)):
            if name.startswith("validate_"):
                getattr(self, name)()

    def validate_output_attentions(self) -> None:
        if self.output_attentions and self._attn_implementation not in ("eager", None):
            raise ConfigError(
                "The `output_attentions` attribute is not supported when using the `attn_implementation` set to "
                f"{self._attn_implementation}. Please set it to 'eager' instead."
            )

    def validate_sizes(self) -> None:
        """Sizes that later allocations and divisions rest on."""
        for name in ("vocab_size", "hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads",
                     "head_dim", "max_position_embeddings"):  # fmt: skip
            value = getattr(self, name, None)
            if isinstance(value, int) and not 1 <= value < 2**31:
                raise ConfigError(f"{type(self).__name__}.{name}: found {value}, needed an integer from 1 to 2^31 - 1")
        layers = getattr(self, "num_hidden_layers", None)
        if isinstance(layers, int) and not 0 <= layers <= MAX_LAYERS:
            raise ConfigError(f"{type(self).__name__}.num_hidden_layers: found {layers}, needed 0 to {MAX_LAYERS}")

    def validate_numbers(self) -> None:
        """Probabilities of dropping values out, and what norms add before they divide."""
        for name, value in self.__dict__.items():
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                continue
            drops = name.endswith(("dropout", "dropout_prob", "dropout_rate", "pdrop", "layerdrop"))
            if drops and not 0 <= value <= 1:
                raise ConfigError(f"{type(self).__name__}.{name}: found {value}, needed a probability from 0 to 1")
            if name.endswith(("norm_eps", "norm_epsilon")) and not 0 <= value < 1:
                raise ConfigError(f"{type(self).__name__}.{name}: found {value}, needed a small number from 0 to 1")

    def validate_architecture(self) -> None:
        if all(hasattr(self, name) for name in ("head_dim", "num_heads", "embed_dim")):
            if self.head_dim * self.num_heads != self.embed_dim:
                raise ConfigError(
                    f"The embed_dim ({self.embed_dim}) is not a multiple of the number of attention "
                    f"heads ({self.num_heads})."
                )

    def validate_token_ids(self) -> None:
        vocab_size = getattr(self.get_text_config(decoder=True), "vocab_size", None)
        if not isinstance(vocab_size, int):
            return
        for name, value in self.__dict__.items():
            if name.endswith("_token_id") and isinstance(value, int) and not 0 <= value < vocab_size:
                logger.warning_once(
                    f"Model config: {name} must be `None` or an integer within the vocabulary (between 0 "
                    f"and {vocab_size - 1}), got {value}. This may result in unexpected behavior."
                )

    def validate_layer_type(self) -> None:
        layers = getattr(self, "num_hidden_layers", None)
        for name, allowed in (("layer_types", ALLOWED_ATTN_LAYER_TYPES), ("mlp_layer_types", ALLOWED_MLP_LAYER_TYPES)):
            kinds = getattr(self, name, None)
            if kinds is None or not hasattr(self, "num_hidden_layers"):
                continue
            if not isinstance(kinds, (list, tuple)) or not all(kind in allowed for kind in kinds):
                raise ConfigError(f"The `{name}` entries must be in {allowed} but got {kinds}")
            if layers is not None and layers != len(kinds):
                raise ConfigError(
                    f"`num_hidden_layers` ({layers}) must be equal to the number of `{name}` ({len(kinds)})"
                )

    # Access

    def get_text_config(self, decoder: bool | None = None, encoder: bool | None = None) -> PreTrainedConfig:
        """The nested configuration of the text part; the object itself where nothing is nested.

        `decoder=True` or `encoder=True` restricts the search to that side of a model that has both.
        """
        both = decoder == encoder
        decoders, encoders = ("decoder", "generator", "text_config"), ("text_encoder",)
        candidates = encoders + decoders if both else decoders if decoder else encoders
        found = [name for name in candidates if getattr(self, name, None) is not None]
        if len(found) > 1:
            raise ConfigError(
                f"Multiple valid text configs were found in the model config: {found}. In this "
                "case, using `get_text_config()` would be ambiguous. Please specify the desired text config directly, "
                "e.g. `text_config = config.sub_config_name`"
            )
        if found:
            return getattr(self, found[0])
        return self._one_side("decoder" if decoder else "encoder") if not both and self.is_encoder_decoder else self

    def _one_side(self, side: str) -> PreTrainedConfig:
        """A copy of a flat encoder-decoder configuration with `decoder_layers` (…) as the plain names."""
        config = copy.deepcopy(self)
        renames = {"layers": "num_hidden_layers", "attention_heads": "num_attention_heads"}
        for name in [name for name in config.__dict__ if name.startswith(f"{side}_")]:
            rest = name[len(side) + 1 :]
            setattr(config, renames.get(rest, rest), config.__dict__.pop(name))
        return config

    @classmethod
    def register_for_auto_class(cls, auto_class: str | type = "AutoConfig") -> None:
        """Not supported: it exists to save a model's code beside its weights, and such code is never run here."""
        raise UnsupportedError(
            f"{cls.__name__}.register_for_auto_class: code is not saved with checkpoints; "
            "register the class in your program with AutoConfig.register(model_type, config_class)"
        )

    @classmethod
    def is_custom_code(cls) -> bool:
        """Whether this class comes from outside of eigenformers."""
        return not cls.__module__.startswith("eigenformers.")

    def __iter__(self):
        yield from self.__dict__

    def __eq__(self, other: object) -> bool:
        """Same class and same settings, wherever they were loaded from and whoever saved them."""
        return type(self) is type(other) and self._settings() == other._settings()  # type: ignore[attr-defined]

    __hash__ = None  # type: ignore[assignment]

    def _settings(self) -> dict[str, Any]:
        ignored = ("_name_or_path", "_commit_hash", "transformers_version")
        return {name: value for name, value in self.__dict__.items() if name not in ignored}

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if state.get("dtype") is not None and not isinstance(state["dtype"], dict):
            state["dtype"] = dtype_name(state["dtype"])  # dtype objects are compared by identity: store the name
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.dtype = state.get("dtype")


def _declare_fields(cls: type) -> None:
    """Read a class's annotations: fields with checks, aliases, nested configurations."""
    specs = cls.__dict__.get("sub_configs_defaults")
    if specs is not None:
        cls.sub_configs_defaults = {
            name: spec if isinstance(spec, SubConfigSpec) else SubConfigSpec(spec) for name, spec in specs.items()
        }
        cls.sub_configs = {name: spec.config_class for name, spec in cls.sub_configs_defaults.items()}
    dataclass(init=False, repr=False, eq=False)(cls)
    cls._field_checks = {declared.name: compile_check(declared.type) for declared in fields(cls)}
    for alias, target in cls.__dict__.get("attribute_map", {}).items():
        setattr(cls, alias, _Alias(target))


_declare_fields(PreTrainedConfig)
PretrainedConfig = PreTrainedConfig  # the older spelling
