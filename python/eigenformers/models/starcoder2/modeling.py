"""StarCoder2 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Starcoder2Config


class Starcoder2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the StarCoder2 models."""

    config_class = Starcoder2Config


class Starcoder2Model(Starcoder2PreTrainedModel, DecoderModel):
    """The StarCoder2 decoder: token ids to hidden states."""


class Starcoder2ForCausalLM(Starcoder2PreTrainedModel, DecoderForCausalLM):
    """StarCoder2 with a language-model head: token ids to next-token logits."""

    base_model_class = Starcoder2Model


class Starcoder2ForSequenceClassification(Starcoder2PreTrainedModel, DecoderForSequenceClassification):
    """StarCoder2 with a linear head on the last token of each sequence."""

    base_model_class = Starcoder2Model


class Starcoder2ForTokenClassification(Starcoder2PreTrainedModel, DecoderForTokenClassification):
    """StarCoder2 with a linear head on every token."""

    base_model_class = Starcoder2Model
