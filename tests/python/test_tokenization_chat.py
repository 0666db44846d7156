"""Chat templates: bounds of the sandbox; equality with transformers is in test_golden.py."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import eigenformers as ef
import pytest
from eigenformers.errors import UnsupportedError

_spec = importlib.util.spec_from_file_location("token_cases", Path(__file__).parent / "cases" / "tokenization.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)

CHAT = [{"role": "user", "content": "hi"}]


@pytest.fixture(scope="module")
def tok():
    return cases.make(ef, "byte_level")


ENDLESS = {
    "nested_ranges": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "times": "{{ 'x' * 10000000000 }}",
    "times_list": "{{ ([1] * 10000000000) | length }}",
    "power": "{{ 10 ** 10000000000 }}",
    "doubling": "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "doubling_plus": "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "doubling_list": "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "center": "{{ 'x' | center(10000000000) }}",
    "ljust": "{{ 'x'.ljust(10000000000) }}",
    "zfill": "{{ 'x'.zfill(10000000000) }}",
    "percent": "{{ '%10000000000d' % 3 }}",
    "format_filter": "{{ '%10000000000d' | format(3) }}",
    "percent_star": "{{ '%*d' % (10000000000, 3) }}",
    "format_nested": "{{ '{:{}}'.format(3, 10000000000) }}",
    "format_method": "{{ '{:>10000000000}'.format(3) }}",
    "replace": "{% set x = 'a' * 60000 %}{{ (x | replace('a', x)) | length }}",
    "replace_method": "{% set x = 'a' * 60000 %}{{ x.replace('a', x) | length }}",
    "join": "{% set x = 'a' * 60000 %}{{ x | join(x) | length }}",
    "indent": "{{ 'a\nb' | indent(10000000000) }}",
    "range": "{{ range(10000000000) | list }}",
}


@pytest.mark.parametrize("name", sorted(ENDLESS))
@pytest.mark.timeout(60)
def test_endless_templates_end(tok, name):
    from jinja2.exceptions import TemplateError

    with pytest.raises((TemplateError, OverflowError, ValueError)):
        tok.apply_chat_template(CHAT, tokenize=False, chat_template=ENDLESS[name])


def test_ordinary_loops_are_not_limited(tok):
    text = tok.apply_chat_template(
        [{"role": "user", "content": "x"}] * 5000, tokenize=False,
        chat_template="{% for m in messages %}{% for c in m.content %}{{ c }}{% endfor %}{{ loop.last }}{% endfor %}",
    )  # fmt: skip
    assert text == "xFalse" * 4999 + "xTrue"


def test_values_of_users_reach_no_methods(tok):
    class Evil:
        def __str__(self):
            raise AssertionError("the template called a method")

        def write(self):
            raise AssertionError("the template called a method")

    chat = [{"role": "user", "content": [{"type": "image", "image": Evil()}]}]
    assert tok.apply_chat_template(chat, tokenize=False, chat_template="{{ messages[0].content[0].image }}") == "<Evil>"


def test_messages_are_left_alone(tok):
    chat = [{"role": "user", "content": "a", "tool_calls": None}]
    tok.apply_chat_template(
        chat, tokenize=False, continue_final_message=True, chat_template="{{ messages[0]['content'] }}"
    )
    assert chat == [{"role": "user", "content": "a", "tool_calls": None}]


def test_streamed_patterns_need_regex(tok, monkeypatch):
    import re

    from eigenformers.tokenization import response_template

    monkeypatch.setattr(response_template, "patterns", re)
    template = {"start_anchor": "<a>", "fields": {"x": {"open_pattern": "[xy]+", "close": "."}, "content": {}}}
    assert tok.parse_response("axy1.b", template, prefix="") == {"content": "b", "x": "1"}
    with pytest.raises(ImportError, match="regex"):
        tok.get_response_parser(template, prefix="").feed("a")


def test_sanitize_refuses_what_it_cannot_do(tok):
    with pytest.raises(UnsupportedError, match="return_offsets_mapping"):
        tok.apply_chat_template(
            CHAT, chat_template="{{ messages[0].content }}", sanitize_control_tokens=True,
            tokenizer_kwargs={"return_offsets_mapping": True},
        )  # fmt: skip


def test_masks_and_further_pieces(tok):
    template = "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    options = {"return_overflowing_tokens": True, "max_length": 1, "truncation": True}
    with pytest.raises(ValueError, match="found return_overflowing_tokens=True, needed False"):
        tok.apply_chat_template(
            CHAT, chat_template=template, return_assistant_tokens_mask=True, tokenizer_kwargs=options
        )


def test_indent_of_a_number(tok):
    with pytest.raises(TypeError, match="'int' and 'str'"):
        tok.apply_chat_template(CHAT, chat_template="{{ 3 | indent(2) }}", tokenize=False)


def test_import_loads_no_jinja():
    code = "import sys, eigenformers.tokenization as t; t.AutoTokenizer; assert 'jinja2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_template_nested_too_deeply(tok):
    from jinja2.exceptions import SecurityError

    with pytest.raises(SecurityError, match="nested too deeply"):
        tok.apply_chat_template(CHAT, chat_template="{{ " + "(" * 20000 + "1" + ")" * 20000 + " }}", tokenize=False)
