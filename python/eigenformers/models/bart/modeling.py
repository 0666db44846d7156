"""BART models."""

from __future__ import annotations

from ..seq2seq_modeling import (
    Seq2SeqDecoder,
    Seq2SeqDecoderWrapper,
    Seq2SeqEncoder,
    Seq2SeqForCausalLM,
    Seq2SeqForConditionalGeneration,
    Seq2SeqForQuestionAnswering,
    Seq2SeqForSequenceClassification,
    Seq2SeqModel,
    Seq2SeqPreTrainedModel,
)
from .configuration import BartConfig


class BartPreTrainedModel(Seq2SeqPreTrainedModel):
    """Base of the BART models."""

    config_class = BartConfig
    base_model_prefix = "model"
    _keys_to_ignore_on_load_unexpected = [r"encoder\.version", r"decoder\.version"]
    _keys_to_ignore_on_load_missing = [r"final_logits_bias"]


class BartEncoder(BartPreTrainedModel, Seq2SeqEncoder):
    """The BART encoder: token ids to hidden states."""


class BartDecoder(BartPreTrainedModel, Seq2SeqDecoder):
    """The BART decoder: token ids and the encoder's states to hidden states."""


class BartModel(BartPreTrainedModel, Seq2SeqModel):
    """BART: token ids to the decoder's hidden states."""

    encoder_class, decoder_class = BartEncoder, BartDecoder
    _shifts_inputs = True
    _tied_weights_keys = {
        "decoder.embed_tokens.weight": "shared.weight",
        "encoder.embed_tokens.weight": "shared.weight",
    }


class BartForConditionalGeneration(BartPreTrainedModel, Seq2SeqForConditionalGeneration):
    """BART with a language-model head: token ids to logits of the decoder's next tokens."""

    base_model_class = BartModel
    _tied_weights_keys = {
        "lm_head.weight": "model.shared.weight",
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }


class BartForSequenceClassification(BartPreTrainedModel, Seq2SeqForSequenceClassification):
    """BART with a head on the state of the last end-of-sequence token."""

    base_model_class = BartModel
    _tied_weights_keys = {
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }


class BartForQuestionAnswering(BartPreTrainedModel, Seq2SeqForQuestionAnswering):
    """BART with a head for where an answer begins and ends."""

    base_model_class = BartModel
    _tied_weights_keys = {
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }


class BartDecoderWrapper(BartPreTrainedModel, Seq2SeqDecoderWrapper):
    """The BART decoder, one module deeper in the names."""

    base_model_class = BartDecoder


class BartForCausalLM(BartPreTrainedModel, Seq2SeqForCausalLM):
    """The BART decoder as a language model."""

    base_model_class = BartDecoderWrapper
