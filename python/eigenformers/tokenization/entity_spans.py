"""Entities by the characters where they begin and end, and the tokens that these are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Optional

from ._engine import TokenizerError

Span = tuple[int, int]

# Task -> how many entities an input has (None: some), and what is said where it has others.
TASKS = {
    "entity_classification": (
        1,
        "Entity spans should be a list containing a single tuple containing the start and end character indices of an "
        "entity",
    ),
    "entity_pair_classification": (
        2,
        "Entity spans should be provided as a list of two tuples, each tuple containing the start and end character "
        "indices of an entity",
    ),
    "entity_span_classification": (
        None,
        "Entity spans should be provided as a list of tuples, each tuple containing the start and end character indices "
        "of an entity",
    ),
}  # fmt: skip


class Passage(NamedTuple):
    """A text and its entities; no entities is other than an empty list of them."""

    text: str
    spans: Optional[list[Span]] = None  # noqa: UP045, in characters
    entity_ids: Optional[list[int]] = None  # noqa: UP045


class Pieces(NamedTuple):
    """A text cut where entities begin and end."""

    texts: list[str]
    places: dict[int, int]  # character -> how many pieces are in front of it


def cut(passage: Passage) -> Pieces:
    """The pieces of a text; the blank in front of an entity belongs to it."""
    text, pieces, places, done = passage.text, [], {}, 0
    for place in sorted({place for span in passage.spans or () for place in span}):
        end = place - 1 if place and text[place - 1] == " " else place
        if end != done:
            pieces.append(text[done:end])
            done = end
        places[place] = len(pieces)
    return Pieces([*pieces, text[done:]], places)


def join(passage: Passage, pieces: Pieces, ids: Iterator[list[int]]) -> tuple[list[int], list[Span] | None]:
    """The tokens of a text out of those of its pieces, and the entities' places among them."""
    tokens: list[int] = []
    starts = [0]
    for _, row in zip(pieces.texts, ids):
        tokens += row
        starts.append(len(tokens))
    if passage.spans is None:
        return tokens, None
    return tokens, [(starts[pieces.places[start]], starts[pieces.places[end]]) for start, end in passage.spans]


def put_marks(ids: list[int], spans: list[Span], marks: list[int]) -> tuple[list[int], list[Span]]:
    """Put the mark of each entity in front of it and behind it."""
    ids, spans = list(ids), list(spans)
    order = sorted(range(len(spans)), key=lambda index: (spans[index][0], -index))
    for before in reversed(range(len(order))):  # from the last one on: the places of the others stay
        index = order[before]
        start, end = spans[index]
        ids.insert(end, marks[index])
        ids.insert(start, marks[index])
        spans[index] = (start + 2 * before, end + 2 * before + 2)
    return ids, spans


def check_spans(text: str, spans: list[Span]) -> None:
    """Raises TokenizerError for a span that is not in the text."""
    for span in spans:
        if (
            len(span) != 2
            or not all(isinstance(place, int) for place in span)
            or not 0 <= span[0] <= span[1] <= len(text)
        ):
            raise TokenizerError(
                f"entity_spans: found {span!r}, needed the start and the end of an entity in a text of {len(text)} characters"
            )


def check_entities(spans: Any, entities: Any) -> None:
    """Raises TypeError or ValueError for spans and names that are not lists, or that do not belong together."""
    if not isinstance(spans, list):
        raise TypeError("entity_spans should be given as a list")
    if not all(isinstance(span, tuple) for span in spans):
        raise ValueError(
            "entity_spans should be given as a list of tuples containing the start and end character indices"
        )
    if entities is None:
        return
    if not isinstance(entities, list):
        raise ValueError("If you specify entities, they should be given as a list")
    if not all(isinstance(entity, str) for entity in entities):
        raise ValueError("If you specify entities, they should be given as a list of entity names")
    if len(entities) != len(spans):
        raise ValueError("If you specify entities, entities and entity_spans must be the same length")


def rows_of(
    name: str, count: int, first: Any, second: Any, is_pair: Callable[[Any], bool]
) -> Iterable[tuple[Any, Any]]:
    """What belongs to each text of a batch, and to the second one of a pair."""
    if first is None:
        return [(None, None)] * count
    for rows in (first, second):
        if rows is not None and len(rows) != count:
            raise ValueError(f"{name}: found {len(rows)} rows, needed one for each of {count} texts")
    if second is not None:
        return zip(first, second)
    return [tuple(row) if row and is_pair(row) else (row, None) for row in first]


__all__ = ["TASKS", "Passage", "check_entities", "check_spans", "cut", "join", "put_marks", "rows_of"]
