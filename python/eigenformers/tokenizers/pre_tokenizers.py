"""Second role: cut the text into the words that the model looks at one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable

from .._core.tokenizers import PreTokenizer, _byte_alphabet, _PreTokenizer_sequence
from .checks import text
from .component import SequenceItems, fixed_pattern, flat, of_type, option, register, spec
from .pattern import Pattern, to_json

_BEHAVIORS = {
    "removed": "Removed",
    "isolated": "Isolated",
    "merged_with_previous": "MergedWithPrevious",
    "merged_with_next": "MergedWithNext",
    "contiguous": "Contiguous",
}


def _behavior(name: str) -> str:
    if text(name) not in _BEHAVIORS:
        raise ValueError(f"Wrong value for SplitDelimiterBehavior, expected one of: `{', '.join(_BEHAVIORS)}`")
    return _BEHAVIORS[name]


class _Behavior:
    """The attribute `behavior`: set in the spelling of Python, it reads back in lower case without underscores."""

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return instance._get("behavior").lower()

    def __set__(self, instance, value: str) -> None:
        instance._set("behavior", json.dumps(_behavior(value)))


@register()
class Sequence(SequenceItems, PreTokenizer):
    """Several pre-tokenizers, one after the other."""

    _role = "PreTokenizer"

    def __init__(self, pre_tokenizers: Iterable[PreTokenizer]) -> None:
        super().__init__(_PreTokenizer_sequence(flat(pre_tokenizers)))


@register()
class ByteLevel(PreTokenizer):
    """Splits as GPT-2 does and writes every byte as a printable character.

    >>> ByteLevel(add_prefix_space=False).pre_tokenize_str("a new day")
    [('a', (0, 1)), ('Ġnew', (1, 5)), ('Ġday', (5, 9))]
    """

    add_prefix_space = option("add_prefix_space", "Whether a blank is put in front of a text that has none.")
    trim_offsets = option("trim_offsets", "Whether offsets leave white space out.")
    use_regex = option("use_regex", "Whether the text is split; if not, only the bytes are rewritten.")

    def __init__(
        self,
        add_prefix_space: bool = True,
        trim_offsets: bool = True,
        use_regex: bool = True,
        *,
        type: str = "ByteLevel",
    ) -> None:
        of_type("ByteLevel", type)
        super().__init__(
            spec("ByteLevel", add_prefix_space=add_prefix_space, trim_offsets=trim_offsets, use_regex=use_regex)
        )

    @staticmethod
    def alphabet() -> list[str]:
        """The 256 characters that stand for bytes."""
        return _byte_alphabet()


@register()
class Split(PreTokenizer):
    """Splits at the matches of a pattern."""

    pattern = fixed_pattern("split", "What is split at.")
    behavior = _Behavior()
    invert = option("invert", "Whether what does not match is split at.")

    def __init__(self, pattern: Pattern, behavior: str, invert: bool = False) -> None:
        super().__init__(spec("Split", pattern=to_json(pattern), behavior=_behavior(behavior), invert=invert))


@register()
class Metaspace(PreTokenizer):
    """Writes blanks as a visible character, as SentencePiece does, and splits before it."""

    replacement = option("replacement", "The character for a blank.")
    prepend_scheme = option("prepend_scheme", 'Where it is put in front: "always", "first" or "never".')
    split = option("split", "Whether the text is split there.")

    def __init__(self, replacement: str = "▁", prepend_scheme: str = "always", split: bool = True) -> None:
        super().__init__(spec("Metaspace", replacement=replacement, prepend_scheme=prepend_scheme, split=split))


@register()
class Digits(PreTokenizer):
    """Splits numbers off, as wholes or digit by digit."""

    individual_digits = option("individual_digits", "Whether every digit stands alone.")

    def __init__(self, individual_digits: bool = False) -> None:
        super().__init__(spec("Digits", individual_digits=individual_digits))


@register()
class Punctuation(PreTokenizer):
    """Splits punctuation off."""

    behavior = _Behavior()

    def __init__(self, behavior: str = "isolated") -> None:
        super().__init__(spec("Punctuation", behavior=_behavior(behavior)))


@register()
class Whitespace(PreTokenizer):
    """Splits into runs of word characters and runs of other characters, without white space: `\\w+|[^\\w\\s]+`."""

    def __init__(self) -> None:
        super().__init__(spec("Whitespace"))


@register()
class WhitespaceSplit(PreTokenizer):
    """Splits at white space."""

    def __init__(self) -> None:
        super().__init__(spec("WhitespaceSplit"))


@register()
class BertPreTokenizer(PreTokenizer):
    """Splits at white space, and punctuation off."""

    def __init__(self) -> None:
        super().__init__(spec("BertPreTokenizer"))


@register()
class CharDelimiterSplit(PreTokenizer):
    """Splits at one character."""

    delimiter = option("delimiter", "The character.")

    def __init__(self, delimiter: str) -> None:
        super().__init__(spec("CharDelimiterSplit", delimiter=delimiter))


@register()
class UnicodeScripts(PreTokenizer):
    """Splits where the script changes."""

    def __init__(self) -> None:
        super().__init__(spec("UnicodeScripts"))


@register()
class FixedLength(PreTokenizer):
    """Splits into pieces of a number of characters."""

    length = option("length", "How many characters a piece has.")

    def __init__(self, length: int = 5) -> None:
        super().__init__(spec("FixedLength", length=length))


__all__ = [
    "BertPreTokenizer",
    "ByteLevel",
    "CharDelimiterSplit",
    "Digits",
    "FixedLength",
    "Metaspace",
    "PreTokenizer",
    "Punctuation",
    "Sequence",
    "Split",
    "UnicodeScripts",
    "Whitespace",
    "WhitespaceSplit",
]
