"""RagTokenizer: the tokenizer of the question's encoder and that of the generator."""

from __future__ import annotations

import os
from typing import Any


class RagTokenizer:
    """Two tokenizers: texts go through the first, ids of answers through the second.

    Args:
        question_encoder, generator: the tokenizers.
    """

    def __init__(self, question_encoder: Any, generator: Any):
        self.question_encoder = question_encoder
        self.generator = generator
        self.current_tokenizer = self.question_encoder

    def save_pretrained(self, save_directory: str | os.PathLike) -> None:
        """Write both, each into a folder of its own."""
        if os.path.isfile(save_directory):
            raise ValueError(f"Provided path ({save_directory}) should be a directory, not a file")
        self.question_encoder.save_pretrained(os.path.join(save_directory, "question_encoder_tokenizer"))
        self.generator.save_pretrained(os.path.join(save_directory, "generator_tokenizer"))

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike, **kwargs: Any) -> RagTokenizer:
        """Load both from a folder or a repository. Arguments as `AutoTokenizer.from_pretrained`."""
        from .auto import AutoTokenizer

        config = kwargs.pop("config", None)
        parts = {}
        for name in ("question_encoder", "generator"):
            own = getattr(config, name, None)
            parts[name] = AutoTokenizer.from_pretrained(
                pretrained_model_name_or_path, config=own, subfolder=f"{name}_tokenizer", **kwargs
            )
        return cls(**parts)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Encode with the tokenizer of the moment; see `PreTrainedTokenizerBase.__call__`."""
        return self.current_tokenizer(*args, **kwargs)

    def batch_decode(self, *args: Any, **kwargs: Any) -> list[str]:
        """Texts of ids of the generator."""
        return self.generator.batch_decode(*args, **kwargs)

    def decode(self, *args: Any, **kwargs: Any) -> Any:
        """Text of ids of the generator."""
        return self.generator.decode(*args, **kwargs)

    def _switch_to_input_mode(self) -> None:
        self.current_tokenizer = self.question_encoder

    def _switch_to_target_mode(self) -> None:
        self.current_tokenizer = self.generator
