"""Mamba-2 models."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from ..recurrent_modeling import (
    MambaCausalLMOutput,
    MambaOutput,
    StateSpaceForCausalLM,
    StateSpaceModel,
    StateSpacePreTrainedModel,
)
from .configuration import Mamba2Config


@dataclass
class Mamba2Output(MambaOutput):
    """Output of Mamba-2 without a head."""


@dataclass
class Mamba2CausalLMOutput(MambaCausalLMOutput):
    """Output of Mamba-2 as a language model."""


class Mamba2PreTrainedModel(StateSpacePreTrainedModel):
    """Base of the Mamba-2 models."""

    config_class = Mamba2Config
    _output_classes = (Mamba2Output, Mamba2CausalLMOutput)

    def _native_config(self) -> str:
        limits = [min(float(limit), sys.float_info.max) for limit in self.config.time_step_limit]
        return json.dumps({**json.loads(super()._native_config()), "time_step_limit": limits})


class Mamba2Model(Mamba2PreTrainedModel, StateSpaceModel):
    """Mamba-2: token ids to hidden states."""


class Mamba2ForCausalLM(Mamba2PreTrainedModel, StateSpaceForCausalLM):
    """Mamba-2 with a language-model head: token ids to next-token logits."""

    base_model_class = Mamba2Model
