"""Qwen2 models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import Qwen2Config


class Qwen2PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Qwen2 models."""

    config_class = Qwen2Config


class Qwen2Model(Qwen2PreTrainedModel, DecoderModel):
    """The Qwen2 decoder: token ids to hidden states."""


class Qwen2ForCausalLM(Qwen2PreTrainedModel, DecoderForCausalLM):
    """Qwen2 with a language-model head: token ids to next-token logits."""

    base_model_class = Qwen2Model
