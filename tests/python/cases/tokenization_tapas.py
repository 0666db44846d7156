"""TapasTokenizer: ids and the seven kinds of tokens, padding, truncation by rows and words, answers."""

from __future__ import annotations

import importlib
import os
import tempfile

import numpy as np
from cases._text_models import _WORDS
from cases.families import array, tensor

DATA = {
    "Actor name": ["Brad Pitt", "Leonardo di Caprio", "George Clooney", "n/a"],
    "Age": ["56", "45", "59", "two"],
    "Number of movies": ["87", "1,253", "69.5", "-3"],
    "Date of birth": ["18 december 1963", "11 November 1974", "6 may 1961", "1970"],
    "Rank": ["1st", "second", "", "?"],
}
QUESTIONS = [
    "How many movies has George Clooney played in?", "Who was born before november 1970?", "Is 59 more than 56 or forty-five?",
    "3rd of 1,253", "",
]  # fmt: skip


def frame(lib, data):
    """A table as the library takes it."""
    return importlib.import_module("pandas").DataFrame.from_dict(data) if lib.__name__ == "transformers" else data


def vocabulary(lib, path, model_max_length=256):
    """A tokenizer in a folder; returns it."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = dict.fromkeys([*_WORDS[:5], "[EMPTY]", *_WORDS[5:], "how", "many", "movies", "age", "number", "name", "date",
                           "birth", *letters, *(f"##{letter}" for letter in letters)])  # fmt: skip
    vocab = os.path.join(path, "vocab.txt")
    with open(vocab, "w", encoding="utf-8") as file:
        file.write("\n".join(words) + "\n")
    tokenizer = lib.TapasTokenizer(vocab, model_max_length=model_max_length)
    tokenizer.save_pretrained(path)
    return tokenizer


def plain(encoding):
    """The values of an encoding as arrays."""
    return {name: np.asarray(values) for name, values in encoding.items()}


def case_tapas_tokenizer(lib):
    """Ids, the seven kinds, padding, truncation by rows and words, answers."""
    with tempfile.TemporaryDirectory() as path:
        vocabulary(lib, path)
        tokenizer = lib.AutoTokenizer.from_pretrained(path)
        table = frame(lib, DATA)
        out = {"class": type(tokenizer).__name__, "max": tokenizer.model_max_length, "size": len(tokenizer)}
        out["single"] = {q: plain(tokenizer(table, q)) for q in QUESTIONS}
        out["batch"] = plain(tokenizer(table, list(QUESTIONS[:3]), padding=True))
        for length in (40, 60, 100):
            out[f"fit_{length}"] = plain(
                tokenizer(table, QUESTIONS[0], truncation=True, max_length=length, padding="max_length")
            )
        out["strategy"] = plain(tokenizer(table, QUESTIONS[0], truncation="drop_rows_to_fit"))
        trimmed = lib.TapasTokenizer(os.path.join(path, "vocab.txt"), cell_trim_length=2, strip_column_names=True)
        out["trimmed"] = plain(trimmed(table, QUESTIONS[0], truncation=True, max_length=40))
        answers = {"answer_coordinates": [[(0, 1), (2, 1)], [(1, 3)]], "answer_text": [["56", "59"], ["11 November 1974"]]}
        tensors = tokenizer(table, list(QUESTIONS[:2]), padding="max_length", return_tensors="pt", **answers)
        out["answers"] = {name: array(value) for name, value in tensors.items()}
        out["decoded"] = tokenizer.decode(out["single"][QUESTIONS[0]]["input_ids"])
        logits = np.linspace(-3, 3, 2 * tensors["input_ids"].shape[1], dtype=np.float32).reshape(2, -1)
        aggregations = tensor(lib, np.array([[0, 1, 0], [3, 1, 2]], np.float32))
        out["predictions"] = list(tokenizer.convert_logits_to_predictions(tensors, tensor(lib, logits), aggregations))
        return out
