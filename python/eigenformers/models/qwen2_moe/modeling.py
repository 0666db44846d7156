"""Qwen2-MoE models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
)
from ..moe_modeling import MoeForCausalLM, MoeModel, MoePreTrainedModel
from .configuration import Qwen2MoeConfig


class Qwen2MoePreTrainedModel(MoePreTrainedModel):
    """Base of the Qwen2-MoE models."""

    config_class = Qwen2MoeConfig


class Qwen2MoeModel(Qwen2MoePreTrainedModel, MoeModel):
    """The Qwen2-MoE decoder: token ids to hidden states."""


class Qwen2MoeForCausalLM(Qwen2MoePreTrainedModel, MoeForCausalLM):
    """Qwen2-MoE with a language-model head: token ids to next-token logits."""

    base_model_class = Qwen2MoeModel


class Qwen2MoeForSequenceClassification(Qwen2MoePreTrainedModel, DecoderForSequenceClassification):
    """Qwen2-MoE with a linear head on the last token of each sequence."""

    base_model_class = Qwen2MoeModel


class Qwen2MoeForTokenClassification(Qwen2MoePreTrainedModel, DecoderForTokenClassification):
    """Qwen2-MoE with a linear head on every token."""

    base_model_class = Qwen2MoeModel


class Qwen2MoeForQuestionAnswering(Qwen2MoePreTrainedModel, DecoderForQuestionAnswering):
    """Qwen2-MoE with a head for where an answer begins and ends."""

    base_model_class = Qwen2MoeModel
