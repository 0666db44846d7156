"""Qwen3 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Qwen3Config


class Qwen3PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Qwen3 models."""

    config_class = Qwen3Config


class Qwen3Model(Qwen3PreTrainedModel, DecoderModel):
    """The Qwen3 decoder: token ids to hidden states."""


class Qwen3ForCausalLM(Qwen3PreTrainedModel, DecoderForCausalLM):
    """Qwen3 with a language-model head: token ids to next-token logits."""

    base_model_class = Qwen3Model


class Qwen3ForSequenceClassification(Qwen3PreTrainedModel, DecoderForSequenceClassification):
    """Qwen3 with a linear head on the last token of each sequence."""

    base_model_class = Qwen3Model


class Qwen3ForTokenClassification(Qwen3PreTrainedModel, DecoderForTokenClassification):
    """Qwen3 with a linear head on every token."""

    base_model_class = Qwen3Model


class Qwen3ForQuestionAnswering(Qwen3PreTrainedModel, DecoderForQuestionAnswering):
    """Qwen3 with a head for where an answer begins and ends."""

    base_model_class = Qwen3Model
    base_model_prefix = "transformer"
