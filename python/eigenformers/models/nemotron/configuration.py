"""Configuration of Nemotron."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class NemotronConfig(DecoderConfig):
    """Configuration of `NemotronModel`; the defaults are those of Minitron and Nemotron 15B."""

    model_type = "nemotron"
    base_model_tp_plan = {
        "layers.*.self_attn.q_proj": "colwise",
        "layers.*.self_attn.k_proj": "colwise",
        "layers.*.self_attn.v_proj": "colwise",
        "layers.*.self_attn.o_proj": "rowwise",
        "layers.*.mlp.up_proj": "colwise",
        "layers.*.mlp.down_proj": "rowwise",
    }
    base_model_pp_plan = None

    vocab_size: int = 256000
    hidden_size: int = 6144
    intermediate_size: int = 24576
    num_hidden_layers: int = 32
    num_attention_heads: int = 48
    head_dim: int | None = None
    num_key_value_heads: int | None = None
    hidden_act: str = "relu2"
    max_position_embeddings: int = 4096
    initializer_range: float = 0.0134
    norm_eps: float = 1e-05
    use_cache: bool = True
    pad_token_id: int | None = None
    bos_token_id: int | None = 2
    eos_token_id: int | list[int] | None = 3
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: float | int = 0.0
    mlp_bias: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("partial_rotary_factor", 0.5)
        groups = self.num_key_value_heads
        super().__post_init__(**kwargs)
        self.num_key_value_heads = groups  # None stays in the file, and means as many as heads
