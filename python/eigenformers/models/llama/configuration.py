"""Configuration of Llama and of the many models that share its architecture."""

from __future__ import annotations

from typing import Any

from ...errors import ConfigError
from ..decoder_config import DecoderConfig


class LlamaConfig(DecoderConfig):
    """Configuration of `LlamaModel`; the defaults are those of Llama 7B.

    >>> config = LlamaConfig(hidden_size=64, num_attention_heads=4, num_hidden_layers=2, rope_theta=500000.0)
    >>> config.head_dim, config.num_key_value_heads, config.rope_parameters
    (16, 4, {'rope_theta': 500000.0, 'rope_type': 'default'})
    """

    model_type = "llama"

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    hidden_act: str = "silu"
    max_position_embeddings: int = 2048
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    use_cache: bool = True
    pad_token_id: int | None = None
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    pretraining_tp: int | None = 1
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: float | None = 0.0
    mlp_bias: bool = False
    head_dim: int | None = None

    def validate_architecture(self) -> None:
        if self.hidden_size % self.num_attention_heads != 0:
            raise ConfigError(
                f"The hidden size ({self.hidden_size}) is not a multiple of the number of attention "
                f"heads ({self.num_attention_heads})."
            )
