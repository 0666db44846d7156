"""The tokenizer classes of the model families, made from the table in `families.py`, with and without "Fast".

A class adds to `PreTrainedTokenizerFast` what a tokenizer.json leaves open: the inputs that the model takes, the
padding side, the special tokens that are meant when no file names them, and how a bare vocabulary is to be used.
"""

from __future__ import annotations

from typing import Any

from .backends import PIPELINES
from .code_llama import Infilling
from .command_templates import CommandTemplates
from .dpr import PassageReading
from .entities import LukeEntities, MLukeEntities
from .families import FAMILIES, SAME, Family
from .fast import PreTrainedTokenizerFast
from .nougat import GenerationRepair
from .parakeet import FrameDecoding
from .roformer import RoFormerBehaviour
from .translation import MBart50Languages, MBartLanguages, NllbLanguages, SeamlessLanguages
from .whisper import WhisperBehaviour
from .word_features import Boxes, LayoutV2Boxes, LayoutV3Boxes, UdopBoxes, XPaths

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


class _ShortTexts:
    """Texts of an image-text model have 64 tokens at most, unless a file or the caller says otherwise."""

    def __init__(self, *args: Any, model_max_length: int = 64, **kwargs: Any):
        super().__init__(*args, model_max_length=model_max_length, **kwargs)


# What a class does beyond its pipeline, by the pipeline, or by the class where the pipeline is others' too.
_BEHAVIOURS = {
    "DPRReaderTokenizer": PassageReading,
    "clip": _EndOfWordDecoding,
    "code_llama": Infilling,
    "cohere": CommandTemplates,
    "lasr": FrameDecoding,
    "layoutlmv2": LayoutV2Boxes,
    "layoutlmv3": LayoutV3Boxes,
    "layoutxlm": Boxes,
    "luke": LukeEntities,
    "markuplm": XPaths,
    "mbart": MBartLanguages,
    "mbart50": MBart50Languages,
    "mluke": MLukeEntities,
    "nllb": NllbLanguages,
    "nougat": GenerationRepair,
    "roformer": RoFormerBehaviour,
    "seamless": SeamlessLanguages,
    "tipsv2": _ShortTexts,
    "udop": UdopBoxes,
    "whisper": WhisperBehaviour,
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
    bases: tuple[type, ...] = (PreTrainedTokenizerFast,)
    behaviour = _BEHAVIOURS.get(name, _BEHAVIOURS.get(family.vocab_format))
    if behaviour is not None:
        bases = (behaviour, PreTrainedTokenizerFast)
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


CLASSES: dict[str, type[PreTrainedTokenizerFast]] = {name: _make_class(name, row) for name, row in FAMILIES.items()}
CLASSES.update({name: CLASSES[same] for name, same in SAME.items()})
for _name, _class in list(CLASSES.items()):
    CLASSES[f"{_name}Fast"] = _class
globals().update(CLASSES)

__all__ = sorted(CLASSES)
