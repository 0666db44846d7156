"""ELECTRA models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...outputs import BaseModelOutputWithPastAndCrossAttentions, ModelOutput
from ..encoder_modeling import (
    EncoderForCausalLM,
    EncoderForMaskedLM,
    EncoderForMultipleChoice,
    EncoderForPreTraining,
    EncoderForQuestionAnswering,
    EncoderForSequenceClassification,
    EncoderForTokenClassification,
    EncoderModel,
    EncoderPreTrainedModel,
)
from .configuration import ElectraConfig


@dataclass
class ElectraForPreTrainingOutput(ModelOutput):
    """A logit for every token, high where it was replaced: `[batch, length]`."""

    loss: Any = None
    logits: Any = None
    hidden_states: Any = None
    attentions: Any = None


class ElectraPreTrainedModel(EncoderPreTrainedModel):
    """Base of the ELECTRA models."""

    config_class = ElectraConfig
    base_model_prefix = "electra"
    _no_split_modules = ["ElectraLayer"]


class ElectraModel(ElectraPreTrainedModel, EncoderModel):
    """The ELECTRA encoder: token ids to hidden states."""

    _output_class = BaseModelOutputWithPastAndCrossAttentions


class ElectraForCausalLM(ElectraPreTrainedModel, EncoderForCausalLM):
    """ELECTRA that predicts the next token; a decoder with `is_decoder=True`."""

    base_model_class = ElectraModel
    _tied_weights_keys = {"generator_lm_head.weight": "electra.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "generator_lm_head"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"discriminator_predictions\."]


class ElectraForMaskedLM(ElectraPreTrainedModel, EncoderForMaskedLM):
    """ELECTRA that fills in masked tokens."""

    base_model_class = ElectraModel
    _tied_weights_keys = {"generator_lm_head.weight": "electra.embeddings.word_embeddings.weight"}
    _output_embeddings_path = "generator_lm_head"
    _keys_to_ignore_on_load_unexpected = [r"position_ids", r"discriminator_predictions\."]


class ElectraForSequenceClassification(ElectraPreTrainedModel, EncoderForSequenceClassification):
    """ELECTRA with scores for the whole text."""

    base_model_class = ElectraModel


class ElectraForTokenClassification(ElectraPreTrainedModel, EncoderForTokenClassification):
    """ELECTRA with scores for every token."""

    base_model_class = ElectraModel


class ElectraForQuestionAnswering(ElectraPreTrainedModel, EncoderForQuestionAnswering):
    """ELECTRA with a head for where an answer begins and ends."""

    base_model_class = ElectraModel


class ElectraForMultipleChoice(ElectraPreTrainedModel, EncoderForMultipleChoice):
    """ELECTRA that scores several texts against each other."""

    base_model_class = ElectraModel


class ElectraForPreTraining(ElectraPreTrainedModel, EncoderForPreTraining):
    """ELECTRA that tells replaced tokens from real ones."""

    base_model_class = ElectraModel
    _output_class = ElectraForPreTrainingOutput
