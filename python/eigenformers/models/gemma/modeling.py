"""Gemma models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import GemmaConfig


class GemmaPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Gemma models."""

    config_class = GemmaConfig


class GemmaModel(GemmaPreTrainedModel, DecoderModel):
    """The Gemma decoder: token ids to hidden states."""


class GemmaForCausalLM(GemmaPreTrainedModel, DecoderForCausalLM):
    """Gemma with a language-model head: token ids to next-token logits."""

    base_model_class = GemmaModel
