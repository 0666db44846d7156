"""Qwen3-MoE models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
)
from ..moe_modeling import MoeForCausalLM, MoeModel, MoePreTrainedModel
from .configuration import Qwen3MoeConfig


class Qwen3MoePreTrainedModel(MoePreTrainedModel):
    """Base of the Qwen3-MoE models."""

    config_class = Qwen3MoeConfig


class Qwen3MoeModel(Qwen3MoePreTrainedModel, MoeModel):
    """The Qwen3-MoE decoder: token ids to hidden states."""


class Qwen3MoeForCausalLM(Qwen3MoePreTrainedModel, MoeForCausalLM):
    """Qwen3-MoE with a language-model head: token ids to next-token logits."""

    base_model_class = Qwen3MoeModel


class Qwen3MoeForSequenceClassification(Qwen3MoePreTrainedModel, DecoderForSequenceClassification):
    """Qwen3-MoE with a linear head on the last token of each sequence."""

    base_model_class = Qwen3MoeModel


class Qwen3MoeForTokenClassification(Qwen3MoePreTrainedModel, DecoderForTokenClassification):
    """Qwen3-MoE with a linear head on every token."""

    base_model_class = Qwen3MoeModel


class Qwen3MoeForQuestionAnswering(Qwen3MoePreTrainedModel, DecoderForQuestionAnswering):
    """Qwen3-MoE with a head for where an answer begins and ends."""

    base_model_class = Qwen3MoeModel
