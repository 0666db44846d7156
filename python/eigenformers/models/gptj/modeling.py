"""GPT-J models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import GPTJConfig


class GPTJPreTrainedModel(DecoderPreTrainedModel):
    """Base of the GPT-J models."""

    config_class = GPTJConfig
    base_model_prefix = "transformer"
    _input_embeddings_path = "wte"


class GPTJModel(GPTJPreTrainedModel, DecoderModel):
    """The GPT-J decoder: token ids to hidden states."""


class GPTJForCausalLM(GPTJPreTrainedModel, DecoderForCausalLM):
    """GPT-J with a language-model head: token ids to next-token logits."""

    base_model_class = GPTJModel
    _tied_weights_keys = {"lm_head.weight": "transformer.wte.weight"}


class GPTJForSequenceClassification(GPTJPreTrainedModel, DecoderForSequenceClassification):
    """GPT-J with a linear head on the last token of each sequence."""

    base_model_class = GPTJModel


class GPTJForQuestionAnswering(GPTJPreTrainedModel, DecoderForQuestionAnswering):
    """GPT-J with a head for where an answer begins and ends."""

    base_model_class = GPTJModel
