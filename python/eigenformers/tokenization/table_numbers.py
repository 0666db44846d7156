"""Numbers and dates in the cells of a table and in a question about it, as TAPAS reads them
(Herzig et al., "TAPAS: Weakly Supervised Table Parsing via Pre-training", 2020; appendix B)."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from typing import Any, NamedTuple

_NUMBER = re.compile(r"((^|\s)[+-])?((\.\d+)|(\d+(,\d\d\d)*(\.\d*)?))")
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_YEARS = range(1700, 2017)
_LONGEST_DATE = 5  # words

# strptime's patterns; which of year, month and day they set follows from their fields
_DATES = (
    "%B", "%Y", "%Ys", "%b %Y", "%B %Y", "%B %d", "%b %d", "%d %b", "%d %B", "%B %d, %Y", "%d %B %Y", "%m-%d-%Y",
    "%Y-%m-%d", "%Y-%m", "%d %b %Y", "%b %d, %Y", "%d.%m.%Y", "%A, %b %d", "%A, %B %d",
)  # fmt: skip
_FIELDS = {"%A": r"\w+", "%B": r"\w+", "%Y": r"\d{4}", "%b": r"\w{3}", "%d": r"\d{1,2}", "%m": r"\d{1,2}"}


class Value(NamedTuple):
    """A number, or the parts of a date that are known: (year, month, day)."""

    kind: str  # "number" or "date"
    parts: tuple[float | None, ...]


def _prefilter(pattern: str) -> re.Pattern:
    text = re.escape(pattern).replace(r"\ ", r"\s+").replace(r"\%", "%")
    for field, form in _FIELDS.items():
        text = text.replace(field, form)
    return re.compile(f"^{text}$")


_PREFILTERS = {pattern: _prefilter(pattern) for pattern in _DATES}


def read_number(text: str) -> float | None:
    """The number that a text is: with thousands' commas, as an ordinal ("3rd"), or in what `float` reads.

    >>> read_number("1,234.5"), read_number("22nd"), read_number("many")
    (1234.5, 22.0, None)
    """
    if text.endswith(("st", "nd", "rd", "th")):
        text = text[:-2]
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return None if math.isnan(value) or value == math.inf else value


def read_date(text: str) -> Value | None:
    """The date that a text is, between 1700 and 2016.

    >>> read_date("june 3, 1987"), read_date("august 2007")
    (Value(kind='date', parts=(1987.0, 6.0, 3.0)), Value(kind='date', parts=(2007.0, 8.0, None)))
    """
    text = re.sub(r"Sept\b", "Sep", text)
    for pattern, prefilter in _PREFILTERS.items():
        if not prefilter.match(text):
            continue
        try:
            date = datetime.datetime.strptime(text, pattern)
        except ValueError:
            continue
        if date.year not in _YEARS:  # 1900 where a pattern has no year
            continue
        year, month = "%Y" in pattern, "%m" in pattern or "%b" in pattern or "%B" in pattern
        parts = (date.year if year else None, date.month if month else None, date.day if "%d" in pattern else None)
        return Value("date", tuple(None if part is None else float(part) for part in parts))
    return None


def _spans(text: str, words: int) -> list[tuple[int, int]]:
    """Begin and end of every run of at most so many words."""
    begins: list[int] = []
    spans = []
    for index, character in enumerate(text):
        if not character.isalnum():
            continue
        if index == 0 or not text[index - 1].isalnum():
            begins.append(index)
        if index + 1 == len(text) or not text[index + 1].isalnum():
            spans += [(begin, index + 1) for begin in begins[-words:]]
    return spans


def values_of(text: str) -> list[Value]:
    """All numbers and dates of a text, in order; of those inside one another, the longest.

    >>> values_of("two of 1,200 on 4 may 2001")[:2]
    [Value(kind='number', parts=(2.0,)), Value(kind='number', parts=(1200.0,))]
    """
    text = " ".join(text.lower().split())
    found: dict[tuple[int, int], list[Value]] = {}

    def note(span: tuple[int, int], number: float | None) -> None:
        if number is not None:
            found.setdefault(span, []).append(Value("number", (float(number),)))

    for match in _NUMBER.finditer(text):
        note(match.span(), read_number(match.group()))
    for span in _spans(text, 1):
        if span in found:
            continue
        word = text[slice(*span)]
        note(span, read_number(word))
        for names in (_WORDS, _ORDINALS):
            note(span, names.index(word) if word in names else None)
    for span in _spans(text, _LONGEST_DATE):
        date = read_date(text[slice(*span)])
        if date is not None:
            found.setdefault(span, []).append(date)
    kept: list[tuple[int, int]] = []
    for span in sorted(found, key=lambda s: (s[0] - s[1], s[0])):
        if not any(other[0] <= span[0] and span[1] <= other[1] for other in kept):
            kept.append(span)
    return [value for span in sorted(kept) for value in found[span]]


def column_values(cells: list[str], least: float = 0.7) -> dict[int, Value]:
    """Row to value, of a column most of whose cells hold values of one kind; else nothing.

    >>> sorted(column_values(["12", "about 7", "none", "3"]).items())[1]
    (1, Value(kind='number', parts=(7.0,)))
    """
    rows = [values_of(cell) for cell in cells]
    counts = Counter(kind for values in rows for kind in {value.kind for value in values})
    most = max(counts.values(), default=0)
    if not counts or most < len(cells) * least:
        return {}
    kind = "date" if counts["date"] == most else "number"
    firsts = ((row, next((v for v in values if v.kind == kind), None)) for row, values in enumerate(rows))
    return {row: value for row, value in firsts if value is not None}


def sort_keys(values: list[Value]) -> list[tuple] | None:
    """What values are compared by: dates by the parts that all of them have. None: they can't be compared."""
    if len({value.kind for value in values}) != 1:
        return None
    shared = [i for i in range(len(values[0].parts)) if all(value.parts[i] is not None for value in values)]
    return [tuple(value.parts[i] for i in shared) for value in values] if shared else None


def ranks_of(values: dict[int, Value]) -> dict[int, tuple[int, int]]:
    """Row to its rank from the smallest value and from the largest, from 1; equal values share one."""
    keys = sort_keys(list(values.values())) if values else None
    if keys is None:
        return {}
    order = {key: rank for rank, key in enumerate(sorted(set(keys)), 1)}
    return {row: (order[key], len(order) + 1 - order[key]) for row, key in zip(values, keys)}


def relations_of(question: list[Value], values: dict[int, Value]) -> dict[int, int]:
    """Row to the sum of 1 (equal), 2 (less) and 4 (greater), as the question's values are to the row's."""
    found: dict[int, int] = {}
    for value in question:
        keys: Any = sort_keys([*values.values(), value]) if values else None
        if keys is None:
            continue
        for row, key in zip(values, keys):
            relation = 1 if keys[-1] == key else 2 if keys[-1] < key else 4
            found[row] = found.get(row, 0) | relation
    return found
