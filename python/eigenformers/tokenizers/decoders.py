"""Fifth role: turn tokens back into text."""

from __future__ import annotations

from collections.abc import Iterable

from .._core.tokenizers import Decoder, DecodeStream, _Decoder_sequence
from .component import of_type, option, register, spec
from .pattern import Pattern, to_json


@register()
class Sequence(Decoder):
    """Several decoders, one after the other."""

    def __init__(self, decoders: Iterable[Decoder]) -> None:
        super().__init__(_Decoder_sequence(decoders))


@register()
class ByteLevel(Decoder):
    """Reads the printable spelling of bytes back.

    >>> ByteLevel().decode(["Hello", "Ġworld"])
    'Hello world'
    """

    def __init__(
        self,
        *,
        add_prefix_space: bool = True,
        trim_offsets: bool = True,
        use_regex: bool = True,
        type: str = "ByteLevel",
    ) -> None:
        of_type("ByteLevel", type)
        super().__init__(
            spec("ByteLevel", add_prefix_space=add_prefix_space, trim_offsets=trim_offsets, use_regex=use_regex)
        )


@register()
class Metaspace(Decoder):
    """Turns the visible character for a blank back into one."""

    replacement = option("replacement", "The character for a blank.")
    prepend_scheme = option("prepend_scheme", 'Whether the first one was put there: "always", "first" or "never".')
    split = option("split", "Means nothing here.")

    def __init__(self, replacement: str = "▁", prepend_scheme: str = "always", split: bool = True) -> None:
        super().__init__(spec("Metaspace", replacement=replacement, prepend_scheme=prepend_scheme, split=split))


@register()
class ByteFallback(Decoder):
    """Turns runs of "<0xE5>" tokens into the characters they spell."""

    def __init__(self) -> None:
        super().__init__(spec("ByteFallback"))


@register()
class Fuse(Decoder):
    """Joins all tokens into one."""

    def __init__(self) -> None:
        super().__init__(spec("Fuse"))


@register()
class Strip(Decoder):
    """Removes up to `left` and `right` times a character at the ends of every token."""

    content = option("content", "The character.")
    start = option("start", "At most so many at the beginning.")
    stop = option("stop", "At most so many at the end.")

    def __init__(self, content: str = " ", left: int = 0, right: int = 0) -> None:
        super().__init__(spec("Strip", content=content, start=left, stop=right))


@register()
class Replace(Decoder):
    """Replaces all matches of a pattern in every token."""

    def __init__(self, pattern: Pattern, content: str) -> None:
        super().__init__(spec("Replace", pattern=to_json(pattern), content=content))


@register()
class WordPiece(Decoder):
    """Joins pieces that begin with the prefix to what stands before them."""

    prefix = option("prefix", "What continues a word.")
    cleanup = option("cleanup", "Whether blanks before punctuation are removed.")

    def __init__(self, prefix: str = "##", cleanup: bool = True) -> None:
        super().__init__(spec("WordPiece", prefix=prefix, cleanup=cleanup))


@register()
class BPEDecoder(Decoder):
    """Turns the suffix of a word's last piece into a blank."""

    suffix = option("suffix", "What ends a word.")

    def __init__(self, suffix: str = "</w>") -> None:
        super().__init__(spec("BPEDecoder", suffix=suffix))


@register()
class CTC(Decoder):
    """Removes repetitions and the blank token, as speech models need it."""

    pad_token = option("pad_token", "The blank token of CTC.")
    word_delimiter_token = option("word_delimiter_token", "What stands for a blank between words.")
    cleanup = option("cleanup", "Whether blanks before punctuation are removed.")

    def __init__(self, pad_token: str = "<pad>", word_delimiter_token: str = "|", cleanup: bool = True) -> None:
        super().__init__(spec("CTC", pad_token=pad_token, word_delimiter_token=word_delimiter_token, cleanup=cleanup))


__all__ = [
    "BPEDecoder",
    "ByteFallback",
    "ByteLevel",
    "CTC",
    "DecodeStream",
    "Decoder",
    "Fuse",
    "Metaspace",
    "Replace",
    "Sequence",
    "Strip",
    "WordPiece",
]
