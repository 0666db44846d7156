"""The forward passes that all encoders share; a family's modeling.py names its classes."""

from __future__ import annotations

from typing import Any

from ..outputs import (
    BaseModelOutputWithPoolingAndCrossAttentions,
    MaskedLMOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)
from .native import NativeModel, native


class EncoderPreTrainedModel(NativeModel):
    """Base of the encoder families: weights, no head."""

    _no_split_modules = ["BertLayer"]
    _input_embeddings_path = "embeddings.word_embeddings"
    _output_embeddings_path = ""

    def _make_base(self, config: Any) -> Any:
        return self.base_model_class(config, add_pooling_layer=self._head == "sequence_classification")


class EncoderModel(EncoderPreTrainedModel):
    """Token ids to hidden states, and a summary of the first token's."""

    def __init__(self, config: Any, add_pooling_layer: bool = True, **unknown: Any):
        super().__init__(config, _head="base" if add_pooling_layer else "base_without_pooler", **unknown)

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

        Returns:
            BaseModelOutputWithPoolingAndCrossAttentions: `last_hidden_state` float32 `[batch, length, hidden_size]`,
            `pooler_output` `[batch, hidden_size]`, and where asked for `hidden_states` and `attentions`.

        Raises:
            ShapeError, IndexError: inputs of another shape, ids outside the vocabulary, more tokens than positions.
        """
        return self._run(BaseModelOutputWithPoolingAndCrossAttentions, locals())


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
