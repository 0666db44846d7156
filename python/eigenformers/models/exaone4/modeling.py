"""EXAONE 4 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import Exaone4Config


class Exaone4PreTrainedModel(DecoderPreTrainedModel):
    """Base of the EXAONE 4 models."""

    config_class = Exaone4Config


class Exaone4Model(Exaone4PreTrainedModel, DecoderModel):
    """The EXAONE 4 decoder: token ids to hidden states."""


class Exaone4ForCausalLM(Exaone4PreTrainedModel, DecoderForCausalLM):
    """EXAONE 4 with a language-model head: token ids to next-token logits."""

    base_model_class = Exaone4Model


class Exaone4ForSequenceClassification(Exaone4PreTrainedModel, DecoderForSequenceClassification):
    """EXAONE 4 with a linear head on the last token of each sequence."""

    base_model_class = Exaone4Model


class Exaone4ForTokenClassification(Exaone4PreTrainedModel, DecoderForTokenClassification):
    """EXAONE 4 with a linear head on every token."""

    base_model_class = Exaone4Model


class Exaone4ForQuestionAnswering(Exaone4PreTrainedModel, DecoderForQuestionAnswering):
    """EXAONE 4 with a head for where an answer begins and ends."""

    base_model_class = Exaone4Model
    base_model_prefix = "transformer"
