"""Configuration of Pegasus."""

from __future__ import annotations

from ..seq2seq_config import BartLikeConfig


class PegasusConfig(BartLikeConfig):
    """Configuration of `PegasusModel`; the defaults are those of the real library.

    >>> PegasusConfig(encoder_layers=6).num_hidden_layers
    6
    """

    model_type = "pegasus"

    vocab_size: int = 50265
    max_position_embeddings: int = 1024
    encoder_layers: int = 12
    encoder_ffn_dim: int = 4096
    encoder_attention_heads: int = 16
    decoder_layers: int = 12
    decoder_ffn_dim: int = 4096
    decoder_attention_heads: int = 16
    encoder_layerdrop: float | int = 0.0
    decoder_layerdrop: float | int = 0.0
    use_cache: bool = True
    is_encoder_decoder: bool = True
    activation_function: str = "gelu"
    d_model: int = 1024
    dropout: float | int = 0.1
    attention_dropout: float | int = 0.0
    activation_dropout: float | int = 0.0
    init_std: float = 0.02
    decoder_start_token_id: int | None = 0
    scale_embedding: bool = False
    pad_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 1
    forced_eos_token_id: int | list[int] | None = 1
    is_decoder: bool = False
    tie_word_embeddings: bool = True
