"""What a GGUF file says about its tokenizer beside the vocabulary: special tokens, chat template, lengths.

Only the key-value part of the header is read, the big arrays are stepped over. Every length is checked against the
bytes that are there before anything is read or allocated.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import Any

from ._engine import TokenizerError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_KEYS = 1 << 20

_SPECIAL = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "sep_token": "seperator_token_id",  # spelled so in the format
    "pad_token": "padding_token_id",
    "cls_token": "cls_token_id",
    "mask_token": "mask_token_id",
}


class _Header:
    """Cursor over the mapped file that never reads past its end."""

    def __init__(self, path: str, data: mmap.mmap):
        self.path, self.data, self.at = path, data, 0

    def need(self, size: int, what: str) -> int:
        start = self.at
        if size > len(self.data) - start:
            raise TokenizerError(
                f"{self.path}: {what} at byte {start} needs {size} bytes, the file has {len(self.data) - start}; "
                "incomplete download?"
            )
        self.at = start + size
        return start

    def number(self, code: str, what: str) -> Any:
        size = struct.calcsize("<" + code)
        return struct.unpack_from("<" + code, self.data, self.need(size, what))[0]

    def string(self, what: str) -> bytes:
        start = self.need(self.number("Q", what), what)
        return self.data[start : self.at]

    def skip_array(self, what: str, keep: tuple[int, ...] = ()) -> dict[int, bytes]:
        """Step over an array; of a string array return the elements whose indices are asked for."""
        kind, count = self.number("I", what), self.number("Q", what)
        if kind in _SCALARS:
            self.need(count * struct.calcsize("<" + _SCALARS[kind]), what)
            return {}
        if kind == _ARRAY:
            raise TokenizerError(f"{self.path}: {what} is an array of arrays, which no GGUF key uses; damaged file?")
        if kind != _STRING:
            raise TokenizerError(f"{self.path}: {what} has elements of the unknown type {kind}; damaged file?")
        self.check_count(count, 8, what)
        data, at, end = self.data, self.at, len(self.data)
        length_at = struct.Struct("<Q").unpack_from
        found = {}
        for index in range(count):
            if at + 8 > end:
                break
            (length,) = length_at(data, at)
            if index in keep and at + 8 + length <= end:
                found[index] = data[at + 8 : at + 8 + length]
            at += 8 + length
        if at > end or index + 1 < count:
            self.need(max(at, end) - self.at + 1, what)
        self.at = at
        return found

    def check_count(self, count: int, least: int, what: str) -> None:
        if count * least > len(self.data) - self.at:
            raise TokenizerError(
                f"{self.path}: {what} claims {count} elements, more than the remaining "
                f"{len(self.data) - self.at} bytes can hold; incomplete download?"
            )


def read_gguf_keys(path: str | os.PathLike, prefix: str = "") -> dict[str, Any]:
    """Scalars and strings among the keys that begin with `prefix`; arrays give ("array", byte position).

    >>> read_gguf_keys("model.gguf", "tokenizer.ggml.")["tokenizer.ggml.model"]  # doctest: +SKIP
    'gpt2'
    """
    path = os.fspath(path)
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < 24:
            raise TokenizerError(f"{path}: too short for a GGUF file; incomplete download?")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read_keys(_Header(path, data), prefix)


def _read_keys(header: _Header, prefix: str) -> dict[str, Any]:
    magic, version = header.data[:4], struct.unpack_from("<I", header.data, 4)[0]
    if magic != b"GGUF" or version not in (2, 3):
        raise TokenizerError(
            f"{header.path}: begins with {magic!r} and version {version}, needed b'GGUF' and version 2 or 3"
        )
    count = struct.unpack_from("<Q", header.data, 16)[0]
    header.at = 24
    if count > _MAX_KEYS:
        raise TokenizerError(f"{header.path}: claims {count} metadata keys; damaged file?")
    keys: dict[str, Any] = {}
    for _ in range(count):
        name = header.string("a metadata key").decode("utf-8", "replace")
        kind = header.number("I", name)
        if kind == _ARRAY:
            keys[name] = ("array", header.at)
            header.skip_array(name)
        elif kind == _STRING:
            value = header.string(name)
            if name.startswith(prefix):
                keys[name] = value.decode("utf-8", "replace")
        elif kind in _SCALARS:
            keys[name] = header.number(_SCALARS[kind], name)
        else:
            raise TokenizerError(f"{header.path}: key '{name}' has the unknown type {kind}; damaged file?")
    ids = {attribute: keys.get(f"tokenizer.ggml.{key}") for attribute, key in _SPECIAL.items()}
    tokens = keys.get("tokenizer.ggml.tokens")
    if isinstance(tokens, tuple):
        header.at = tokens[1]
        wanted = tuple({index for index in ids.values() if isinstance(index, int)})
        texts = header.skip_array("tokenizer.ggml.tokens", wanted)
        for attribute, index in ids.items():
            if index in texts:
                keys[attribute] = texts[index].decode("utf-8", "replace")
    return keys


def gguf_tokenizer_defaults(path: str | os.PathLike) -> dict[str, Any]:
    """Tokenizer arguments that a GGUF file states: `bos_token`, `eos_token`, ..., `chat_template`."""
    keys = read_gguf_keys(path, "")
    found = {name: keys[name] for name in _SPECIAL if name in keys}
    templates = {
        name[len("tokenizer.chat_template.") :]: text
        for name, text in keys.items()
        if name.startswith("tokenizer.chat_template.") and isinstance(text, str)
    }
    default = keys.get("tokenizer.chat_template")
    if isinstance(default, str):
        found["chat_template"] = {"default": default, **templates} if templates else default
    architecture = keys.get("general.architecture")
    length = keys.get(f"{architecture}.context_length")
    if isinstance(length, int) and length > 0:
        found["model_max_length"] = length
    return found
