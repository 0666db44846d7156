"""What a GGUF file says about its tokenizer beside the vocabulary: special tokens, chat template, length."""

from __future__ import annotations

from typing import Any

from ._engine import Tokenizer

_SPECIAL = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "sep_token": "seperator_token_id",  # spelled so in the format
    "pad_token": "padding_token_id",
    "cls_token": "cls_token_id",
    "mask_token": "mask_token_id",
}
_TEMPLATE = "tokenizer.chat_template"


def gguf_tokenizer_defaults(path: str, tokenizer: Tokenizer) -> dict[str, Any]:
    """Tokenizer arguments that a GGUF file states: `bos_token`, ..., `chat_template`, `model_max_length`.

    An id outside the vocabulary names no token and is left out.
    """
    from .._core import GgufFile

    file = GgufFile(path)
    found: dict[str, Any] = {}
    for name, key in _SPECIAL.items():
        index = file.get(f"tokenizer.ggml.{key}")
        token = tokenizer.id_to_token(index) if isinstance(index, int) and 0 <= index < 2**32 else None
        if token is not None:
            found[name] = token
    templates = {key[len(_TEMPLATE) + 1 :]: file.get(key) for key in file.keys() if key.startswith(_TEMPLATE + ".")}
    default = file.get(_TEMPLATE)
    if isinstance(default, str):
        named = {name: text for name, text in templates.items() if isinstance(text, str)}
        found["chat_template"] = {"default": default, **named} if named else default
    length = file.get(f"{file.get('general.architecture')}.context_length")
    if isinstance(length, int) and length > 0:
        found["model_max_length"] = length
    return found
