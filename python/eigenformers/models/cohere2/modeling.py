"""Command R7B models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import Cohere2Config


class Cohere2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Command R7B models."""

    config_class = Cohere2Config


class Cohere2Model(Cohere2PreTrainedModel, DecoderModel):
    """The Command R7B decoder: token ids to hidden states."""


class Cohere2ForCausalLM(Cohere2PreTrainedModel, DecoderForCausalLM):
    """Command R7B with a language-model head: token ids to next-token logits."""

    base_model_class = Cohere2Model
