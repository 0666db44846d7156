"""Configuration of Command R7B."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class Cohere2Config(DecoderConfig):
    """Configuration of `Cohere2Model`; windows on three layers of four.

    >>> Cohere2Config(num_hidden_layers=4).layer_types[2:]
    ['sliding_attention', 'full_attention']
    """

    model_type = "cohere2"

    vocab_size: int = 256000
    hidden_size: int = 8192
    intermediate_size: int = 22528
    logit_scale: float = 0.0625
    num_hidden_layers: int = 40
    num_attention_heads: int = 64
    num_key_value_heads: int | None = None
    hidden_act: str = "silu"
    max_position_embeddings: int = 8192
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-05
    use_cache: bool = True
    pad_token_id: int | None = 0
    bos_token_id: int | None = 5
    eos_token_id: int | list[int] | None = 255001
    tie_word_embeddings: bool = True
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: float | int = 0.0
    sliding_window: int | None = 4096
    layer_types: list[str] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        self.validate_sizes()
        self.head_dim = self.hidden_size // self.num_attention_heads
        pattern = 4 if self.layer_types is not None else kwargs.pop("sliding_window_pattern", 4)
        self.slide_all_but_every(pattern)
        super().__post_init__(**kwargs)
