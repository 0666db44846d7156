"""Mistral models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import MistralConfig


class MistralPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Mistral models."""

    config_class = MistralConfig


class MistralModel(MistralPreTrainedModel, DecoderModel):
    """The Mistral decoder: token ids to hidden states."""


class MistralForCausalLM(MistralPreTrainedModel, DecoderForCausalLM):
    """Mistral with a language-model head: token ids to next-token logits."""

    base_model_class = MistralModel


class MistralForSequenceClassification(MistralPreTrainedModel, DecoderForSequenceClassification):
    """Mistral with a linear head on the last token of each sequence."""

    base_model_class = MistralModel


class MistralForTokenClassification(MistralPreTrainedModel, DecoderForTokenClassification):
    """Mistral with a linear head on every token."""

    base_model_class = MistralModel


class MistralForQuestionAnswering(MistralPreTrainedModel, DecoderForQuestionAnswering):
    """Mistral with a head for where an answer begins and ends."""

    base_model_class = MistralModel
