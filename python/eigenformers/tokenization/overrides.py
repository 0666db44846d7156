"""Changes to the pipeline of a tokenizer.json that a caller asks for by name, such as `add_prefix_space=True`.

A configuration file can not do this: the tokenizer.json says how it tokenizes, and only the caller's word changes that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ._engine import Tokenizer, UnsupportedError

COMPONENT_OPTIONS = (
    "add_prefix_space",
    "trim_offsets",
    "do_lower_case",
    "strip_accents",
    "tokenize_chinese_chars",
    "fix_mistral_regex",
)

_BERT_FIELDS = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}
# The component that does the same for good.
_DOES_IT = {"do_lower_case": "Lowercase", "strip_accents": "StripAccents"}
# Pre-tokenizers for which a space before the text is nothing.
_AT_SPACES = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")

# Tekken's pre-tokenizer: what Mistral's models were trained with where their tokenizer.json states another one.
_TEKKEN_SPLIT = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _components(spec: dict[str, Any], role: str, children: str) -> list[dict[str, Any]]:
    """Components of a role in order, a sequence opened up."""
    top = spec.get(role)
    if not isinstance(top, dict):
        return []
    return list(_leaves(top, children))


def _leaves(component: dict[str, Any], children: str) -> Iterator[dict[str, Any]]:
    if component.get("type") == "Sequence":
        for child in component.get(children, []):
            yield from _leaves(child, children)
    else:
        yield component


def override_components(spec: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Change the parsed tokenizer.json in place as the options say, and return it.

    Raises:
        UnsupportedError: no component of this tokenizer can do what an option asks for.
    """
    for name, value in options.items():
        if name == "add_prefix_space":
            _set_prefix_space(spec, value)
        elif name == "trim_offsets":
            for post in _components(spec, "post_processor", "processors"):
                if "trim_offsets" in post:
                    post["trim_offsets"] = bool(value)
        elif name == "fix_mistral_regex":
            if value:
                _set_tekken_split(spec)
        else:
            _set_bert_field(spec, name, value)
    return spec


def component_options(pipeline: str | None, tokenizer: Tokenizer) -> dict[str, Any]:
    """The options as the components have them, for readers that build the class's pipeline around the vocabulary."""
    spec = {}
    if pipeline == "word_piece" and tokenizer.normalizer is not None:
        spec = {"normalizer": json.loads(tokenizer.normalizer.to_json())}
    elif pipeline == "byte_level":
        parts = {"pre_tokenizer": tokenizer.pre_tokenizer, "post_processor": tokenizer.post_processor}
        spec = {role: json.loads(part.to_json()) for role, part in parts.items() if part is not None}
    options = {}
    for normalizer in _components(spec, "normalizer", "normalizers"):
        if normalizer.get("type") == "BertNormalizer":
            options.update({name: normalizer[field] for name, field in _BERT_FIELDS.items()})
    if spec.get("pre_tokenizer", {}).get("type") == "ByteLevel":
        options["add_prefix_space"] = spec["pre_tokenizer"]["add_prefix_space"]
        if spec.get("post_processor", {}).get("type") == "RobertaProcessing":
            options["trim_offsets"] = spec["post_processor"]["trim_offsets"]
    return options


def _set_bert_field(spec: dict[str, Any], name: str, value: bool) -> None:
    normalizers = _components(spec, "normalizer", "normalizers")
    bert = [n for n in normalizers if n.get("type") == "BertNormalizer"]
    if bert:
        bert[0][_BERT_FIELDS[name]] = value
    elif bool(value) != any(n.get("type") == _DOES_IT.get(name) for n in normalizers):  # else it is so already
        raise UnsupportedError(f"{name}={value}: this tokenizer.json has no BertNormalizer, which would do it")


def _set_prefix_space(spec: dict[str, Any], value: bool) -> None:
    pre = _components(spec, "pre_tokenizer", "pretokenizers")
    byte_level = [index for index, component in enumerate(pre) if component.get("type") == "ByteLevel"]
    metaspace = [component for component in pre if component.get("type") == "Metaspace"]
    normalizers = spec.get("normalizer") or {}
    prepend = [n for n in _components(spec, "normalizer", "normalizers") if n.get("type") == "Prepend"]
    if byte_level:
        if value and byte_level[0] > 0 and not pre[byte_level[0]].get("add_prefix_space"):
            raise UnsupportedError(
                "add_prefix_space=True: this tokenizer splits the text before its byte level, so that every piece "
                "would get a space; put one space before the text instead"
            )
        for index in byte_level:
            pre[index]["add_prefix_space"] = bool(value)
        for post in _components(spec, "post_processor", "processors"):
            if "add_prefix_space" in post:
                post["add_prefix_space"] = bool(value)
    elif metaspace:
        for component in metaspace + _components(spec, "decoder", "decoders"):
            if component.get("type") == "Metaspace":
                before = component.get("prepend_scheme", "always")
                component["prepend_scheme"] = "never" if not value else "always" if before == "never" else before
                component.pop("add_prefix_space", None)
    elif value and not prepend and not (pre and pre[0].get("type") in _AT_SPACES):
        raise UnsupportedError("add_prefix_space=True: no component of this tokenizer.json puts a space before a text")
    if not value and not byte_level:
        if prepend and normalizers.get("type") == "Sequence":
            normalizers["normalizers"] = [n for n in normalizers["normalizers"] if n.get("type") != "Prepend"]
        elif prepend:
            spec["normalizer"] = None
        decoder = spec.get("decoder") or {}
        if decoder.get("type") == "Sequence":  # the space that is not put there must not be taken away
            decoder["decoders"] = [d for d in decoder["decoders"] if d.get("type") != "Strip"]


def _set_tekken_split(spec: dict[str, Any]) -> None:
    split = {"type": "Split", "pattern": {"Regex": _TEKKEN_SPLIT}, "behavior": "Isolated", "invert": False}
    pre = spec.get("pre_tokenizer")
    if isinstance(pre, dict) and pre.get("type") == "Sequence":
        pre["pretokenizers"][0] = split
        return
    if not isinstance(pre, dict):
        raise UnsupportedError("fix_mistral_regex=True: this tokenizer.json has no pre-tokenizer to correct")
    if pre.get("type") == "Metaspace":
        pre = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    spec["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [split, pre]}
