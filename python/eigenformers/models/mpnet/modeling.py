"""MPNet models."""

from __future__ import annotations

from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForMultipleChoice,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderPreTrainedModel,
    PooledEncoderModel,
)
from .configuration import MPNetConfig


class MPNetPreTrainedModel(EncoderPreTrainedModel):
    """Base of the MPNet models."""

    config_class = MPNetConfig
    base_model_prefix = "mpnet"
    _no_split_modules = ["MPNetLayer"]
    _pooled_heads = ("multiple_choice",)


class MPNetModel(MPNetPreTrainedModel, PooledEncoderModel):
    """The MPNet encoder: token ids to hidden states and a summary of the first."""


class MPNetForMaskedLM(MPNetPreTrainedModel, EncoderForMaskedLM):
    """MPNet that fills in masked tokens."""

    base_model_class = MPNetModel
    _tied_weights_keys = {"lm_head.decoder.weight": "mpnet.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"mpnet\.pooler\."]


class MPNetForSequenceClassification(MPNetPreTrainedModel, EncoderForSequenceClassification):
    """MPNet with scores for the whole text."""

    base_model_class = MPNetModel


class MPNetForTokenClassification(MPNetPreTrainedModel, EncoderForTokenClassification):
    """MPNet with scores for every token."""

    base_model_class = MPNetModel


class MPNetForQuestionAnswering(MPNetPreTrainedModel, EncoderForQuestionAnswering):
    """MPNet with a head for where an answer begins and ends."""

    base_model_class = MPNetModel


class MPNetForMultipleChoice(MPNetPreTrainedModel, EncoderForMultipleChoice):
    """MPNet that scores several texts against each other."""

    base_model_class = MPNetModel
