"""What decoders with mixtures of experts add: router logits, their loss, and the names that experts have in files."""

from __future__ import annotations

import re
from typing import Any

from .. import _core
from ..outputs import MoeCausalLMOutputWithPast, MoeModelOutputWithPast
from .decoder_modeling import DecoderForCausalLM, DecoderModel, DecoderPreTrainedModel
from .native import native


class MoePreTrainedModel(DecoderPreTrainedModel):
    """Base of the families with experts. Modules have the names of the Hub's files: an MLP an expert."""

    _moe_module = "mlp"  # the layer's module that holds the experts
    _expert_names = ("gate_proj", "up_proj", "down_proj")

    @classmethod
    def _adapt_checkpoint(cls, reader: Any) -> Any:
        """The reader, with experts that stand together in one tensor (as transformers 5 holds them in memory) apart."""
        fused = re.compile(r"(.*)\.mlp\.experts\.(gate_up_proj|down_proj)$")
        if not any(fused.match(name) for name in reader.keys()):
            return reader
        gate, up, down = cls._expert_names
        tensors = []
        for name in reader.keys():
            value, match = reader.get_tensor(name), fused.match(name)
            if not match:
                tensors.append((name.replace(".mlp.gate.", f".{cls._moe_module}.gate."), value))
                continue
            for expert in range(value.shape[0]):
                where = f"{match[1]}.{cls._moe_module}.experts.{expert}"
                if match[2] == "down_proj":
                    tensors.append((f"{where}.{down}.weight", value[expert]))
                    continue
                half = value.shape[1] // 2
                tensors.append((f"{where}.{gate}.weight", value[expert, :half]))
                tensors.append((f"{where}.{up}.weight", value[expert, half:]))
        return _core.tensors_in_memory(tensors)

    def _run(self, output_class: Any, arguments: dict[str, Any], names: dict[str, str] | None = None) -> Any:
        if arguments.get("output_router_logits", False) is None:
            arguments["output_router_logits"] = bool(getattr(self.config, "output_router_logits", False))
        return super()._run(output_class, arguments, names)


class MoeModel(MoePreTrainedModel, DecoderModel):
    """Token ids to hidden states."""

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        output_router_logits: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the layers; arguments as in all decoders, and:

        Args:
            output_router_logits: return what the routers said.

        Returns:
            MoeModelOutputWithPast: `last_hidden_state` float32 `[batch, length, hidden_size]`, `past_key_values`,
            `hidden_states`, `attentions`, `router_logits` (`[batch * length, experts]` of each layer with experts).
        """
        return self._run(MoeModelOutputWithPast, locals())


class MoeForCausalLM(MoePreTrainedModel, DecoderForCausalLM):
    """Token ids to next-token logits. A family sets `base_model_class`."""

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        use_cache: bool | None = None,
        output_router_logits: bool | None = None,
        logits_to_keep: Any = 0,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        num_items_in_batch: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the model and its head; arguments as in all decoders, and:

        Args:
            output_router_logits: return what the routers said, and add `router_aux_loss_coef` times the loss that
                balances them (Fedus et al., "Switch Transformers", 2021) to the loss.

        Returns:
            MoeCausalLMOutputWithPast: `loss` (with labels), `aux_loss`, `logits` float32 `[batch, length,
            vocab_size]`, `past_key_values`, `hidden_states`, `attentions`, `router_logits`.
        """
        return self._run(MoeCausalLMOutputWithPast, locals())
