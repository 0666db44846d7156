"""Qwen3 models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .configuration import Qwen3Config


class Qwen3PreTrainedModel(DecoderPreTrainedModel):
    """Base of the Qwen3 models."""

    config_class = Qwen3Config


class Qwen3Model(Qwen3PreTrainedModel, DecoderModel):
    """The Qwen3 decoder: token ids to hidden states."""


class Qwen3ForCausalLM(Qwen3PreTrainedModel, DecoderForCausalLM):
    """Qwen3 with a language-model head: token ids to next-token logits."""

    base_model_class = Qwen3Model
