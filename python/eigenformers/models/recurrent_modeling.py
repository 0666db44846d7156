"""What state-space models share: forward passes whose cache is called `cache_params`, first values of decays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .. import _core
from ..outputs import ModelOutput
from .decoder_modeling import DecoderForCausalLM, DecoderPreTrainedModel
from .native import native


@dataclass
class MambaOutput(ModelOutput):
    """Output of a state-space model without a head."""

    last_hidden_state: Any = None
    cache_params: Any = None
    hidden_states: Any = None


@dataclass
class MambaCausalLMOutput(ModelOutput):
    """Output of a state-space language model."""

    loss: Any = None
    logits: Any = None
    cache_params: Any = None
    hidden_states: Any = None


def init_decays(module: Any, least: float, most: float) -> None:
    """`A_log` as the logarithms of numbers drawn between the two, `dt_bias` as ones."""
    draw = _core.rand(tuple(module.A_log.shape)) * (most - least) + least
    module.A_log.copy_(draw.log())
    module.dt_bias.fill_(1.0)


def _steps(count: int, config: Any) -> Any:
    """What softplus turns into steps spread evenly, by their logarithm, between the configuration's limits."""
    low, high = math.log(config.time_step_min), math.log(config.time_step_max)
    steps = (_core.rand((count,)) * (high - low) + low).exp().clamp(min=config.time_step_floor)
    return steps + (-(-steps).expm1()).log()


class StateSpacePreTrainedModel(DecoderPreTrainedModel):
    """Base of the state-space families: weights, no head."""

    base_model_prefix = "backbone"
    _no_split_modules = ["MambaBlock"]
    _input_embeddings_path = "embeddings"
    _output_classes: tuple[Any, Any] = (MambaOutput, MambaCausalLMOutput)

    @classmethod
    def _adapt_checkpoint(cls, reader: Any) -> Any:
        """The reader, with the embeddings' name of the first checkpoints as today's."""
        names = [(name, name.replace("embedding.", "embeddings.")) for name in reader.keys()]
        return reader if all(old == new for old, new in names) else _core.renamed_checkpoint(reader, names)

    def _init_weights(self, module: Any) -> None:
        super()._init_weights(module)
        if not hasattr(module, "A_log"):
            return
        shape = tuple(module.A_log.shape)
        values = _core.arange(1, shape[-1] + 1).float().log()
        module.A_log.copy_(values.expand(shape) if len(shape) > 1 else values)
        module.D.fill_(1.0)
        if hasattr(module, "dt_bias"):
            module.dt_bias.copy_(_steps(shape[0], self.config))

    def _materialise(self) -> None:
        fresh = [module for module in self.modules() if module._empty_slots()]
        super()._materialise()
        for module in fresh:  # behind the rules for linear layers and convolutions, which know nothing of their place
            if type(module).__name__ == "Module" and hasattr(module, "weight") and module.weight.dim() == 3:
                bound = 1 / math.sqrt(module.weight.shape[-1])
                module.weight.uniform_(-bound, bound)
        for module in self.modules():
            step = getattr(module, "dt_proj", None)
            if step is not None and any(step is one for one in fresh):
                std = self.config.time_step_rank**-0.5 * self.config.time_step_scale
                if self.config.time_step_init_scheme == "constant":
                    step.weight.fill_(std)
                else:
                    step.weight.uniform_(-std, std)
                step.bias.copy_(_steps(step.bias.shape[0], self.config))

    def _run(self, output_class: Any, arguments: dict[str, Any], names: dict[str, str] | None = None) -> Any:
        arguments["past_key_values"] = arguments.pop("cache_params")
        arguments["output_attentions"] = False
        if arguments["use_cache"] is None and self.training:
            arguments["use_cache"] = False
        return super()._run(output_class, arguments, names)

    def _output_values(self, values: dict[str, Any]) -> dict[str, Any]:
        if "past_key_values" in values:
            values["cache_params"] = values.pop("past_key_values")
        return values

    def _call_forward(self, kwargs: dict) -> Any:
        kwargs["cache_params"] = kwargs.pop("past_key_values", None)
        return super()._call_forward(kwargs)


class StateSpaceModel(StateSpacePreTrainedModel):
    """Token ids to hidden states."""

    @native
    def forward(
        self,
        input_ids: Any = None,
        inputs_embeds: Any = None,
        cache_params: Any = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        attention_mask: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the layers.

        Args:
            input_ids: int64 `[batch, length]`; or `inputs_embeds`: float `[batch, length, hidden_size]`.
            cache_params: the states after earlier tokens, moved on in place.
            attention_mask: `[batch, past + length]`, 0 for padding.

        Returns:
            MambaOutput (Mamba2Output): `last_hidden_state` float32 `[batch, length, hidden_size]`, `cache_params`,
            `hidden_states`.
        """
        return self._run(self._output_classes[0], locals())


class StateSpaceForCausalLM(StateSpacePreTrainedModel, DecoderForCausalLM):
    """Token ids to next-token logits. A family sets `base_model_class`."""

    _tied_weights_keys = {"lm_head.weight": "backbone.embeddings.weight"}

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        inputs_embeds: Any = None,
        cache_params: Any = None,
        labels: Any = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        use_cache: bool | None = None,
        logits_to_keep: Any = 0,
        num_items_in_batch: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in the base model, and:

        Args:
            labels: int64 `[batch, length]`: the loss predicts each from the tokens before it; -100 is left out.
            logits_to_keep: the last n positions (0: all), or an int64 tensor of positions.

        Returns:
            MambaCausalLMOutput (Mamba2CausalLMOutput): `loss` (with labels), `logits` float32 `[batch, length,
            vocab_size]`, `cache_params`, `hidden_states`.
        """
        return self._run(self._output_classes[1], locals())
