"""Granite models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import GraniteConfig


class GranitePreTrainedModel(DecoderPreTrainedModel):
    """Base of the Granite models."""

    config_class = GraniteConfig


class GraniteModel(GranitePreTrainedModel, DecoderModel):
    """The Granite decoder: token ids to hidden states."""


class GraniteForCausalLM(GranitePreTrainedModel, DecoderForCausalLM):
    """Granite with a language-model head: token ids to next-token logits."""

    base_model_class = GraniteModel
