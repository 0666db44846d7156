"""Configuration of Longformer."""

from __future__ import annotations

from ...configuration import PreTrainedConfig


class LongformerConfig(PreTrainedConfig):
    """Configuration of `LongformerModel`; `attention_window` is an even number of tokens, or one for each layer.

    >>> LongformerConfig(num_hidden_layers=2, attention_window=[32, 64]).attention_window
    [32, 64]
    """

    model_type = "longformer"

    attention_window: list[int] | int = 512
    sep_token_id: int | None = 2
    pad_token_id: int | None = 1
    bos_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 2
    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    hidden_dropout_prob: float | int = 0.1
    attention_probs_dropout_prob: float | int = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    onnx_export: bool = False
    tie_word_embeddings: bool = True
