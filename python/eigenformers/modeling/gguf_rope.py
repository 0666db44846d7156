"""Scaled rope of GGUF files: they hold a divisor for each frequency instead of the parameters it came from."""

from __future__ import annotations

import math
from typing import Any


def llama3_factors(theta: float, dim: int, factor: float, original: int) -> list[float]:
    """The divisors that Llama 3.1's rule (low 1, high 4) gives to each frequency."""
    out = []
    for i in range(0, dim, 2):
        wave = 2 * math.pi * theta ** (i / dim)
        if wave > original:
            out.append(factor)
        elif wave < original / 4:
            out.append(1.0)
        else:
            smooth = (original / wave - 1) / 3
            out.append(1 / ((1 - smooth) / factor + smooth))
    return out


def apply_rope_factors(config: Any, factors: list[float]) -> None:
    """Put the divisors into `config.rope_parameters`: as `llama3` where they are that rule's, else as they stand.

    >>> from eigenformers import LlamaConfig
    >>> config = LlamaConfig(hidden_size=64, num_attention_heads=4, rope_theta=500000.0)
    >>> apply_rope_factors(config, llama3_factors(500000.0, 16, 8.0, 8192))
    >>> config.rope_parameters["rope_type"], config.rope_parameters["factor"]
    ('llama3', 8.0)
    """
    if not factors or all(f == 1 for f in factors):
        return
    theta = float((config.rope_parameters or {}).get("rope_theta", 10000.0))
    for factor in (8.0, 16.0, 32.0):
        expected = llama3_factors(theta, 2 * len(factors), factor, 8192)
        if all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(factors, expected)):
            config.rope_parameters = {
                "rope_type": "llama3", "rope_theta": theta, "factor": factor, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
            }  # fmt: skip
            return
    config.rope_parameters = {
        "rope_type": "longrope", "rope_theta": theta, "short_factor": list(factors), "long_factor": list(factors),
        "attention_factor": 1.0, "factor": 1.0, "original_max_position_embeddings": config.max_position_embeddings,
    }  # fmt: skip
