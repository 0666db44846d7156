"""Configuration of SmolLM3."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class SmolLM3Config(DecoderConfig):
    """Configuration of `SmolLM3Model`; the defaults are those of SmolLM3 3B.

    >>> SmolLM3Config(num_hidden_layers=4).no_rope_layers
    [1, 1, 1, 0]
    """

    model_type = "smollm3"
    default_theta = 2000000.0

    vocab_size: int = 128256
    hidden_size: int = 2048
    intermediate_size: int = 11008
    num_hidden_layers: int = 36
    num_attention_heads: int = 16
    num_key_value_heads: int | None = 4
    hidden_act: str = "silu"
    max_position_embeddings: int = 32768
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-06
    use_cache: bool = True
    pad_token_id: int | None = 128004
    bos_token_id: int | None = 128000
    eos_token_id: int | list[int] | None = 128001
    rope_parameters: dict[str, Any] | None = None
    use_sliding_window: bool = False
    sliding_window: int | None = None
    no_rope_layers: list[int] | None = None
    no_rope_layer_interval: int = 4
    layer_types: list[str] | None = None
    attention_bias: bool = False
    attention_dropout: float | int = 0.0
    mlp_bias: bool = False
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        self.validate_sizes()
        if self.no_rope_layers is None:
            self.no_rope_layers = [
                int(layer % self.no_rope_layer_interval != 0) for layer in range(1, self.num_hidden_layers + 1)
            ]
        if self.layer_types is None:
            slides = self.use_sliding_window and self.sliding_window is not None
            self.layer_types = [
                "sliding_attention" if slides and not self.no_rope_layers[layer] else "full_attention"
                for layer in range(self.num_hidden_layers)
            ]
        super().__post_init__(**kwargs)
