"""Configuration of T5 and Flan-T5."""

from __future__ import annotations

from ..seq2seq_config import T5LikeConfig


class T5Config(T5LikeConfig):
    """Configuration of `T5Model`; the defaults are those of T5 small.

    >>> T5Config(feed_forward_proj="gated-gelu").dense_act_fn
    'gelu_new'
    """

    model_type = "t5"

    vocab_size: int = 32128
    d_model: int = 512
    d_kv: int = 64
    d_ff: int = 2048
    num_layers: int = 6
    num_decoder_layers: int | None = None
    num_heads: int = 8
    relative_attention_num_buckets: int = 32
    relative_attention_max_distance: int = 128
    dropout_rate: float | int = 0.1
    layer_norm_epsilon: float = 1e-6
    initializer_factor: float = 1.0
    feed_forward_proj: str = "relu"
    is_encoder_decoder: bool = True
    use_cache: bool = True
    pad_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 1
    classifier_dropout: float | int = 0.0
    is_decoder: bool = False

    def _tie_always(self, given: bool | None) -> None:
        """The first T5 scales what its head sees; 1.1 and Flan, whose files say that nothing is tied, do not."""
        self.scale_decoder_outputs = given is not False
        super()._tie_always(given)
