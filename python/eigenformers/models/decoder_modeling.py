"""The forward passes that all decoders share; a family's modeling.py names its classes."""

from __future__ import annotations

from typing import Any

from .. import _core, nn
from ..generation.mixin import GenerationMixin
from ..outputs import (
    BaseModelOutputWithPast,
    CausalLMOutputWithPast,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutputWithPast,
    TokenClassifierOutput,
)
from .native import NativeModel, native


class DecoderPreTrainedModel(NativeModel):
    """Base of the decoder families: weights, no head."""

    base_model_prefix = "model"
    _no_split_modules = ["DecoderLayer"]
    supports_gradient_checkpointing = True


class DecoderModel(DecoderPreTrainedModel):
    """Token ids to hidden states."""

    @native
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
        return self._run(BaseModelOutputWithPast, locals())


class DecoderForCausalLM(DecoderPreTrainedModel, GenerationMixin):
    """Token ids to next-token logits. A family sets `base_model_class`."""

    _head = "causal_lm"
    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}

    def get_decoder(self) -> Any:
        """The model without its head."""
        return getattr(self, self.base_model_prefix)

    def set_decoder(self, decoder: Any) -> None:
        """Replace the model below the head."""
        setattr(self, self.base_model_prefix, decoder)

    def _with_own_labels(self, labels: Any, kwargs: dict[str, Any], arguments: dict[str, Any]) -> Any:
        """The forward pass with `shift_labels` or `ignore_index`."""
        shifted, ignored = kwargs.pop("shift_labels", None), kwargs.pop("ignore_index", -100)
        if labels is None:  # they say how labels are meant
            return self._run(CausalLMOutputWithPast, {**arguments, "kwargs": kwargs})
        use_dict, count = arguments["return_dict"], arguments["num_items_in_batch"]
        output = self._run(CausalLMOutputWithPast, {**arguments, "labels": None, "return_dict": True, "kwargs": kwargs})
        if shifted is None:
            labels = _core.as_tensor(labels)
            shifted = _core.cat([labels[:, 1:], _core.full_like(labels[:, :1], ignored)], 1)
        total = nn.functional.cross_entropy(
            output.logits.flatten(0, 1), _core.as_tensor(shifted).reshape(-1), ignore_index=ignored,
            reduction="mean" if count is None else "sum",
        )  # fmt: skip
        output = CausalLMOutputWithPast(loss=total if count is None else total / count, **output)
        use_dict = use_dict if use_dict is not None else getattr(self.config, "return_dict", True)
        return output if use_dict else output.to_tuple()

    @native
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
            shift_labels: labels that are moved already: `shift_labels[:, i]` is what follows position i.
            ignore_index: another label that is left out, instead of -100.

        Returns:
            CausalLMOutputWithPast: `loss` (with labels), `logits` float32 `[batch, length, vocab_size]`,
            `past_key_values`, `hidden_states`, `attentions`.
        """
        if "shift_labels" in kwargs or "ignore_index" in kwargs:
            return self._with_own_labels(labels, kwargs, locals())
        return self._run(CausalLMOutputWithPast, locals())


class DecoderForSequenceClassification(DecoderPreTrainedModel):
    """A linear head on the last token that is not padding."""

    _head = "sequence_classification"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and:

        Args:
            labels: `[batch]` int64 classes (cross entropy), or float `[batch]` or `[batch, num_labels]` (mean squared
                error for `problem_type="regression"` or one label, else binary cross entropy of each label).

        Returns:
            SequenceClassifierOutputWithPast: `loss` (with labels), `logits` float32 `[batch, num_labels]`,
            `past_key_values`, `hidden_states`, `attentions`.

        Raises:
            ConfigError: several sequences, and `config.pad_token_id` says nothing about which token is padding.
        """
        return self._run(SequenceClassifierOutputWithPast, locals())


class DecoderForTokenClassification(DecoderPreTrainedModel):
    """A linear head on every token."""

    _head = "token_classification"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and:

        Args:
            labels: int64 `[batch, length]`; -100 is left out.

        Returns:
            TokenClassifierOutput: `loss` (with labels), `logits` float32 `[batch, length, num_labels]`,
            `hidden_states`, `attentions`.
        """
        return self._run(TokenClassifierOutput, locals())


class DecoderForQuestionAnswering(DecoderPreTrainedModel):
    """Two scores for every token: that an answer begins there, that it ends there."""

    _head = "question_answering"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        start_positions: Any = None,
        end_positions: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and:

        Args:
            start_positions, end_positions: int64 `[batch]`, tokens of the answer; those beyond the end are left out.

        Returns:
            QuestionAnsweringModelOutput: `loss` (with positions), `start_logits` and `end_logits` float32
            `[batch, length]`, `hidden_states`, `attentions`.
        """
        return self._run(QuestionAnsweringModelOutput, locals())
