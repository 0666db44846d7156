"""The forward passes that all encoders share; a family's modeling.py names its classes."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..generation.mixin import GenerationMixin
from ..outputs import (
    BaseModelOutput,
    BaseModelOutputWithPoolingAndCrossAttentions,
    CausalLMOutputWithCrossAttentions,
    MaskedLMOutput,
    MultipleChoiceModelOutput,
    NextSentencePredictorOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)
from ..utils import logging
from .native import NativeModel, native

logger = logging.get_logger(__name__)


class EncoderPreTrainedModel(NativeModel):
    """Base of the encoder families: weights, no head."""

    supports_gradient_checkpointing = True
    _input_embeddings_path = "embeddings.word_embeddings"
    _output_embeddings_path = ""
    _pooled_heads: tuple[str, ...] = ()  # heads that read the pooler of the base model
    _packs = True  # several texts may stand behind one another in one row (`lengths`)
    _keys_to_ignore_on_load_unexpected = [r"position_ids"]

    def _make_base(self, config: Any) -> Any:
        if not issubclass(self.base_model_class, PooledEncoderModel):
            return self.base_model_class(config)
        return self.base_model_class(config, add_pooling_layer=self._head in self._pooled_heads)

    def _run(self, output_class: Any, arguments: dict[str, Any], names: dict[str, str] | None = None) -> Any:
        kwargs = arguments.get("kwargs", {})
        kwargs.pop("use_cache", None)  # where it is no argument, nothing of a pass is kept
        if kwargs.get("past_key_values") is None:
            kwargs.pop("past_key_values", None)
        return super()._run(output_class, arguments, names)

    def _run_packed(self, input_ids: list[list[int]]) -> dict[str, Any]:
        """What the model gives for texts of any lengths, without padding and gradients.

        Values a token stand behind one another in the one row of the outputs.
        """
        ids = _core.tensor([[token for text in input_ids for token in text]])
        return self._native_run({"input_ids": ids, "lengths": [len(text) for text in input_ids]})


class EncoderModel(EncoderPreTrainedModel):
    """Token ids to hidden states."""

    _output_class: Any = BaseModelOutput

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the layers.

        Args:
            input_ids: int64 `[batch, length]`; or `inputs_embeds`: float `[batch, length, hidden_size]`.
            attention_mask: `[batch, length]`, 1 where to look; or a 4-D mask, boolean or added to the scores.
            token_type_ids: int64 `[batch, length]`, 1 for the second text of a pair.
            position_ids: int64 `[batch or 1, length]`.
            past_key_values, use_cache: with `is_decoder`, positions before these, and whether to return them all;
                without it `use_cache` has no effect.

        Returns:
            BaseModelOutput: `last_hidden_state` float32 `[batch, length, hidden_size]`, of a model with a pooler also
            `pooler_output` `[batch, hidden_size]`, and where asked for `hidden_states` and `attentions`.

        Raises:
            ShapeError, IndexError: inputs of another shape, ids outside the vocabulary, more tokens than positions.
        """
        arguments = locals()
        if getattr(self.config, "is_decoder", False):
            arguments.update((name, kwargs.pop(name, None)) for name in ("past_key_values", "use_cache"))
        return self._run(self._output_class, arguments)


class PooledEncoderModel(EncoderModel):
    """Token ids to hidden states, and a summary of the first token's."""

    _output_class = BaseModelOutputWithPoolingAndCrossAttentions

    def __init__(self, config: Any, add_pooling_layer: bool = True, **unknown: Any):
        super().__init__(config, _head="base" if add_pooling_layer else "base_without_pooler", **unknown)


