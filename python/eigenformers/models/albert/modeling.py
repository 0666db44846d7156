"""ALBERT models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...outputs import ModelOutput
from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForMultipleChoice,
    EncoderForPreTraining,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderPreTrainedModel,
    PooledEncoderModel,
)
from .configuration import AlbertConfig


@dataclass
class AlbertForPreTrainingOutput(ModelOutput):
    """Both heads' logits: `[batch, length, vocab_size]` and `[batch, 2]`."""

    loss: Any = None
    prediction_logits: Any = None
    sop_logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


class AlbertPreTrainedModel(EncoderPreTrainedModel):
    """Base of the ALBERT models."""

    config_class = AlbertConfig
    base_model_prefix = "albert"
    _no_split_modules = ["AlbertLayer"]
    _pooled_heads = ("sequence_classification", "multiple_choice", "pretraining")


class AlbertModel(AlbertPreTrainedModel, PooledEncoderModel):
    """The ALBERT encoder: token ids to hidden states and a summary of the first."""


class AlbertForMaskedLM(AlbertPreTrainedModel, EncoderForMaskedLM):
    """ALBERT that fills in masked tokens."""

    base_model_class = AlbertModel
    _tied_weights_keys = {"predictions.decoder.weight": "albert.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [
        r"position_ids", r"predictions\.decoder\.bias", r"albert\.pooler\.", r"sop_classifier\.",
    ]  # fmt: skip


class AlbertForSequenceClassification(AlbertPreTrainedModel, EncoderForSequenceClassification):
    """ALBERT with scores for the whole text."""

    base_model_class = AlbertModel


class AlbertForTokenClassification(AlbertPreTrainedModel, EncoderForTokenClassification):
    """ALBERT with scores for every token."""

    base_model_class = AlbertModel


class AlbertForQuestionAnswering(AlbertPreTrainedModel, EncoderForQuestionAnswering):
    """ALBERT with a head for where an answer begins and ends."""

    base_model_class = AlbertModel


class AlbertForMultipleChoice(AlbertPreTrainedModel, EncoderForMultipleChoice):
    """ALBERT that scores several texts against each other."""

    base_model_class = AlbertModel


class AlbertForPreTraining(AlbertPreTrainedModel, EncoderForPreTraining):
    """ALBERT with the two heads of its pretraining: masked tokens and the order of sentences."""

    base_model_class = AlbertModel
    _tied_weights_keys = {"predictions.decoder.weight": "albert.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"predictions\.decoder\.bias"]
    _output_class = AlbertForPreTrainingOutput
    _output_names = {"logits": "prediction_logits", "pair_logits": "sop_logits"}
    _pair_label = "sentence_order_label"
