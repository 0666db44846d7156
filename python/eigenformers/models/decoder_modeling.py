"""The forward passes that all gated decoders share; a family's modeling.py names its classes."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..generation.mixin import GenerationMixin
from ..modeling import PreTrainedModel
from ..outputs import BaseModelOutputWithPast, CausalLMOutputWithPast


def _native(forward: Any) -> Any:
    """Marks a forward that only wraps the C++ one: C++ callers skip it."""
    forward._native_forward = True
    return forward


def _tensor(value: Any) -> Any:
    return value if value is None or isinstance(value, _core.Tensor) else _core.as_tensor(value)


class DecoderPreTrainedModel(PreTrainedModel):
    """Base of the decoder families: weights, no head."""

    base_model_prefix = "model"
    _no_split_modules = ["DecoderLayer"]

    def _run(self, output_class: Any, return_dict: bool | None, arguments: dict[str, Any]) -> Any:
        for name in ("input_ids", "attention_mask", "position_ids", "inputs_embeds", "labels"):
            if name in arguments:
                arguments[name] = _tensor(arguments[name])
        for name in ("output_attentions", "output_hidden_states"):
            if arguments[name] is None:
                arguments[name] = bool(getattr(self.config, name, False))
        past = arguments["past_key_values"]
        if past is not None and not isinstance(past, _core.Cache):
            arguments["past_key_values"] = _core.DynamicCache.from_legacy_cache(past)
        output = output_class(**self._native_run(arguments))
        use_dict = return_dict if return_dict is not None else getattr(self.config, "return_dict", True)
        return output if use_dict else output.to_tuple()


def _reject(kwargs: dict[str, Any]) -> None:
    kwargs.pop("cache_position", None)  # positions follow from the cache
    for name in ("output_router_logits",):
        if not kwargs.get(name):
            kwargs.pop(name, None)
    if kwargs:
        raise TypeError(f"forward() got an unexpected keyword argument {next(iter(kwargs))!r}")


class DecoderModel(DecoderPreTrainedModel):
    """Token ids to hidden states."""

    def __init__(self, config: Any):
        super().__init__(config)
        self._build(config.model_type, "base", config.to_json_string(use_diff=False))
        self.post_init()

    @_native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the layers.

        Args:
            input_ids: int64 `[batch, length]`; or `inputs_embeds`: float `[batch, length, hidden_size]`.
            attention_mask: `[batch, past + length]`, 1 where to look; or a 4-D mask, boolean or added to the scores.
            position_ids: int64 `[batch, length]`; by default they continue those in the cache.
            past_key_values: a cache, extended in place.

        Returns:
            BaseModelOutputWithPast: `last_hidden_state` float32 `[batch, length, hidden_size]`, `past_key_values`, and
            where asked for `hidden_states` (layers + 1 tensors) and `attentions` (`[batch, heads, length, keys]`).

        Raises:
            ShapeError, IndexError: inputs of another shape, ids outside the vocabulary.
        """
        _reject(kwargs)
        return self._run(
            BaseModelOutputWithPast, return_dict,
            dict(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
                 past_key_values=past_key_values, inputs_embeds=inputs_embeds, use_cache=use_cache,
                 output_attentions=output_attentions, output_hidden_states=output_hidden_states),
        )  # fmt: skip


class DecoderForCausalLM(DecoderPreTrainedModel, GenerationMixin):
    """Token ids to next-token logits. A family sets `base_model_class`."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}
    base_model_class: Any = None

    def __init__(self, config: Any):
        super().__init__(config)
        base = self.base_model_class(config)
        self._build(config.model_type, "causal_lm", config.to_json_string(use_diff=False), base)
        self.vocab_size = config.vocab_size
        self.post_init()

    def get_decoder(self) -> Any:
        """The model without its head."""
        return self.model

    def set_decoder(self, decoder: Any) -> None:
        """Replace the model below the head."""
        self.model = decoder

    @_native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        use_cache: bool | None = None,
        logits_to_keep: Any = 0,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        num_items_in_batch: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and:

        Args:
            labels: int64 `[batch, length]`: the loss predicts each from the tokens before it; -100 is left out.
            logits_to_keep: the last n positions (0: all), or an int64 tensor of positions.
            num_items_in_batch: divisor of the summed loss, instead of the number of labels here.

        Returns:
            CausalLMOutputWithPast: `loss` (with labels), `logits` float32 `[batch, length, vocab_size]`,
            `past_key_values`, `hidden_states`, `attentions`.
        """
        _reject(kwargs)
        return self._run(
            CausalLMOutputWithPast, return_dict,
            dict(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
                 past_key_values=past_key_values, inputs_embeds=inputs_embeds, labels=labels, use_cache=use_cache,
                 logits_to_keep=logits_to_keep, output_attentions=output_attentions,
                 output_hidden_states=output_hidden_states, num_items_in_batch=num_items_in_batch),
        )  # fmt: skip
