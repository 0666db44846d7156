"""Configuration of Command R."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class CohereConfig(DecoderConfig):
    """Configuration of `CohereModel`; the defaults are those of Command R."""

    model_type = "cohere"
    default_theta = 500000.0

    vocab_size: int = 256000
    hidden_size: int = 8192
    intermediate_size: int = 22528
    logit_scale: float | None = 0.0625
    num_hidden_layers: int = 40
    num_attention_heads: int = 64
    num_key_value_heads: int | None = None
    hidden_act: str = "silu"
    max_position_embeddings: int = 8192
    initializer_range: float = 0.02
    layer_norm_eps: float | None = 1e-05
    use_cache: bool = True
    pad_token_id: int | None = 0
    bos_token_id: int | None = 5
    eos_token_id: int | list[int] | None = 255001
    tie_word_embeddings: bool = True
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: float | int | None = 0.0
    use_qk_norm: bool | None = False
