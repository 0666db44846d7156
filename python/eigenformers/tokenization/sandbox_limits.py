"""What one rendering of a chat template may take: turns and calls, and how much it builds. Jinja's own filters and methods
that can blow a value up are checked before they do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from itertools import islice
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.filters import make_attrgetter
from jinja2.sandbox import SandboxedEscapeFormatter, SandboxedFormatter
from markupsafe import Markup

MAX_CHARACTERS = 1 << 26  # of one string (or elements of one list) that a template may build, and of its output
MAX_BUILT = 1 << 30  # of all that one rendering builds together
MAX_COPIED = 1 << 34  # on the way: what is joined is copied again and again
ELEMENT = 128  # characters that are copied as quickly as an element of a list
MAX_STEPS = 1 << 22  # turns of all loops and calls of one rendering together
MAX_BITS = 1 << 18  # of a whole number
CALL = 8  # turns that a call counts for

_PADDING_METHODS = {"center", "ljust", "rjust", "zfill", "expandtabs"}
_GROWING_FILTERS = {"urlencode", "e", "escape", "forceescape", "xmlattr", "urlize"}
_GROWTH = 12  # of those, at most: four bytes of a character, each as "%00"
_FIELD = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?")


class RenderState:
    """Budget of one rendering, how much text it has put out, and where the `{% generation %}` blocks are in it."""

    def __init__(self) -> None:
        self.steps = self.length = self.built = self.copied = 0
        self.spans: list[tuple[int, int]] = []

    def step(self, count: int = 1) -> None:
        self.steps += max(count, 0)
        if self.steps > MAX_STEPS:
            raise SecurityError(f"the chat template's loops and calls take more than {MAX_STEPS} turns")

    def put_out(self, text: str) -> None:
        self.length += len(text)
        if self.length > MAX_CHARACTERS:
            raise SecurityError(f"the chat template puts out more than {MAX_CHARACTERS} characters")


state: ContextVar[RenderState] = ContextVar("chat_template_state")


def check_length(size: int) -> None:
    """Refuse a value of so many characters or elements."""
    if size > MAX_CHARACTERS:
        raise SecurityError(f"the chat template builds a value of {size} characters, the limit is {MAX_CHARACTERS}")


def check_size(size: int, grown: int | None = None, weight: int = 1) -> None:
    """Refuse to build a value of so many characters or elements, `grown` more than what it is made of."""
    check_length(size)
    rendering = state.get()  # LookupError, for Jinja: nothing is computed while a template is compiled
    rendering.built += max(size if grown is None else grown, 0)
    rendering.copied += max(size, 0) * weight
    if rendering.built > MAX_BUILT or rendering.copied > MAX_COPIED:
        raise SecurityError(f"the chat template builds values of more than {MAX_BUILT} characters together")


def check_joined(sizes: Iterable[int], weight: int = 1) -> None:
    """Refuse to build what is made of parts of these sizes. It stands for its longest part, as in `text = text + more`."""
    sizes = list(sizes)
    check_size(sum(sizes), sum(sizes) - max(sizes, default=0), weight)


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
    return len(value) if isinstance(value, (str, bytes, bytearray, list, tuple)) else 0


def _check_bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise SecurityError(f"the chat template computes a number of {bits} bits, the limit is {MAX_BITS}")


def _check_percent(spec: str, values: Any) -> None:
    """For `spec % values`: huge widths, written out or taken from the values, and many fields of long values."""
    values = list(values.values()) if isinstance(values, dict) else values if isinstance(values, tuple) else [values]
    longest = max((len(str(written(value))) for value in values), default=0)
    starred = max((abs(value) for value in values if isinstance(value, int)), default=0)
    size = len(spec)
    for field in _FIELD.findall(spec):
        size += longest + sum(starred if width == "*" else int(width[:19] or 0) for width in field)
    check_size(size)


class _BoundedFields:
    """For `str.format`: widths are known once the fields within a specification are filled in."""

    filled = 0

    def format_field(self, value: Any, format_spec: str) -> str:
        for digits in re.findall(r"\d+", str(format_spec)):
            check_size(int(digits[:19]))
        text = super().format_field(written(value), format_spec)  # type: ignore[misc]
        self.filled += len(text)
        check_length(self.filled)
        return text

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return super().convert_field(written(value), conversion)  # type: ignore[misc]


class _Formatter(_BoundedFields, SandboxedFormatter):
    pass


class _EscapeFormatter(_BoundedFields, SandboxedEscapeFormatter):
    pass


def formatted(environment: Any, spec: str, args: tuple, kwargs: Any) -> str:
    """`spec.format(*args, **kwargs)`, with the sandbox's view of attributes."""
    formatter = _Formatter(environment)
    if isinstance(spec, Markup):
        formatter = _EscapeFormatter(environment, escape=spec.escape)
    text = formatter.vformat(spec, args, kwargs)
    check_size(len(text))
    return type(spec)(text)


