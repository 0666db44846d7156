"""Configuration of Mamba-2."""

from __future__ import annotations

import math
from typing import Any

from ...configuration import PreTrainedConfig


class Mamba2Config(PreTrainedConfig):
    """Configuration of `Mamba2Model`; the defaults are those of Mamba-Codestral 7B.

    >>> Mamba2Config(hidden_size=64, num_heads=4, head_dim=32).time_step_rank
    4
    """

    model_type = "mamba2"

    num_heads: int = 128
    head_dim: int = 64
    vocab_size: int = 32768
    hidden_size: int = 4096
    state_size: int = 128
    num_hidden_layers: int = 64
    layer_norm_epsilon: float = 1e-5
    pad_token_id: int | None = 1
    bos_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 2
    expand: int = 2
    conv_kernel: int = 4
    n_groups: int = 8
    use_bias: bool = False
    use_conv_bias: bool = True
    hidden_act: str = "silu"
    initializer_range: float = 0.1
    residual_in_fp32: bool = True
    time_step_rank: str | int = "auto"
    time_step_min: float = 0.001
    time_step_max: float = 0.1
    time_step_floor: float = 1e-4
    time_step_limit: list[float] | tuple[float, ...] = (0.0, float("inf"))
    rescale_prenorm_residual: bool = False
    use_cache: bool = True
    chunk_size: int = 256
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        if self.time_step_rank == "auto":
            self.time_step_rank = math.ceil(self.hidden_size / 16)
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        """Heads fill the inner width."""
        if self.hidden_size * self.expand != self.num_heads * self.head_dim:
            raise ValueError(
                f"Inconsistent configuration: hidden_size * expand ({self.hidden_size * self.expand}) must equal "
                f"num_heads * head_dim ({self.num_heads * self.head_dim})."
            )

    @property
    def layer_types(self) -> list[str]:
        """All layers keep a state."""
        return ["linear_attention"] * self.num_hidden_layers

    @layer_types.setter
    def layer_types(self, kinds: list[str]) -> None:
        pass  # they follow from the number of layers
