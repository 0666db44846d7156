"""Marian models."""

from __future__ import annotations

from typing import Any

from ..seq2seq_modeling import (
    Seq2SeqDecoder,
    Seq2SeqDecoderWrapper,
    Seq2SeqEncoder,
    Seq2SeqForCausalLM,
    Seq2SeqForConditionalGeneration,
    Seq2SeqModel,
    Seq2SeqPreTrainedModel,
)
from .configuration import MarianConfig


class MarianPreTrainedModel(Seq2SeqPreTrainedModel):
    """Base of the Marian models."""

    config_class = MarianConfig
    base_model_prefix = "model"
    _keys_to_ignore_on_load_missing = [r"final_logits_bias", r"embed_positions\.weight"]


class MarianEncoder(MarianPreTrainedModel, Seq2SeqEncoder):
    """The Marian encoder: token ids to hidden states."""


class MarianDecoder(MarianPreTrainedModel, Seq2SeqDecoder):
    """The Marian decoder: token ids and the encoder's states to hidden states."""


class MarianModel(MarianPreTrainedModel, Seq2SeqModel):
    """Marian: token ids to the decoder's hidden states."""

    encoder_class, decoder_class = MarianEncoder, MarianDecoder

    @property
    def _tied_weights_keys(self) -> Any:
        names = ("decoder.embed_tokens.weight", "encoder.embed_tokens.weight")
        return dict.fromkeys(names, "shared.weight") if self.config.share_encoder_decoder_embeddings else None

    @property
    def _input_embeddings_path(self) -> str:
        return "shared" if self.config.share_encoder_decoder_embeddings else "encoder.embed_tokens"


class MarianMTModel(MarianPreTrainedModel, Seq2SeqForConditionalGeneration):
    """Marian with a language-model head: token ids to logits of the decoder's next tokens."""

    base_model_class = MarianModel
    _keys_to_ignore_on_save = ["model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"]

    @property
    def _tied_weights_keys(self) -> Any:
        if not self.config.share_encoder_decoder_embeddings:
            return {"lm_head.weight": "model.decoder.embed_tokens.weight"}
        names = ("lm_head", "model.decoder.embed_tokens", "model.encoder.embed_tokens")
        return {f"{name}.weight": "model.shared.weight" for name in names}


class MarianDecoderWrapper(MarianPreTrainedModel, Seq2SeqDecoderWrapper):
    """The Marian decoder, one module deeper in the names."""

    base_model_class = MarianDecoder


class MarianForCausalLM(MarianPreTrainedModel, Seq2SeqForCausalLM):
    """The Marian decoder as a language model."""

    base_model_class = MarianDecoderWrapper
