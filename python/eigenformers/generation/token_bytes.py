"""The bytes that each token of a vocabulary stands for in the decoded text."""

from __future__ import annotations

import json
import re
import weakref
from typing import Any

_cache: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def token_bytes(tokenizer: Any) -> dict[int, bytes]:
    """`{id: bytes}` for the whole vocabulary. Pieces of characters stay pieces, word-start marks become blanks.

    Kept for as long as the tokenizer lives; recomputed when its vocabulary grows.
    """
    vocabulary = tokenizer.get_vocab()
    known = _cache.get(tokenizer)
    if known is not None and known[0] == len(vocabulary):
        return known[1]
    kinds = _decoder_kinds(tokenizer)
    table = _byte_level_table() if "ByteLevel" in kinds and "ByteFallback" not in kinds else None
    as_text = _text_decoder(tokenizer)
    result = {}
    for token, index in vocabulary.items():
        if table is not None and all(char in table for char in token):
            result[index] = bytes(table[char] for char in token)
        elif "ByteFallback" in kinds and (match := _BYTE_TOKEN.fullmatch(token)):
            result[index] = bytes([int(match[1], 16)])
        else:
            result[index] = as_text(token).encode("utf-8")
    _cache[tokenizer] = (len(vocabulary), result)
    return result


def _text_decoder(tokenizer: Any):
    """A function token → text. The token follows a fixed text, since decoders treat the first token differently."""
    prefix = "abcdef"
    ids = tokenizer(prefix, add_special_tokens=False)["input_ids"]
    base = tokenizer.convert_ids_to_tokens(ids)

    def decode(token: str) -> str:
        text = tokenizer.convert_tokens_to_string([*base, token])
        at = text.find(prefix)
        return text[at + len(prefix) :] if at >= 0 else tokenizer.convert_tokens_to_string([token])

    return decode


def _decoder_kinds(tokenizer: Any) -> set[str]:
    """The `type`s that occur in the decoder of a fast tokenizer; empty for others."""
    decoder = getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None)
    if decoder is None:
        return set()
    kinds = {type(decoder).__name__}
    state = getattr(decoder, "__getstate__", lambda: None)()
    try:
        pending = [json.loads(state)] if isinstance(state, (str, bytes)) else []
    except ValueError:
        pending = []
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            kinds.add(item.get("type"))
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return kinds


def _byte_level_table() -> dict[str, int]:
    """Character → byte of byte-level BPE: printable Latin-1 stands for itself, the rest starts at U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    table.update({chr(0x100 + position): byte for position, byte in enumerate(others)})
    return table
