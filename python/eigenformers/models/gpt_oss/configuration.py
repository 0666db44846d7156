"""Configuration of GptOss."""

from __future__ import annotations

from typing import Any, ClassVar

from ..decoder_config import DecoderConfig


class GptOssConfig(DecoderConfig):
    """Configuration of `GptOssModel`; the defaults are those of gpt-oss 120B.

    >>> GptOssConfig(num_hidden_layers=2).layer_types
    ['sliding_attention', 'full_attention']
    """

    model_type = "gpt_oss"
    attribute_map: ClassVar[dict[str, str]] = {
        "num_experts": "num_local_experts",
    }
    default_theta = 150000.0
    base_model_ep_plan: ClassVar[dict[str, str]] = {
        "layers.*.mlp.experts.gate_up_proj": "grouped_gemm",
        "layers.*.mlp.experts.gate_up_proj_bias": "grouped_gemm",
        "layers.*.mlp.experts.down_proj": "grouped_gemm",
        "layers.*.mlp.experts.down_proj_bias": "grouped_gemm",
        "layers.*.mlp.experts": "ep_dispatch_experts",
    }
    base_model_tp_plan = None

    num_hidden_layers: int = 36
    num_local_experts: int = 128
    vocab_size: int = 201088
    hidden_size: int = 2880
    intermediate_size: int = 2880
    head_dim: int = 64
    num_attention_heads: int = 64
    num_key_value_heads: int = 8
    sliding_window: int | None = 128
    tie_word_embeddings: bool = False
    hidden_act: str = "silu"
    initializer_range: float = 0.02
    max_position_embeddings: int = 131072
    rms_norm_eps: float = 1e-5
    rope_parameters: dict[str, Any] | None = None
    attention_dropout: float | int = 0.0
    num_experts_per_tok: int = 4
    swiglu_alpha: float = 1.702
    swiglu_limit: float = 7.0
    router_aux_loss_coef: float = 0.001
    output_router_logits: bool = False
    use_cache: bool = True
    layer_types: list[str] | None = None
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None
    attention_bias: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        self.slide_all_but_every(2)
        if self.rope_parameters is None:
            self.rope_parameters = {
                "rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
                "original_max_position_embeddings": 4096,
            }  # fmt: skip
        super().__post_init__(**kwargs)
