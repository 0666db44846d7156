"""Generated text as a message: at once, or as it comes."""

from __future__ import annotations

import json
from copy import deepcopy
from inspect import isfunction, ismethod
from typing import Any

from .json_schema import get_json_schema
from .response_content import STREAMABLE
from .response_template import Field, ResponseTemplate

_NO_PREFIX = (
    "`ResponseParser`/`parse_response` requires `prefix` (the chat prompt sent to the model before generation), because "
    "chat templates often pre-write part of the assistant message (e.g. an opening `<think>` tag) that the parser must "
    'see to parse the output correctly. If the generation already contains the complete message, pass `prefix=""` to '
    "opt out explicitly."
)


class ResponseParser:
    """Reads a generated text piece by piece.

    Every event is a dictionary: `type` is "region_open", "region_chunk" (with `text`; `dirty` where it means nothing
    before the region closes) or "region_close" (with `value`); `field` is the field of the message.

    Args:
        response_template: the template, a dictionary.
        prefix: the prompt that the text continues; "" for none.
        tools: functions or schemas as `apply_chat_template` takes them: arguments of calls get their types.

    Attributes:
        initial_events: what happened in the part of the message that the prompt had.

    Raises:
        ValueError: no prefix, or a template that is none.
        ImportError: the template has patterns and the package `regex` is not there.

    >>> parser = ResponseParser({"start_anchor": "<a>", "fields": {"content": {}}}, prefix="")
    >>> [event["type"] for event in parser.feed("Hello")]
    ['region_open', 'region_chunk']
    >>> parser.finalize()[0]
    {'content': 'Hello'}
    """

    def __init__(
        self, response_template: dict | ResponseTemplate, prefix: str | None = None, *, tools: list | None = None
    ):
        template = response_template
        self._template = template if isinstance(template, ResponseTemplate) else ResponseTemplate(template)
        if prefix is None:
            raise ValueError(_NO_PREFIX)
        self._parameters = _parameters_of(tools or [])
        self._text, self._at = "", 0
        self._message: dict[str, Any] = deepcopy(self._template.defaults)
        self._finalized = False
        self._enter(self._template.implicit)
        self.initial_events: list[dict] = self.feed(self._template.message_part(prefix)) if prefix else []

    def feed(self, text: str) -> list[dict]:
        """Take a further piece of the text; returns the events."""
        return self._take(text, ended=False)

    def finalize(self) -> tuple[dict, list[dict]]:
        """The message, and the events of the end of the text.

        Raises:
            ValueError: a field that is not optional is missing.
        """
        return self._message_after("")

    def _message_after(self, text: str) -> tuple[dict, list[dict]]:
        events = self._take(text, ended=True)
        missing = [name for name, row in self._template.fields.items() if not row.optional and name not in self._message]
        if missing:
            raise ValueError(f"Required response_template fields missing from parsed output: {missing}")
        kept, empty = self._template.defaults, (None, "", [], {})
        self._message = {k: v for k, v in self._message.items() if k in kept or not any(v is x or v == x for x in empty)}
        self._finalized = True
        return self._message, events

    def _enter(self, field: Field | None, captures: dict[str, str] | None = None) -> None:
        self._field, self._captures, self._body = field, captures or {}, ""
        self._opened = captures is not None

    def _take(self, text: str, ended: bool) -> list[dict]:
        if self._finalized:
            raise RuntimeError("ResponseParser already finalized")
        self._text += text
        events: list[dict] = []
        while True:
            found, pending = self._next_anchor(ended)
            if found is None:
                self._grow(events, pending)
                if ended:
                    self._leave(events)
                return events
            match, opened = found
            self._grow(events, match.start())
            self._at = match.end()
            nothing = not self._opened and match.start() == match.end()
            self._leave(events)
            if opened is not None:
                self._enter(opened, {name: part for name, part in match.groupdict().items() if part is not None})
                events.append({"type": "region_open", "field": opened.name})
            elif nothing:  # it would match here for ever
                return events

    def _next_anchor(self, ended: bool) -> tuple[tuple[Any, Field | None] | None, int]:
        """The first anchor that counts here, the longest of those, with the field that it opens; and from where on the
        text may still become one."""
        implicit = self._template.implicit
        if self._field is not implicit:
            watched = [(self._field.close, None, self._field.name)]
        else:
            watched = [(row.open, row, row.name) for row in self._template.fields.values()]
            if implicit is not None:
                watched.append((implicit.close, None, implicit.name))
        best, pending = None, len(self._text)
        for anchor, field, name in watched:
            if anchor is None:
                continue
            match, start = anchor.search(self._text, self._at, ended)
            pending = min(pending, start)
            if match is not None:
                key = (match.start(), -match.end(), field is None, name)
                if best is None or key < best[0]:
                    best = key, match, field
        if best is None or (not ended and best[0][0] >= pending):
            return None, pending
        return (best[1], best[2]), pending

    def _grow(self, events: list[dict], end: int) -> None:
        """The text up to `end` belongs to the region; outside of all fields it is dropped."""
        text = self._text[self._at : end]
        self._at = max(self._at, end)
        if not text or self._field is None:
            return
        name = self._field.name
        if not self._opened:
            events.append({"type": "region_open", "field": name})
            self._opened = True
        self._body += text
        dirty = self._field.content not in STREAMABLE
        events.append({"type": "region_chunk", "field": name, "text": text, "dirty": dirty})

    def _leave(self, events: list[dict]) -> None:
        """The region is over: its value goes into the message."""
        field = self._field
        if field is not None and self._opened:
            value = self._typed(field.value(self._body, self._captures))
            if field.join is not None:
                if not isinstance(value, str):
                    raise ValueError(
                        f"Field '{field.name}': 'join' requires each match to parse to a string, "
                        f"got {type(value).__name__}."
                    )
                before = self._message.get(field.name)
                self._message[field.name] = value if before is None else before + field.join + value
            elif field.repeats:
                self._message.setdefault(field.name, []).append(value)
            else:
                self._message[field.name] = value
            events.append({"type": "region_close", "field": field.name, "value": value})
        self._enter(self._template.implicit)

    def _typed(self, value: Any) -> Any:
        """Calls of tools with their arguments of the types that the tools' schemas give."""
        if isinstance(value, list):
            return [self._typed(item) for item in value]
        call = value.get("function") if isinstance(value, dict) else None
        if not isinstance(call, dict) or not isinstance(call.get("arguments"), dict):
            return value
        name, arguments = call.get("name"), call["arguments"]
        parameters = self._parameters.get(name, {}) if isinstance(name, str) else {}
        for key, argument in arguments.items():
            types = _types_of(parameters.get(key))
            if types and isinstance(argument, str):
                arguments[key] = _cast(argument, types)
            elif types and isinstance(argument, list) and "array" not in types:
                arguments[key] = [_cast(item, types) if isinstance(item, str) else item for item in argument]
        return value


