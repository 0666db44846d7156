"""Configuration of Qwen3."""

from __future__ import annotations

from typing import Any

from ..decoder_config import QK_NORM_TP_PLAN, DecoderConfig


class Qwen3Config(DecoderConfig):
    """Configuration of `Qwen3Model`; the defaults are those of Qwen3 8B.

    >>> config = Qwen3Config(num_hidden_layers=2, use_sliding_window=True, max_window_layers=1)
    >>> config.layer_types
    ['full_attention', 'sliding_attention']
    """

    model_type = "qwen3"
    base_model_tp_plan = QK_NORM_TP_PLAN

    vocab_size: int = 151936
    hidden_size: int = 4096
    intermediate_size: int = 22016
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = 32
    head_dim: int = 128
    hidden_act: str = "silu"
    max_position_embeddings: int = 32768
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    use_cache: bool = True
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    use_sliding_window: bool = False
    sliding_window: int | None = 4096
    max_window_layers: int = 28
    layer_types: list[str] | None = None
    attention_dropout: float = 0.0
    pad_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        self._alternate_layer_types()
        super().__post_init__(**kwargs)
