"""Llama models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import LlamaConfig


class LlamaPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Llama models."""

    config_class = LlamaConfig


class LlamaModel(LlamaPreTrainedModel, DecoderModel):
    """The Llama decoder: token ids to hidden states."""


class LlamaForCausalLM(LlamaPreTrainedModel, DecoderForCausalLM):
    """Llama with a language-model head: token ids to next-token logits."""

    base_model_class = LlamaModel


class LlamaForSequenceClassification(LlamaPreTrainedModel, DecoderForSequenceClassification):
    """Llama with a linear head on the last token of each sequence."""

    base_model_class = LlamaModel


class LlamaForTokenClassification(LlamaPreTrainedModel, DecoderForTokenClassification):
    """Llama with a linear head on every token."""

    base_model_class = LlamaModel


class LlamaForQuestionAnswering(LlamaPreTrainedModel, DecoderForQuestionAnswering):
    """Llama with a head for where an answer begins and ends."""

    base_model_class = LlamaModel
    base_model_prefix = "transformer"
