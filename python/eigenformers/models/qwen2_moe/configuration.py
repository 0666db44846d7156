"""Configuration of Qwen2Moe."""

from __future__ import annotations

from typing import Any, ClassVar

from ..decoder_config import DecoderConfig


class Qwen2MoeConfig(DecoderConfig):
    """Configuration of `Qwen2MoeModel`; the defaults are those of Qwen1.5-MoE A2.7B.

    >>> Qwen2MoeConfig(num_hidden_layers=2).layer_types
    ['full_attention', 'full_attention']
    """

    model_type = "qwen2_moe"
    base_model_tp_plan: ClassVar[dict[str, str]] = {
        "layers.*.self_attn.q_proj": "colwise",
        "layers.*.self_attn.k_proj": "colwise",
        "layers.*.self_attn.v_proj": "colwise",
        "layers.*.self_attn.o_proj": "rowwise",
        "layers.*.mlp.experts.gate_up_proj": "packed_colwise",
        "layers.*.mlp.experts.down_proj": "rowwise",
        "layers.*.mlp.experts": "moe_tp_experts",
        "layers.*.mlp.gate_proj": "colwise",
        "layers.*.mlp.up_proj": "colwise",
        "layers.*.mlp.down_proj": "rowwise",
    }
    base_model_ep_plan: ClassVar[dict[str, str]] = {
        "layers.*.mlp.experts.gate_up_proj": "grouped_gemm",
        "layers.*.mlp.experts.down_proj": "grouped_gemm",
        "layers.*.mlp.experts": "ep_dispatch_experts",
    }

    vocab_size: int = 151936
    hidden_size: int = 2048
    intermediate_size: int = 5632
    num_hidden_layers: int = 24
    num_attention_heads: int = 16
    num_key_value_heads: int | None = 16
    hidden_act: str = "silu"
    max_position_embeddings: int = 32768
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    use_cache: bool = True
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    use_sliding_window: bool = False
    sliding_window: int | None = 4096
    max_window_layers: int = 28
    attention_dropout: float | int = 0.0
    decoder_sparse_step: int = 1
    moe_intermediate_size: int = 1408
    shared_expert_intermediate_size: int = 5632
    num_experts_per_tok: int = 4
    num_experts: int = 60
    norm_topk_prob: bool = False
    output_router_logits: bool = False
    router_aux_loss_coef: float = 0.001
    mlp_only_layers: list[int] | None = None
    qkv_bias: bool = True
    layer_types: list[str] | None = None
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        self.validate_sizes()
        self.mlp_only_layers = self.mlp_only_layers or []
        self.sliding_window = self.sliding_window if self.use_sliding_window else 0
        if self.layer_types is None:
            slides = min(self.max_window_layers, self.num_hidden_layers) if self.use_sliding_window else 0
            self.layer_types = [
                "sliding_attention" if layer < slides and layer % 2 == 0 else "full_attention"
                for layer in range(self.num_hidden_layers)
            ]
        super().__post_init__(**kwargs)

    def validate_heads(self) -> None:
        """A window of 0 is none."""
        window, self.sliding_window = self.sliding_window, self.sliding_window or None
        super().validate_heads()
        self.sliding_window = window
