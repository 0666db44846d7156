"""Configuration of BLOOM."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class BloomConfig(DecoderConfig):
    """Configuration of `BloomModel`; the defaults are those of a tiny model."""

    model_type = "bloom"
    attribute_map = {"num_hidden_layers": "n_layer", "num_attention_heads": "n_head"}
    base_model_tp_plan = None
    base_model_pp_plan = None

    vocab_size: int = 250880
    hidden_size: int = 64
    n_layer: int = 2
    n_head: int = 8
    layer_norm_epsilon: float = 1e-05
    initializer_range: float = 0.02
    use_cache: bool = True
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    pad_token_id: int | None = None
    apply_residual_connection_post_layernorm: bool = False
    hidden_dropout: float | int = 0.0
    attention_dropout: float | int = 0.0
    pretraining_tp: int = 1
    slow_but_exact: bool = False
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        self.hidden_size = kwargs.pop("n_embed", None) or self.hidden_size
        super().__post_init__(**kwargs)
