"""What models return: dataclasses that are also ordered dicts and tuples, in which `None` fields do not appear.

>>> output = CausalLMOutputWithPast(logits=[1.0, 2.0], loss=None)
>>> output.logits == output["logits"] == output[0]
True
>>> list(output.keys()), len(output.to_tuple())
(['logits'], 1)
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "__dlpack__")


def _with_init(output_class: type) -> type:
    """The dataclass of `output_class`, which has an `__init__` afterwards."""
    owner = next(base for base in output_class.__mro__ if "__dataclass_fields__" in vars(base))
    return owner if "__init__" in vars(owner) else dataclass(repr=False, eq=False)(owner)


class _Signature:
    """`inspect.signature` of an output, also before the first one is made."""

    def __get__(self, instance: Any, owner: type) -> Any:
        import inspect

        init = _with_init(owner).__init__ if is_dataclass(owner) else owner.__init__
        signature = inspect.signature(init)
        return signature.replace(parameters=list(signature.parameters.values())[1:])


class ModelOutput(OrderedDict):
    """Base of all model outputs: attribute, string and integer access to the same values.

    A field that is `None` is an attribute but no dict key and no tuple item. `__delitem__`, `pop`, `update` and
    `setdefault` raise, because the dict must not fall out of step with the attributes.
    """

    __signature__ = _Signature()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if is_dataclass(self):
            _with_init(type(self)).__init__(self, *args, **kwargs)
            return
        super().__init__(*args, **kwargs)
        if type(self) is not ModelOutput:
            raise TypeError(
                f"{self.__module__}.{type(self).__name__} is not a dataclass."
                " This is a subclass of ModelOutput and so must use the @dataclass decorator."
            )

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self)]
        if not names:
            raise ValueError(f"{type(self).__name__} has no fields.")
        if any(field.default is not None for field in fields(self)[1:]):
            raise ValueError(f"{type(self).__name__} should not have more than one required field.")
        first = getattr(self, names[0])
        only_first = all(getattr(self, name) is None for name in names[1:])
        pairs = self._as_pairs(first) if only_first and first is not None and not _is_array(first) else None
        if pairs is not None:  # Output([("loss", 1.0), ("logits", x)]) or Output({"loss": 1.0})
            object.__setattr__(self, names[0], None)
            OrderedDict.clear(self)
            for name, value in pairs:
                setattr(self, name, value)
            return
        for name in names:
            if (value := getattr(self, name)) is not None:
                self[name] = value

    @staticmethod
    def _as_pairs(value: Any) -> list[tuple[str, Any]] | None:
        """The (name, value) pairs in `value`, or None when it is an ordinary first field."""
        if isinstance(value, dict):
            return list(value.items())
        if not isinstance(value, (list, tuple)) or not value:
            return None

        def is_pair(item: Any) -> bool:
            return isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str)

        if not is_pair(value[0]):
            return None
        for item in value:
            if not is_pair(item):
                raise ValueError(f"Cannot set key/value for {item}. It needs to be a tuple (key, value).")
        return list(value)

    def __getitem__(self, key: str | int | slice) -> Any:
        return OrderedDict.__getitem__(self, key) if isinstance(key, str) else self.to_tuple()[key]

    def __setattr__(self, name: str, value: Any) -> None:
        if value is not None and name in self.__dataclass_fields__:
            OrderedDict.__setitem__(self, name, value)
        object.__setattr__(self, name, value)

    def __setitem__(self, key: str, value: Any) -> None:
        OrderedDict.__setitem__(self, key, value)
        object.__setattr__(self, key, value)

    def _refuse(self, method: str) -> None:
        raise Exception(f"You cannot use ``{method}`` on a {type(self).__name__} instance.")

    def __delitem__(self, *args: Any, **kwargs: Any) -> None:
        self._refuse("__delitem__")

    def setdefault(self, *args: Any, **kwargs: Any) -> None:
        self._refuse("setdefault")

    def pop(self, *args: Any, **kwargs: Any) -> None:
        self._refuse("pop")

    def update(self, *args: Any, **kwargs: Any) -> None:
        self._refuse("update")

    def __repr__(self) -> str:
        if not is_dataclass(self):
            return super().__repr__()
        values = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self))
        return f"{type(self).__qualname__}({values})"

    def __eq__(self, other: object) -> bool:
        if not is_dataclass(self):
            return super().__eq__(other)
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__reduce__()[1] == other.__reduce__()[1]

    __hash__ = None

    def __reduce__(self) -> tuple:
        if not is_dataclass(self):
            return super().__reduce__()
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    def to_tuple(self) -> tuple:
        """All values that are not `None`, in field order."""
        return tuple(OrderedDict.values(self))


# Methods that Python would write anew for each class are the base's, and `__init__` is written for the first object: most
# of the time of importing this module.
model_output = dataclass(init=False, repr=False, eq=False)


class _LateLogits(ModelOutput):
    """An output whose logits are computed when somebody first reads them: a training step wants only the loss."""

    @property
    def logits(self) -> Any:
        value = OrderedDict.__getitem__(self, "logits")
        if callable(value) and "_made" in self.__dict__:  # not while the output itself is being made
            value = value()
            OrderedDict.__setitem__(self, "logits", value)
        return value

    @logits.setter
    def logits(self, value: Any) -> None:
        OrderedDict.__setitem__(self, "logits", value)

    def __getitem__(self, key: Any) -> Any:
        return self.logits if key == "logits" else super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self else default

    def values(self) -> Any:
        return (self.logits, super().values())[1]

    def items(self) -> Any:
        return (self.logits, super().items())[1]

    def to_tuple(self) -> tuple:
        return (self.logits, super().to_tuple())[1]

    def __reduce__(self) -> tuple:
        plain = next(c for c in type(self).__mro__ if not issubclass(c, _LateLogits))
        return plain, tuple(getattr(self, field.name) for field in fields(self))

    def __repr__(self) -> str:
        return (self.logits, super().__repr__())[1]


@cache
def _late(output_class: type) -> type:
    return type(output_class.__name__, (_LateLogits, output_class), {"__module__": output_class.__module__})


def make_output(output_class: type, values: dict[str, Any]) -> Any:
    """`output_class(**values)`; logits given as a function are computed when they are first read."""
    if not callable(values.get("logits")):
        return output_class(**values)
    output = _late(output_class)(**values)
    output.__dict__["_made"] = True
    return output


# hidden_states and attentions are tuples with one tensor per layer, hidden_states with the embedding output first:
# [batch, length, hidden_size] and [batch, heads, query_length, key_length].


@model_output
class BaseModelOutput(ModelOutput):
    """Output of a base model."""

    last_hidden_state: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class BaseModelOutputWithNoAttention(ModelOutput):
    """Output of a base model without attention."""

    last_hidden_state: Any = None
    hidden_states: Any = None


@model_output
class BaseModelOutputWithPooling(ModelOutput):
    """Output of a base model that also pools the sequence to [batch, hidden_size]."""

    last_hidden_state: Any = None
    pooler_output: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class BaseModelOutputWithPast(ModelOutput):
    """Output of a decoder; with `past_key_values` the next call needs the new tokens only."""

    last_hidden_state: Any = None
    past_key_values: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class BaseModelOutputWithCrossAttentions(ModelOutput):
    """Output of a base model that attends to an encoder."""

    last_hidden_state: Any = None
    hidden_states: Any = None
    attentions: Any = None
    cross_attentions: Any = None


@model_output
class BaseModelOutputWithPoolingAndCrossAttentions(ModelOutput):
    """Output of a base model with a pooler that attends to an encoder."""

    last_hidden_state: Any = None
    pooler_output: Any = None
    hidden_states: Any = None
    past_key_values: Any = None
    attentions: Any = None
    cross_attentions: Any = None


@model_output
class BaseModelOutputWithPastAndCrossAttentions(ModelOutput):
    """Output of a decoder that attends to an encoder."""

    last_hidden_state: Any = None
    past_key_values: Any = None
    hidden_states: Any = None
    attentions: Any = None
    cross_attentions: Any = None


@model_output
class MoeModelOutputWithPast(ModelOutput):
    """Output of a decoder with mixture-of-experts layers."""

    last_hidden_state: Any = None
    past_key_values: Any = None
    hidden_states: Any = None
    attentions: Any = None
    router_logits: Any = None


@model_output
class MoeCausalLMOutputWithPast(ModelOutput):
    """Output of a causal language model with mixture-of-experts layers."""

    loss: Any = None
    aux_loss: Any = None
    logits: Any = None
    past_key_values: Any = None
    hidden_states: Any = None
    attentions: Any = None
    router_logits: Any = None


@model_output
class Seq2SeqModelOutput(ModelOutput):
    """Output of an encoder-decoder."""

    last_hidden_state: Any = None
    past_key_values: Any = None
    decoder_hidden_states: Any = None
    decoder_attentions: Any = None
    cross_attentions: Any = None
    encoder_last_hidden_state: Any = None
    encoder_hidden_states: Any = None
    encoder_attentions: Any = None


@model_output
class CausalLMOutput(ModelOutput):
    """Output of a causal language model."""

    loss: Any = None
    logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class CausalLMOutputWithPast(ModelOutput):
    """Output of a causal language model: logits [batch, length, vocab_size], loss [] when labels were given."""

    loss: Any = None
    logits: Any = None
    past_key_values: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class CausalLMOutputWithCrossAttentions(ModelOutput):
    """Output of a causal language model that attends to an encoder."""

    loss: Any = None
    logits: Any = None
    past_key_values: Any = None
    hidden_states: Any = None
    attentions: Any = None
    cross_attentions: Any = None


@model_output
class SequenceClassifierOutputWithPast(ModelOutput):
    """Output of a decoder that classifies whole sequences: logits [batch, num_labels]."""

    loss: Any = None
    logits: Any = None
    past_key_values: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class MaskedLMOutput(ModelOutput):
    """Output of a masked language model."""

    loss: Any = None
    logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class Seq2SeqLMOutput(ModelOutput):
    """Output of an encoder-decoder language model."""

    loss: Any = None
    logits: Any = None
    past_key_values: Any = None
    decoder_hidden_states: Any = None
    decoder_attentions: Any = None
    cross_attentions: Any = None
    encoder_last_hidden_state: Any = None
    encoder_hidden_states: Any = None
    encoder_attentions: Any = None


@model_output
class NextSentencePredictorOutput(ModelOutput):
    """Output of a next-sentence classifier."""

    loss: Any = None
    logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class SequenceClassifierOutput(ModelOutput):
    """Output of a sequence classifier: logits [batch, num_labels]."""

    loss: Any = None
    logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class Seq2SeqSequenceClassifierOutput(ModelOutput):
    """Output of an encoder-decoder sequence classifier."""

    loss: Any = None
    logits: Any = None
    past_key_values: Any = None
    decoder_hidden_states: Any = None
    decoder_attentions: Any = None
    cross_attentions: Any = None
    encoder_last_hidden_state: Any = None
    encoder_hidden_states: Any = None
    encoder_attentions: Any = None


@model_output
class MultipleChoiceModelOutput(ModelOutput):
    """Output of a multiple-choice model: logits [batch, choices]."""

    loss: Any = None
    logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class TokenClassifierOutput(ModelOutput):
    """Output of a token classifier: logits [batch, length, num_labels]."""

    loss: Any = None
    logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class QuestionAnsweringModelOutput(ModelOutput):
    """Output of an extractive question answerer: start and end logits [batch, length]."""

    loss: Any = None
    start_logits: Any = None
    end_logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


@model_output
class Seq2SeqQuestionAnsweringModelOutput(ModelOutput):
    """Output of an encoder-decoder question answerer."""

    loss: Any = None
    start_logits: Any = None
    end_logits: Any = None
    past_key_values: Any = None
    decoder_hidden_states: Any = None
    decoder_attentions: Any = None
    cross_attentions: Any = None
    encoder_last_hidden_state: Any = None
    encoder_hidden_states: Any = None
    encoder_attentions: Any = None


__all__ = [
    "BaseModelOutput",
    "BaseModelOutputWithCrossAttentions",
    "BaseModelOutputWithNoAttention",
    "BaseModelOutputWithPast",
    "BaseModelOutputWithPastAndCrossAttentions",
    "BaseModelOutputWithPooling",
    "BaseModelOutputWithPoolingAndCrossAttentions",
    "CausalLMOutput",
    "CausalLMOutputWithCrossAttentions",
    "CausalLMOutputWithPast",
    "MaskedLMOutput",
    "ModelOutput",
    "MoeCausalLMOutputWithPast",
    "MoeModelOutputWithPast",
    "MultipleChoiceModelOutput",
    "NextSentencePredictorOutput",
    "QuestionAnsweringModelOutput",
    "Seq2SeqLMOutput",
    "Seq2SeqModelOutput",
    "Seq2SeqQuestionAnsweringModelOutput",
    "Seq2SeqSequenceClassifierOutput",
    "SequenceClassifierOutput",
    "SequenceClassifierOutputWithPast",
    "TokenClassifierOutput",
]
