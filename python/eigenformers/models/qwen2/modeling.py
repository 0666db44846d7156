"""Qwen2 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Qwen2Config


class Qwen2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Qwen2 models."""

    config_class = Qwen2Config


class Qwen2Model(Qwen2PreTrainedModel, DecoderModel):
    """The Qwen2 decoder: token ids to hidden states."""


class Qwen2ForCausalLM(Qwen2PreTrainedModel, DecoderForCausalLM):
    """Qwen2 with a language-model head: token ids to next-token logits."""

    base_model_class = Qwen2Model


class Qwen2ForSequenceClassification(Qwen2PreTrainedModel, DecoderForSequenceClassification):
    """Qwen2 with a linear head on the last token of each sequence."""

    base_model_class = Qwen2Model


class Qwen2ForTokenClassification(Qwen2PreTrainedModel, DecoderForTokenClassification):
    """Qwen2 with a linear head on every token."""

    base_model_class = Qwen2Model


class Qwen2ForQuestionAnswering(Qwen2PreTrainedModel, DecoderForQuestionAnswering):
    """Qwen2 with a head for where an answer begins and ends."""

    base_model_class = Qwen2Model
    base_model_prefix = "transformer"
