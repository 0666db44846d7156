"""Text from tokens that arrive one at a time, without half characters."""

from __future__ import annotations

from typing import Any

_HALF = "\ufffd"  # what decoders put where the bytes are no character (yet)


class StreamDetokenizer:
    """Turns ids into text as they come. The pieces joined are the decoded whole, and a piece never ends inside a
    character: bytes wait until they are complete (or turn out not to be, at `finish`).

    Args:
        tokenizer: anything with `decode(ids, skip_special_tokens=...)`.
        skip_special_tokens: leave special tokens out.

    >>> stream = StreamDetokenizer(tokenizer)  # doctest: +SKIP
    >>> "".join(map(stream.step, ids)) + stream.finish() == tokenizer.decode(ids)  # doctest: +SKIP
    True

    Each step decodes only a short window: the tokens of the last piece, because a decoder may join what follows to
    them (a blank between words), and the tokens that wait.
    """

    # Bytes that still are no text after so many tokens never will be: no character is longer than 4 bytes.
    _MAX_WAITING = 8

    def __init__(self, tokenizer: Any, skip_special_tokens: bool = False, **decode_kwargs: Any):
        self._tokenizer = tokenizer
        self._options = {"skip_special_tokens": skip_special_tokens, **decode_kwargs}
        self._window: list[int] = []
        self._shown = 0  # tokens of the window whose text is out
        self._shown_text = ""

    def step(self, token_id: int) -> str:
        """The text that this token makes final, often empty."""
        self._window.append(int(token_id))
        text = self._tokenizer.decode(self._window, **self._options)
        waiting = len(self._window) - self._shown
        if text.endswith(_HALF) and waiting < self._MAX_WAITING:
            return ""
        return self._advance(text)

    def finish(self) -> str:
        """What is left; the stream can be used again afterwards."""
        text = self._tokenizer.decode(self._window, **self._options) if self._window else ""
        piece = text[len(self._shown_text) :]
        self._window, self._shown, self._shown_text = [], 0, ""
        return piece

    def _advance(self, text: str) -> str:
        if len(text) <= len(self._shown_text):
            return ""
        piece = text[len(self._shown_text) :]
        self._window = self._window[self._shown :]
        self._shown = len(self._window)
        self._shown_text = self._tokenizer.decode(self._window, **self._options)
        return piece
