"""Stopping criteria with Tensors, user subclasses, and stop strings against the decoded text."""

from __future__ import annotations

import random

import eigenformers as ef
import numpy as np
import pytest
from cases.generation_stopping import VocabularyTokenizer
from eigenformers.generation.token_bytes import _byte_level_table, token_bytes


def test_tensors_in_tensors_out():
    ids = ef.from_numpy(np.array([[1, 2], [3, 4]]))
    done = ef.EosTokenCriteria([2])(ids, None)
    assert isinstance(done, ef.Tensor) and done.dtype == ef.bool and done.tolist() == [True, False]


@pytest.mark.parametrize("answer", [True, np.array([True, False]), np.array([[True], [False]]), "tensor"])
def test_a_list_takes_all_that_user_criteria_return(answer):
    class Mine(ef.StoppingCriteria):
        def __call__(self, input_ids, scores, **kwargs):
            return ef.from_numpy(np.array([True, False])) if isinstance(answer, str) else answer

    criteria = ef.StoppingCriteriaList([Mine(), ef.MaxLengthCriteria(99)])
    expected = [True, True] if answer is True else [True, False]
    assert np.asarray(criteria(np.zeros((2, 3), dtype=np.int64), None)).tolist() == expected


def test_abstract_criterion_raises():
    with pytest.raises(NotImplementedError, match="subclassed"):
        ef.StoppingCriteria()(np.zeros((1, 1)), None)


def test_validation_adds_a_length_or_warns():
    from eigenformers.generation import validate_stopping_criteria

    assert validate_stopping_criteria(ef.StoppingCriteriaList(), 7).max_length == 7
    with pytest.warns(UserWarning, match="max_length"):
        kept = validate_stopping_criteria(ef.StoppingCriteriaList([ef.MaxLengthCriteria(3)]), 7)
    assert kept.max_length == 3


def test_byte_level_table_is_a_bijection():
    table = _byte_level_table()
    assert sorted(table.values()) == list(range(256)) and table["\u0120"] == 0x20 and table["\u010a"] == 0x0A


@pytest.mark.parametrize("kind", [None, b'{"type": "ByteLevel"}'])
def test_stops_exactly_when_the_text_completes_a_stop_string(kind):
    """Against the definition: some stop string is in the text, and was not before the last token."""
    rng = random.Random(3)
    alphabet = "abc \u00e9\u20ac"
    if kind is None:
        pieces = ["abcdef", *{"".join(rng.choices(alphabet, k=rng.randint(1, 4))) for _ in range(40)}]
    else:
        to_char = {byte: char for char, byte in _byte_level_table().items()}
        raw = [
            b"abcdef",
            *{"".join(rng.choices(alphabet, k=3)).encode()[: rng.randint(1, 5)] for _ in range(60)},
        ]
        pieces = ["".join(to_char[byte] for byte in piece) for piece in raw]
    tokenizer = VocabularyTokenizer(sorted(set(pieces), key=pieces.index), kind)
    texts = token_bytes(tokenizer)
    stops = ["ab", " c", "\u20aca", "b\u00e9", "a"]
    hits = 0
    for stop in stops:
        criterion = ef.StopStringCriteria(tokenizer, [stop, "never in the text"])
        for _ in range(200):
            ids = [rng.randrange(len(tokenizer.tokens)) for _ in range(rng.randint(1, 8))]
            joined = b"".join(texts[i] for i in ids)
            before = len(joined) - len(texts[ids[-1]])
            needle = stop.encode()
            ends = {i + len(needle) for i in range(len(joined)) if joined.startswith(needle, i)}
            expected = any(end > before for end in ends)
            hits += expected
            assert np.asarray(criterion(np.array([ids]), None)).tolist() == [expected], (stop, ids)
    assert hits > 50


@pytest.mark.parametrize("stops", [[], [""], ["a", ""]])
def test_empty_stop_strings_are_refused(stops):
    with pytest.raises(ValueError, match="stop_strings"):
        ef.StopStringCriteria(VocabularyTokenizer(["abcdef", "a"]), stops)


def test_token_bytes_follow_a_growing_vocabulary():
    tokenizer = VocabularyTokenizer(["abcdef", "a"])
    assert token_bytes(tokenizer)[1] == b"a"
    tokenizer.tokens.append("\u2581b")
    assert token_bytes(tokenizer)[2] == b" b"
