"""PiSSA and OLoRA adapters as plain LoRA ones: for the base weights as they were before."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

from .... import _core


def without_initial(config: Any, values: dict[str, Any], initial: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Configuration and tensors of the change since the start: `BA - B₀A₀ = [B, -B₀]·[A; A₀]`, of twice the rank.

    Raises:
        ValueError: rank-stabilised scaling with a rank or alpha of its own for some layers.
    """
    if config.use_rslora and (config.rank_pattern or config.alpha_pattern):
        raise ValueError(
            "Passing `path_initial_model_for_weight_conversion` to `save_pretrained` is not supported when using "
            "`rank_pattern` or `alpha_pattern` at the same time as `use_rslora=True`."
        )
    if not str(config.init_lora_weights).lower().startswith(("pissa", "olora", "true")):
        warnings.warn(
            "`path_initial_model_for_weight_conversion` only works for converting a PiSSA/CorDA/OLoRA/LoRA-GA "
            "adapter to a LoRA adapter",
            stacklevel=3,
        )
    made = {}
    for name, value in values.items():
        if "lora_A" in name:
            made[name] = _core.cat([value, initial[name].to(value.dtype)], 0)
        elif name.endswith(".bias"):  # of B
            made[name] = value - initial[name].to(value.dtype)
        elif "lora_B" in name:
            made[name] = _core.cat([value, -initial[name].to(value.dtype)], 1)
    twice = dataclasses.replace(
        config, init_lora_weights=True, r=2 * config.r, lora_alpha=config.lora_alpha * (2**0.5 if config.use_rslora else 2),
        rank_pattern={key: 2 * value for key, value in config.rank_pattern.items()},
        alpha_pattern={key: 2 * value for key, value in config.alpha_pattern.items()},
    )  # fmt: skip
    return twice, made
