"""mBART models."""

from __future__ import annotations

from typing import Any

from ... import _core
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
from .configuration import MBartConfig


class MBartPreTrainedModel(Seq2SeqPreTrainedModel):
    """Base of the mBART models."""

    config_class = MBartConfig
    base_model_prefix = "model"
    _keys_to_ignore_on_load_missing = [r"final_logits_bias"]

    def _shift_right(self, labels: Any) -> Any:
        """The last token, a language code, comes first: there is no other start token."""
        pad = self.config.pad_token_id
        if pad is None:
            raise ValueError("self.model.config.pad_token_id has to be defined.")
        labels = _core.as_tensor(labels).long()
        labels = _core.where(labels == -100, _core.full((1,), pad, dtype=_core.int64), labels)
        last = (labels != pad).long().sum(1, keepdim=True) - 1
        return _core.cat([labels.gather(1, last), labels[:, :-1]], 1)


class MBartEncoder(MBartPreTrainedModel, Seq2SeqEncoder):
    """The mBART encoder: token ids to hidden states."""


class MBartDecoder(MBartPreTrainedModel, Seq2SeqDecoder):
    """The mBART decoder: token ids and the encoder's states to hidden states."""


class MBartModel(MBartPreTrainedModel, Seq2SeqModel):
    """mBART: token ids to the decoder's hidden states."""

    encoder_class, decoder_class = MBartEncoder, MBartDecoder
    _shifts_inputs = True
    _tied_weights_keys = {
        "decoder.embed_tokens.weight": "shared.weight",
        "encoder.embed_tokens.weight": "shared.weight",
    }


class MBartForConditionalGeneration(MBartPreTrainedModel, Seq2SeqForConditionalGeneration):
    """mBART with a language-model head: token ids to logits of the decoder's next tokens."""

    base_model_class = MBartModel
    _tied_weights_keys = {
        "lm_head.weight": "model.shared.weight",
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }


class MBartForSequenceClassification(MBartPreTrainedModel, Seq2SeqForSequenceClassification):
    """mBART with a head on the state of the last end-of-sequence token."""

    base_model_class = MBartModel
    _tied_weights_keys = {
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }


class MBartForQuestionAnswering(MBartPreTrainedModel, Seq2SeqForQuestionAnswering):
    """mBART with a head for where an answer begins and ends."""

    base_model_class = MBartModel
    _tied_weights_keys = {
        "model.decoder.embed_tokens.weight": "model.shared.weight",
        "model.encoder.embed_tokens.weight": "model.shared.weight",
    }


class MBartDecoderWrapper(MBartPreTrainedModel, Seq2SeqDecoderWrapper):
    """The mBART decoder, one module deeper in the names."""

    base_model_class = MBartDecoder


class MBartForCausalLM(MBartPreTrainedModel, Seq2SeqForCausalLM):
    """The mBART decoder as a language model."""

    base_model_class = MBartDecoderWrapper
