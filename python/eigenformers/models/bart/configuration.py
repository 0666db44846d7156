"""Configuration of BART."""

from __future__ import annotations

from typing import Any

from ..seq2seq_config import BartLikeConfig


class BartConfig(BartLikeConfig):
    """Configuration of `BartModel`; the defaults are those of BART large.

    >>> BartConfig(encoder_layers=6).num_hidden_layers
    6
    """

    model_type = "bart"

    vocab_size: int = 50265
    max_position_embeddings: int = 1024
    encoder_layers: int | None = 12
    encoder_ffn_dim: int | None = 4096
    encoder_attention_heads: int | None = 16
    decoder_layers: int | None = 12
    decoder_ffn_dim: int | None = 4096
    decoder_attention_heads: int | None = 16
    encoder_layerdrop: float | None = 0.0
    decoder_layerdrop: float | None = 0.0
    activation_function: str | None = "gelu"
    d_model: int | None = 1024
    dropout: float | int | None = 0.1
    attention_dropout: float | int | None = 0.0
    activation_dropout: float | int | None = 0.0
    init_std: float | None = 0.02
    classifier_dropout: float | int | None = 0.0
    scale_embedding: bool | None = False
    use_cache: bool = True
    pad_token_id: int | None = 1
    bos_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 2
    is_encoder_decoder: bool | None = True
    decoder_start_token_id: int | None = 2
    forced_eos_token_id: int | list[int] | None = 2
    is_decoder: bool | None = False
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        if self.id2label is None:
            self.num_labels = kwargs.pop("num_labels", 3)
        super().__post_init__(**kwargs)
