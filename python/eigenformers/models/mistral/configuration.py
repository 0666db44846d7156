"""Configuration of Mistral."""

from __future__ import annotations

from typing import Any

from ...utils import logging
from ..decoder_config import DecoderConfig

logger = logging.get_logger(__name__)


class MistralConfig(DecoderConfig):
    """Configuration of `MistralModel`; the defaults are those of Mistral 7B v0.1.

    >>> config = MistralConfig(hidden_size=64, num_attention_heads=16)
    >>> config.head_dim, config.num_key_value_heads, config.sliding_window
    (4, 8, 4096)
    """

    model_type = "mistral"

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 14336
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = 8
    head_dim: int | None = None
    hidden_act: str = "silu"
    max_position_embeddings: int = 4096 * 32
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    use_cache: bool = True
    pad_token_id: int | None = None
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    sliding_window: int | None = 4096
    attention_dropout: float = 0.0

    def __post_init__(self, **kwargs: Any) -> None:
        if "layer_types" in kwargs:
            logger.warning_once(
                "Detected Mistral model with layer_types. Every layer of this model uses the same attention: a "
                "checkpoint whose layers alternate is a Ministral model."
            )
        super().__post_init__(**kwargs)
