"""DeepSeek-V3 models."""

from __future__ import annotations

from ..decoder_modeling import DecoderForSequenceClassification, DecoderForTokenClassification
from ..moe_modeling import MoeForCausalLM, MoeModel, MoePreTrainedModel
from .configuration import DeepseekV3Config


class DeepseekV3PreTrainedModel(MoePreTrainedModel):
    """Base of the DeepSeek-V3 models."""

    config_class = DeepseekV3Config
    _keys_to_ignore_on_load_unexpected = [r"model\.layers\.61\."]


class DeepseekV3Model(DeepseekV3PreTrainedModel, MoeModel):
    """The DeepSeek-V3 decoder: token ids to hidden states."""


class DeepseekV3ForCausalLM(DeepseekV3PreTrainedModel, MoeForCausalLM):
    """DeepSeek-V3 with a language-model head: token ids to next-token logits."""

    base_model_class = DeepseekV3Model


class DeepseekV3ForSequenceClassification(DeepseekV3PreTrainedModel, DecoderForSequenceClassification):
    """DeepSeek-V3 with a linear head on the last token of each sequence."""

    base_model_class = DeepseekV3Model


class DeepseekV3ForTokenClassification(DeepseekV3PreTrainedModel, DecoderForTokenClassification):
    """DeepSeek-V3 with a linear head on every token."""

    base_model_class = DeepseekV3Model
