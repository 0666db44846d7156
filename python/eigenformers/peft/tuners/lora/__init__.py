"""LoRA (Hu et al. 2021, arXiv:2106.09685) and DoRA (Liu et al. 2024, arXiv:2402.09353)."""

from __future__ import annotations

from ...registry import register_peft_method
from .config import LoraConfig, LoraRuntimeConfig
from .layer import Embedding, Linear, LoraLayer
from .model import LoraModel

__all__ = ["Embedding", "Linear", "LoraConfig", "LoraLayer", "LoraModel", "LoraRuntimeConfig"]

register_peft_method(name="lora", config_cls=LoraConfig, model_cls=LoraModel, is_mixed_compatible=True)
