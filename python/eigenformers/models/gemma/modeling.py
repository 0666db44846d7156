"""Gemma models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import GemmaConfig


class GemmaPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Gemma models."""

    config_class = GemmaConfig


class GemmaModel(GemmaPreTrainedModel, DecoderModel):
    """The Gemma decoder: token ids to hidden states."""


class GemmaForCausalLM(GemmaPreTrainedModel, DecoderForCausalLM):
    """Gemma with a language-model head: token ids to next-token logits."""

    base_model_class = GemmaModel


class GemmaForSequenceClassification(GemmaPreTrainedModel, DecoderForSequenceClassification):
    """Gemma with a linear head on the last token of each sequence."""

    base_model_class = GemmaModel


class GemmaForTokenClassification(GemmaPreTrainedModel, DecoderForTokenClassification):
    """Gemma with a linear head on every token."""

    base_model_class = GemmaModel
