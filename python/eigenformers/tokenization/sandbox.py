"""The Jinja environment of chat templates. A template comes with a model, so it is nobody's trusted code: it runs in
Jinja's immutable sandbox, and what would loop for ever or grow without bound ends in a SecurityError.

This module imports jinja2; import it where a template is really rendered.
"""

from __future__ import annotations

import json
import re
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

MAX_CHARACTERS = 1 << 26  # of one string (or elements of one list) that a template may build
MAX_STEPS = 1 << 22  # turns of all loops of one rendering together

_PADDING_METHODS = {"center", "ljust", "rjust", "zfill", "expandtabs"}


class RenderState:
    """Budget of one rendering, how much text it has put out, and where the `{% generation %}` blocks are in it."""

    def __init__(self) -> None:
        self.steps = self.length = 0
        self.spans: list[tuple[int, int]] = []

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise SecurityError(f"the chat template's loops take more than {MAX_STEPS} turns")


state: ContextVar[RenderState] = ContextVar("chat_template_state")


def check_size(size: int) -> None:
    """Refuse to build a value of so many characters or elements."""
    if size > MAX_CHARACTERS:
        raise SecurityError(f"the chat template builds a value of {size} characters, the limit is {MAX_CHARACTERS}")


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, list, tuple)) else 0


def _check_widths(spec: str, values: Any) -> None:
    """Refuse format strings with huge widths, written out or taken from the values (`%*d`, `{:{}}`)."""
    for digits in re.findall(r"\d{7,}", spec):
        check_size(int(digits[:19]))
    if "*" in spec or re.search(r"\{[^{}]*\{", spec):
        for value in values if isinstance(values, (tuple, list)) else [values]:
            if isinstance(value, int):
                check_size(value)


def _check_replace(text: str, old: str, new: str) -> None:
    if len(new) > len(old):
        check_size(len(text) + text.count(old) * (len(new) - len(old)))


def _check_join(separator: str, items: Any) -> None:
    if isinstance(items, (list, tuple, dict, str)):
        check_size(len(separator) * len(items) + sum(_size(item) for item in items))


class _BoundedCodeGenerator(CodeGenerator):
    """`a ~ b` has no hook in the sandbox, so it is compiled to one."""

    def visit_Concat(self, node: nodes.Concat, frame: Any) -> None:  # noqa: N802 (visitor name)
        self.write("environment.concatenate((")
        for child in node.nodes:
            self.visit(child, frame)
            self.write(", ")
        self.write("))")


class GenerationTag(Extension):
    """`{% generation %}...{% endgeneration %}` marks what the assistant wrote.

    A block counts from the end of what was put out when it runs: one within a macro or `{% set %}` from where the macro was
    called, as elsewhere.
    """

    tags = {"generation"}

    def parse(self, parser: Any) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

    def _mark(self, caller: Any) -> str:
        text = caller()
        rendering = state.get()
        rendering.spans.append((rendering.length, rendering.length + len(text)))
        return text


class ChatEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's immutable sandbox with bounds on loops and on the size of what is built."""

    code_generator_class = _BoundedCodeGenerator
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):  # every loop counts its turns
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
        return tree

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+":
            check_size(_size(left) + _size(right))
        elif operator == "*":
            for value, times in ((left, right), (right, left)):
                if isinstance(times, int):
                    check_size(_size(value) * times)
        elif operator == "**":
            if isinstance(left, int) and isinstance(right, int):
                check_size(max(left.bit_length(), 1) * max(right, 0))
        elif isinstance(left, str):
            _check_widths(left, right)
        return super().call_binop(context, operator, left, right)

    def concatenate(self, parts: tuple) -> str:
        texts = [str(part) for part in parts]
        check_size(sum(map(len, texts)))
        return "".join(texts)

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", None)
        if isinstance(owner, str):
            if name in _PADDING_METHODS:
                for size in args:
                    if isinstance(size, int):
                        check_size(size * (owner.count("\t") if name == "expandtabs" else 1))
            elif name == "replace" and len(args) >= 2 and isinstance(args[0], str) and isinstance(args[1], str):
                _check_replace(owner, args[0], args[1])
            elif name == "join" and args:
                _check_join(owner, args[0])
        return super().call(__context, __obj, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> Any:
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None

        def checked(*args: Any, **kwargs: Any) -> str:
            _check_widths(value.__self__, [*args, *kwargs.values()])
            return wrapped(*args, **kwargs)

        return checked


class _TemplateDict:
    """`dict` for templates: makes dictionaries, leads to no type object."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any, **kwargs: Any) -> dict:
        return dict.fromkeys(*args, **kwargs)


class _TemplateNamespace(Namespace):
    """`namespace` for templates: without names that begin with an underscore."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        self, args = args[0], args[1:]
        values = dict(*args, **kwargs)
        for name in values:
            _TemplateNamespace._check_name(name)
        Namespace.__init__(self, values)

    def __setitem__(self, name: str, value: Any) -> None:
        _TemplateNamespace._check_name(name)
        Namespace.__setitem__(self, name, value)

    @staticmethod
    def _check_name(name: Any) -> None:
        if isinstance(name, str) and name.startswith("_"):
            raise SecurityError(
                f"Chat templates cannot store underscore-prefixed attributes on a namespace, but got {name!r}. "
                "Please rename the attribute."
            )


def raise_exception(message: str) -> None:
    """Let a template refuse a conversation."""
    raise TemplateError(message)


def strftime_now(format: str) -> str:
    """The current local time in the given format."""
    return datetime.now().strftime(format)


def tojson(value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False):
    """JSON without the HTML escapes of Jinja's own filter."""
    check_size(len(indent) if isinstance(indent, str) else int(indent or 0) * 1000)
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


@jinja2.pass_context  # also keeps the compiler from evaluating it ahead of time
def _counted(context: Any, values: Any) -> Any:
    budget = state.get()
    for value in values:
        budget.step()
        yield value


def _bounded_filters(filters: dict[str, Any]) -> dict[str, Any]:
    """Jinja's own filters that can blow a value up, behind a check of the size."""
    plain_center, plain_indent = filters["center"], filters["indent"]
    plain_replace, plain_join, plain_format = filters["replace"], filters["join"], filters["format"]

    def center(value, width=80):
        check_size(width)
        return plain_center(value, width)

    def indent(s, width=4, first=False, blank=False):
        if isinstance(s, str):
            check_size((s.count("\n") + 1) * (len(width) if isinstance(width, str) else width))
        return plain_indent(s, width, first, blank)

    @jinja2.pass_eval_context
    def replace(eval_ctx, s, old, new, count=None):
        _check_replace(str(s), str(old), str(new))
        return plain_replace(eval_ctx, s, old, new, count)

    @jinja2.pass_eval_context
    def join(eval_ctx, value, d="", attribute=None):
        value = list(value)
        _check_join(str(d), value)
        return plain_join(eval_ctx, value, d, attribute)

    def format(value, *args, **kwargs):
        _check_widths(str(value), [*args, *kwargs.values()])
        return plain_format(value, *args, **kwargs)

    return {"format": format, "center": center, "indent": indent, "replace": replace, "join": join}


@lru_cache(maxsize=1)
def environment() -> ChatEnvironment:
    """The one environment; templates compiled in it can be used from several threads."""
    found = tuple(int(part) for part in re.findall(r"\d+", jinja2.__version__)[:3])
    if found < (3, 1, 6):
        raise ImportError(
            f"apply_chat_template requires jinja2>=3.1.6 to be installed. Your version is {jinja2.__version__}. "
            "You can upgrade it with `pip install -U jinja2`."
        )
    env = ChatEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, loopcontrols])
    env.filters.update(_bounded_filters(env.filters))
    env.filters["tojson"] = tojson
    env.filters["counted"] = _counted
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = strftime_now
    env.globals["dict"] = _TemplateDict()
    env.globals["namespace"] = _TemplateNamespace
    return env


@lru_cache(maxsize=128)
def compile_template(source: str) -> jinja2.Template:
    """The compiled template, kept for the next call."""
    try:
        return environment().from_string(source)
    except RecursionError:
        raise SecurityError("the chat template is nested too deeply") from None


def render(source: str, **variables: Any) -> tuple[str, list[tuple[int, int]]]:
    """Render a template within its budget; returns the text, and the spans of its `{% generation %}` blocks."""
    template = compile_template(source)
    rendering = RenderState()
    token = state.set(rendering)
    pieces = []
    try:
        for piece in template.generate(**variables):
            pieces.append(piece)
            rendering.length += len(piece)
    except RecursionError:
        raise SecurityError("the chat template calls itself without end") from None
    finally:
        state.reset(token)
    return "".join(pieces), rendering.spans


def literal_text(source: str) -> str:
    """All literal text and string constants of a template, with null characters between them."""
    tree = environment().parse(source)
    texts = {node.data for node in tree.find_all(nodes.TemplateData)}
    texts |= {node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)}
    return "\0".join(texts)
