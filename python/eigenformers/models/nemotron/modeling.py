"""Nemotron models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import NemotronConfig


class NemotronPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Nemotron models."""

    config_class = NemotronConfig


class NemotronModel(NemotronPreTrainedModel, DecoderModel):
    """The Nemotron decoder: token ids to hidden states."""


class NemotronForCausalLM(NemotronPreTrainedModel, DecoderForCausalLM):
    """Nemotron with a language-model head: token ids to next-token logits."""

    base_model_class = NemotronModel


class NemotronForSequenceClassification(NemotronPreTrainedModel, DecoderForSequenceClassification):
    """Nemotron with a linear head on the last token of each sequence."""

    base_model_class = NemotronModel


class NemotronForTokenClassification(NemotronPreTrainedModel, DecoderForTokenClassification):
    """Nemotron with a linear head on every token."""

    base_model_class = NemotronModel


class NemotronForQuestionAnswering(NemotronPreTrainedModel, DecoderForQuestionAnswering):
    """Nemotron with a head for where an answer begins and ends."""

    base_model_class = NemotronModel
    base_model_prefix = "transformer"
