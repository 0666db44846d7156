"""Names that code imports from `peft.tuners.tuners_utils`."""

from __future__ import annotations

from ..layers import BaseTunerLayer, check_adapters_to_merge
from ..matching import check_target_module_exists
from .base import BaseTuner

__all__ = ["BaseTuner", "BaseTunerLayer", "check_adapters_to_merge", "check_target_module_exists"]
