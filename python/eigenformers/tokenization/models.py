"""The tokenizer classes of the model families, made from the table in `families.py`, with and without "Fast".

A class adds to `PreTrainedTokenizerFast` what a tokenizer.json leaves open: the inputs that the model takes, the
padding side, the special tokens that are meant when no file names them, and how a bare vocabulary is to be used.
"""

from __future__ import annotations

from typing import Any

from .families import FAMILIES, Family
from .fast import PreTrainedTokenizerFast

_INPUTS = {
    None: ["input_ids", "attention_mask"],
    "second": ["input_ids", "token_type_ids", "attention_mask"],
    "last": ["input_ids", "attention_mask", "token_type_ids"],
}


class _EndOfWordDecoding:
    """CLIP's tokens end in `</w>`, which its decoder leaves in the text."""

    def _decode_batch(self, sequences, *args: Any, **kwargs: Any) -> list[str]:
        return [text.replace("</w>", " ").strip() for text in super()._decode_batch(sequences, *args, **kwargs)]


def _make_class(name: str, family: Family) -> type[PreTrainedTokenizerFast]:
    files = {"tokenizer_file": "tokenizer.json"}
    if family.vocab_format == "bert":
        files["vocab_file"] = "vocab.txt"
    elif family.vocab_format is not None:
        files.update(vocab_file="vocab.json", merges_file="merges.txt")
    bases: tuple[type, ...] = (PreTrainedTokenizerFast,)
    if family.vocab_format == "clip":
        bases = (_EndOfWordDecoding, PreTrainedTokenizerFast)
    return type(
        name,
        bases,
        {
            "__doc__": f"Tokenizer of its model family; see `PreTrainedTokenizerFast`. Defaults: {family.tokens}.",
            "__module__": __name__,
            "vocab_files_names": files,
            "vocab_format": family.vocab_format,
            "default_special_tokens": family.tokens,
            "model_input_names": _INPUTS[family.token_type_ids],
            "padding_side": family.padding_side,
        },
    )


CLASSES: dict[str, type[PreTrainedTokenizerFast]] = {name: _make_class(name, row) for name, row in FAMILIES.items()}
for _name, _class in list(CLASSES.items()):
    CLASSES[f"{_name}Fast"] = _class
globals().update(CLASSES)

__all__ = sorted(CLASSES)
