"""Gemma 3 (text) models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Gemma3TextConfig


class Gemma3PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Gemma 3 models."""

    config_class = Gemma3TextConfig


class Gemma3TextModel(Gemma3PreTrainedModel, DecoderModel):
    """The Gemma 3 text decoder: token ids to hidden states."""


class Gemma3ForCausalLM(Gemma3PreTrainedModel, DecoderForCausalLM):
    """Gemma 3 with a language-model head: token ids to next-token logits."""

    base_model_class = Gemma3TextModel


class Gemma3TextForSequenceClassification(Gemma3PreTrainedModel, DecoderForSequenceClassification):
    """Gemma 3 with a linear head on the last token of each sequence."""

    base_model_class = Gemma3TextModel
