"""Configuration of GPT-Neo."""

from __future__ import annotations

from typing import Any

from ...configuration import MAX_LAYERS
from ...errors import ConfigError
from ..decoder_config import DecoderConfig


class GPTNeoConfig(DecoderConfig):
    """Configuration of `GPTNeoModel`; the defaults are those of GPT-Neo 1.3B.

    >>> GPTNeoConfig(num_layers=4, attention_types=[[["global", "local"], 2]]).attention_layers
    ['global', 'local', 'global', 'local']
    """

    model_type = "gpt_neo"
    attribute_map = {"num_attention_heads": "num_heads", "num_hidden_layers": "num_layers"}
    base_model_tp_plan = None
    base_model_pp_plan = None

    vocab_size: int = 50257
    max_position_embeddings: int = 2048
    hidden_size: int = 2048
    num_layers: int = 24
    attention_types: list | tuple | None = None
    num_heads: int = 16
    intermediate_size: int | None = None
    window_size: int = 256
    activation_function: str = "gelu_new"
    resid_dropout: float | int = 0.0
    embed_dropout: float | int = 0.0
    attention_dropout: float | int = 0.0
    classifier_dropout: float | int = 0.1
    layer_norm_epsilon: float = 1e-05
    initializer_range: float = 0.02
    use_cache: bool = True
    bos_token_id: int | None = 50256
    eos_token_id: int | list[int] | None = 50256
    pad_token_id: int | None = None
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        if self.attention_types is None:
            self.attention_types = [[["global", "local"], 12]]
        self.attention_layers = self.expand_attention_types_params(self.attention_types)
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        if len(self.attention_layers) != self.num_layers:
            raise ConfigError(
                "Configuration for convolutional module is incorrect. It is required that "
                "`len(config.attention_layers)` == `config.num_layers` but is `len(config.attention_layers) = "
                f"{len(self.attention_layers)}`, `config.num_layers = {self.num_layers}`. `config.attention_layers` is "
                "prepared using `config.attention_types`. Please verify the value of `config.attention_types` argument."
            )

    @staticmethod
    def expand_attention_types_params(attention_types: Any) -> list[str]:
        """`[[["global", "local"], 2]]` written out: one name a layer."""
        try:
            pairs = [(list(kinds), int(count)) for kinds, count in attention_types]
        except (TypeError, ValueError):
            raise ConfigError(f"GPTNeoConfig.attention_types: found {attention_types!r:.80}, needed [[kinds, count]]") from None
        if sum(len(kinds) * count for kinds, count in pairs) > MAX_LAYERS:
            raise ConfigError(f"GPTNeoConfig.attention_types: more than {MAX_LAYERS} layers")
        return [kind for kinds, count in pairs for _ in range(count) for kind in kinds]
