"""The tokenizer classes of the model families, made from the table in `families.py` when they are first asked for,
with and without "Fast".

A class adds to `PreTrainedTokenizerFast` what a tokenizer.json leaves open: the inputs that the model takes, the
padding side, the special tokens that are meant when no file names them, and how a bare vocabulary is to be used.
"""

from __future__ import annotations

import re
from typing import Any

from .._lazy import import_module
from .backends import PIPELINES
from .families import FAMILIES, Family
from .fast import PreTrainedTokenizerFast

_INPUTS = {
    None: ["input_ids", "attention_mask"],
    "second": ["input_ids", "token_type_ids", "attention_mask"],
    "last": ["input_ids", "attention_mask", "token_type_ids"],
    "types only": ["input_ids", "token_type_ids"],
    "boxes": ["input_ids", "attention_mask", "bbox"],
}


class _EndOfWordDecoding:
    """CLIP's tokens end in `</w>`, which its decoder leaves in the text."""

    def _decode_batch(self, sequences, *args: Any, **kwargs: Any) -> list[str]:
        return [text.replace("</w>", " ").strip() for text in super()._decode_batch(sequences, *args, **kwargs)]


class Sentinels:
    """The tokens that stand for gaps in a text."""

    def get_sentinel_tokens(self) -> list[str]:
        """The <extra_id_...> tokens."""
        return [token for token in self.extra_special_tokens if re.fullmatch(r"<extra_id_\d+>", token)]

    def get_sentinel_token_ids(self) -> list[int]:
        """Their ids."""
        return self.convert_tokens_to_ids(self.get_sentinel_tokens())


class _ShortTexts:
    """Texts of an image-text model have 64 tokens at most, unless a file or the caller says otherwise."""

    def __init__(self, *args: Any, model_max_length: int = 64, **kwargs: Any):
        super().__init__(*args, model_max_length=model_max_length, **kwargs)


# What a class does beyond its pipeline, by the pipeline, or by the class where the pipeline is others' too.
_BEHAVIOURS = {
    "DPRReaderTokenizer": ".dpr:PassageReading",
    "clip": ".models:_EndOfWordDecoding",
    "code_llama": ".code_llama:Infilling",
    "cohere": ".command_templates:CommandTemplates",
    "lasr": ".parakeet:LasrDecoding",
    "layoutlmv2": ".word_features:LayoutV2Boxes",
    "layoutlmv3": ".word_features:LayoutV3Boxes",
    "layoutxlm": ".word_features:Boxes",
    "luke": ".entities:LukeEntities",
    "markuplm": ".word_features:XPaths",
    "mbart": ".translation:MBartLanguages",
    "mbart50": ".translation:MBart50Languages",
    "mluke": ".entities:MLukeEntities",
    "nllb": ".translation:NllbLanguages",
    "nougat": ".nougat:GenerationRepair",
    "roformer": ".roformer:RoFormerBehaviour",
    "seamless": ".translation:SeamlessLanguages",
    "t5": ".models:Sentinels",
    "tipsv2": ".models:_ShortTexts",
    "udop": ".word_features:UdopBoxes",
    "videoprism": ".models:Sentinels",
    "whisper": ".whisper:WhisperBehaviour",
}

# Its files besides a vocabulary.
_FURTHER_FILES = {
    "luke": {"entity_vocab_file": "entity_vocab.json"},
    "mluke": {"entity_vocab_file": "entity_vocab.json"},
    "whisper": {"normalizer_file": "normalizer.json"},
}


def _make_class(name: str, family: Family) -> type[PreTrainedTokenizerFast]:
    files = {"tokenizer_file": "tokenizer.json"}
    module = PIPELINES.get(family.vocab_format)
    if module == "word_piece":
        files["vocab_file"] = "vocab.txt"
    elif module == "byte_level":
        files.update(vocab_file="vocab.json", merges_file="merges.txt")
    elif family.file is not None:
        files["vocab_file"] = family.file
    files.update(_FURTHER_FILES.get(family.vocab_format, {}))
    base = PreTrainedTokenizerFast if family.base is None else class_of(family.base)
    bases: tuple[type, ...] = (base,)
    behaviour = _BEHAVIOURS.get(name, _BEHAVIOURS.get(family.vocab_format))
    if behaviour is not None:
        where, _, mixin = behaviour.partition(":")
        bases = (getattr(import_module(where, __package__), mixin), base)
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
            "mask_flags": family.mask,
        },
    )


__all__ = sorted(f"{name}{fast}" for name in FAMILIES for fast in ("", "Fast"))  # noqa: PLE0605


def class_of(name: str) -> type[PreTrainedTokenizerFast] | None:
    """The class of that name, None if no family has one of that name."""
    plain = name.removesuffix("Fast")
    if plain not in FAMILIES:
        return None
    return globals().get(plain) or globals().setdefault(plain, _make_class(plain, FAMILIES[plain]))


def __getattr__(name: str) -> Any:
    found = class_of(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
