"""GLM-4 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Glm4Config


class Glm4PreTrainedModel(DecoderPreTrainedModel):
    """Base of the GLM-4 models."""

    config_class = Glm4Config


class Glm4Model(Glm4PreTrainedModel, DecoderModel):
    """The GLM-4 decoder: token ids to hidden states."""


class Glm4ForCausalLM(Glm4PreTrainedModel, DecoderForCausalLM):
    """GLM-4 with a language-model head: token ids to next-token logits."""

    base_model_class = Glm4Model


class Glm4ForSequenceClassification(Glm4PreTrainedModel, DecoderForSequenceClassification):
    """GLM-4 with a linear head on the last token of each sequence."""

    base_model_class = Glm4Model


class Glm4ForTokenClassification(Glm4PreTrainedModel, DecoderForTokenClassification):
    """GLM-4 with a linear head on every token."""

    base_model_class = Glm4Model
