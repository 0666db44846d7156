"""NEFTune (Jain et al. 2023): noise on the embeddings while training."""

from __future__ import annotations

import math
from typing import Any

from .. import _core


def activate_neftune(model: Any, alpha: float) -> Any:
    """Add uniform noise of `alpha / sqrt(length · width)` to the input embeddings in training; returns the hook."""
    embeddings = model.get_input_embeddings()

    def add_noise(module: Any, args: Any, output: Any) -> Any:
        if not module.training:
            return None
        bound = alpha / math.sqrt(output.shape[1] * output.shape[2])
        noise = _core.empty(tuple(output.shape), dtype=output.dtype).uniform_(-bound, bound)
        return output + noise

    return embeddings.register_forward_hook(add_noise)
