"""T5 models."""

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
from .configuration import T5Config


class T5PreTrainedModel(T5LikePreTrainedModel):
    """Base of the T5 models."""

    config_class = T5Config


class T5Stack(T5PreTrainedModel, T5LikeStack):
    """The encoder or the decoder of T5."""


class T5Model(T5PreTrainedModel, T5LikeModel):
    """T5: token ids to the decoder's hidden states."""

    encoder_class = decoder_class = T5Stack


class T5EncoderModel(T5PreTrainedModel, T5LikeEncoderModel):
    """The encoder of T5: token ids to hidden states."""

    encoder_class = T5Stack


class T5ForConditionalGeneration(T5PreTrainedModel, T5LikeForConditionalGeneration):
    """T5 with a language-model head: token ids to logits of the decoder's next tokens."""

    encoder_class = decoder_class = T5Stack


class T5ForSequenceClassification(T5PreTrainedModel, T5LikeForSequenceClassification):
    """T5 with a head on the state of the last end-of-sequence token."""

    base_model_class = T5Model


class T5ForTokenClassification(T5PreTrainedModel, T5LikeForTokenClassification):
    """The encoder of T5 with a linear head on every token."""

    base_model_class = T5EncoderModel


class T5ForQuestionAnswering(T5PreTrainedModel, T5LikeForQuestionAnswering):
    """T5 with a head for where an answer begins and ends."""

    encoder_class = decoder_class = T5Stack