class EncoderForCausalLM(EncoderPreTrainedModel, GenerationMixin):
    """Logits of the token after every position; a decoder where `config.is_decoder` is set."""

    _head = "causal_lm"
    _packs = False

    def __init__(self, config: Any, **unknown: Any):
        if not config.is_decoder:
            logger.warning(f"If you want to use `{type(self).__name__}` as a standalone, add `is_decoder=True.`")
        super().__init__(config, **unknown)

    def _prepare_generation_config(self, given: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        config, others = super()._prepare_generation_config(given, kwargs)
        if not self.config.is_decoder:  # each token sees all others: nothing of a pass can be kept
            config.use_cache = False
        return config, others

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        past_key_values: Any = None,
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
            past_key_values: a cache of the positions before these; `attention_mask` covers them too.
            logits_to_keep: the last n positions (0: all), or an int64 tensor of positions.

        Returns:
            CausalLMOutputWithCrossAttentions: `loss` (with labels), `logits` float32 `[batch, length, vocab_size]`,
            `past_key_values` (of a decoder), `hidden_states`, `attentions`.
        """
        if labels is not None:
            use_cache = False
        return self._run(CausalLMOutputWithCrossAttentions, locals())


class EncoderForMaskedLM(EncoderPreTrainedModel):
    """Logits of the token at every position."""

    _head = "masked_lm"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        num_items_in_batch: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and:

        Args:
            labels: int64 `[batch, length]`; -100 is left out.

        Returns:
            MaskedLMOutput: `loss` (with labels), `logits` float32 `[batch, length, vocab_size]`, `hidden_states`,
            `attentions`.
        """
        return self._run(MaskedLMOutput, locals())


class EncoderForSequenceClassification(EncoderPreTrainedModel):
    """A linear head on the summary of the sequence."""

    _head = "sequence_classification"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and:

        Args:
            labels: `[batch]` int64 classes, or float values or labels as `config.problem_type` says.

        Returns:
            SequenceClassifierOutput: `loss` (with labels), `logits` float32 `[batch, num_labels]`, `hidden_states`,
            `attentions`.
        """
        return self._run(SequenceClassifierOutput, locals())


class EncoderForTokenClassification(EncoderPreTrainedModel):
    """A linear head on every token."""

    _head = "token_classification"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and `labels` int64 `[batch, length]`.

        Returns:
            TokenClassifierOutput: `loss` (with labels), `logits` float32 `[batch, length, num_labels]`,
            `hidden_states`, `attentions`.
        """
        return self._run(TokenClassifierOutput, locals())


class EncoderForQuestionAnswering(EncoderPreTrainedModel):
    """Two scores for every token: that an answer begins there, that it ends there."""

    _head = "question_answering"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        start_positions: Any = None,
        end_positions: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and int64 `[batch]` positions of the answer.

        Returns:
            QuestionAnsweringModelOutput: `loss` (with positions), `start_logits` and `end_logits` float32
            `[batch, length]`, `hidden_states`, `attentions`.
        """
        return self._run(QuestionAnsweringModelOutput, locals())


class EncoderForMultipleChoice(EncoderPreTrainedModel):
    """A score for each of several texts, of which one is right."""

    _head = "multiple_choice"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; inputs are `[batch, choices, length]`, `labels` int64 `[batch]`.

        Returns:
            MultipleChoiceModelOutput: `loss` (with labels), `logits` float32 `[batch, choices]`, `hidden_states` and
            `attentions` of `batch * choices` rows.
        """
        return self._run(MultipleChoiceModelOutput, locals())


class EncoderForNextSentencePrediction(EncoderPreTrainedModel):
    """Whether the second text follows the first: label 0 where it does."""

    _head = "next_sentence_prediction"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and `labels` int64 `[batch]`.

        Returns:
            NextSentencePredictorOutput: `loss` (with labels), `logits` float32 `[batch, 2]`, `hidden_states`,
            `attentions`.
        """
        if "next_sentence_label" in kwargs:
            labels = kwargs.pop("next_sentence_label")
        return self._run(NextSentencePredictorOutput, locals())


class EncoderForPreTraining(EncoderPreTrainedModel):
    """The heads of a family's pretraining. It names its output class, and its names for logits and labels of pairs."""

    _head = "pretraining"
    _output_class: Any = None
    _output_names: dict[str, str] = {}
    _pair_label = "next_sentence_label"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        token_type_ids: Any = None,
        position_ids: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its heads; arguments as in the base model, and:

        Args:
            labels: int64 `[batch, length]`; -100 is left out.
            next_sentence_label, or sentence_order_label: int64 `[batch]`, 0 where the second text follows the first.

        Returns:
            The family's output class: `loss` (with all labels), logits, `hidden_states`, `attentions`.
        """
        arguments = locals()
        arguments["next_sentence_label"] = kwargs.pop(self._pair_label, None)
        return self._run(self._output_class, arguments, self._output_names)