def _check_replace(text: Any, old: Any, new: Any) -> None:
    if len(new) > len(old):
        check_size(len(text) + text.count(old) * (len(new) - len(old)))


def _check_join(separator: Any, items: Any) -> None:
    check_size(len(separator) * len(items) + sum(_size(written(item)) for item in items))


def check_binop(operator: str, left: Any, right: Any) -> None:
    """For `left operator right`."""
    if operator == "+":
        check_joined([_size(left), _size(right)], ELEMENT if isinstance(left, (list, tuple)) else 1)
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
        _check_percent(left, right)


def check_method(owner: Any, name: str | None, args: tuple, kwargs: dict[str, Any]) -> tuple:
    """For a call of `owner.name(*args, **kwargs)`; returns the arguments, of which no generator is left."""
    if isinstance(owner, int) and name == "to_bytes":
        for size in (*args[:1], kwargs.get("length", 0)):
            check_size(size if isinstance(size, int) else 0)
    if not isinstance(owner, (str, bytes, bytearray)):
        return args
    if name in _PADDING_METHODS:
        for size in (*args, *kwargs.values()):
            if isinstance(size, int):
                check_size(size * (owner.count("\t" if isinstance(owner, str) else b"\t") if name == "expandtabs" else 1))
    elif name == "replace" and len(args) >= 2 and _size(args[0]) + _size(args[1]):
        _check_replace(owner, args[0], args[1])
    elif name == "translate" and args and isinstance(args[0], dict):
        check_size(len(owner) * max((_size(value) for value in args[0].values()), default=1))
    elif name == "join" and args:
        items = list(islice(args[0], MAX_STEPS))
        state.get().step(len(items))
        _check_join(owner, items)
        return (items, *args[1:])
    return args


def check_made(value: Any) -> Any:
    """What a call or a filter has made, on its way back."""
    if isinstance(value, (str, bytes)):
        check_size(len(value))
    return value


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
        _check_percent(str(value), kwargs or args)
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

    checked = {name: f for name, f in locals().items() if name != "plain"} | {"tojson": tojson}
    return {name: _counted_filter(name, checked.get(name, f)) for name, f in plain.items()}


def _counted_filter(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    growth = _GROWTH if name in _GROWING_FILTERS else 1

    @wraps(plain)  # with what tells Jinja to pass its context
    def counted(*args: Any, **kwargs: Any) -> Any:
        for value in args[:2]:
            check_length(growth * _size(value))
        return check_made(plain(*args, **kwargs))

    return counted


def bounded_lipsum(plain: Callable[..., str]) -> Callable[..., str]:
    """Jinja's `lipsum()` of no more words than a rendering may take turns."""

    def lipsum(n: int = 5, html: bool = True, min: int = 20, max: int = 100) -> str:
        state.get().step(n * max)
        return plain(n, html, min, max)

    return lipsum
