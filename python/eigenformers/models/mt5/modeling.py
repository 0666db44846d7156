"""mT5 models."""

from __future__ import annotations

from ..t5_modeling import (
    T5LikeEncoderModel,
    T5LikeForConditionalGeneration,
    T5LikeForQuestionAnswering,
    T5LikeForSequenceClassification,
    T5LikeForTokenClassification,
    T5LikeModel,
    T5LikePreTrainedModel,
    T5LikeStack,
)
from .configuration import MT5Config


class MT5PreTrainedModel(T5LikePreTrainedModel):
    """Base of the mT5 models."""

    config_class = MT5Config


class MT5Stack(MT5PreTrainedModel, T5LikeStack):
    """The encoder or the decoder of mT5."""


class MT5Model(MT5PreTrainedModel, T5LikeModel):
    """mT5: token ids to the decoder's hidden states."""

    encoder_class = decoder_class = MT5Stack


class MT5EncoderModel(MT5PreTrainedModel, T5LikeEncoderModel):
    """The encoder of mT5: token ids to hidden states."""

    encoder_class = MT5Stack


class MT5ForConditionalGeneration(MT5PreTrainedModel, T5LikeForConditionalGeneration):
    """mT5 with a language-model head: token ids to logits of the decoder's next tokens."""

    encoder_class = decoder_class = MT5Stack


class MT5ForSequenceClassification(MT5PreTrainedModel, T5LikeForSequenceClassification):
    """mT5 with a head on the state of the last end-of-sequence token."""

    base_model_class = MT5Model


class MT5ForTokenClassification(MT5PreTrainedModel, T5LikeForTokenClassification):
    """The encoder of mT5 with a linear head on every token."""

    base_model_class = MT5EncoderModel


class MT5ForQuestionAnswering(MT5PreTrainedModel, T5LikeForQuestionAnswering):
    """mT5 with a head for where an answer begins and ends."""

    encoder_class = decoder_class = MT5Stack
