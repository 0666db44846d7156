"""Phi-3 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Phi3Config


class Phi3PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Phi-3 models."""

    config_class = Phi3Config


class Phi3Model(Phi3PreTrainedModel, DecoderModel):
    """The Phi-3 decoder: token ids to hidden states."""


class Phi3ForCausalLM(Phi3PreTrainedModel, DecoderForCausalLM):
    """Phi-3 with a language-model head: token ids to next-token logits."""

    base_model_class = Phi3Model


class Phi3ForSequenceClassification(Phi3PreTrainedModel, DecoderForSequenceClassification):
    """Phi-3 with a linear head on the last token of each sequence."""

    base_model_class = Phi3Model


class Phi3ForTokenClassification(Phi3PreTrainedModel, DecoderForTokenClassification):
    """Phi-3 with a linear head on every token."""

    base_model_class = Phi3Model
