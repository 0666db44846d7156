"""Configuration of LFM2."""

from __future__ import annotations

from typing import Any

from ..decoder_config import DecoderConfig


class Lfm2Config(DecoderConfig):
    """Configuration of `Lfm2Model`; the defaults are those of the real library.

    >>> Lfm2Config(num_hidden_layers=3, full_attn_idxs=[1]).layer_types
    ['conv', 'full_attention', 'conv']
    """

    model_type = "lfm2"
    default_theta = 1000000.0
    base_model_tp_plan = None

    vocab_size: int = 65536
    hidden_size: int = 2560
    intermediate_size: int = 12288
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = 8
    max_position_embeddings: int = 128_000
    initializer_range: float = 0.02
    norm_eps: float = 0.00001
    use_cache: bool = True
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    tie_word_embeddings: bool = True
    rope_parameters: dict[str, Any] | None = None
    conv_bias: bool = False
    conv_L_cache: int = 3
    block_multiple_of: int = 256
    block_ffn_dim_multiplier: float | int = 1.0
    block_auto_adjust_ff_dim: bool = True
    full_attn_idxs: list[int] | None = None
    layer_types: list[str] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        self.validate_sizes()
        if self.layer_types is None:
            if self.full_attn_idxs is None:
                self.full_attn_idxs = list(range(self.num_hidden_layers))
            self.layer_types = [
                "full_attention" if layer in self.full_attn_idxs else "conv" for layer in range(self.num_hidden_layers)
            ]
        self.tie_word_embeddings = kwargs.pop("tie_embedding", self.tie_word_embeddings)
        self.intermediate_size = kwargs.pop("block_ff_dim", self.intermediate_size)
        super().__post_init__(**kwargs)
