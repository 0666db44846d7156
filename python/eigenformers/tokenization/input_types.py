"""Names of the kinds of text that tokenizers take, for annotations."""

from __future__ import annotations

from ..tokenizers import Encoding as EncodingFast

TextInput = str
PreTokenizedInput = list[str]
EncodedInput = list[int]
TextInputPair = tuple[str, str]
PreTokenizedInputPair = tuple[list[str], list[str]]
EncodedInputPair = tuple[list[int], list[int]]

__all__ = [
    "EncodedInput", "EncodedInputPair", "EncodingFast", "PreTokenizedInput", "PreTokenizedInputPair", "TextInput",
    "TextInputPair",
]  # fmt: skip
