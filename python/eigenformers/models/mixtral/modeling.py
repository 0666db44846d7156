"""Mixtral models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForQuestionAnswering,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
)
from ..moe_modeling import MoeForCausalLM, MoeModel, MoePreTrainedModel
from .configuration import MixtralConfig


class MixtralPreTrainedModel(MoePreTrainedModel):
    """Base of the Mixtral models."""

    config_class = MixtralConfig
    _moe_module = "block_sparse_moe"
    _expert_names = ("w1", "w3", "w2")


class MixtralModel(MixtralPreTrainedModel, MoeModel):
    """The Mixtral decoder: token ids to hidden states."""


class MixtralForCausalLM(MixtralPreTrainedModel, MoeForCausalLM):
    """Mixtral with a language-model head: token ids to next-token logits."""

    base_model_class = MixtralModel


class MixtralForSequenceClassification(MixtralPreTrainedModel, DecoderForSequenceClassification):
    """Mixtral with a linear head on the last token of each sequence."""

    base_model_class = MixtralModel


class MixtralForTokenClassification(MixtralPreTrainedModel, DecoderForTokenClassification):
    """Mixtral with a linear head on every token."""

    base_model_class = MixtralModel


class MixtralForQuestionAnswering(MixtralPreTrainedModel, DecoderForQuestionAnswering):
    """Mixtral with a head for where an answer begins and ends."""

    base_model_class = MixtralModel
