"""The Jinja environment of chat templates. A template comes with a model, so it is nobody's trusted code: it runs in
Jinja's immutable sandbox, and what would loop for ever or grow without bound ends in a SecurityError.

This module imports jinja2; import it where a template is really rendered.
"""

from __future__ import annotations

import re
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

from . import sandbox_limits as limits
from .sandbox_limits import RenderState, state


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
        limits.check_binop(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def concatenate(self, parts: tuple) -> str:
        texts = [str(limits.written(part)) for part in parts]
        limits.check_joined(map(len, texts))
        return "".join(texts)

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        state.get().step(limits.CALL)
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", None)
        args = limits.check_method(owner, name, args, kwargs)
        return limits.check_made(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Any:
        if super().wrap_str_format(value) is None:
            return None
        spec = value.__self__

        def format(*args: Any, **kwargs: Any) -> str:
            return limits.formatted(self, spec, args, kwargs)

        def format_map(mapping: Any) -> str:
            return limits.formatted(self, spec, (), mapping)

        return format_map if value.__name__ == "format_map" else format


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


@jinja2.pass_context  # also keeps the compiler from evaluating it ahead of time
def _counted(context: Any, values: Any) -> Any:
    budget = state.get()
    for value in values:
        budget.step()
        yield value


@lru_cache(maxsize=1)
def environment() -> ChatEnvironment:
    """The one environment; templates compiled in it can be used from several threads."""
    found = tuple(int(part) for part in re.findall(r"\d+", jinja2.__version__)[:3])
    if found < (3, 1, 6):
        raise ImportError(
            f"apply_chat_template requires jinja2>=3.1.6 to be installed. Your version is {jinja2.__version__}. "
            "You can upgrade it with `pip install -U jinja2`."
        )
    env = ChatEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, loopcontrols], finalize=limits.written
    )
    env.filters.update(limits.bounded_filters(dict(env.filters)))
    env.globals["lipsum"] = limits.bounded_lipsum(env.globals["lipsum"])
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
            rendering.put_out(piece)
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
