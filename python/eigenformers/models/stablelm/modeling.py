"""StableLM models."""

from __future__ import annotations

from ..decoder_modeling import (
    DecoderForCausalLM,
    DecoderForSequenceClassification,
    DecoderForTokenClassification,
    DecoderModel,
    DecoderPreTrainedModel,
)
from .configuration import StableLmConfig


class StableLmPreTrainedModel(DecoderPreTrainedModel):
    """Base of the StableLM models."""

    config_class = StableLmConfig


class StableLmModel(StableLmPreTrainedModel, DecoderModel):
    """The StableLM decoder: token ids to hidden states."""


class StableLmForCausalLM(StableLmPreTrainedModel, DecoderForCausalLM):
    """StableLM with a language-model head: token ids to next-token logits."""

    base_model_class = StableLmModel


class StableLmForSequenceClassification(StableLmPreTrainedModel, DecoderForSequenceClassification):
    """StableLM with a linear head on the last token of each sequence."""

    base_model_class = StableLmModel


class StableLmForTokenClassification(StableLmPreTrainedModel, DecoderForTokenClassification):
    """StableLM with a linear head on every token."""

    base_model_class = StableLmModel
