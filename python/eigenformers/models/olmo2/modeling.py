"""OLMo 2 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Olmo2Config


class Olmo2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the OLMo 2 models."""

    config_class = Olmo2Config


class Olmo2Model(Olmo2PreTrainedModel, DecoderModel):
    """The OLMo 2 decoder: token ids to hidden states."""


class Olmo2ForCausalLM(Olmo2PreTrainedModel, DecoderForCausalLM):
    """OLMo 2 with a language-model head: token ids to next-token logits."""

    base_model_class = Olmo2Model


class Olmo2ForSequenceClassification(Olmo2PreTrainedModel, DecoderForSequenceClassification):
    """OLMo 2 with a linear head on the last token of each sequence."""

    base_model_class = Olmo2Model
