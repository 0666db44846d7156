"""Chat templates: bounds of the sandbox; equality with transformers is in test_golden.py."""

from __future__ import annotations

import copy
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
    "macro_tree": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "output": "{% for i in range(1000) %}{{ 'a' * 60000000 }}{% endfor %}",
    "map": "{{ range(9999) | map('string') | map('center', 60000000) | list | length }}",
    "kept": "{% set n = namespace(l=[]) %}{% for i in range(1000) %}{% set n.l = n.l + ['a' * 60000000 ~ i] %}{% endfor %}",
    "batch": "{{ [1] | batch(1000000000, 'x') | list | length }}",
    "slice": "{{ [1] | slice(1000000000) | list | length }}",
    "sum": "{{ ([[1] * 60000] * 60000) | sum(start=[]) | length }}",
    "squares": "{% set n = namespace(x=3) %}{% for i in range(40) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "wordwrap": "{{ ('a ' * 100000) | wordwrap(1, wrapstring='x' * 100000) | length }}",
    "fields": "{{ ('{0}' * 1000000).format('x' * 1000000) | length }}",
    "percents": "{{ (('%(a)s' * 1000000) % {'a': 'x' * 1000000}) | length }}",
    "lipsum": "{{ lipsum(n=100000000) }}",
    "width_text": "{{ '{:{}}'.format('x', '300000000') | length }}",
    "width_inside": "{{ '{0:{1[0]}}'.format('x', [300000000]) | length }}",
    "width_map": "{{ '{a:{w}}'.format_map({'a': 'x', 'w': 300000000}) | length }}",
    "widths": "{{ ('{0:999999}' * 300).format('x') | length }}",
    "widths_percent": "{{ (('%(a)999999d' * 300) % {'a': 1}) | length }}",
    "tabs": "{{ '\t'.expandtabs(tabsize=300000000) | length }}",
    "translate": "{{ ('a' * 300).translate({97: 'y' * 1000000}) | length }}",
    "join_generator": "{% set b = 'x' * 30000000 %}{{ ''.join(([b] * 10) | map('string')) | length }}",
    "bytes": "{{ ('x'.encode() * 300000000).decode() | length }}",
    "to_bytes": "{{ (1).to_bytes(300000000, 'big') | length }}",
    "upper": "{% set b = 'x' * 60000000 %}{{ ([b] * 20) | map('upper') | list | length }}",
    "negative_turns": "{% set q = [1] | slice(-1000000000000) | list %}{% set q = lipsum(1, False, -11, -10) %}"
    "{% for i in range(2100) %}{% for j in range(2100) %}{% endfor %}{% endfor %}",
    "escape": "{{ ('&' * 60000000) | e | length }}",
    "shared": "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}",
    "shared_json": "{% set n = namespace(l={}) %}{% for i in range(60) %}{% set n.l = {'a': n.l, 'b': n.l} %}{% endfor %}"
    "{{ n.l | tojson }}",
    "shared_text": "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ 'x' ~ n.l }}",
}
ORDINARY = {
    "{{ [1, 2, 3] | batch(2, 0) | list }}": "[[1, 2], [3, 0]]",
    "{{ [1, 2, 3] | slice(2) | list }}": "[[1, 2], [3]]",
    "{{ [1, 2.5] | sum }} {{ [[1], [2]] | sum(start=[]) }} {{ [{'a': 1}, {'a': 2}] | sum('a', 10) }}": "3.5 [1, 2] 13",
    "{{ 'one two three' | wordwrap(4) }}|{{ 'one two' | wordwrap(4, wrapstring='/') }}": "one\ntwo \nthre\ne|one/two",
    "{{ 'x' ~ [1, {'a': none}] }}{{ (1, 2) }}{{ {'k': [1]} | tojson }}": "x[1, {'a': None}](1, 2){\"k\": [1]}",
    "{{ '%s-%05d' % ('a', 7) }}{{ '{}{}'.format(1, 'b') }}{{ '%s' | format('c') }}": "a-000071bc",
    "{{ 3 * 4 ** 2 }}{{ 'ab' * 2 }}{{ [1] + [2] }}{{ missing }}": "48abab[1, 2]",
}


@pytest.mark.parametrize("name", sorted(ENDLESS))
@pytest.mark.timeout(60)
def test_endless_templates_end(tok, name):
    from jinja2.exceptions import TemplateError

    with pytest.raises((TemplateError, OverflowError, ValueError)):
        tok.apply_chat_template(CHAT, tokenize=False, chat_template=ENDLESS[name])


@pytest.mark.parametrize("template", ORDINARY)
def test_what_is_checked_computes_as_ever(tok, template):
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    found = tok.apply_chat_template(CHAT, tokenize=False, chat_template=template)
    assert found == ORDINARY[template]
    if "tojson" not in template:
        assert found == ImmutableSandboxedEnvironment().from_string(template).render()


def test_long_conversations_may_be_put_together_piece_by_piece(tok):
    template = "{% set n = namespace(s='') %}{% for m in messages %}{% set n.s = n.s ~ m.content + '|' %}{% endfor %}{{ n.s }}"
    chat = [{"role": "user", "content": "x" * 499}] * 3000
    assert tok.apply_chat_template(chat, tokenize=False, chat_template=template) == ("x" * 499 + "|") * 3000


def test_a_long_text_is_not_copied_for_ever(tok, monkeypatch):
    from eigenformers.tokenization import sandbox_limits
    from jinja2.exceptions import SecurityError

    monkeypatch.setattr(sandbox_limits, "MAX_COPIED", 1 << 28)
    template = "{% set n = namespace(s='a' * 10000000) %}{% for i in range(99) %}{% set n.s = n.s ~ 'b' %}{% endfor %}"
    with pytest.raises(SecurityError, match="together"):
        tok.apply_chat_template(CHAT, tokenize=False, chat_template=template)


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


def test_a_message_is_encoded_with_its_own_options_alone(tok):
    message = {"role": "user", "content": "hi"}
    for name in ("tokenize", "return_dict"):
        with pytest.raises(TypeError, match=f"multiple values for keyword argument '{name}'"):
            tok.encode_message_with_chat_template(message, **{name: False})


def test_a_list_of_templates_is_saved_as_it_is(tok, tmp_path):
    tokenizer = copy.deepcopy(tok)
    tokenizer.chat_template = [{"name": "default", "template": "a"}, {"name": "tool_use", "template": "b"}]
    tokenizer.save_pretrained(tmp_path)
    again = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert again.chat_template == {"default": "a", "tool_use": "b"}
