"""GPT-Neo models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import GPTNeoConfig


class GPTNeoPreTrainedModel(DecoderPreTrainedModel):
    """Base of the GPT-Neo models."""

    config_class = GPTNeoConfig
    base_model_prefix = "transformer"
    _input_embeddings_path = "wte"


class GPTNeoModel(GPTNeoPreTrainedModel, DecoderModel):
    """The GPT-Neo decoder: token ids to hidden states."""


class GPTNeoForCausalLM(GPTNeoPreTrainedModel, DecoderForCausalLM):
    """GPT-Neo with a language-model head: token ids to next-token logits."""

    base_model_class = GPTNeoModel
    _tied_weights_keys = {"lm_head.weight": "transformer.wte.weight"}


class GPTNeoForSequenceClassification(GPTNeoPreTrainedModel, DecoderForSequenceClassification):
    """GPT-Neo with a linear head on the last token of each sequence."""

    base_model_class = GPTNeoModel


class GPTNeoForTokenClassification(GPTNeoPreTrainedModel, DecoderForTokenClassification):
    """GPT-Neo with a linear head on every token."""

    base_model_class = GPTNeoModel


class GPTNeoForQuestionAnswering(GPTNeoPreTrainedModel, DecoderForQuestionAnswering):
    """GPT-Neo with a head for where an answer begins and ends."""

    base_model_class = GPTNeoModel
