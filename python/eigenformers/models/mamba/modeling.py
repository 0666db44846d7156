"""Mamba models."""

from __future__ import annotations

from ..recurrent_modeling import StateSpaceForCausalLM, StateSpaceModel, StateSpacePreTrainedModel
from .configuration import MambaConfig


class MambaPreTrainedModel(StateSpacePreTrainedModel):
    """Base of the Mamba models."""

    config_class = MambaConfig


class MambaModel(MambaPreTrainedModel, StateSpaceModel):
    """Mamba: token ids to hidden states."""


class MambaForCausalLM(MambaPreTrainedModel, StateSpaceForCausalLM):
    """Mamba with a language-model head: token ids to next-token logits."""

    base_model_class = MambaModel
