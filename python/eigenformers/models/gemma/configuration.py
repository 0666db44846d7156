"""Configuration of Gemma."""

from __future__ import annotations

from typing import Any

from ...utils import logging
from ..decoder_config import DecoderConfig

logger = logging.get_logger(__name__)


class GemmaConfig(DecoderConfig):
    """Configuration of `GemmaModel`; the defaults are those of Gemma 7B.

    >>> config = GemmaConfig(hidden_act="gelu")  # the first release's name for the tanh approximation
    >>> config.hidden_act, config.tie_word_embeddings
    ('gelu_pytorch_tanh', True)
    """

    model_type = "gemma"

    vocab_size: int = 256000
    hidden_size: int = 3072
    intermediate_size: int = 24576
    num_hidden_layers: int = 28
    num_attention_heads: int = 16
    num_key_value_heads: int = 16
    head_dim: int = 256
    hidden_act: str = "gelu_pytorch_tanh"
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
    attention_dropout: float | int = 0.0
    use_bidirectional_attention: bool | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        if self.hidden_act == "gelu":
            logger.warning_once(
                'We found `hidden_act="gelu"` in this Gemma config, a legacy value of the official releases that is '
                'meant to target the tanh approximation. Setting `hidden_act="gelu_pytorch_tanh"` instead.'
            )
            self.hidden_act = "gelu_pytorch_tanh"
        super().__post_init__(**kwargs)
