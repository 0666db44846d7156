"""`response_template`: which parts of a generated text are which fields of the message."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ..utils import logging
from .response_content import PARSERS, check_transform, parse_content, transformed

try:  # the patterns of templates are written for it; alone it can match what is not all there yet
    import regex as patterns
except ImportError:
    patterns = re

logger = logging.get_logger(__name__)


class Anchor:
    """A place where a region opens or closes: a pattern, or one of some literal strings."""

    def __init__(self, pattern: str, literals: list[str] | None):
        self.pattern, self.literals = patterns.compile(pattern, patterns.DOTALL), literals
        self.names = set(self.pattern.groupindex)
        self._extends = literals is None or any(a != b and a.startswith(b) for a in literals for b in literals)

    @classmethod
    def of(cls, scope: str, spec: dict[str, Any], key: str) -> Anchor | None:
        """The anchor under `key`, or as a regular expression under `key`_pattern; None when there is neither."""
        pattern_key = f"{key}_pattern"
        if key in spec and pattern_key in spec:
            raise ValueError(f"{scope}: cannot specify both '{key}' and '{pattern_key}'")
        if pattern_key in spec:
            try:
                return cls(spec[pattern_key], None)
            except patterns.error as error:
                raise ValueError(f"{scope}: invalid {pattern_key} regex: {error}") from error
        if key not in spec:
            return None
        literals = [spec[key]] if isinstance(spec[key], str) else spec[key]
        if not isinstance(literals, list):
            raise ValueError(f"{scope}: '{key}' must be a string or list of strings, got {type(literals).__name__}")
        if not literals:
            raise ValueError(f"{scope}: '{key}' list must contain at least one literal")
        if not all(isinstance(literal, str) for literal in literals):
            raise ValueError(f"{scope}: '{key}' list must contain only strings")
        if "" in literals:
            raise ValueError(f"{scope}: '{key}' literals cannot be empty strings")
        return cls("|".join(map(re.escape, sorted(set(literals), key=len, reverse=True))), literals)

    def search(self, text: str, at: int, ended: bool) -> tuple[Any, int]:
        """The first match that stands, or None; and from where on the text may still become one."""
        if ended:
            return self.pattern.search(text, at), len(text)
        if self.literals is None:
            if patterns is re:
                raise ImportError("A streamed response whose template has patterns needs the package `regex`.")
            match = self.pattern.search(text, at, partial=True)
            if match is not None and match.partial:
                return None, match.start()
        else:
            match = self.pattern.search(text, at)
            if match is None:
                longest = max(map(len, self.literals)) - 1
                starts = range(max(at, len(text) - longest), len(text))
                return None, next((i for i in starts if any(x.startswith(text[i:]) for x in self.literals)), len(text))
        if match is not None and match.end() == len(text) and (match.start() == match.end() or self._extends):
            return None, match.start()
        return match, len(text)


_FIELD_KEYS = {
    "open", "open_pattern", "close", "close_pattern", "content", "content_args", "repeats", "join", "optional",
    "transform", "transform_each",
}  # fmt: skip


@dataclass
class Field:
    """A field of the message."""

    name: str
    open: Anchor | None
    close: Anchor | None
    content: str = "text"
    content_args: dict[str, Any] = field(default_factory=dict)
    repeats: bool = False
    join: str | None = None
    optional: bool = True
    transform: Any = None
    transform_each: bool = False

    @classmethod
    def of(cls, name: str, spec: Any) -> Field:
        """The field that a template describes.

        Raises:
            ValueError: the description has what no field has.
        """
        scope = f"Field '{name}'"
        if not isinstance(spec, dict):
            raise ValueError(f"{scope} must be a dict")
        if unknown := set(spec) - _FIELD_KEYS:
            raise ValueError(f"{scope}: unknown keys {sorted(unknown)}")
        plain = {key: value for key, value in spec.items() if not key.startswith(("open", "close"))}
        out = cls(name, Anchor.of(scope, spec, "open"), Anchor.of(scope, spec, "close"), **plain)
        if out.content not in PARSERS:
            raise ValueError(f"{scope}: unknown content parser '{out.content}'. Available: {sorted(PARSERS)}")
        if out.join is not None and not isinstance(out.join, str):
            raise ValueError(f"{scope}: 'join' must be a string, got {type(out.join).__name__}")
        if out.join is not None and not out.repeats:
            raise ValueError(f"{scope}: 'join' requires 'repeats': true")
        if not isinstance(out.transform_each, bool):
            raise ValueError(f"{scope}: transform_each must be a bool, got {type(out.transform_each).__name__}")
        if out.transform_each and out.transform is None:
            raise ValueError(f"{scope}: transform_each is set but no transform was provided")
        check_transform(scope, out.transform)
        names = {name for anchor in (out.open, out.close) if anchor is not None for name in anchor.names}
        if names and out.transform is None:
            raise ValueError(
                f"{scope}: open_pattern/close_pattern declares named group(s) {sorted(names)}, but the field has no "
                "'transform'. Named captures are only surfaced through a 'transform' template (where they appear "
                "alongside 'content'). Either add a 'transform' that uses the captures, or remove the named groups "
                "from the pattern."
            )
        return out

    def value(self, text: str, captures: dict[str, str]) -> Any:
        """What a region's text means."""
        value = parse_content(text, self.content, self.content_args)
        if self.transform is None:
            return value
        if not self.transform_each:
            return transformed(self.transform, {**captures, "content": value})
        where = f"Field '{self.name}': transform_each requires"
        if not isinstance(value, list):
            raise ValueError(f"{where} the parsed content to be a list, got {type(value).__name__}.")
        for item in value:
            if not isinstance(item, dict):
                raise ValueError(f"{where} each list element to be a dict, got {type(item).__name__}.")
        return [transformed(self.transform, {**captures, **item}) for item in value]


