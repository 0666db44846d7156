"""What comes out of a pipeline's function."""

from __future__ import annotations

from typing import Any, Callable

from .._engine import Tokenizer


class Backend:
    """An engine tokenizer without its post-processor, and what the class still has to do with it.

    Attributes:
        post: makes the post-processor, when the special tokens have their ids.
        extra: further special tokens.
        defaults: arguments that the vocabulary file states.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        post: Callable[[Any], Any] | None = None,
        extra: list | None = None,
        defaults: dict[str, Any] | None = None,
    ):
        self.tokenizer, self.post, self.extra = tokenizer, post, extra
        self.defaults = {} if defaults is None else defaults
