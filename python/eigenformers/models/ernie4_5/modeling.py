"""ERNIE 4.5 models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import Ernie4_5Config


class Ernie4_5PreTrainedModel(DecoderPreTrainedModel):
    """Base of the ERNIE 4.5 models."""

    config_class = Ernie4_5Config


class Ernie4_5Model(Ernie4_5PreTrainedModel, DecoderModel):
    """The ERNIE 4.5 decoder: token ids to hidden states."""


class Ernie4_5ForCausalLM(Ernie4_5PreTrainedModel, DecoderForCausalLM):
    """ERNIE 4.5 with a language-model head: token ids to next-token logits."""

    base_model_class = Ernie4_5Model
