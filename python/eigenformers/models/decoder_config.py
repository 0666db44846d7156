"""What the configurations of dense decoder families share: parallel plans and derived values."""

from __future__ import annotations

from typing import Any, ClassVar

from ..configuration import PreTrainedConfig
from ..errors import ConfigError

# Which linear layers are split by output ("colwise") or input ("rowwise") over several processes.
TP_PLAN = {
    "layers.*.self_attn.q_proj": "colwise",
    "layers.*.self_attn.k_proj": "colwise",
    "layers.*.self_attn.v_proj": "colwise",
    "layers.*.self_attn.o_proj": "rowwise",
    "layers.*.mlp.gate_proj": "colwise",
    "layers.*.mlp.up_proj": "colwise",
    "layers.*.mlp.down_proj": "rowwise",
}
QK_NORM_TP_PLAN = {
    **TP_PLAN,
    "layers.*.self_attn.q_norm": "replicated_with_grad_allreduce",
    "layers.*.self_attn.k_norm": "replicated_with_grad_allreduce",
}
# Inputs and outputs of the stages when layers are spread over several processes.
PP_PLAN = {
    "embed_tokens": (["input_ids"], ["inputs_embeds"]),
    "layers": (["hidden_states", "attention_mask"], ["hidden_states"]),
    "norm": (["hidden_states"], ["hidden_states"]),
}


class DecoderConfig(PreTrainedConfig):
    """Base of configurations with `hidden_size`, `num_attention_heads` and grouped key-value heads."""

    keys_to_ignore_at_inference: ClassVar[list[str]] = ["past_key_values"]
    base_model_tp_plan: ClassVar[dict[str, str]] = TP_PLAN
    base_model_pp_plan: ClassVar[dict[str, Any]] = PP_PLAN

    def __post_init__(self, **kwargs: Any) -> None:
        self.validate_sizes()  # before anything is divided or sized by them
        if getattr(self, "num_key_value_heads", 1) is None:
            self.num_key_value_heads = self.num_attention_heads
        if getattr(self, "head_dim", 1) is None:
            self.head_dim = self.hidden_size // self.num_attention_heads
        super().__post_init__(**kwargs)

    def _alternate_layer_types(self) -> None:
        """Qwen: layers from `max_window_layers` on attend within a window, if `use_sliding_window` says so."""
        self.validate_sizes()
        if not self.use_sliding_window:
            self.sliding_window = None
        if self.layer_types is None:
            windowed = self.max_window_layers if self.sliding_window is not None else self.num_hidden_layers
            self.layer_types = [
                "sliding_attention" if layer >= windowed else "full_attention"
                for layer in range(self.num_hidden_layers)
            ]

    def slide_all_but_every(self, pattern: int) -> None:
        """Where `layer_types` is not given: full attention on every `pattern`th layer, a window on the others."""
        self.validate_sizes()
        if self.layer_types is None:
            self.layer_types = [
                "sliding_attention" if layer % pattern else "full_attention"
                for layer in range(1, self.num_hidden_layers + 1)
            ]

    def check_divisible_heads(self) -> None:
        if self.hidden_size % self.num_attention_heads:
            raise ConfigError(
                f"The hidden size ({self.hidden_size}) is not a multiple of the number of attention "
                f"heads ({self.num_attention_heads})."
            )

    def validate_heads(self) -> None:
        heads, groups = self.num_attention_heads, getattr(self, "num_key_value_heads", None) or 1
        if heads % groups:
            raise ConfigError(
                f"{type(self).__name__}: num_attention_heads ({heads}) must be a multiple of "
                f"num_key_value_heads ({groups})"
            )
        window = getattr(self, "sliding_window", None)
        if window is not None and window < 1:
            raise ConfigError(f"{type(self).__name__}.sliding_window: found {window}, needed None or at least 1")
