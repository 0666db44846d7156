"""LukeTokenizer: entities of texts that are cut, recorded with the last release that cuts them."""

from __future__ import annotations

from cases import tokenization_entities
from cases.tokenization_entities import PAIR_SPANS, SPANS, TEXT, load, plain

VERSION = "4.57.6"  # of the real library
PAIR = tokenization_entities.PAIR.removesuffix(" <mask>")  # which took the blank in front of it then


def case_truncation(lib):
    """A long text, long entities, and one of both."""
    tokenizer = load(lib, "LukeTokenizer", max_mention_length=4)
    pair = {"entity_spans": SPANS, "entity_spans_pair": PAIR_SPANS}
    out = [
        plain(tokenizer(TEXT, entity_spans=SPANS, truncation=True, max_length=n)) for n in (5, 9, 10, 20, 31, 32, 40)
    ]
    for strategy in ("longest_first", "only_first", "only_second"):
        for length in (36, 41, 48):
            out.append(plain(tokenizer(TEXT, PAIR, **pair, truncation=strategy, max_length=length)))
        out.append(plain(tokenizer(TEXT, PAIR, **pair, truncation=strategy, max_length=99, max_entity_length=4)))
    out.append(plain(tokenizer(TEXT, PAIR, **pair, truncation=True, max_length=20)))
    for options in ({"max_entity_length": 1}, {"max_entity_length": 1, "stride": 1}):
        options = {**options, "return_overflowing_tokens": True, "truncation": "only_first"}
        out += [plain(tokenizer(TEXT, entity_spans=SPANS, max_length=n, **options)) for n in (31, 32, 40)]
    batch = {"entity_spans": [SPANS, PAIR_SPANS], "truncation": True, "max_entity_length": 2, "padding": "max_length"}
    out.append(plain(tokenizer([TEXT, PAIR], **batch, max_length=24)))
    out.append(plain(tokenizer([TEXT, PAIR], **batch, max_length=24, padding_side="left")))
    return out
