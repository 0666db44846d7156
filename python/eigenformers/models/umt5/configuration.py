"""Configuration of UMT5."""

from __future__ import annotations

from ..seq2seq_config import T5LikeConfig


class UMT5Config(T5LikeConfig):
    """Configuration of `UMT5Model`; the defaults are those of UMT5 small.

    >>> UMT5Config(num_layers=4).num_decoder_layers
    4
    """

    model_type = "umt5"

    vocab_size: int = 250112
    d_model: int = 512
    d_kv: int = 64
    d_ff: int = 1024
    num_layers: int = 8
    num_decoder_layers: int | None = None
    num_heads: int = 6
    relative_attention_num_buckets: int = 32
    relative_attention_max_distance: int = 128
    dropout_rate: float | int = 0.1
    layer_norm_epsilon: float = 1e-6
    initializer_factor: float = 1.0
    feed_forward_proj: str = "gated-gelu"
    is_encoder_decoder: bool = True
    use_cache: bool = True
    pad_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 1
    decoder_start_token_id: int | None = 0
    classifier_dropout: float | int = 0.0
    is_decoder: bool = False
