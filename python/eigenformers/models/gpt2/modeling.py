"""GPT-2 models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import GPT2Config


class GPT2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the GPT-2 models."""

    config_class = GPT2Config
    base_model_prefix = "transformer"
    _input_embeddings_path = "wte"


class GPT2Model(GPT2PreTrainedModel, DecoderModel):
    """The GPT-2 decoder: token ids to hidden states."""


class GPT2LMHeadModel(GPT2PreTrainedModel, DecoderForCausalLM):
    """GPT-2 with a language-model head: token ids to next-token logits."""

    base_model_class = GPT2Model
    _tied_weights_keys = {"lm_head.weight": "transformer.wte.weight"}


class GPT2ForSequenceClassification(GPT2PreTrainedModel, DecoderForSequenceClassification):
    """GPT-2 with a linear head on the last token of each sequence."""

    base_model_class = GPT2Model


class GPT2ForTokenClassification(GPT2PreTrainedModel, DecoderForTokenClassification):
    """GPT-2 with a linear head on every token."""

    base_model_class = GPT2Model


class GPT2ForQuestionAnswering(GPT2PreTrainedModel, DecoderForQuestionAnswering):
    """GPT-2 with a head for where an answer begins and ends."""

    base_model_class = GPT2Model
