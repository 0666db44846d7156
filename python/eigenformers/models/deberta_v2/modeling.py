"""DeBERTa v2 models."""

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
from .configuration import DebertaV2Config


class DebertaV2PreTrainedModel(EncoderPreTrainedModel):
    """Base of the DeBERTa v2 models."""

    config_class = DebertaV2Config
    base_model_prefix = "deberta"
    _no_split_modules = ["DebertaV2Layer"]
    _packs = False


class DebertaV2Model(DebertaV2PreTrainedModel, EncoderModel):
    """The DeBERTa v2 encoder: token ids to hidden states."""


class DebertaV2ForMaskedLM(DebertaV2PreTrainedModel, EncoderForMaskedLM):
    """DeBERTa v2 that fills in masked tokens."""

    base_model_class = DebertaV2Model
    _tied_weights_keys = {"cls.predictions.decoder.weight": "deberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "cls.predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [
        r"position_ids", r"cls\.predictions\.decoder\.bias", r"mask_predictions\.", r"lm_predictions\.",
    ]  # fmt: skip


class DebertaV2ForSequenceClassification(DebertaV2PreTrainedModel, EncoderForSequenceClassification):
    """DeBERTa v2 with scores for the whole text."""

    base_model_class = DebertaV2Model


class DebertaV2ForTokenClassification(DebertaV2PreTrainedModel, EncoderForTokenClassification):
    """DeBERTa v2 with scores for every token."""

    base_model_class = DebertaV2Model


class DebertaV2ForQuestionAnswering(DebertaV2PreTrainedModel, EncoderForQuestionAnswering):
    """DeBERTa v2 with a head for where an answer begins and ends."""

    base_model_class = DebertaV2Model


class DebertaV2ForMultipleChoice(DebertaV2PreTrainedModel, EncoderForMultipleChoice):
    """DeBERTa v2 that scores several texts against each other."""

    base_model_class = DebertaV2Model
