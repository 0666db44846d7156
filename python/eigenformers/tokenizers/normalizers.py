"""First role: change the text and keep track of where each part came from."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from .._core.tokenizers import Normalizer, _Normalizer_sequence
from .component import SequenceItems, fixed_pattern, flat, option, register, spec
from .pattern import Pattern, to_json


@register()
class Sequence(SequenceItems, Normalizer):
    """Several normalizers, one after the other."""

    _role = "Normalizer"

    def __init__(self, normalizers: Iterable[Normalizer]) -> None:
        super().__init__(_Normalizer_sequence(flat(normalizers)))

    def __len__(self) -> int:
        return len(self._parts())  # the Sequences of the other roles have no length, and are true


@register()
class NFC(Normalizer):
    """Unicode form C: composed.

    >>> NFC().normalize_str("e\\u0301")
    'é'
    """

    def __init__(self) -> None:
        super().__init__(spec("NFC"))


@register()
class NFD(Normalizer):
    """Unicode form D: decomposed."""

    def __init__(self) -> None:
        super().__init__(spec("NFD"))


@register()
class NFKC(Normalizer):
    """Unicode form KC: compatibility characters replaced, composed."""

    def __init__(self) -> None:
        super().__init__(spec("NFKC"))


@register()
class NFKD(Normalizer):
    """Unicode form KD: compatibility characters replaced, decomposed."""

    def __init__(self) -> None:
        super().__init__(spec("NFKD"))


@register()
class Lowercase(Normalizer):
    """Lower case, character by character."""

    def __init__(self) -> None:
        super().__init__(spec("Lowercase"))


@register()
class Strip(Normalizer):
    """Removes white space at the ends."""

    left = option("strip_left", "Whether the beginning is stripped.")
    right = option("strip_right", "Whether the end is stripped.")

    def __init__(self, left: bool = True, right: bool = True) -> None:
        super().__init__(spec("Strip", strip_left=left, strip_right=right))


@register()
class StripAccents(Normalizer):
    """Removes combining marks; meant to follow NFD."""

    def __init__(self) -> None:
        super().__init__(spec("StripAccents"))


@register()
class Prepend(Normalizer):
    """Puts a text in front of every text that is not empty."""

    prepend = option("prepend", "The text in front.")

    def __init__(self, prepend: str = "▁") -> None:
        super().__init__(spec("Prepend", prepend=prepend))


@register()
class Replace(Normalizer):
    """Replaces all matches of a pattern.

    >>> Replace(" ", "▁").normalize_str("a b")
    'a▁b'
    """

    pattern = fixed_pattern("replace", "What is replaced.")
    content = option("content", "What it is replaced by.")

    def __init__(self, pattern: Pattern, content: str) -> None:
        super().__init__(spec("Replace", pattern=to_json(pattern), content=content))


@register()
class BertNormalizer(Normalizer):
    """What BERT does to a text before it splits it."""

    clean_text = option("clean_text", "Whether control characters are removed and white space becomes blanks.")
    handle_chinese_chars = option("handle_chinese_chars", "Whether CJK ideographs get blanks around them.")
    strip_accents = option("strip_accents", "Whether accents are removed; None: as `lowercase` says.")
    lowercase = option("lowercase", "Whether the text is put into lower case.")

    def __init__(
        self,
        clean_text: bool = True,
        handle_chinese_chars: bool = True,
        strip_accents: bool | None = None,
        lowercase: bool = True,
    ) -> None:
        super().__init__(
            spec(
                "BertNormalizer",
                clean_text=clean_text,
                handle_chinese_chars=handle_chinese_chars,
                strip_accents=strip_accents,
                lowercase=lowercase,
            )
        )


@register()
class Nmt(Normalizer):
    """Removes control characters and unifies blanks as SentencePiece's "nmt" rules do."""

    def __init__(self) -> None:
        super().__init__(spec("Nmt"))


@register()
class ByteLevel(Normalizer):
    """Writes every byte as a printable character."""

    def __init__(self) -> None:
        super().__init__(spec("ByteLevel"))


@register()
class Precompiled(Normalizer):
    """The character map of a SentencePiece model."""

    def __init__(self, precompiled_charsmap: bytes) -> None:
        charsmap = base64.b64encode(bytes(precompiled_charsmap)).decode()
        super().__init__(spec("Precompiled", precompiled_charsmap=charsmap))


NORMALIZERS = {"nfc": NFC, "nfd": NFD, "nfkc": NFKC, "nfkd": NFKD}


def unicode_normalizer_from_str(normalizer: str) -> Normalizer:
    """The normalizer of a Unicode form, by its name in lower case.

    >>> unicode_normalizer_from_str("nfkc")
    NFKC()
    """
    if normalizer not in NORMALIZERS:
        raise ValueError(f"{normalizer} is not a known unicode normalizer. Available are {NORMALIZERS.keys()}")
    return NORMALIZERS[normalizer]()


__all__ = [
    "NORMALIZERS",
    "BertNormalizer",
    "ByteLevel",
    "Lowercase",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Nmt",
    "Normalizer",
    "Precompiled",
    "Prepend",
    "Replace",
    "Sequence",
    "Strip",
    "StripAccents",
    "unicode_normalizer_from_str",
]
