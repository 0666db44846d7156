"""M2M100 models."""

from __future__ import annotations

from ..seq2seq_modeling import (
    Seq2SeqDecoder,
    Seq2SeqEncoder,
    Seq2SeqForConditionalGeneration,
    Seq2SeqModel,
    Seq2SeqPreTrainedModel,
)
from .configuration import M2M100Config


class M2M100PreTrainedModel(Seq2SeqPreTrainedModel):
    """Base of the M2M100 models."""

    config_class = M2M100Config
    base_model_prefix = "model"
    _keys_to_ignore_on_load_unexpected = [r"embed_positions\.weights", r"(en|de)coder\.version"]


class M2M100Encoder(M2M100PreTrainedModel, Seq2SeqEncoder):
    """The M2M100 encoder: token ids to hidden states."""


class M2M100Decoder(M2M100PreTrainedModel, Seq2SeqDecoder):
    """The M2M100 decoder: token ids and the encoder's states to hidden states."""


class M2M100Model(M2M100PreTrainedModel, Seq2SeqModel):
    """M2M100: token ids to the decoder's hidden states."""

    encoder_class, decoder_class = M2M100Encoder, M2M100Decoder
    _tied_weights_keys = {
        "decoder.embed_tokens.weight": "shared.weight",
        "encoder.embed_tokens.weight": "shared.weight",
    }


class M2M100ForConditionalGeneration(M2M100PreTrainedModel, Seq2SeqForConditionalGeneration):
    """M2M100 with a language-model head: token ids to logits of the decoder's next tokens."""

    base_model_class = M2M100Model
    _labels_end_cache = False
    _tied_weights_keys = {
        "lm_head.weight": "model.shared.weight",
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }
