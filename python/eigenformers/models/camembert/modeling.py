"""CamemBERT models."""

from __future__ import annotations

from ..encoder_modeling import (
    EncoderForCausalLM,
    EncoderForMaskedLM,
    EncoderForMultipleChoice,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderPreTrainedModel,
    PooledEncoderModel,
)
from .configuration import CamembertConfig


class CamembertPreTrainedModel(EncoderPreTrainedModel):
    """Base of the CamemBERT models."""

    config_class = CamembertConfig
    base_model_prefix = "roberta"
    _no_split_modules = ["RobertaLayer"]
    _pooled_heads = ("multiple_choice",)


class CamembertModel(CamembertPreTrainedModel, PooledEncoderModel):
    """The CamemBERT encoder: token ids to hidden states and a summary of the first."""


class CamembertForCausalLM(CamembertPreTrainedModel, EncoderForCausalLM):
    """CamemBERT that predicts the next token; a decoder with `is_decoder=True`."""

    base_model_class = CamembertModel
    _tied_weights_keys = {"lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"roberta\.pooler\."]


class CamembertForMaskedLM(CamembertPreTrainedModel, EncoderForMaskedLM):
    """CamemBERT that fills in masked tokens."""

    base_model_class = CamembertModel
    _tied_weights_keys = {"lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"roberta\.pooler\."]


class CamembertForSequenceClassification(CamembertPreTrainedModel, EncoderForSequenceClassification):
    """CamemBERT with scores for the whole text."""

    base_model_class = CamembertModel


class CamembertForTokenClassification(CamembertPreTrainedModel, EncoderForTokenClassification):
    """CamemBERT with scores for every token."""

    base_model_class = CamembertModel


class CamembertForQuestionAnswering(CamembertPreTrainedModel, EncoderForQuestionAnswering):
    """CamemBERT with a head for where an answer begins and ends."""

    base_model_class = CamembertModel


class CamembertForMultipleChoice(CamembertPreTrainedModel, EncoderForMultipleChoice):
    """CamemBERT that scores several texts against each other."""

    base_model_class = CamembertModel
