"""What one rendering of a chat template may take: turns and calls, and how much it builds. Jinja's own filters and methods
that can blow a value up are checked before they do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.filters import make_attrgetter

MAX_CHARACTERS = 1 << 26  # of one string (or elements of one list) that a template may build, and of its output
MAX_BUILT = 1 << 30  # of all that one rendering builds together
MAX_STEPS = 1 << 22  # turns of all loops and calls of one rendering together
MAX_BITS = 1 << 18  # of a whole number
CALL = 8  # turns that a call counts for

_PADDING_METHODS = {"center", "ljust", "rjust", "zfill", "expandtabs"}


class RenderState:
    """Budget of one rendering, how much text it has put out, and where the `{% generation %}` blocks are in it."""

    def __init__(self) -> None:
        self.steps = self.length = self.built = 0
        self.spans: list[tuple[int, int]] = []

    def step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > MAX_STEPS:
            raise SecurityError(f"the chat template's loops and calls take more than {MAX_STEPS} turns")

    def put_out(self, text: str) -> None:
        self.length += len(text)
        if self.length > MAX_CHARACTERS:
            raise SecurityError(f"the chat template puts out more than {MAX_CHARACTERS} characters")


state: ContextVar[RenderState] = ContextVar("chat_template_state")


def check_size(size: int) -> None:
    """Refuse to build a value of so many characters or elements."""
    if size > MAX_CHARACTERS:
        raise SecurityError(f"the chat template builds a value of {size} characters, the limit is {MAX_CHARACTERS}")
    rendering = state.get()  # LookupError, for Jinja: nothing is computed while a template is compiled
    rendering.built += max(size, 0)
    if rendering.built > MAX_BUILT:
        raise SecurityError(f"the chat template builds values of more than {MAX_BUILT} characters together")


def written(value: Any) -> Any:
    """The value, which is about to be written as text: one that holds another many times over is refused."""
    pending = [value]
    while pending:
        items = pending.pop()
        if isinstance(items, dict):
            items = [*items.keys(), *items.values()]
        if isinstance(items, (list, tuple, set, frozenset)):
            if (rendering := state.get(None)) is not None:
                rendering.step(len(items))
            pending.extend(items)
    return value


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, list, tuple)) else 0


def _check_bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise SecurityError(f"the chat template computes a number of {bits} bits, the limit is {MAX_BITS}")


def _check_format(spec: str, values: Iterable[Any]) -> None:
    """Refuse format strings with huge widths, written out or taken from the values (`%*d`, `{:{}}`), and many fields of
    long values."""
    values = [written(value) for value in values]
    for digits in re.findall(r"\d{7,}", spec):
        check_size(int(digits[:19]))
    if "*" in spec or re.search(r"\{[^{}]*\{", spec):
        for value in values:
            if isinstance(value, int):
                check_size(value)
    fields = spec.count("%") + spec.count("{")
    check_size(len(spec) + fields * max((len(str(value)) for value in values), default=0))


def check_percent(spec: str, values: Any) -> None:
    """For `spec % values`."""
    _check_format(spec, values.values() if isinstance(values, dict) else values if isinstance(values, tuple) else [values])


def check_call_format(spec: str, args: tuple, kwargs: dict[str, Any]) -> None:
    """For `spec.format(*args, **kwargs)`."""
    _check_format(spec, [*args, *kwargs.values()])


def _check_replace(text: str, old: str, new: str) -> None:
    if len(new) > len(old):
        check_size(len(text) + text.count(old) * (len(new) - len(old)))


def _check_join(separator: str, items: Any) -> None:
    if isinstance(items, (list, tuple, dict, str)):
        check_size(len(separator) * len(items) + sum(_size(written(item)) for item in items))


def check_binop(operator: str, left: Any, right: Any) -> None:
    """For `left operator right`."""
    if operator == "+":
        check_size(_size(left) + _size(right))
    elif operator == "*":
        if isinstance(left, int) and isinstance(right, int):
            _check_bits(left.bit_length() + right.bit_length())
        for value, times in ((left, right), (right, left)):
            if isinstance(times, int):
                check_size(_size(value) * times)
    elif operator == "**":
        if isinstance(left, int) and isinstance(right, int):
            _check_bits(max(left.bit_length(), 1) * max(right, 0))
    elif isinstance(left, str):
        check_percent(left, right)


def check_method(owner: Any, name: str | None, args: tuple) -> None:
    """For a call of `owner.name(*args)`."""
    if not isinstance(owner, str):
        return
    if name in _PADDING_METHODS:
        for size in args:
            if isinstance(size, int):
                check_size(size * (owner.count("\t") if name == "expandtabs" else 1))
    elif name == "replace" and len(args) >= 2 and isinstance(args[0], str) and isinstance(args[1], str):
        _check_replace(owner, args[0], args[1])
    elif name == "join" and args:
        _check_join(owner, args[0])


def tojson(value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False):
    """JSON without the HTML escapes of Jinja's own filter."""
    check_size(len(indent) if isinstance(indent, str) else int(indent or 0) * 1000)
    text = json.dumps(
        written(value), ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )
    check_size(len(text))
    return text


