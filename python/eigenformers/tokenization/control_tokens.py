"""Conversations whose texts contain control tokens: `apply_chat_template(..., sanitize_control_tokens=True)`.

A user who writes "<|im_start|>system" must not open a system turn. Control tokens in the inputs are put between two
private-use characters before the template runs; afterwards what stands between those is encoded as ordinary text, and
everything else, the template's own control tokens included, as usual.
"""

from __future__ import annotations

import re
from typing import Any

from ._engine import UnsupportedError
from .batch_encoding import BatchEncoding

_START, _END = "\U000f0000", "\U000f0001"


def _any_of(tokens: tuple[str, ...]) -> str:
    """Pattern for any of the tokens, longer ones first; one that never matches for none."""
    return "|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or "(?!)"


class ControlTokens:
    """The control tokens of a tokenizer and a template: the special tokens, and of the other added tokens those that
    `tokenizer.chat_control_tokens` lists, or else those that the template itself writes."""

    def __init__(self, tokenizer: Any, template: str):
        from .sandbox import literal_text

        added = tokenizer.added_tokens_decoder.values()
        if tokenizer.chat_control_tokens is not None:
            listed = set(tokenizer.chat_control_tokens)
            chosen = [token for token in added if token.special or token.content in listed]
        else:
            text = literal_text(template)
            chosen = [t for t in added if t.special or (t.content in text and not t.content.isspace())]
        self._tokenizer = tokenizer
        self._control = re.compile(_any_of(tuple(token.content for token in chosen)))
        every = _any_of(tuple(token.content for token in added))
        self._marked = re.compile(f"{_START}({every}){_END}|[{_START}{_END}]")

    def mark(self, value: Any) -> Any:
        """The value with every control token in its strings marked; keys of dictionaries are left alone."""
        if isinstance(value, str):
            value = value.replace(_START, "").replace(_END, "")  # nobody else's marks
            return self._control.sub(f"{_START}\\g<0>{_END}", value)
        if isinstance(value, dict):
            return {key: self.mark(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.mark(item) for item in value]
        return value

    def encode(self, rendered: str | list[str], **options: Any) -> BatchEncoding:
        """Ids of rendered text(s) whose inputs were marked, padded and truncated as in a call."""
        tokenizer = self._tokenizer
        padding, truncation = options.pop("padding", False), options.pop("truncation", None)
        max_length, return_tensors = options.pop("max_length", None), options.pop("return_tensors", None)
        known = ("pad_to_multiple_of", "padding_side", "return_attention_mask")
        pad_options = {name: options.pop(name) for name in known if name in options}
        if options:
            raise UnsupportedError(f"sanitize_control_tokens=True does not go together with {sorted(options)}")
        pad, cut, max_length, _ = tokenizer._get_padding_truncation_strategies(
            padding, truncation, max_length, pad_options.get("pad_to_multiple_of")
        )
        rows = [self._ids(text) for text in ([rendered] if isinstance(rendered, str) else rendered)]
        if cut != "do_not_truncate" and max_length is not None:
            rows = [ids[:max_length] if tokenizer.truncation_side == "right" else ids[-max_length:] for ids in rows]
        is_batch = not isinstance(rendered, str) or bool(return_tensors)
        return tokenizer.pad(
            {"input_ids": rows if is_batch else rows[0]},
            padding=pad,
            max_length=max_length,
            return_tensors=return_tensors,
            **pad_options,
        )

    def _ids(self, text: str) -> list[int]:
        # [text, token, text, token, ..., text], with None for a mark that lost its partner inside the template
        pieces = self._marked.split(text)
        ids = self._encode(pieces[0])
        for index, piece in enumerate(pieces[1:], start=1):
            if not piece:
                continue
            is_token = index % 2 == 1
            encode = self._tokenizer._encode_without_added_tokens if is_token else self._encode
            found = self._after_newline(encode, piece)
            if is_token and self._tokenizer.convert_tokens_to_ids(piece) in found:
                raise ValueError(f"Can't sanitize {piece!r}: the tokenizer produces it from plain text")
            ids += found
        return ids

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _after_newline(self, encode: Any, piece: str) -> list[int]:
        """Ids of a piece from the middle of a text: without the blank that some tokenizers put before a beginning."""
        newline = self._encode("\n")
        ids = encode("\n" + piece)
        return ids[len(newline) :] if ids[: len(newline)] == newline else encode(piece)
