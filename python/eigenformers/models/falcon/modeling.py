"""Falcon models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import FalconConfig


class FalconPreTrainedModel(DecoderPreTrainedModel):
    """Base of the Falcon models."""

    config_class = FalconConfig
    base_model_prefix = "transformer"
    _input_embeddings_path = "word_embeddings"


class FalconModel(FalconPreTrainedModel, DecoderModel):
    """The Falcon decoder: token ids to hidden states."""


class FalconForCausalLM(FalconPreTrainedModel, DecoderForCausalLM):
    """Falcon with a language-model head: token ids to next-token logits."""

    base_model_class = FalconModel
    _tied_weights_keys = {"lm_head.weight": "transformer.word_embeddings.weight"}


class FalconForSequenceClassification(FalconPreTrainedModel, DecoderForSequenceClassification):
    """Falcon with a linear head on the last token of each sequence."""

    base_model_class = FalconModel


class FalconForTokenClassification(FalconPreTrainedModel, DecoderForTokenClassification):
    """Falcon with a linear head on every token."""

    base_model_class = FalconModel


class FalconForQuestionAnswering(FalconPreTrainedModel, DecoderForQuestionAnswering):
    """Falcon with a head for where an answer begins and ends."""

    base_model_class = FalconModel
