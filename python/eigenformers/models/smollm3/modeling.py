"""SmolLM3 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import SmolLM3Config


class SmolLM3PreTrainedModel(DecoderPreTrainedModel):
    """Base of the SmolLM3 models."""

    config_class = SmolLM3Config


class SmolLM3Model(SmolLM3PreTrainedModel, DecoderModel):
    """The SmolLM3 decoder: token ids to hidden states."""


class SmolLM3ForCausalLM(SmolLM3PreTrainedModel, DecoderForCausalLM):
    """SmolLM3 with a language-model head: token ids to next-token logits."""

    base_model_class = SmolLM3Model


class SmolLM3ForSequenceClassification(SmolLM3PreTrainedModel, DecoderForSequenceClassification):
    """SmolLM3 with a linear head on the last token of each sequence."""

    base_model_class = SmolLM3Model


class SmolLM3ForTokenClassification(SmolLM3PreTrainedModel, DecoderForTokenClassification):
    """SmolLM3 with a linear head on every token."""

    base_model_class = SmolLM3Model


class SmolLM3ForQuestionAnswering(SmolLM3PreTrainedModel, DecoderForQuestionAnswering):
    """SmolLM3 with a head for where an answer begins and ends."""

    base_model_class = SmolLM3Model
    base_model_prefix = "transformer"
