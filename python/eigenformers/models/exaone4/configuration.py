"""Configuration of EXAONE 4."""

from __future__ import annotations

from typing import Any

from ..decoder_config import QK_NORM_TP_PLAN, DecoderConfig


class Exaone4Config(DecoderConfig):
    """Configuration of `Exaone4Model`; the defaults are those of EXAONE 4 32B."""

    model_type = "exaone4"
    base_model_tp_plan = QK_NORM_TP_PLAN

    vocab_size: int = 102400
    hidden_size: int = 4096
    intermediate_size: int = 16384
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = 32
    hidden_act: str = "silu"
    max_position_embeddings: int = 2048
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-05
    use_cache: bool = True
    bos_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 2
    pad_token_id: int | None = None
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    attention_dropout: float | int = 0.0
    sliding_window: int | None = 4096
    sliding_window_pattern: str | int | None = 4
    layer_types: list[str] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        if self.sliding_window is None:
            self.sliding_window_pattern = 0
        if self.layer_types is None and self.sliding_window_pattern:
            self.slide_all_but_every(self.sliding_window_pattern)
        elif self.layer_types is None:
            self.validate_sizes()
            self.layer_types = ["full_attention"] * self.num_hidden_layers
        super().__post_init__(**kwargs)
