"""Pegasus models."""

from __future__ import annotations

from ..seq2seq_modeling import (
    Seq2SeqDecoder,
    Seq2SeqDecoderWrapper,
    Seq2SeqEncoder,
    Seq2SeqForCausalLM,
    Seq2SeqForConditionalGeneration,
    Seq2SeqModel,
    Seq2SeqPreTrainedModel,
)
from .configuration import PegasusConfig


class PegasusPreTrainedModel(Seq2SeqPreTrainedModel):
    """Base of the Pegasus models."""

    config_class = PegasusConfig
    base_model_prefix = "model"
    _keys_to_ignore_on_load_missing = [r"final_logits_bias", r"embed_positions\.weight"]


class PegasusEncoder(PegasusPreTrainedModel, Seq2SeqEncoder):
    """The Pegasus encoder: token ids to hidden states."""


class PegasusDecoder(PegasusPreTrainedModel, Seq2SeqDecoder):
    """The Pegasus decoder: token ids and the encoder's states to hidden states."""


class PegasusModel(PegasusPreTrainedModel, Seq2SeqModel):
    """Pegasus: token ids to the decoder's hidden states."""

    encoder_class, decoder_class = PegasusEncoder, PegasusDecoder
    _tied_weights_keys = {
        "decoder.embed_tokens.weight": "shared.weight",
        "encoder.embed_tokens.weight": "shared.weight",
    }


class PegasusForConditionalGeneration(PegasusPreTrainedModel, Seq2SeqForConditionalGeneration):
    """Pegasus with a language-model head: token ids to logits of the decoder's next tokens."""

    base_model_class = PegasusModel
    _tied_weights_keys = {
        "lm_head.weight": "model.shared.weight",
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }


class PegasusDecoderWrapper(PegasusPreTrainedModel, Seq2SeqDecoderWrapper):
    """The Pegasus decoder, one module deeper in the names."""

    base_model_class = PegasusDecoder


class PegasusForCausalLM(PegasusPreTrainedModel, Seq2SeqForCausalLM):
    """The Pegasus decoder as a language model."""

    base_model_class = PegasusDecoderWrapper
