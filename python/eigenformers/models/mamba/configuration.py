"""Configuration of Mamba."""

from __future__ import annotations

import math
from typing import Any

from ...configuration import PreTrainedConfig


class MambaConfig(PreTrainedConfig):
    """Configuration of `MambaModel`; the defaults are those of Mamba 130M.

    >>> MambaConfig(hidden_size=64).intermediate_size
    128
    """

    model_type = "mamba"

    vocab_size: int = 50280
    hidden_size: int = 768
    state_size: int = 16
    num_hidden_layers: int = 32
    layer_norm_epsilon: float = 1e-5
    pad_token_id: int | None = 0
    bos_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 0
    expand: int = 2
    conv_kernel: int = 4
    use_bias: bool = False
    use_conv_bias: bool = True
    hidden_act: str = "silu"
    initializer_range: float = 0.1
    residual_in_fp32: bool = True
    time_step_rank: str | int = "auto"
    time_step_scale: float = 1.0
    time_step_min: float = 0.001
    time_step_max: float = 0.1
    time_step_init_scheme: str = "random"
    time_step_floor: float = 1e-4
    rescale_prenorm_residual: bool = False
    use_cache: bool = True
    use_mambapy: bool = False
    use_associative_scan: bool = True
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        self.intermediate_size = int(self.expand * self.hidden_size)
        if self.time_step_rank == "auto":
            self.time_step_rank = math.ceil(self.hidden_size / 16)
        super().__post_init__(**kwargs)

    @property
    def layer_types(self) -> list[str]:
        """All layers keep a state."""
        return ["linear_attention"] * self.num_hidden_layers

    @layer_types.setter
    def layer_types(self, kinds: list[str]) -> None:
        pass  # they follow from the number of layers
