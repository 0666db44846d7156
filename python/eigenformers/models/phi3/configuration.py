"""Configuration of Phi-3."""

from __future__ import annotations

from typing import Any

from ...errors import ConfigError
from ..decoder_config import DecoderConfig


class Phi3Config(DecoderConfig):
    """Configuration of `Phi3Model`; the defaults are those of Phi-3 mini.

    >>> longer = {"type": "su", "short_factor": [1.0] * 48, "long_factor": [2.0] * 48}
    >>> Phi3Config(rope_scaling=longer).rope_parameters["rope_type"]
    'longrope'
    """

    model_type = "phi3"
    base_model_tp_plan = {
        "layers.*.self_attn.qkv_proj": "colwise_gather_output",
        "layers.*.self_attn.o_proj": "rowwise_split_input",
        "layers.*.mlp.gate_up_proj": "colwise_gather_output",
        "layers.*.mlp.down_proj": "rowwise_split_input",
    }

    vocab_size: int = 32064
    hidden_size: int = 3072
    intermediate_size: int = 8192
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    resid_pdrop: float | int = 0.0
    embd_pdrop: float | int = 0.0
    attention_dropout: float | int = 0.0
    hidden_act: str = "silu"
    max_position_embeddings: int = 4096
    original_max_position_embeddings: int = 4096
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-05
    use_cache: bool = True
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 32000
    pad_token_id: int | None = 32000
    sliding_window: int | None = None

    def convert_rope_params_to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """As the base does, and with the names that `longrope` had before."""
        stated = "partial_rotary_factor" in kwargs
        partial = kwargs.get("partial_rotary_factor", 1.0)
        given = kwargs.pop("rope_scaling", None) or self.rope_parameters or {}
        self.rope_parameters = {"partial_rotary_factor": partial, **given}
        kwargs = super().convert_rope_params_to_dict(**kwargs)
        if stated:
            self.partial_rotary_factor = partial
        if self.rope_parameters.get("rope_type") in ("su", "yarn"):
            self.rope_parameters["rope_type"] = "longrope"
            self.standardize_rope_params()
        return kwargs

    def validate_rope(self) -> None:
        """Only `default` and `longrope`, with a factor for each pair that turns."""
        super().validate_rope()
        kind = self.rope_parameters.get("rope_type")
        if kind not in ("default", "longrope"):
            raise ConfigError(f"`rope_parameters`'s type field must be one of ['longrope'], got {kind}")
        head_dim = self.hidden_size // self.num_attention_heads
        pairs = int(head_dim * self.rope_parameters["partial_rotary_factor"]) // 2
        for name in ("short_factor", "long_factor"):
            values = self.rope_parameters.get(name)
            if values is not None and len(values) != pairs:
                raise ConfigError(f"`rope_parameters`'s {name} field must have length {pairs}, got {len(values)}")
