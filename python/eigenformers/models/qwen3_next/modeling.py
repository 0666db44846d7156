"""Qwen3-Next models."""

from __future__ import annotations

from typing import Any

from ..decoder_modeling import (
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
)
from ..moe_modeling import MoeForCausalLM, MoeModel, MoePreTrainedModel
from ..recurrent_modeling import init_decays
from .configuration import Qwen3NextConfig


class Qwen3NextPreTrainedModel(MoePreTrainedModel):
    """Base of the Qwen3-Next models."""

    config_class = Qwen3NextConfig
    _keys_to_ignore_on_load_unexpected = [r"^mtp"]

    def _init_weights(self, module: Any) -> None:
        super()._init_weights(module)
        if hasattr(module, "dt_bias"):
            init_decays(module, 0.01, 16.0)


class Qwen3NextModel(Qwen3NextPreTrainedModel, MoeModel):
    """The Qwen3-Next decoder: token ids to hidden states."""


class Qwen3NextForCausalLM(Qwen3NextPreTrainedModel, MoeForCausalLM):
    """Qwen3-Next with a language-model head: token ids to next-token logits."""

    base_model_class = Qwen3NextModel


class Qwen3NextForSequenceClassification(Qwen3NextPreTrainedModel, DecoderForSequenceClassification):
    """Qwen3-Next with a linear head on the last token of each sequence."""

    base_model_class = Qwen3NextModel


class Qwen3NextForTokenClassification(Qwen3NextPreTrainedModel, DecoderForTokenClassification):
    """Qwen3-Next with a linear head on every token."""

    base_model_class = Qwen3NextModel


class Qwen3NextForQuestionAnswering(Qwen3NextPreTrainedModel, DecoderForQuestionAnswering):
    """Qwen3-Next with a head for where an answer begins and ends."""

    base_model_prefix = "transformer"
    base_model_class = Qwen3NextModel
