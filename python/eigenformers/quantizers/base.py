"""The base of all quantizers, as in `transformers.quantizers.base`."""

from __future__ import annotations

from ..quantization.base import HfQuantizer, get_keys_to_not_convert, get_module_from_name

__all__ = ["HfQuantizer", "get_keys_to_not_convert", "get_module_from_name"]
