"""Configuration of Gemma 2."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class Gemma2Config(DecoderConfig):
    """Configuration of `Gemma2Model`; the defaults are those of Gemma 2 2B.

    >>> Gemma2Config(num_hidden_layers=3).layer_types
    ['sliding_attention', 'full_attention', 'sliding_attention']
    """

    model_type = "gemma2"

    vocab_size: int = 256000
    hidden_size: int = 2304
    intermediate_size: int = 9216
    num_hidden_layers: int = 26
    num_attention_heads: int = 8
    num_key_value_heads: int = 4
    head_dim: int = 256
    hidden_activation: str = "gelu_pytorch_tanh"
    max_position_embeddings: int = 8192
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-06
    use_cache: bool = True
    pad_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 1
    bos_token_id: int | None = 2
    tie_word_embeddings: bool = True
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: int | float | None = 0.0
    query_pre_attn_scalar: int = 256
    sliding_window: int | None = 4096
    layer_types: list[str] | None = None
    final_logit_softcapping: float | None = 30.0
    attn_logit_softcapping: float | None = 50.0
    use_bidirectional_attention: bool | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        self.slide_all_but_every(2)
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        self.check_divisible_heads()