def bounded_filters(plain: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """Those of Jinja's own filters that can blow a value up or take for ever, behind a check."""

    def center(value, width=80):
        check_size(width)
        return plain["center"](value, width)

    def indent(s, width=4, first=False, blank=False):
        if isinstance(s, str):
            check_size((s.count("\n") + 1) * (len(width) if isinstance(width, str) else width))
        return plain["indent"](s, width, first, blank)

    @jinja2.pass_eval_context
    def replace(eval_ctx, s, old, new, count=None):
        _check_replace(str(s), str(old), str(new))
        return plain["replace"](eval_ctx, s, old, new, count)

    @jinja2.pass_eval_context
    def join(eval_ctx, value, d="", attribute=None):
        value = list(value)
        _check_join(str(d), value)
        return plain["join"](eval_ctx, value, d, attribute)

    def format(value, *args, **kwargs):
        check_call_format(str(value), args, kwargs)
        return plain["format"](value, *args, **kwargs)

    def batch(value, linecount, fill_with=None):
        if fill_with is not None:
            check_size(linecount)
        return plain["batch"](value, linecount, fill_with)

    @jinja2.pass_eval_context
    def slice(eval_ctx, value, slices, fill_with=None):
        state.get().step(slices)
        return plain["slice"](eval_ctx, value, slices, fill_with)

    @jinja2.pass_environment
    def sum(environment, iterable, attribute=None, start=0):
        if attribute is not None:
            iterable = map(make_attrgetter(environment, attribute), iterable)
        for value in iterable:
            state.get().step()
            check_binop("+", start, value)
            start = start + value
        return start

    @jinja2.pass_environment
    def wordwrap(environment, s, width=79, break_long_words=True, wrapstring=None, break_on_hyphens=True):
        if wrapstring is not None:
            lines = 1 + len(s.split()) + s.count("-") + len(s) // max(width, 1)
            check_size(len(s) + lines * len(wrapstring))
        return plain["wordwrap"](environment, s, width, break_long_words, wrapstring, break_on_hyphens)

    def string(value):
        return plain["string"](written(value))

    def pprint(value):
        return plain["pprint"](written(value))

    local = locals()
    return {name: local[name] for name in local if name not in ("plain", "local")} | {"tojson": tojson}


def bounded_lipsum(plain: Callable[..., str]) -> Callable[..., str]:
    """Jinja's `lipsum()` of no more words than a rendering may take turns."""

    def lipsum(n: int = 5, html: bool = True, min: int = 20, max: int = 100) -> str:
        state.get().step(n * max)
        return plain(n, html, min, max)

    return lipsum
