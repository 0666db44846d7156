"""DeBERTa models."""

from __future__ import annotations

from ..encoder_modeling import (
    EncoderForMaskedLM,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderModel,
    EncoderPreTrainedModel,
)
from .configuration import DebertaConfig


class DebertaPreTrainedModel(EncoderPreTrainedModel):
    """Base of the DeBERTa models."""

    config_class = DebertaConfig
    base_model_prefix = "deberta"
    _no_split_modules = ["DebertaLayer"]
    _packs = False


class DebertaModel(DebertaPreTrainedModel, EncoderModel):
    """The DeBERTa encoder: token ids to hidden states."""


class DebertaForMaskedLM(DebertaPreTrainedModel, EncoderForMaskedLM):
    """DeBERTa that fills in masked tokens."""

    base_model_class = DebertaModel
    _tied_weights_keys = {"cls.predictions.decoder.weight": "deberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "cls.predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [
        r"position_ids", r"cls\.predictions\.decoder\.bias", r"mask_predictions\.", r"lm_predictions\.",
    ]  # fmt: skip


class DebertaForSequenceClassification(DebertaPreTrainedModel, EncoderForSequenceClassification):
    """DeBERTa with scores for the whole text."""

    base_model_class = DebertaModel


class DebertaForTokenClassification(DebertaPreTrainedModel, EncoderForTokenClassification):
    """DeBERTa with scores for every token."""

    base_model_class = DebertaModel


class DebertaForQuestionAnswering(DebertaPreTrainedModel, EncoderForQuestionAnswering):
    """DeBERTa with a head for where an answer begins and ends."""

    base_model_class = DebertaModel
