"""Command R models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import CohereConfig


class CoherePreTrainedModel(DecoderPreTrainedModel):
    """Base of the Command R models."""

    config_class = CohereConfig


class CohereModel(CoherePreTrainedModel, DecoderModel):
    """The Command R decoder: token ids to hidden states."""


class CohereForCausalLM(CoherePreTrainedModel, DecoderForCausalLM):
    """Command R with a language-model head: token ids to next-token logits."""

    base_model_class = CohereModel
