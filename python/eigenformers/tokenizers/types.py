"""Names for what the methods of a tokenizer take, and the words that some of its arguments may be."""

from __future__ import annotations

from enum import Enum
from typing import Union

Offsets = tuple[int, int]
TextInputSequence = str
PreTokenizedInputSequence = Union[list[str], tuple[str]]
TextEncodeInput = Union[TextInputSequence, tuple[TextInputSequence, TextInputSequence], list[TextInputSequence]]
PreTokenizedEncodeInput = Union[
    PreTokenizedInputSequence,
    tuple[PreTokenizedInputSequence, PreTokenizedInputSequence],
    list[PreTokenizedInputSequence],
]
InputSequence = Union[TextInputSequence, PreTokenizedInputSequence]
EncodeInput = Union[TextEncodeInput, PreTokenizedEncodeInput]


class OffsetReferential(Enum):
    """Which text offsets are of."""

    ORIGINAL = "original"
    NORMALIZED = "normalized"


class OffsetType(Enum):
    """What offsets count."""

    BYTE = "byte"
    CHAR = "char"


class SplitDelimiterBehavior(Enum):
    """What becomes of the matches that a text is split at."""

    REMOVED = "removed"
    ISOLATED = "isolated"
    MERGED_WITH_PREVIOUS = "merged_with_previous"
    MERGED_WITH_NEXT = "merged_with_next"
    CONTIGUOUS = "contiguous"
