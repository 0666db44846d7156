"""What the text of a region of a response becomes: parsed by a named parser, then put into shape by a template."""

from __future__ import annotations

import json
import re
from typing import Any, Callable

_PLACEHOLDER = re.compile(r"\{(\w+(?:\.\w+)*)\}")
_MARKS = "\x01", "\x02"  # stand around the number of a string that was taken out


def _text(text: str, args: dict) -> str:
    return text.strip() if args.get("strip", True) else text


def _json(text: str, args: dict) -> Any:
    """JSON, also with bare keys (`unquoted_keys`) and strings between marks of their own (`string_delims`)."""
    delimiters, strings = args.get("string_delims", []), []
    if delimiters and any(mark in text for mark in _MARKS):
        raise ValueError("json: input contains reserved sentinel characters (\\x01/\\x02); cannot parse safely.")

    def take_out(match: re.Match) -> str:
        strings.append(match.group(1))
        return f"{_MARKS[0]}{len(strings) - 1}{_MARKS[1]}"

    plain = text
    for begin, end in delimiters:
        plain = re.sub(f"{re.escape(begin)}(.*?){re.escape(end)}", take_out, plain, flags=re.DOTALL)
    if args.get("unquoted_keys", False):
        plain = re.sub(r"(?<=[{,])(\w+):", r'"\1":', plain)
    for number, string in enumerate(strings):
        plain = plain.replace(f"{_MARKS[0]}{number}{_MARKS[1]}", json.dumps(string))
    try:
        return json.loads(plain)
    except json.JSONDecodeError as error:
        if args.get("allow_non_json"):
            return _text(text, args)
        if plain == text:
            raise ValueError(
                f"json parser could not parse region as JSON.\nContent: {text!r}\nError: {error}"
            ) from error
        raise ValueError(
            f"json: could not parse after dialect transforms.\nOriginal: {text!r}\nTransformed: {plain!r}\n"
            f"Error: {error}"
        ) from error


def _value(text: str, parser: dict | None) -> Any:
    return text if parser is None else parse_content(text, parser.get("name", "text"), parser.get("args", {}))


def _xml_inline(text: str, args: dict) -> dict[str, Any]:
    """Shallow tags: `tag_pattern` has the groups `key` and `value`; equal keys may become a list."""
    pattern = args.get("tag_pattern")
    if pattern is None:
        raise ValueError("xml-inline: 'tag_pattern' content_arg is required")
    out: dict[str, Any] = {}
    for match in re.finditer(pattern, text, flags=re.DOTALL):
        groups = match.groupdict()
        key = groups.get("key")
        if key is None:
            raise ValueError(f"xml-inline: tag_pattern must have a named group 'key'. Pattern: {pattern}")
        value = _value(groups.get("value", ""), args.get("value_parser"))
        if key in out and args.get("merge_duplicates", False):
            before = out[key] if isinstance(out[key], list) else [out[key]]
            out[key] = [*before, value]
        else:
            out[key] = value
    return out


def _kv_lines(text: str, args: dict) -> dict[str, Any]:
    """A key and a value on every line."""
    separator, out = args.get("kv_sep", ":"), {}
    for line in text.split(args.get("line_sep", "\n")):
        key, found, value = _text(line, args).partition(separator)
        if found:
            out[_text(key, args)] = _value(_text(value, args), args.get("value_parser"))
    return out


PARSERS: dict[str, Callable[[str, dict], Any]] = {
    "text": _text,
    "int": lambda text, args: int(_text(text, args)),
    "float": lambda text, args: float(_text(text, args)),
    "bool": lambda text, args: _text(text, args).lower() in ("true", "1"),
    "json": _json,
    "xml-inline": _xml_inline,
    "kv-lines": _kv_lines,
}
# A chunk of these is part of the value; one of the others means something only with the rest.
STREAMABLE = ("text", "int", "float", "bool")


def parse_content(text: str, name: str, args: dict) -> Any:
    """The value of a text, by the parser of this name."""
    return PARSERS[name](text, args)


def check_transform(scope: str, transform: Any) -> None:
    """Raise ValueError for a string with a placeholder and other text."""
    if isinstance(transform, (dict, list)):
        for part in transform.values() if isinstance(transform, dict) else transform:
            check_transform(scope, part)
    elif isinstance(transform, str) and _PLACEHOLDER.search(transform) and not _PLACEHOLDER.fullmatch(transform):
        raise ValueError(
            f"{scope}: transform string {transform!r} mixes a {{placeholder}} with literal text. "
            'Use either a whole-string placeholder (e.g. "{content}") or a plain literal; '
            "string interpolation is not supported."
        )


def transformed(transform: Any, names: dict[str, Any]) -> Any:
    """The template with its placeholders, `{name}` or `{name.key.key}`, filled in."""
    if isinstance(transform, dict):
        return {key: transformed(part, names) for key, part in transform.items()}
    if isinstance(transform, list):
        return [transformed(part, names) for part in transform]
    match = _PLACEHOLDER.fullmatch(transform) if isinstance(transform, str) else None
    if match is None:
        return transform
    path = match.group(1)
    root, *keys = path.split(".")
    if root not in names:
        raise KeyError(f"transform placeholder '{{{path}}}' is not defined. Available: {sorted(names)}")
    value = names[root]
    for key in keys:
        if not isinstance(value, dict):
            raise ValueError(
                f"transform placeholder '{{{path}}}' cannot index into {type(value).__name__} at '{key}'"
            )
        if key not in value:
            raise ValueError(
                f"transform placeholder '{{{path}}}' is missing key '{key}'. Available: {sorted(value)}"
            )
        value = value[key]
    return value
