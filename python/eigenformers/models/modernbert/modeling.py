"""ModernBERT models."""

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
from .configuration import ModernBertConfig


class ModernBertPreTrainedModel(EncoderPreTrainedModel):
    """Base of the ModernBERT models."""

    config_class = ModernBertConfig
    base_model_prefix = "model"
    _no_split_modules = ["ModernBertEncoderLayer"]
    _input_embeddings_path = "embeddings.tok_embeddings"


class ModernBertModel(ModernBertPreTrainedModel, EncoderModel):
    """The ModernBERT encoder: token ids to hidden states."""


class ModernBertForMaskedLM(ModernBertPreTrainedModel, EncoderForMaskedLM):
    """ModernBERT that fills in masked tokens."""

    base_model_class = ModernBertModel
    _tied_weights_keys = {"decoder.weight": "model.embeddings.tok_embeddings.weight"}
    _output_embeddings_path = "decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids"]


class ModernBertForSequenceClassification(ModernBertPreTrainedModel, EncoderForSequenceClassification):
    """ModernBERT with scores for the whole text."""

    base_model_class = ModernBertModel


class ModernBertForTokenClassification(ModernBertPreTrainedModel, EncoderForTokenClassification):
    """ModernBERT with scores for every token."""

    base_model_class = ModernBertModel


class ModernBertForQuestionAnswering(ModernBertPreTrainedModel, EncoderForQuestionAnswering):
    """ModernBERT with a head for where an answer begins and ends."""

    base_model_class = ModernBertModel


class ModernBertForMultipleChoice(ModernBertPreTrainedModel, EncoderForMultipleChoice):
    """ModernBERT that scores several texts against each other."""

    base_model_class = ModernBertModel
