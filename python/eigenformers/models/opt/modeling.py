"""OPT models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import OPTConfig


class OPTPreTrainedModel(DecoderPreTrainedModel):
    """Base of the OPT models."""

    config_class = OPTConfig
    _input_embeddings_path = "decoder.embed_tokens"


class OPTDecoder(OPTPreTrainedModel, DecoderModel):
    """The OPT decoder itself, which stands one module below the model."""

    _head = "decoder"
    _input_embeddings_path = "embed_tokens"


class OPTModel(OPTPreTrainedModel, DecoderModel):
    """The OPT decoder: token ids to hidden states."""

    base_model_class = OPTDecoder


class OPTForCausalLM(OPTPreTrainedModel, DecoderForCausalLM):
    """OPT with a language-model head: token ids to next-token logits."""

    base_model_class = OPTModel
    _tied_weights_keys = {"lm_head.weight": "model.decoder.embed_tokens.weight"}


class OPTForSequenceClassification(OPTPreTrainedModel, DecoderForSequenceClassification):
    """OPT with a linear head on the last token of each sequence."""

    base_model_class = OPTModel


class OPTForQuestionAnswering(OPTPreTrainedModel, DecoderForQuestionAnswering):
    """OPT with a head for where an answer begins and ends."""

    base_model_class = OPTModel
