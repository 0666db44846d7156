"""Configuration of ModernBERT."""

from __future__ import annotations

from typing import Any

from ...configuration import PreTrainedConfig


class ModernBertConfig(PreTrainedConfig):
    """Configuration of `ModernBertModel`; the defaults are those of ModernBERT base."""

    model_type = "modernbert"
    keys_to_ignore_at_inference = ["past_key_values"]
    default_theta = {"global": 160000.0, "local": 10000.0}

    vocab_size: int = 50368
    hidden_size: int = 768
    intermediate_size: int = 1152
    num_hidden_layers: int = 22
    num_attention_heads: int = 12
    hidden_activation: str = "gelu"
    max_position_embeddings: int = 8192
    initializer_range: float = 0.02
    initializer_cutoff_factor: float = 2.0
    norm_eps: float = 1e-5
    norm_bias: bool = False
    pad_token_id: int | None = 50283
    eos_token_id: int | list[int] | None = 50282
    bos_token_id: int | None = 50281
    cls_token_id: int | None = 50281
    sep_token_id: int | None = 50282
    attention_bias: bool = False
    attention_dropout: float | int = 0.0
    layer_types: list[str] | None = None
    rope_parameters: dict[str, Any] | None = None
    local_attention: int = 128
    embedding_dropout: float | int = 0.0
    mlp_bias: bool = False
    mlp_dropout: float | int = 0.0
    decoder_bias: bool = True
    classifier_pooling: str = "cls"
    classifier_dropout: float | int = 0.0
    classifier_bias: bool = False
    classifier_activation: str = "gelu"
    deterministic_flash_attn: bool = False
    sparse_prediction: bool = False
    sparse_pred_ignore_index: int = -100
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        every = kwargs.get("global_attn_every_n_layers", 3)
        if self.layer_types is None:
            self.layer_types = [
                "sliding_attention" if layer % every else "full_attention" for layer in range(self.num_hidden_layers)
            ]
        super().__post_init__(**kwargs)

    def convert_rope_params_to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """One dict of rotary parameters for each layer type."""
        scaling = kwargs.pop("rope_scaling", None)
        given = self.rope_parameters or {}
        self.rope_parameters = {}
        for kind, name in (("sliding_attention", "local"), ("full_attention", "global")):
            own = self.rope_parameters[kind] = {**(given.get(kind) or {"rope_type": "default"}), **(scaling or {})}
            own.setdefault("rope_theta", kwargs.pop(f"{name}_rope_theta", self.default_theta[name]))
        self.standardize_rope_params()
        return kwargs

    @property
    def sliding_window(self) -> int:
        """How far a layer with a window looks to each side."""
        return self.local_attention // 2

    @sliding_window.setter
    def sliding_window(self, value: int) -> None:
        self.local_attention = value * 2
