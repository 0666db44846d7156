"""Configuration of ERNIE 4.5."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class Ernie4_5Config(DecoderConfig):
    """Configuration of `Ernie4_5Model`; the defaults are those of ERNIE 4.5 0.3B."""

    model_type = "ernie4_5"
    default_theta = 500000.0

    vocab_size: int = 103424
    hidden_size: int = 1024
    intermediate_size: int = 3072
    num_hidden_layers: int = 18
    num_attention_heads: int = 16
    num_key_value_heads: int | None = 2
    hidden_act: str = "silu"
    max_position_embeddings: int = 131072
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-05
    use_cache: bool | None = True
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    tie_word_embeddings: bool = True
    rope_parameters: dict[str, Any] | None = None
    use_bias: bool | None = False
    head_dim: int | None = 128
