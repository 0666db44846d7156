"""The methods: a folder each, with `config`, `layer` and `model`; importing it registers the method."""

from __future__ import annotations

from ..layers import BaseTunerLayer
from .base import BaseTuner
from .lora import LoraConfig, LoraModel

__all__ = ["BaseTuner", "BaseTunerLayer", "LoraConfig", "LoraModel"]
