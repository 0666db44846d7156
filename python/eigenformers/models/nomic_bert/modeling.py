"""NomicBERT models."""

from __future__ import annotations

from typing import Any

from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderPreTrainedModel,
    PooledEncoderModel,
)
from .configuration import NomicBertConfig


class NomicBertPreTrainedModel(EncoderPreTrainedModel):
    """Base of the NomicBERT models."""

    config_class = NomicBertConfig
    base_model_prefix = "nomic_bert"
    _no_split_modules = ["NomicBertLayer"]
    _pooled_heads = ("sequence_classification",)


class NomicBertModel(NomicBertPreTrainedModel, PooledEncoderModel):
    """The NomicBERT encoder: token ids to hidden states; the Hub's checkpoints have no pooler."""

    def __init__(self, config: Any, add_pooling_layer: bool = False, **unknown: Any):
        super().__init__(config, add_pooling_layer, **unknown)


class NomicBertForMaskedLM(NomicBertPreTrainedModel, EncoderForMaskedLM):
    """NomicBERT that fills in masked tokens."""

    base_model_class = NomicBertModel
    _tied_weights_keys = {"cls.predictions.decoder.weight": "nomic_bert.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "cls.predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"cls\.predictions\.decoder\.bias", r"nomic_bert\.pooler\."]


class NomicBertForSequenceClassification(NomicBertPreTrainedModel, EncoderForSequenceClassification):
    """NomicBERT with scores for the whole text."""

    base_model_class = NomicBertModel


class NomicBertForTokenClassification(NomicBertPreTrainedModel, EncoderForTokenClassification):
    """NomicBERT with scores for every token."""

    base_model_class = NomicBertModel
