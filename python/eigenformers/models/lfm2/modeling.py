"""LFM2 models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import Lfm2Config


class Lfm2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the LFM2 models."""

    config_class = Lfm2Config


class Lfm2Model(Lfm2PreTrainedModel, DecoderModel):
    """The LFM2 decoder: token ids to hidden states."""


class Lfm2ForCausalLM(Lfm2PreTrainedModel, DecoderForCausalLM):
    """LFM2 with a language-model head: token ids to next-token logits."""

    base_model_class = Lfm2Model
