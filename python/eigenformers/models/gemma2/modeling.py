"""Gemma 2 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Gemma2Config


class Gemma2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Gemma 2 models."""

    config_class = Gemma2Config


class Gemma2Model(Gemma2PreTrainedModel, DecoderModel):
    """The Gemma 2 decoder: token ids to hidden states."""


class Gemma2ForCausalLM(Gemma2PreTrainedModel, DecoderForCausalLM):
    """Gemma 2 with a language-model head: token ids to next-token logits."""

    base_model_class = Gemma2Model


class Gemma2ForSequenceClassification(Gemma2PreTrainedModel, DecoderForSequenceClassification):
    """Gemma 2 with a linear head on the last token of each sequence."""

    base_model_class = Gemma2Model


class Gemma2ForTokenClassification(Gemma2PreTrainedModel, DecoderForTokenClassification):
    """Gemma 2 with a linear head on every token."""

    base_model_class = Gemma2Model
