"""Mistral models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import MistralConfig


class MistralPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Mistral models."""

    config_class = MistralConfig


class MistralModel(MistralPreTrainedModel, DecoderModel):
    """The Mistral decoder: token ids to hidden states."""


class MistralForCausalLM(MistralPreTrainedModel, DecoderForCausalLM):
    """Mistral with a language-model head: token ids to next-token logits."""

    base_model_class = MistralModel
