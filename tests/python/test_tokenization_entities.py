"""Tokenizers of texts with entities: bad input, state, files. Their results are in test_golden.py."""

from __future__ import annotations

import copy
import json
import os
import pickle
import threading

import eigenformers as ef
import numpy as np
import pytest
from cases.tokenization_entities import CLASSES, ENTITIES, NAMES, PAIR, PAIR_SPANS, SPANS, TEXT, files, load
from eigenformers.errors import TokenizerError, UnsupportedError

BAD_SPANS = [(0, 99), (-1, 3), (7, 0), (0.0, 7), (0, "7"), (0,), (0, 1, 2), ("a", "b")]


@pytest.mark.parametrize("task", [None, "entity_classification", "entity_span_classification"])
@pytest.mark.parametrize("span", BAD_SPANS, ids=str)
def test_places_outside_of_the_text(task, span):
    tokenizer = load(ef, "LukeTokenizer", task=task)
    with pytest.raises(TokenizerError, match="entity_spans: found .* in a text of 29 characters"):
        tokenizer(TEXT, entity_spans=[span])
    with pytest.raises(TokenizerError, match="entity_spans"):
        tokenizer(["a hat", TEXT], entity_spans=[[(0, 1)], [span]])


def test_rows_that_do_not_fit():
    tokenizer = load(ef, "LukeTokenizer")
    for spans in ([SPANS], [SPANS] * 3):
        with pytest.raises(ValueError, match=f"entity_spans: found {len(spans)} rows, needed one for each of 2 texts"):
            tokenizer([TEXT, TEXT], entity_spans=spans)
    with pytest.raises(ValueError, match="entities: found 1 rows"):
        tokenizer([TEXT, TEXT], entity_spans=[SPANS, SPANS], entities=[NAMES])
    with pytest.raises(TypeError, match="entity_spans should be given as a list"):
        tokenizer([TEXT, TEXT], entity_spans=[SPANS, None])
    with pytest.raises(ValueError, match="return_overflowing_tokens=True: found no max_length"):
        tokenizer(TEXT, entity_spans=SPANS, return_overflowing_tokens=True)


def test_a_text_is_not_cut_at_its_beginning():
    tokenizer = load(ef, "LukeTokenizer", truncation_side="left")
    assert tokenizer(TEXT, entity_spans=SPANS, truncation=True, max_length=40)["entity_ids"] == [0, 0]
    with pytest.raises(UnsupportedError, match="truncation_side='left'"):
        tokenizer(TEXT, entity_spans=SPANS, truncation=True, max_length=10)


@pytest.mark.parametrize("content", ["3", "[]", '{"[MASK]": "x"}', '{"[MASK]": -1}', "{", '{"[MASK]": 0}'])
@pytest.mark.parametrize("name", CLASSES)
def test_damaged_entities(name, content):
    with files(name) as folder:
        with open(os.path.join(folder, "entity_vocab.json"), "w", encoding="utf-8") as file:
            file.write(content)
        with pytest.raises(ValueError, match="entity_vocab|Specified entity special token"):
            getattr(ef, name).from_pretrained(folder)


@pytest.mark.parametrize(
    "options",
    [{"entity_vocab": 3}, {"entity_vocab": "/etc/passwd"}, {"max_entity_length": "x"}, {"max_mention_length": 10**9},
     {"task": ["a"]}, {"entity_vocab": {"[MASK]": None}}],
)  # fmt: skip
def test_hostile_configuration(tmp_path, options):
    load(ef, "LukeTokenizer").save_pretrained(tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **options}), encoding="utf-8")
    with pytest.raises((TypeError, ValueError)):
        ef.LukeTokenizer.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", CLASSES)
def test_copies_and_files(tmp_path, name):
    tokenizer = load(ef, name, task="entity_pair_classification", entity_mask2_token="Beyoncé")
    want = dict(tokenizer(TEXT, entity_spans=SPANS))
    assert want["entity_ids"] == [0, 5]
    tokenizer.save_pretrained(tmp_path)
    again = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert type(again).__name__ == name
    assert tokenizer.get_vocab() == again.get_vocab()
    for other in (copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer)), again):
        assert dict(other(TEXT, entity_spans=SPANS)) == want
        assert (other.entity_vocab, other.entity_mask2_token_id) == (ENTITIES, 5)
    paths = tokenizer.save_vocabulary(tmp_path, "x")
    assert json.loads((tmp_path / "x-entity_vocab.json").read_text(encoding="utf-8")) == ENTITIES
    assert {os.path.basename(path) for path in paths} >= {"x-entity_vocab.json"}
    assert tokenizer.save_vocabulary(tmp_path / "none") == ()


def test_class_of_a_model_type(tmp_path):
    with files("LukeTokenizer") as folder:
        os.remove(os.path.join(folder, "tokenizer_config.json"))
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            file.write('{"model_type": "luke"}')
        assert type(ef.AutoTokenizer.from_pretrained(folder)) is ef.LukeTokenizer


def test_pieces_know_nothing_of_the_call_before():
    tokenizer = load(ef, "LukeTokenizer")
    want = dict(tokenizer(TEXT, PAIR, entity_spans=SPANS, entity_spans_pair=PAIR_SPANS))
    tokenizer(TEXT, padding="max_length", truncation=True, max_length=4)
    assert dict(tokenizer(TEXT, PAIR, entity_spans=SPANS, entity_spans_pair=PAIR_SPANS)) == want


def test_tensors():
    tokenizer = load(ef, "MLukeTokenizer")
    batch = tokenizer([TEXT, PAIR], entity_spans=[SPANS, PAIR_SPANS], padding=True, return_tensors="pt")
    arrays = {name: np.asarray(value) for name, value in batch.items()}
    assert arrays["entity_position_ids"].shape == (2, 3, 30)
    padded = tokenizer.pad({name: list(value) for name, value in arrays.items()}, padding="max_length", max_length=50)
    assert (padded["input_ids"].shape, padded["entity_ids"].shape) == ((2, 50), (2, 32))


def test_threads():
    tokenizer = load(ef, "LukeTokenizer")
    want = dict(tokenizer(TEXT, entity_spans=SPANS))
    wrong = []

    def encode(number):
        for _ in range(50):
            if number % 2:
                tokenizer([TEXT, "a"], padding=True, truncation=True, max_length=5)
            elif dict(tokenizer(TEXT, entity_spans=SPANS)) != want:
                wrong.append(number)

    threads = [threading.Thread(target=encode, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
