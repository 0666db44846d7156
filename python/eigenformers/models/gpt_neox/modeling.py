"""GPT-NeoX models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import GPTNeoXConfig


class GPTNeoXPreTrainedModel(DecoderPreTrainedModel):
    """Base of the GPT-NeoX models."""

    config_class = GPTNeoXConfig
    base_model_prefix = "gpt_neox"
    _input_embeddings_path = "embed_in"
    _output_embeddings_path = "embed_out"


class GPTNeoXModel(GPTNeoXPreTrainedModel, DecoderModel):
    """The GPT-NeoX decoder: token ids to hidden states."""


class GPTNeoXForCausalLM(GPTNeoXPreTrainedModel, DecoderForCausalLM):
    """GPT-NeoX with a language-model head: token ids to next-token logits."""

    base_model_class = GPTNeoXModel
    _tied_weights_keys = {"embed_out.weight": "gpt_neox.embed_in.weight"}


class GPTNeoXForSequenceClassification(GPTNeoXPreTrainedModel, DecoderForSequenceClassification):
    """GPT-NeoX with a linear head on the last token of each sequence."""

    base_model_class = GPTNeoXModel


class GPTNeoXForTokenClassification(GPTNeoXPreTrainedModel, DecoderForTokenClassification):
    """GPT-NeoX with a linear head on every token."""

    base_model_class = GPTNeoXModel


class GPTNeoXForQuestionAnswering(GPTNeoXPreTrainedModel, DecoderForQuestionAnswering):
    """GPT-NeoX with a head for where an answer begins and ends."""

    base_model_class = GPTNeoXModel
