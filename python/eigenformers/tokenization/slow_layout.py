"""What tokenizers written in Python put around their ids, and the files that their vocabulary goes to."""

from __future__ import annotations

import json
import os

from ..utils import logging
from ..utils.files import atomic_write
from .prepare import PrepareMixin

logger = logging.get_logger(__name__)

# What stands before, between and after the texts, as names of special tokens.
_PATTERNS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "none": ((), (), ()),
    "cls_sep": (("cls",), ("sep",), ("sep",)),
    "cls_double_sep": (("cls",), ("sep", "sep"), ("sep",)),
    "eos": ((), ("eos",), ("eos",)),
    "bos": (("bos",), ("bos",), ()),
    "bos_eos": (("bos",), ("eos",), ("eos",)),
}


class SlowLayoutMixin(PrepareMixin):
    """The special tokens that `special_tokens_pattern` stands for, and `save_vocabulary` of the usual attributes."""

    def _pattern(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        return _PATTERNS.get(self.special_tokens_pattern or "none", ((), (), ()))

    def _pattern_ids(self) -> tuple[list[int], list[int], list[int]]:
        if self.special_tokens_pattern == "prefix_suffix":
            return list(getattr(self, "prefix_tokens", [])), [], list(getattr(self, "suffix_tokens", []))
        ids = tuple([getattr(self, f"{name}_token_id") for name in part] for part in self._pattern())
        if any(ids) and all(index is None for part in ids for index in part):
            names = list(dict.fromkeys(name for part in self._pattern() for name in part))
            listed = "; ".join(f"{name}_token_id=None" for name in names)
            missing = f"{names[0]} token is" if len(names) == 1 else "one or several special tokens are"
            raise ValueError(
                f"Cannot add special tokens following '{self.special_tokens_pattern}' pattern because {missing} not "
                f"defined ({listed}){'.' if len(names) == 1 else ''}"
                "Set the required special tokens in tokenizer or update `tokenizer.special_tokens_pattern`"
            )
        return ids

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """Ids of a text, or of a pair, with the special tokens around them."""
        before, between, after = self._pattern_ids()
        if token_ids_1 is None:
            return [*before, *token_ids_0, *after]
        return [*before, *token_ids_0, *between, *token_ids_1, *after]

    def get_special_tokens_mask(
        self, token_ids_0: list[int], token_ids_1: list[int] | None = None, already_has_special_tokens: bool = False
    ) -> list[int]:
        """1 for special tokens, 0 for text; see `PrepareMixin.get_special_tokens_mask`."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        before, between, after = self._pattern()
        if self.special_tokens_pattern == "prefix_suffix":
            before, after = getattr(self, "prefix_tokens", ()), getattr(self, "suffix_tokens", ())
        second = [] if token_ids_1 is None else [*[1] * len(between), *[0] * len(token_ids_1)]
        return [*[1] * len(before), *[0] * len(token_ids_0), *second, *[1] * len(after)]

    def create_token_type_ids_from_sequences(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """0 for the first text and its special tokens, 1 for the second (unless the pattern is "all_zeros")."""
        if self.special_tokens_pattern == "prefix_suffix":
            before, _, after = self._pattern_ids()
            return [0] * (len(before) + len(token_ids_0) + len(token_ids_1 or []) + len(after))
        if self.token_type_ids_include_special_tokens:
            first = len(self.build_inputs_with_special_tokens(token_ids_0))
            whole = first
            if token_ids_1 is not None:
                whole = len(self.build_inputs_with_special_tokens(token_ids_0, token_ids_1))
        else:
            first = len(token_ids_0)
            whole = first + len(token_ids_1 or [])
        if self.token_type_ids_pattern != "bert_style":
            return [0] * whole
        return [0] * first + [1] * (whole - first)

    def _pad_prepared(self, data, strategy, max_length, *options):
        return self.pad(data, strategy, max_length, *options)  # which a subclass may override

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """How many tokens a call adds around a text, or a pair."""
        return len(self.build_inputs_with_special_tokens([], [] if pair else None))

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write the attribute `encoder` (or `vocab`) as JSON, and `bpe_ranks`, if there is one, as lines of merges.

        Returns the paths; a tokenizer that keeps its vocabulary elsewhere overrides this. `add_bpe_version_header`
        puts a line in front of the merges.
        """
        vocab = getattr(self, "encoder", None) or getattr(self, "vocab", None)
        if vocab is None:
            return ()
        if not os.path.isdir(save_directory):
            logger.error("Vocabulary path (%s) should be a directory", save_directory)
            return ()
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        path = os.path.join(save_directory, prefix + self.vocab_files_names.get("vocab_file", "vocab.json"))
        atomic_write(path, json.dumps(vocab, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        ranks = getattr(self, "bpe_ranks", None)
        if ranks is None:
            return (path,)
        merges_path = os.path.join(save_directory, prefix + self.vocab_files_names.get("merges_file", "merges.txt"))
        lines = "".join(" ".join(merge) + "\n" for merge in sorted(ranks, key=ranks.__getitem__))
        atomic_write(merges_path, ("#version: 0.2\n" if getattr(self, "add_bpe_version_header", False) else "") + lines)
        return path, merges_path
