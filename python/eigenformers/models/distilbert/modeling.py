"""DistilBERT models."""

from __future__ import annotations

from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForMultipleChoice,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderModel,
    EncoderPreTrainedModel,
)
from .configuration import DistilBertConfig


class DistilBertPreTrainedModel(EncoderPreTrainedModel):
    """Base of the DistilBERT models."""

    config_class = DistilBertConfig
    base_model_prefix = "distilbert"
    _no_split_modules = ["DistilBertLayer"]


class DistilBertModel(DistilBertPreTrainedModel, EncoderModel):
    """The DistilBERT encoder: token ids to hidden states."""


class DistilBertForMaskedLM(DistilBertPreTrainedModel, EncoderForMaskedLM):
    """DistilBERT that fills in masked tokens."""

    base_model_class = DistilBertModel
    _tied_weights_keys = {"vocab_projector.weight": "distilbert.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "vocab_projector"
    _keys_to_ignore_on_load_unexpected = [r"position_ids"]


class DistilBertForSequenceClassification(DistilBertPreTrainedModel, EncoderForSequenceClassification):
    """DistilBERT with scores for the whole text."""

    base_model_class = DistilBertModel


class DistilBertForTokenClassification(DistilBertPreTrainedModel, EncoderForTokenClassification):
    """DistilBERT with scores for every token."""

    base_model_class = DistilBertModel


class DistilBertForQuestionAnswering(DistilBertPreTrainedModel, EncoderForQuestionAnswering):
    """DistilBERT with a head for where an answer begins and ends."""

    base_model_class = DistilBertModel


class DistilBertForMultipleChoice(DistilBertPreTrainedModel, EncoderForMultipleChoice):
    """DistilBERT that scores several texts against each other."""

    base_model_class = DistilBertModel
