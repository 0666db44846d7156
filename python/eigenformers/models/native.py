"""What all models with a C++ forward pass share: building, and the call into it."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..modeling import PreTrainedModel
from ..outputs import make_output

_TENSORS = (
    "input_ids", "attention_mask", "token_type_ids", "position_ids", "inputs_embeds", "labels", "start_positions",
    "end_positions", "next_sentence_label", "decoder_input_ids", "decoder_attention_mask", "decoder_inputs_embeds",
    "encoder_hidden_states", "encoder_attention_mask",
)  # fmt: skip


def native(forward: Any) -> Any:
    """Marks a forward that only wraps the C++ one: C++ callers skip it. A copy of the mark marks no other function."""
    forward._native_forward = forward
    return forward


def reject(kwargs: dict[str, Any]) -> None:
    """Raise for arguments that no model has; those that ask for nothing pass."""
    kwargs.pop("cache_position", None)  # positions follow from the cache
    for name in ("output_router_logits", "head_mask", "encoder_hidden_states", "encoder_attention_mask"):
        if kwargs.get(name) is None or kwargs[name] is False:
            kwargs.pop(name, None)
    if kwargs:
        raise TypeError(f"forward() got an unexpected keyword argument {next(iter(kwargs))!r}")


def kept_positions(keep: Any, length: int) -> Any:
    """`logits_to_keep` as the C++ side reads it: a number of last positions, or a tensor of positions, from any index.

    Raises TypeError or ValueError for what indexes no sequence.
    """
    if isinstance(keep, slice):
        return _core.arange(length)[keep]
    if keep is None or isinstance(keep, int) and keep >= 0:
        return keep
    if isinstance(keep, int):
        return _core.arange(length)[-keep:]
    positions = tensor_of("logits_to_keep", keep)
    if positions.dtype == _core.bool:
        positions = positions.nonzero().flatten()
    if positions.dim() != 1 or positions.is_floating_point():
        raise ValueError(
            f"logits_to_keep: found {positions.dtype} of shape {tuple(positions.shape)}, needed a number of last positions, a "
            "slice, or a list or tensor of positions"
        )
    return _core.where(positions < 0, positions + length, positions)


def tensor_of(name: str, value: Any) -> Any:
    """A list or an array as a tensor; what is none is named."""
    try:
        return _core.as_tensor(value)
    except (TypeError, ValueError) as error:
        found = f"{name}: found a {type(value).__name__} that is no tensor, array or list of numbers"
        raise type(error)(f"{found}: {error}") from None


class NativeModel(PreTrainedModel):
    """Base of the families. A class with a head names it and the model it stands on."""

    _head = "base"
    base_model_class: Any = None
    _native_pass: Any = None  # the forward that wraps the C++ one, whatever has taken its place since

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        forward = vars(cls).get("forward")
        if forward is not None and getattr(forward, "_native_forward", None) is forward:
            cls._native_pass = forward

    def __init__(self, config: Any, *, _head: str | None = None, **unknown: Any):
        super().__init__(config)
        for name in unknown:
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument {name!r}")
        if self._native_pass is None:  # a user's class on a family's base builds its own layers
            return
        self._head = _head or self._head
        base = self._make_base(config) if self.base_model_class else None
        self._build(config.model_type, self._head, self._native_config(), base)
        self.vocab_size = getattr(config, "vocab_size", None)
        self.num_labels = config.num_labels
        self.post_init()

    def _make_base(self, config: Any) -> Any:
        """The model below the head."""
        return self.base_model_class(config)

    def _native_config(self) -> str:
        """The configuration as the C++ side reads it."""
        return self.config.to_json_string(use_diff=False)

    def _problem_type(self, labels: Any) -> str:
        """How the labels of a sequence classifier are meant; remembered in the configuration."""
        if self.config.problem_type is None:
            if self.config.num_labels == 1:
                self.config.problem_type = "regression"
            elif not labels.is_floating_point():
                self.config.problem_type = "single_label_classification"
            else:
                self.config.problem_type = "multi_label_classification"
        return self.config.problem_type

    def _output_values(self, values: dict[str, Any]) -> dict[str, Any]:
        """The output's fields, under the names that the family gives them."""
        return values

    def _run(self, output_class: Any, arguments: dict[str, Any], names: dict[str, str] | None = None) -> Any:
        """The forward pass: `arguments` are those of `forward`, by name (`self` and `kwargs` among them).

        `names` are the output class's own ones for what C++ returns.
        """
        kwargs = arguments.pop("kwargs", {})
        if "num_items_in_batch" in kwargs:
            arguments["num_items_in_batch"] = kwargs.pop("num_items_in_batch")
        reject(kwargs)
        arguments.pop("self", None)
        arguments.pop("__class__", None)
        return_dict = arguments.pop("return_dict", None)
        for name in _TENSORS:
            value = arguments.get(name)
            if value is not None and not isinstance(value, _core.Tensor):
                arguments[name] = tensor_of(name, value)
        for name in ("output_attentions", "output_hidden_states"):
            if arguments[name] is None:
                arguments[name] = bool(getattr(self.config, name, False))
        if "use_cache" in arguments and arguments["use_cache"] is None:
            arguments["use_cache"] = getattr(self.config, "use_cache", None)
        keep = arguments.get("logits_to_keep")
        if keep is not None and (type(keep) is not int or keep < 0):
            given = next((t for t in map(arguments.get, ("input_ids", "inputs_embeds")) if t is not None), None)
            arguments["logits_to_keep"] = kept_positions(keep, 0 if given is None else given.shape[1])
        past = arguments.get("past_key_values")
        if past is not None and not isinstance(past, _core.Cache):
            arguments["past_key_values"] = _core.DynamicCache.from_legacy_cache(past)
        if self._head == "sequence_classification":
            pad = self.config.get_text_config().pad_token_id
            arguments["pad_token_id"] = -1 if pad is None else pad
            if arguments["labels"] is not None:
                arguments["problem_type"] = self._problem_type(arguments["labels"])
        if self.gradient_checkpointing and self.training:
            arguments["checkpoint_layers"] = True
        encoded = arguments.pop("_encoded", None)
        values = {(names or {}).get(name, name): value for name, value in self._native_run(arguments).items()}
        if hasattr(output_class, "decoder_hidden_states"):
            for name in ("hidden_states", "attentions"):
                if name in values:
                    values[f"decoder_{name}"] = values.pop(name)
                if encoded is not None:
                    values[f"encoder_{name}"] = getattr(encoded, name, None)
        output = make_output(output_class, self._output_values(values))
        use_dict = return_dict if return_dict is not None else getattr(self.config, "return_dict", True)
        return output if use_dict else output.to_tuple()
