"""BERT models."""

from __future__ import annotations

from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderModel,
    EncoderPreTrainedModel,
)
from .configuration import BertConfig


class BertPreTrainedModel(EncoderPreTrainedModel):
    """Base of the BERT models."""

    config_class = BertConfig
    base_model_prefix = "bert"
    _keys_to_ignore_on_load_unexpected = [r"position_ids"]


class BertModel(BertPreTrainedModel, EncoderModel):
    """The BERT encoder: token ids to hidden states and a summary of the first."""


class BertForMaskedLM(BertPreTrainedModel, EncoderForMaskedLM):
    """BERT that fills in masked tokens."""

    base_model_class = BertModel
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}
    _keys_to_ignore_on_load_unexpected = [
        r"position_ids", r"cls\.predictions\.decoder\.bias", r"bert\.pooler\.", r"cls\.seq_relationship\.",
    ]  # fmt: skip
    _output_embeddings_path = "cls.predictions.decoder"


class BertForSequenceClassification(BertPreTrainedModel, EncoderForSequenceClassification):
    """BERT with a linear head on the summary of the sequence."""

    base_model_class = BertModel


class BertForTokenClassification(BertPreTrainedModel, EncoderForTokenClassification):
    """BERT with a linear head on every token."""

    base_model_class = BertModel


class BertForQuestionAnswering(BertPreTrainedModel, EncoderForQuestionAnswering):
    """BERT with a head for where an answer begins and ends."""

    base_model_class = BertModel
