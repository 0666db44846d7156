"""Fourth role: add the special tokens around one or two encoded texts and join them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Union

from .._core.tokenizers import PostProcessor, _PostProcessor_sequence
from .component import SequenceItems, flat, of_type, option, register, spec

Template = Union[str, Iterable[str]]


@register()
class Sequence(SequenceItems, PostProcessor):
    """Several post-processors, one after the other."""

    _role = "PostProcessor"

    def __init__(self, processors: Iterable[PostProcessor]) -> None:
        super().__init__(_PostProcessor_sequence(flat(processors)))


@register()
class ByteLevel(PostProcessor):
    """Takes the white space of byte-level tokens out of the offsets."""

    add_prefix_space = option("add_prefix_space", "Whether the pre-tokenizer puts a blank in front.")
    trim_offsets = option("trim_offsets", "Whether anything is done.")
    use_regex = option("use_regex", "Means nothing here.")

    def __init__(
        self,
        add_prefix_space: bool = True,
        trim_offsets: bool = True,
        use_regex: bool = True,
        *,
        type: str = "ByteLevel",
    ) -> None:
        of_type("ByteLevel", type)
        super().__init__(
            spec("ByteLevel", add_prefix_space=add_prefix_space, trim_offsets=trim_offsets, use_regex=use_regex)
        )


def _token(name: str, doc: str) -> property:
    """An option that is the text and the id of a token."""
    json_option = option(name, doc)
    return property(lambda self: tuple(json_option.__get__(self)), json_option.__set__, doc=doc)


@register()
class BertProcessing(PostProcessor):
    """[CLS] A [SEP], and [CLS] A [SEP] B [SEP]."""

    sep = _token("sep", "Text and id of the token at the end.")
    cls = _token("cls", "Text and id of the token at the beginning.")

    def __init__(self, sep: tuple[str, int], cls_token: tuple[str, int]) -> None:
        super().__init__(spec("BertProcessing", sep=list(sep), cls=list(cls_token)))


@register()
class RobertaProcessing(PostProcessor):
    """<s> A </s>, and <s> A </s> </s> B </s>; offsets without white space."""

    sep = _token("sep", "Text and id of the token at the end.")
    cls = _token("cls", "Text and id of the token at the beginning.")
    trim_offsets = option("trim_offsets", "Whether white space is taken out of the offsets.")
    add_prefix_space = option("add_prefix_space", "Whether the pre-tokenizer puts a blank in front.")

    def __init__(
        self, sep: tuple[str, int], cls_token: tuple[str, int], trim_offsets: bool = True, add_prefix_space: bool = True
    ) -> None:
        super().__init__(
            spec(
                "RobertaProcessing",
                sep=list(sep),
                cls=list(cls_token),
                trim_offsets=trim_offsets,
                add_prefix_space=add_prefix_space,
            )
        )


def _piece(text: str) -> dict[str, Any]:
    """One part of a template, such as "$A:1" or "[CLS]", as tokenizer.json holds it."""
    name, colon, type_id = text.partition(":")
    if colon and not type_id.isdigit():
        raise ValueError(f'Cannot build Piece from string "{text}"')
    number = int(type_id) if colon else 0
    if not name.startswith("$"):
        return {"SpecialToken": {"id": name, "type_id": number}}
    which = name[1:]
    if which in ("", "A", "a"):
        return {"Sequence": {"id": "A", "type_id": number}}
    if which in ("B", "b"):
        return {"Sequence": {"id": "B", "type_id": number}}
    if which.isdigit():
        return {"Sequence": {"id": "A", "type_id": number if colon else int(which)}}
    raise ValueError(f'Cannot build Piece from string "{text}"')


def _template(template: Template | None, default: str) -> list[dict[str, Any]]:
    if template is None:
        template = default
    return [_piece(part) for part in (template.split(" ") if isinstance(template, str) else template)]


def _special(token: Any) -> dict[str, Any]:
    if isinstance(token, dict):
        for key in ("id", "ids", "tokens"):
            if key not in token:
                raise ValueError(f"`{key}` must be specified")
        for key in ("ids", "tokens"):
            if isinstance(token[key], str):
                raise TypeError(f"TemplateProcessing: {key} is the text {token[key]!r}, needed a list")
        return {"id": token["id"], "ids": list(token["ids"]), "tokens": list(token["tokens"])}
    if not isinstance(token, (tuple, list)) or {type(part) for part in token} != {str, int}:
        raise TypeError("Expected Union[Tuple[str, int], Tuple[int, str], dict]")
    text, index = token if isinstance(token[0], str) else token[::-1]
    return {"id": text, "ids": [index], "tokens": [text]}


def _show(pieces: list[dict[str, dict[str, Any]]]) -> str:
    """A template in the spelling of the library."""
    shown = []
    for piece in pieces:
        ((kind, fields),) = piece.items()
        name = fields["id"] if kind == "Sequence" else json.dumps(fields["id"], ensure_ascii=False)
        shown.append(f"{kind} {{ id: {name}, type_id: {fields['type_id']} }}")
    return f"Template([{', '.join(shown)}])"


def _template_option(name: str, doc: str) -> property:
    """A template: read as the library shows it, set as it is given to the constructor."""
    json_option = option(name, doc)
    return property(
        lambda self: _show(json_option.__get__(self)),
        lambda self, template: json_option.__set__(self, _template(template, "")),
        doc=doc,
    )


@register()
class TemplateProcessing(PostProcessor):
    """Special tokens by a template, such as "[CLS] $A [SEP] $B:1 [SEP]:1".

    `$A` and `$B` are the texts, a number after a colon is the type id, anything else is a special token, whose id
    `special_tokens` gives: (text, id) pairs, or dicts with "id", "ids" and "tokens" where one name means several.
    """

    single = _template_option("single", "The template for one text.")
    pair = _template_option("pair", "The template for two.")

    def __init__(
        self, single: Template | None = None, pair: Template | None = None, special_tokens: Iterable[Any] | None = None
    ) -> None:
        specials = {token["id"]: token for token in map(_special, special_tokens or ())}
        of_one, of_two = _template(single, "$0"), _template(pair, "$A:0 $B:1")
        if {part["Sequence"]["id"] for part in of_two if "Sequence" in part} != {"A", "B"}:
            raise ValueError("Template for `pair` must use both sequences")
        super().__init__(
            spec(
                "TemplateProcessing",
                single=of_one,
                pair=of_two,
                special_tokens=dict(sorted(specials.items())),
            )
        )


__all__ = ["BertProcessing", "ByteLevel", "PostProcessor", "RobertaProcessing", "Sequence", "TemplateProcessing"]
