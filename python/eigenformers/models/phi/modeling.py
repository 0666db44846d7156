"""Phi models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import PhiConfig


class PhiPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Phi models."""

    config_class = PhiConfig


class PhiModel(PhiPreTrainedModel, DecoderModel):
    """The Phi decoder: token ids to hidden states."""


class PhiForCausalLM(PhiPreTrainedModel, DecoderForCausalLM):
    """Phi with a language-model head: token ids to next-token logits."""

    base_model_class = PhiModel


class PhiForSequenceClassification(PhiPreTrainedModel, DecoderForSequenceClassification):
    """Phi with a linear head on the last token of each sequence."""

    base_model_class = PhiModel


class PhiForTokenClassification(PhiPreTrainedModel, DecoderForTokenClassification):
    """Phi with a linear head on every token."""

    base_model_class = PhiModel
