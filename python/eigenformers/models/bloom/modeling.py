"""BLOOM models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import BloomConfig


class BloomPreTrainedModel(DecoderPreTrainedModel):
    """Base of the BLOOM models."""

    config_class = BloomConfig
    base_model_prefix = "transformer"
    _input_embeddings_path = "word_embeddings"


class BloomModel(BloomPreTrainedModel, DecoderModel):
    """The BLOOM decoder: token ids to hidden states."""


class BloomForCausalLM(BloomPreTrainedModel, DecoderForCausalLM):
    """BLOOM with a language-model head: token ids to next-token logits."""

    base_model_class = BloomModel
    _tied_weights_keys = {"lm_head.weight": "transformer.word_embeddings.weight"}


class BloomForSequenceClassification(BloomPreTrainedModel, DecoderForSequenceClassification):
    """BLOOM with a linear head on the last token of each sequence."""

    base_model_class = BloomModel


class BloomForTokenClassification(BloomPreTrainedModel, DecoderForTokenClassification):
    """BLOOM with a linear head on every token."""

    base_model_class = BloomModel


class BloomForQuestionAnswering(BloomPreTrainedModel, DecoderForQuestionAnswering):
    """BLOOM with a head for where an answer begins and ends."""

    base_model_class = BloomModel
