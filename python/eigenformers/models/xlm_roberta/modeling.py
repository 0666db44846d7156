"""XLM-RoBERTa models."""

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
from .configuration import XLMRobertaConfig


class XLMRobertaPreTrainedModel(EncoderPreTrainedModel):
    """Base of the XLM-RoBERTa models."""

    config_class = XLMRobertaConfig
    base_model_prefix = "roberta"
    _no_split_modules = ["RobertaLayer"]
    _pooled_heads = ("multiple_choice",)


class XLMRobertaModel(XLMRobertaPreTrainedModel, PooledEncoderModel):
    """The XLM-RoBERTa encoder: token ids to hidden states and a summary of the first."""


class XLMRobertaForCausalLM(XLMRobertaPreTrainedModel, EncoderForCausalLM):
    """XLM-RoBERTa that predicts the next token; a decoder with `is_decoder=True`."""

    base_model_class = XLMRobertaModel
    _tied_weights_keys = {"lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"roberta\.pooler\."]


class XLMRobertaForMaskedLM(XLMRobertaPreTrainedModel, EncoderForMaskedLM):
    """XLM-RoBERTa that fills in masked tokens."""

    base_model_class = XLMRobertaModel
    _tied_weights_keys = {"lm_head.decoder.weight": "roberta.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "lm_head.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"lm_head\.decoder\.bias", r"roberta\.pooler\."]


class XLMRobertaForSequenceClassification(XLMRobertaPreTrainedModel, EncoderForSequenceClassification):
    """XLM-RoBERTa with scores for the whole text."""

    base_model_class = XLMRobertaModel


class XLMRobertaForTokenClassification(XLMRobertaPreTrainedModel, EncoderForTokenClassification):
    """XLM-RoBERTa with scores for every token."""

    base_model_class = XLMRobertaModel


class XLMRobertaForQuestionAnswering(XLMRobertaPreTrainedModel, EncoderForQuestionAnswering):
    """XLM-RoBERTa with a head for where an answer begins and ends."""

    base_model_class = XLMRobertaModel


class XLMRobertaForMultipleChoice(XLMRobertaPreTrainedModel, EncoderForMultipleChoice):
    """XLM-RoBERTa that scores several texts against each other."""

    base_model_class = XLMRobertaModel