def parse_response(text: str, response_template: dict, *, prefix: str | None = None, tools: list | None = None) -> dict:
    """The message that a generated text is; see `ResponseParser`.

    >>> template = {"start_anchor": "<a>", "fields": {"thinking": {"open": "<t>", "close": "</t>"}, "content": {}}}
    >>> parse_response("So.</t>Yes!", template, prefix="Is it?<a><t>")
    {'thinking': 'So.', 'content': 'Yes!'}
    """
    if prefix is None:
        raise ValueError(_NO_PREFIX)
    template = ResponseTemplate(response_template)
    parser = ResponseParser(template, prefix="", tools=tools)
    return parser._message_after(template.message_part(prefix) + text)[0]


def _parameters_of(tools: list) -> dict[str, dict]:
    """The schemas of the parameters of tools, by name."""
    out = {}
    for tool in tools:
        schema = get_json_schema(tool) if isfunction(tool) or ismethod(tool) else tool
        function = schema.get("function", schema) if isinstance(schema, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            parameters = function.get("parameters")
            properties = parameters.get("properties") if isinstance(parameters, dict) else None
            out[function["name"]] = properties if isinstance(properties, dict) else {}
    return out


def _types_of(schema: Any) -> list[str]:
    if not isinstance(schema, dict):
        return []
    declared = schema.get("type")
    types = [name for name in (declared if isinstance(declared, list) else [declared]) if isinstance(name, str)]
    for union in ("anyOf", "oneOf"):
        types += [name for choice in schema.get(union) or [] for name in _types_of(choice)]
    return [*types, "null"] if schema.get("nullable") and "null" not in types else types


def _cast(text: str, types: list[str]) -> Any:
    """The value in the first type that it has; a text that has none stays."""
    word = text.strip()
    for name in types:
        try:
            if name == "integer":
                value = float(text) if not _is_whole(text) else int(text)
                if value == int(value):
                    return int(value)
            elif name == "number":
                value = float(text)
                if value - value == 0:  # neither infinite nor no number
                    return int(value) if value.is_integer() and "." not in text else value
            elif name == "boolean" and word.lower() in ("true", "1", "false", "0"):
                return word.lower() in ("true", "1")
            elif name == "null" and word in ("null", "None"):
                return None
            elif name in ("object", "array"):
                value = json.loads(text)
                if isinstance(value, dict if name == "object" else list):
                    return value
        except (ValueError, OverflowError):
            continue
    return text


def _is_whole(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True
