"""The base class of all models, native ones and those that users write in Python."""

from __future__ import annotations

import copy
from typing import Any

from .. import _core, nn
from ..configuration import PreTrainedConfig
from ..errors import UnsupportedError
from ..gguf.mixin import GgufExportMixin
from ..hub import PushToHubMixin
from ..utils import logging
from .adapters import AdaptersMixin
from .embeddings import EmbeddingsMixin
from .loading import LoadingMixin, check_attention
from .saving import SavingMixin

logger = logging.get_logger(__name__)


class PreTrainedModel(
    _core.PreTrainedModel,
    AdaptersMixin,
    EmbeddingsMixin,
    LoadingMixin,
    SavingMixin,
    GgufExportMixin,
    PushToHubMixin,
):
    """A model with a configuration, weights, and the file formats of the Hub.

    Subclass it as in transformers: set `config_class` and `base_model_prefix`, build the layers in `__init__`, end
    that with `self.post_init()`, and define `forward`.

    >>> from eigenformers import PreTrainedConfig, PreTrainedModel, nn, ones
    >>> class TinyConfig(PreTrainedConfig):
    ...     model_type = "tiny-example"
    >>> class TinyModel(PreTrainedModel):
    ...     config_class = TinyConfig
    ...     def __init__(self, config):
    ...         super().__init__(config)
    ...         self.layer = nn.Linear(4, 2)
    ...         self.post_init()
    ...     def forward(self, x):
    ...         return self.layer(x)
    >>> tuple(TinyModel(TinyConfig())(ones(3, 4)).shape)
    (3, 2)
    """

    config_class: Any = None
    base_model_prefix = ""
    main_input_name = "input_ids"
    _tied_weights_keys: Any = None
    _keys_to_ignore_on_load_missing: Any = None
    _keys_to_ignore_on_load_unexpected: Any = None
    _keys_to_ignore_on_save: Any = None
    _auto_class: Any = None
    is_parallelizable = False
    supports_gradient_checkpointing = False
    is_quantized = False
    _keep_in_fp32_modules: Any = None
    gradient_checkpointing = False

    def __init__(self, config: PreTrainedConfig, *inputs: Any, **kwargs: Any):
        super().__init__()
        if not isinstance(config, PreTrainedConfig):
            raise TypeError(
                f"Parameter config in `{type(self).__name__}(config)` should be an instance of class "
                "`PreTrainedConfig`. To create a model from a pretrained model use "
                f"`model = {type(self).__name__}.from_pretrained(PRETRAINED_MODEL_NAME)`"
            )
        self.config = config
        self.name_or_path = config.name_or_path
        self.warnings_issued: dict[str, bool] = {}
        self._original_names: dict[str, str] = {}  # of tensors that key_mapping renamed
        self.generation_config = self._default_generation_config() if self.can_generate() else None

    def _default_generation_config(self) -> Any:
        from ..generation import GenerationConfig

        return GenerationConfig.from_model_config(self.config)

    @classmethod
    def can_generate(cls) -> bool:
        """Whether `generate` works: the class derives from GenerationMixin."""
        from ..generation.mixin import GenerationMixin

        return issubclass(cls, GenerationMixin)

    @classmethod
    def _from_config(cls, config: PreTrainedConfig, **kwargs: Any) -> Any:
        """A model with fresh weights, in `dtype` (or the configuration's)."""
        from ..utils.dtypes import to_dtype

        dtype = kwargs.pop("dtype", kwargs.pop("torch_dtype", None))
        implementation = kwargs.pop("attn_implementation", None)
        if kwargs:
            raise TypeError(f"{cls.__name__}._from_config() got an unexpected keyword argument {next(iter(kwargs))!r}")
        config = copy.deepcopy(config)
        if implementation is not None:
            config._attn_implementation = implementation
        check_attention(config._attn_implementation)
        model = cls(config)
        chosen = dtype if dtype not in (None, "auto") else config.dtype
        if chosen not in (None, "auto"):
            model.to(to_dtype(chosen))
        return model

    # --- initialisation ---------------------------------------------------------------------------------------------
    def post_init(self) -> None:
        """Ends `__init__`: gives fresh weights to what has none, and ties what is tied."""
        if not LoadingMixin.is_loading():
            self.init_weights()

    def init_weights(self) -> None:
        """`_init_weights` on every module whose parameters have no values yet, then `tie_weights`."""
        with _core.no_grad():
            self._materialise()
        self.tie_weights()

    def _materialise(self) -> None:
        """Memory and first values for parameters without any."""
        tied = {target for target, _ in self._ties()}
        for path, module in self.named_modules():
            empty = [(n, s) for n, s in module._empty_slots() if (f"{path}.{n}" if path else n) not in tied]
            if not empty:
                continue
            loaded = {n: v.detach().clone() for n, v in module.named_parameters(recurse=False) if isinstance(v, _core.Tensor)}
            for name, shape in empty:
                setattr(module, name, _core.zeros(shape))  # what no rule below fills stays 0: biases
            self._init_weights(module)
            for name, value in loaded.items():  # beside what is missing
                getattr(module, name).copy_(value)
            for name, _ in empty:
                getattr(module, name).requires_grad_(True)

    def _init_weights(self, module: Any) -> None:
        """First values of one module's own parameters; subclasses override it."""
        std = getattr(self.config, "initializer_range", None)
        std = getattr(self.config.get_text_config(), "initializer_range", 0.02) if std is None else std
        if isinstance(module, (nn._native.Linear, nn._native.Embedding, nn._native.Conv1D)):
            if isinstance(module.weight, _core.Tensor):  # else packed, or tied below
                module.weight.normal_(0.0, std)
            padding = getattr(module, "padding_idx", None)
            if padding is not None:
                nn.init.zero_row(module.weight, padding)
            if getattr(module, "bias", None) is not None:
                module.bias.zero_()
        elif isinstance(module, (nn._native.RMSNorm, nn._native.LayerNorm, nn._native.HeadNorm)):
            if getattr(module, "weight", None) is not None:
                module.weight.fill_(0.0 if getattr(module, "unit_offset", False) else 1.0)
            if getattr(module, "bias", None) is not None:
                module.bias.zero_()
        else:  # routers, experts in one tensor, convolutions
            for name, value in module.named_parameters(recurse=False):
                if (value.dim() > 1 or name == "sinks") and not name.endswith("bias") and value.is_floating_point():
                    value.normal_(0.0, std)

    # --- what it is -----------------------------------------------------------------------------------------------
    @property
    def base_model(self) -> Any:
        """The model without its head."""
        return getattr(self, self.base_model_prefix, self) if self.base_model_prefix else self

    @property
    def device(self) -> Any:
        """Always the CPU."""
        return _core.device("cpu")

    @property
    def dtype(self) -> Any:
        """The dtype of the first floating parameter."""
        for parameter in self.parameters():
            if isinstance(parameter, _core.Tensor) and parameter.is_floating_point():
                return parameter.dtype
        return _core.float32

    @property
    def framework(self) -> str:
        """`"pt"`, as far as code written for transformers cares."""
        return "pt"

    @property
    def loss_type(self) -> str | None:
        """The name of the loss that `labels=` asks for."""
        return getattr(self.config, "loss_type", None)

    def num_parameters(self, only_trainable: bool = False, exclude_embeddings: bool = False) -> int:
        """How many numbers the parameters hold; a tied tensor counts once."""
        return self._count_parameters(only_trainable, exclude_embeddings)

    def get_memory_footprint(self, return_buffers: bool = True) -> int:
        """Bytes of parameters (packed ones as packed) and, unless switched off, buffers."""
        total = self._nbytes()
        return total if return_buffers else total - sum(b.nbytes for _, b in self.named_buffers())

    def set_attn_implementation(self, attn_implementation: str | dict) -> None:
        """Accepted for every known name: there is one attention here, and it computes what all of them define."""
        check_attention(attn_implementation)
        self.config._attn_implementation = attn_implementation

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs: Any = None) -> None:
        """In training, compute the inner values of each layer again in backward instead of keeping them.

        `gradient_checkpointing_kwargs`: `use_reentrant` is accepted, both forms are the same here.
        """
        if not self.supports_gradient_checkpointing:
            raise ValueError(f"{type(self).__name__} does not support gradient checkpointing.")
        unknown = set(gradient_checkpointing_kwargs or {}) - {"use_reentrant"}
        if unknown:
            raise UnsupportedError(f"gradient_checkpointing_kwargs: {sorted(unknown)} are not supported")
        self._set_gradient_checkpointing(True)

    def gradient_checkpointing_disable(self) -> None:
        """Keep inner values again."""
        self._set_gradient_checkpointing(False)

    def _set_gradient_checkpointing(self, on: bool) -> None:
        for module in self.modules():
            if isinstance(module, PreTrainedModel):
                module.gradient_checkpointing = on

    @property
    def is_gradient_checkpointing(self) -> bool:
        """Whether activations are recomputed in backward."""
        return any(getattr(module, "gradient_checkpointing", False) for module in self.modules())

    def enable_input_require_grads(self) -> None:
        """Make the embeddings' output require a gradient, for adapters above frozen embeddings."""
        self._require_grads_hook = self.get_input_embeddings().register_forward_hook(
            lambda module, args, output: output.requires_grad_(True)
        )

    def disable_input_require_grads(self) -> None:
        """Undo `enable_input_require_grads`."""
        self._require_grads_hook.remove()

    def dequantize(self, dtype: Any = None) -> Any:
        """Turn packed matrices into dense ones, in place: of `dtype`, the configuration's, or bfloat16."""
        quantizer = getattr(self, "hf_quantizer", None)
        if quantizer is not None:
            return quantizer.dequantize(self, dtype)
        for module in self.modules():
            for name, value in module._own_slots():
                if isinstance(value, _core.PackedWeight):
                    setattr(module, name, value.dequantize().to(dtype or _core.bfloat16))
        self.tie_weights()
        return self

    # --- copies ---------------------------------------------------------------------------------------------------
    def __deepcopy__(self, memo: dict) -> Any:
        if getattr(self, "peft_config", None):
            from ..peft.copying import put_together, take_apart

            twin = put_together(take_apart(self, copies=True))
        else:
            config = copy.deepcopy(self.config, memo)
            twin = _rebuild(type(self), config, self._named_values(copies=True), self.training, self._untied)
            twin.generation_config = copy.deepcopy(self.generation_config, memo)
        memo[id(self)] = twin
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        if getattr(self, "peft_config", None):
            from ..peft.copying import put_together, take_apart

            return put_together, (take_apart(self, copies=False),)
        state = {"generation_config": self.generation_config}
        return _rebuild, (type(self), self.config, self._named_values(copies=False), self.training, self._untied), state

    def __setstate__(self, state: dict) -> None:
        self.generation_config = state["generation_config"]

    def _named_values(self, copies: bool) -> list[tuple[str, Any]]:
        """Parameters and buffers: copied, or (for a pickle) as they are but dense."""

        def value(v: Any) -> Any:
            if isinstance(v, _core.PackedWeight):
                return v if copies else v.dequantize().to(_core.bfloat16)
            if not copies:
                return v
            copy = v.detach().clone()
            return nn.Parameter(copy, v.requires_grad) if isinstance(v, nn.Parameter) else copy

        return [(n, value(v)) for n, v in [*self.named_parameters(), *self.named_buffers()]]

    # --- calling --------------------------------------------------------------------------------------------------
    def _call_forward(self, kwargs: dict) -> Any:
        """A call from C++: leaves out what a Python `forward` does not take."""
        import inspect

        if "lengths" in kwargs:
            raise UnsupportedError(f"{type(self).__name__}: packed texts (lengths) pass no hooks and no forward in Python")
        parameters = inspect.signature(self.forward, follow_wrapped=False).parameters
        accepted, native = set(parameters), getattr(type(self), "_native_pass", None)
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            if native is None:
                return self(**kwargs)
            accepted.update(inspect.signature(native).parameters)  # which it is there to call
        return self(**{name: value for name, value in kwargs.items() if name in accepted})

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to compile: the layers already are machine code."""


def _rebuild(cls: type, config: Any, values: list[tuple[str, Any]], training: bool, untied: frozenset[str]) -> Any:
    with LoadingMixin.loading():
        model = cls(config)
    model._untied = untied
    for path, value in values:
        owner, _, name = path.rpartition(".")
        setattr(model.get_submodule(owner), name, value)
    model.tie_weights()
    return model.train(training)
