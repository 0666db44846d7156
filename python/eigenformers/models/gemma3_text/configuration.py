"""Configuration of Gemma 3 (text)."""

from __future__ import annotations

from typing import Any

from ..decoder_config import QK_NORM_TP_PLAN, DecoderConfig


class Gemma3TextConfig(DecoderConfig):
    """Configuration of `Gemma3TextModel`; windows on five layers of six, which have a rotary base of their own.

    >>> config = Gemma3TextConfig(num_hidden_layers=6)
    >>> config.layer_types[4:], config.rope_parameters["sliding_attention"]["rope_theta"]
    (['sliding_attention', 'full_attention'], 10000.0)
    """

    model_type = "gemma3_text"
    base_model_tp_plan = QK_NORM_TP_PLAN
    default_theta = {"global": 1000000.0, "local": 10000.0}

    vocab_size: int = 262208
    hidden_size: int = 2304
    intermediate_size: int = 9216
    num_hidden_layers: int = 26
    num_attention_heads: int = 8
    num_key_value_heads: int = 4
    head_dim: int = 256
    hidden_activation: str = "gelu_pytorch_tanh"
    max_position_embeddings: int = 131072
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-06
    use_cache: bool = True
    pad_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 1
    bos_token_id: int | None = 2
    tie_word_embeddings: bool = True
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: int | float | None = 0.0
    query_pre_attn_scalar: int = 256
    sliding_window: int | None = 4096
    layer_types: list[str] | None = None
    final_logit_softcapping: float | None = None
    attn_logit_softcapping: float | None = None
    use_bidirectional_attention: bool | None = False

    def __post_init__(self, **kwargs: Any) -> None:
        if self.use_bidirectional_attention:
            self.sliding_window = (self.sliding_window // 2) + 1  # half of it on each side
        self._sliding_window_pattern = kwargs.get("sliding_window_pattern", 6)
        self.slide_all_but_every(self._sliding_window_pattern)
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        self.check_divisible_heads()

    def to_dict(self) -> dict[str, Any]:
        output = super().to_dict()
        if getattr(self, "use_bidirectional_attention", False):
            output["sliding_window"] = (self.sliding_window - 1) * 2  # what a reload halves again
        return output

    def convert_rope_params_to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """One dict of rotary parameters for each layer type; the older scaling meant full attention only."""
        scaling = kwargs.pop("rope_scaling", None)
        given = self.rope_parameters or {}
        self.rope_parameters = {
            "sliding_attention": dict(given.get("sliding_attention") or {"rope_type": "default"}),
            "full_attention": dict(given.get("full_attention") or {"rope_type": "default"}),
        }
        full, local = self.rope_parameters["full_attention"], self.rope_parameters["sliding_attention"]
        full.update(scaling or {})
        full.setdefault("rope_theta", kwargs.pop("rope_theta", self.default_theta["global"]))
        local.setdefault("rope_theta", kwargs.pop("rope_local_base_freq", self.default_theta["local"]))
        self.standardize_rope_params()
        return kwargs
