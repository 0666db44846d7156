"""UMT5 models."""

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
from .configuration import UMT5Config


class UMT5PreTrainedModel(T5LikePreTrainedModel):
    """Base of the UMT5 models."""

    config_class = UMT5Config


class UMT5Stack(UMT5PreTrainedModel, T5LikeStack):
    """The encoder or the decoder of UMT5."""


class UMT5Model(UMT5PreTrainedModel, T5LikeModel):
    """UMT5: token ids to the decoder's hidden states."""

    encoder_class = decoder_class = UMT5Stack


class UMT5EncoderModel(UMT5PreTrainedModel, T5LikeEncoderModel):
    """The encoder of UMT5: token ids to hidden states."""

    encoder_class = UMT5Stack


class UMT5ForConditionalGeneration(UMT5PreTrainedModel, T5LikeForConditionalGeneration):
    """UMT5 with a language-model head: token ids to logits of the decoder's next tokens."""

    encoder_class = decoder_class = UMT5Stack


class UMT5ForSequenceClassification(UMT5PreTrainedModel, T5LikeForSequenceClassification):
    """UMT5 with a head on the state of the last end-of-sequence token."""

    base_model_class = UMT5Model


class UMT5ForTokenClassification(UMT5PreTrainedModel, T5LikeForTokenClassification):
    """The encoder of UMT5 with a linear head on every token."""

    base_model_class = UMT5EncoderModel


class UMT5ForQuestionAnswering(UMT5PreTrainedModel, T5LikeForQuestionAnswering):
    """UMT5 with a head for where an answer begins and ends."""

    encoder_class = decoder_class = UMT5Stack
