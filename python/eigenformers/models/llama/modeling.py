"""Llama models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import LlamaConfig


class LlamaPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Llama models."""

    config_class = LlamaConfig


class LlamaModel(LlamaPreTrainedModel, DecoderModel):
    """The Llama decoder: token ids to hidden states."""


class LlamaForCausalLM(LlamaPreTrainedModel, DecoderForCausalLM):
    """Llama with a language-model head: token ids to next-token logits."""

    base_model_class = LlamaModel
