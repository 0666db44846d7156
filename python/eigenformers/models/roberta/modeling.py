"""RoBERTa models."""

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
from .configuration import RobertaConfig


class RobertaPreTrainedModel(EncoderPreTrainedModel):
    """Base of the RoBERTa models."""

    config_class = RobertaConfig
    base_model_prefix = "roberta"
    _no_split_modules = ["RobertaLayer"]
    _pooled_heads = ("multiple_choice",)


class RobertaModel(RobertaPreTrainedModel, PooledEncoderModel):
    """The RoBERTa encoder: token ids to hidden states and a summary of the first."""


class RobertaForCausalLM(RobertaPreTrainedModel, EncoderForCausalLM):
    """RoBERTa that predicts the next token; a decoder with `is_decoder=True`."""

    base_model_class = RobertaModel
    _tied_weights_keys = {"lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"roberta\.pooler\."]


class RobertaForMaskedLM(RobertaPreTrainedModel, EncoderForMaskedLM):
    """RoBERTa that fills in masked tokens."""

    base_model_class = RobertaModel
    _tied_weights_keys = {"lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"roberta\.pooler\."]


class RobertaForSequenceClassification(RobertaPreTrainedModel, EncoderForSequenceClassification):
    """RoBERTa with scores for the whole text."""

    base_model_class = RobertaModel


class RobertaForTokenClassification(RobertaPreTrainedModel, EncoderForTokenClassification):
    """RoBERTa with scores for every token."""

    base_model_class = RobertaModel


class RobertaForQuestionAnswering(RobertaPreTrainedModel, EncoderForQuestionAnswering):
    """RoBERTa with a head for where an answer begins and ends."""

    base_model_class = RobertaModel


class RobertaForMultipleChoice(RobertaPreTrainedModel, EncoderForMultipleChoice):
    """RoBERTa that scores several texts against each other."""

    base_model_class = RobertaModel
