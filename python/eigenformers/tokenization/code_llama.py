"""Infilling of Code Llama: what stands before a gap and behind it, marked as the model was trained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ..tokenizers import normalizers, processors
from .families import CODE_LLAMA_MARKS

_NO_MARKS = (
    "The input includes a `prefix` and a `suffix` used for the infilling task, the `prefix_id, middle_id, suffix_id` "
    "must all be initialized. Current values : {}"
)


class Infilling:
    """A text with `fill_token` in it, or one with `suffix=`, becomes `<PRE> text <SUF>suffix <MID>`.

    Args:
        prefix_token, middle_token, suffix_token, eot_token: the marks; None for a model without.
        fill_token: what a text has at its gap; None if no text is to be split.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        for name, token in CODE_LLAMA_MARKS.items():
            kwargs.setdefault(name, token)
        super().__init__(*args, **kwargs)
        for name in CODE_LLAMA_MARKS:
            if kwargs[name] is None:
                self.__dict__[name] = None

    def _mark_id(self, name: str) -> int | None:
        token = getattr(self, name)
        return None if token is None else self.convert_tokens_to_ids(token)

    @property
    def prefix_id(self) -> int | None:
        """Id of `prefix_token`, None without."""
        return self._mark_id("prefix_token")

    @property
    def middle_id(self) -> int | None:
        """Id of `middle_token`, None without."""
        return self._mark_id("middle_token")

    @property
    def suffix_id(self) -> int | None:
        """Id of `suffix_token`, None without."""
        return self._mark_id("suffix_token")

    @property
    def eot_id(self) -> int | None:
        """Id of `eot_token`, None without."""
        return self._mark_id("eot_token")

    def set_infilling_processor(self, reset: bool, suffix_first: bool = False, add_special_tokens: bool = True) -> None:
        """Let pairs be prefix and suffix of a gap, until `reset`.

        Args:
            reset: be as before.
            suffix_first: `<PRE> <SUF>suffix <MID> prefix` instead of `<PRE> prefix <SUF>suffix <MID>`.
            add_special_tokens: put the tokens around them that go around every text.
        """
        before = self.__dict__.pop("_before_infilling", None)
        if before is not None:
            self._tokenizer.normalizer, self._tokenizer.post_processor = before
        if reset:
            return
        prefix, suffix, middle = self.prefix_token, self.suffix_token, self.middle_token
        order = [prefix, suffix, "$B", middle, "$A"] if suffix_first else [prefix, "$A", suffix, "$B", middle]
        first = [self.bos_token] if self.add_bos_token and add_special_tokens else []
        last = [self.eos_token] if self.add_eos_token and add_special_tokens else []
        pair = [*first, *order, *last]
        special = [(token, self.convert_tokens_to_ids(token)) for token in pair if token not in ("$A", "$B")]
        template = processors.TemplateProcessing(single="$A", pair=pair, special_tokens=special)
        self.__dict__["_before_infilling"] = (self._tokenizer.normalizer, self._tokenizer.post_processor)
        self._tokenizer.normalizer, self._tokenizer.post_processor = normalizers.Replace(" ", "▁"), template

    @contextlib.contextmanager
    def _infilling(self, suffix_first: bool, add_special_tokens: bool) -> Iterator[None]:
        ids = (self.prefix_id, self.middle_id, self.suffix_id)
        if None in ids:
            raise ValueError(_NO_MARKS.format(ids))
        with self._lock:  # it is state of the engine, so calls take turns
            self.set_infilling_processor(False, suffix_first, add_special_tokens)
            try:
                yield
            finally:
                self.set_infilling_processor(True)

    def _split_at_gap(self, text: Any) -> tuple[Any, str | None]:
        if not isinstance(text, str) or self.fill_token is None or self.fill_token not in text:
            return text, None
        parts = text.split(self.fill_token)
        if len(parts) > 2:
            raise ValueError(f"{len(parts) - 1} times {self.fill_token} in a text, needed one: a model fills one gap")
        return parts[0], parts[1]

    def tokenize(self, text: str, pair: str | None = None, suffix: str | None = None, suffix_first: bool = False,
                 **kwargs: Any) -> list[str]:  # fmt: skip
        """Token strings of a text, of a pair, or of what stands around a gap."""
        if suffix is None:
            text, suffix = self._split_at_gap(text)
        if not suffix:
            return super().tokenize(text, pair, **kwargs)
        kwargs.pop("text_pair", None)
        with self._infilling(suffix_first, add_special_tokens=False):
            return super().tokenize(" " + text, suffix, **kwargs)

    def _encode_plus(self, text, text_pair=None, suffix=None, suffix_first=False, add_special_tokens=True, **kwargs):
        if suffix is None and text_pair is None:
            text, suffix = self._split_at_gap(text)
        if not suffix:
            text_pair = text_pair if suffix is None else suffix
            return super()._encode_plus(text, text_pair=text_pair, add_special_tokens=add_special_tokens, **kwargs)
        if isinstance(text, (list, tuple)):
            text = [" " + one if isinstance(one, str) else one for one in text]
        elif isinstance(text, str):
            text = " " + text
        with self._infilling(suffix_first, add_special_tokens):
            return super()._encode_plus(text, text_pair=suffix, add_special_tokens=True, **kwargs)