class ResponseTemplate:
    """A template, checked.

    Args:
        spec: the dictionary: `fields` by name, `start_anchor` or `start_anchor_pattern`, `defaults`, `version` 1.

    Raises:
        ValueError: the dictionary is no template; the message says why.
    """

    def __init__(self, spec: dict[str, Any]):
        if not isinstance(spec, dict):
            raise ValueError(f"response_template must be a dict, got {type(spec).__name__}")
        if spec.get("version", 1) != 1:
            raise ValueError(f"Unsupported response_template version: {spec['version']}")
        if unknown := set(spec) - {"version", "defaults", "fields", "start_anchor", "start_anchor_pattern"}:
            raise ValueError(f"Unknown keys in response_template: {sorted(unknown)}")
        if not isinstance(spec.get("defaults", {}), dict):
            raise ValueError("response_template.defaults must be a dict")
        fields = spec.get("fields", {})
        if not isinstance(fields, dict) or not fields:
            raise ValueError("response_template.fields must be a non-empty dict")
        self.defaults = deepcopy(spec.get("defaults", {}))
        self.fields = {name: Field.of(name, row) for name, row in fields.items()}
        unopened = [name for name, row in self.fields.items() if row.open is None]
        if len(unopened) > 1:
            raise ValueError(
                "At most one field may omit 'open'/'open_pattern' (that field becomes the implicit-open / leftover "
                f"sink). Found: {', '.join(unopened)}"
            )
        self.implicit = self.fields[unopened[0]] if unopened else None
        anchor = Anchor.of("response_template", spec, "start_anchor")
        if anchor is None:
            raise ValueError("response_template must define 'start_anchor' or 'start_anchor_pattern'.")
        self.start_anchor = anchor

    def message_part(self, prompt: str) -> str:
        """What stands behind the last start anchor: templates write the begin of a message themselves."""
        end = None
        for match in self.start_anchor.pattern.finditer(prompt):
            end = match.end()
        if end is None:
            logger.info("response_template: its start anchor is not in the prefix; all of the prefix is parsed.")
        return prompt[end or 0 :]
