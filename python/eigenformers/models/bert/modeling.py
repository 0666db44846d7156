"""BERT models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...outputs import ModelOutput
from ..encoder_modeling import (
    EncoderForCausalLM,
    EncoderForMaskedLM,
    EncoderForMultipleChoice,
    EncoderForNextSentencePrediction,
    EncoderForPreTraining,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderPreTrainedModel,
    PooledEncoderModel,
)
from .configuration import BertConfig


@dataclass
class BertForPreTrainingOutput(ModelOutput):
    """Both heads' logits: `[batch, length, vocab_size]` and `[batch, 2]`."""

    loss: Any = None
    prediction_logits: Any = None
    seq_relationship_logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


class BertPreTrainedModel(EncoderPreTrainedModel):
    """Base of the BERT models."""

    config_class = BertConfig
    base_model_prefix = "bert"
    _no_split_modules = ["BertLayer"]
    _pooled_heads = ("sequence_classification", "multiple_choice", "next_sentence_prediction", "pretraining")


class BertModel(BertPreTrainedModel, PooledEncoderModel):
    """The BERT encoder: token ids to hidden states and a summary of the first."""


class BertLMHeadModel(BertPreTrainedModel, EncoderForCausalLM):
    """BERT that predicts the next token; a decoder with `is_decoder=True`."""

    base_model_class = BertModel
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "cls.predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [
        r"position_ids", r"cls\.predictions\.decoder\.bias", r"bert\.pooler\.", r"cls\.seq_relationship\.",
    ]


class BertForMaskedLM(BertPreTrainedModel, EncoderForMaskedLM):
    """BERT that fills in masked tokens."""

    base_model_class = BertModel
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "cls.predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [
        r"position_ids", r"cls\.predictions\.decoder\.bias", r"bert\.pooler\.", r"cls\.seq_relationship\.",
    ]  # fmt: skip


class BertForSequenceClassification(BertPreTrainedModel, EncoderForSequenceClassification):
    """BERT with scores for the whole text."""

    base_model_class = BertModel


class BertForTokenClassification(BertPreTrainedModel, EncoderForTokenClassification):
    """BERT with scores for every token."""

    base_model_class = BertModel


class BertForQuestionAnswering(BertPreTrainedModel, EncoderForQuestionAnswering):
    """BERT with a head for where an answer begins and ends."""

    base_model_class = BertModel


class BertForMultipleChoice(BertPreTrainedModel, EncoderForMultipleChoice):
    """BERT that scores several texts against each other."""

    base_model_class = BertModel


class BertForNextSentencePrediction(BertPreTrainedModel, EncoderForNextSentencePrediction):
    """BERT that tells whether one sentence follows another."""

    base_model_class = BertModel


class BertForPreTraining(BertPreTrainedModel, EncoderForPreTraining):
    """BERT with the two heads of its pretraining: masked tokens and the next sentence."""

    base_model_class = BertModel
    _tied_weights_keys = {"cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "cls.predictions.decoder"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"cls\.predictions\.decoder\.bias"]
    _output_class = BertForPreTrainingOutput
    _output_names = {"logits": "prediction_logits", "pair_logits": "seq_relationship_logits"}
