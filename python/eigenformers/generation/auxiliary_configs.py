"""Configurations that hang on a `GenerationConfig`: compilation and watermarking.

They exist so that files and scripts that carry them keep working; `generate` refuses what has no meaning here
(`generation/support.py`).
"""

from __future__ import annotations

import copy
import json
import os
from typing import Any, Callable


class _JsonConfig:
    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any):
        """Builds the configuration from a dict; `kwargs` that name a field win."""
        config = cls(**config_dict)
        config.update(**kwargs)
        return config

    def update(self, **kwargs: Any) -> None:
        """Sets the fields that exist."""
        for name, value in kwargs.items():
            if hasattr(self, name):
                setattr(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """All fields, as a new dict."""
        return copy.deepcopy(vars(self))

    def to_json_string(self) -> str:
        """All fields as JSON."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    def to_json_file(self, json_file_path: str | os.PathLike) -> None:
        """Writes the fields as JSON with sorted keys."""
        with open(json_file_path, "w", encoding="utf-8") as writer:
            writer.write(json.dumps(self.to_dict(), indent=2, sort_keys=True) + "\n")

    def __iter__(self):
        yield from self.to_dict().items()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__} {self.to_json_string()}"


class CompileConfig(_JsonConfig):
    """Options of `torch.compile`. There is nothing to compile here: the decode loop already is machine code."""

    def __init__(
        self,
        fullgraph: bool = False,
        dynamic: bool | None = None,
        backend: str | Callable = "inductor",
        mode: str = "reduce-overhead",
        options: dict | None = None,
    ):
        self.fullgraph = fullgraph
        self.dynamic = dynamic
        self.backend = backend
        self.mode = mode
        self.options = options


def _require(holds: bool, key: str, correct_value: str, found_value: Any) -> None:
    if not holds:
        raise ValueError(
            f"Some of the keys in `watermarking_config` are defined incorrectly. `{key}` should be {correct_value}` "
            f"but found {found_value}"
        )


class BaseWatermarkingConfig(_JsonConfig):
    """What watermarking configurations have in common: reading, writing and `validate()`."""

    def validate(self) -> None:
        """Raises ValueError naming the first field with an impossible value."""
        raise NotImplementedError(f"{type(self).__name__}.validate")


class WatermarkingConfig(BaseWatermarkingConfig):
    """A bias on a pseudo-random "green" part of the vocabulary (https://huggingface.co/papers/2306.04634)."""

    def __init__(
        self,
        greenlist_ratio: float = 0.25,
        bias: float = 2.0,
        hashing_key: int = 15485863,
        seeding_scheme: str = "lefthash",
        context_width: int = 1,
    ):
        self.greenlist_ratio = greenlist_ratio
        self.bias = bias
        self.hashing_key = hashing_key
        self.seeding_scheme = seeding_scheme
        self.context_width = context_width

    def validate(self) -> None:
        schemes = ("selfhash", "lefthash")
        _require(self.seeding_scheme in schemes, "seeding_scheme", "[`selfhash`, `lefthash`]", self.seeding_scheme)
        ratio = self.greenlist_ratio
        _require(0.0 <= ratio <= 1.0, "greenlist_ratio", "in range between 0.0 and 1.0", ratio)
        _require(self.context_width >= 1, "context_width", "a positive integer", self.context_width)

    def construct_processor(self, vocab_size: int, device: Any) -> Any:
        """The logits processor with these settings."""
        from .watermarking import WatermarkLogitsProcessor

        return WatermarkLogitsProcessor(vocab_size=vocab_size, device=device, **self.to_dict())


class SynthIDTextWatermarkingConfig(BaseWatermarkingConfig):
    """Tournament sampling keyed by n-grams (https://www.nature.com/articles/s41586-024-08025-4)."""

    def __init__(
        self,
        ngram_len: int,
        keys: list[int],
        context_history_size: int = 1024,
        sampling_table_seed: int = 0,
        sampling_table_size: int = 2**16,
        skip_first_ngram_calls: bool = False,
        debug_mode: bool = False,
    ):
        self.ngram_len = ngram_len
        self.keys = keys
        self.sampling_table_size = sampling_table_size
        self.sampling_table_seed = sampling_table_seed
        self.context_history_size = context_history_size
        self.skip_first_ngram_calls = skip_first_ngram_calls
        self.debug_mode = debug_mode

    def validate(self) -> None:
        size = self.sampling_table_size
        _require(size <= 2**24, "sampling_table_size", "< 2**24", size)

    def construct_processor(self, vocab_size: int, device: Any) -> Any:
        """The logits processor with these settings."""
        from .synthid import SynthIDTextWatermarkLogitsProcessor

        return SynthIDTextWatermarkLogitsProcessor(**self.to_dict(), device=device)
