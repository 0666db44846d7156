"""Stopping criteria on small arrays, and stop strings that end anywhere inside a token."""

from __future__ import annotations

import numpy as np


def _arrays(lib, *arrays):
    if lib.__name__ == "transformers":
        import torch

        return [torch.from_numpy(np.asarray(array)) for array in arrays]
    return [np.asarray(array) for array in arrays]


class Decoder:
    """Stands for the decoder of a fast tokenizer: its class name and its JSON are all that is looked at."""

    def __init__(self, state):
        self._state = state

    def __getstate__(self):
        return self._state


class VocabularyTokenizer:
    """A tokenizer with a given vocabulary, whose tokens are the text (with an optional word-start mark)."""

    def __init__(self, tokens, decoder=None):
        self.tokens = list(tokens)
        if decoder is not None:
            self.backend_tokenizer = type("Backend", (), {"decoder": Decoder(decoder)})()

    def get_vocab(self):
        return {token: index for index, token in enumerate(self.tokens)}

    def __call__(self, text, add_special_tokens=True):
        return {"input_ids": [self.tokens.index(text)]}

    def _convert_id_to_token(self, index):
        return self.tokens[index]

    def convert_ids_to_tokens(self, ids):
        return [self.tokens[index] for index in ids]

    def convert_tokens_to_string(self, tokens):
        return "".join(tokens).replace("\u2581", " ")


_WORDS = ["abcdef", "st", "op", "stop", "opera", "sto", "pper", "las", "topper", "s", "to", "pped", "at", "\u2581stop"]


def _stops(lib, tokenizer, strings, sequences):
    criterion = lib.StopStringCriteria(tokenizer=tokenizer, stop_strings=strings)
    vocabulary = tokenizer.get_vocab()
    found = {}
    for sequence in sequences:
        (ids,) = _arrays(lib, [[vocabulary[token] for token in sequence]])
        found[" ".join(sequence)] = np.asarray(criterion(ids, None)).tolist()
    return found


def case_stop_strings(lib):
    sequences = [
        ["st", "op"],
        ["stop"],
        ["st", "opera"],
        ["sto", "pper"],
        ["las", "topper"],
        ["s", "to", "pped"],
        ["stop", "at"],
        ["st", "op", "at"],
        ["st", "at"],
        ["op"],
        ["\u2581stop"],
        ["at", "\u2581stop"],
    ]
    return {
        "one": _stops(lib, VocabularyTokenizer(_WORDS), "stop", sequences),
        "several": _stops(lib, VocabularyTokenizer(_WORDS), ["opp", " sto", "tat"], sequences),
    }


def case_stop_strings_of_bytes(lib):
    """Byte-level and byte-fallback vocabularies, where a character may be spread over tokens."""
    level = ["abcdef", "\u00e2\u0124", "\u00ac", "\u0120a", "\u00e2", "\u0124\u00ac"]  # the euro sign in two ways
    fallback = ["abcdef", "<0xE2>", "<0x82>", "<0xAC>", "\u2581a", "x"]
    return {
        "level": _stops(
            lib,
            VocabularyTokenizer(level, b'{"type": "ByteLevel"}'),
            ["\u20ac", " a"],
            [[level[1], level[2]], [level[4], level[5]], [level[1]], ["\u0120a"], [level[1], level[2], "abcdef"]],
        ),
        "fallback": _stops(
            lib,
            VocabularyTokenizer(fallback, b'{"type": "Sequence", "decoders": [{"type": "ByteFallback"}]}'),
            ["\u20ac", " a"],
            [["<0xE2>", "<0x82>", "<0xAC>"], ["<0x82>", "<0xAC>"], ["\u2581a"], ["x", "\u2581a"]],
        ),
    }


def case_stop_string_error(lib):
    try:
        lib.StopStringCriteria(tokenizer=VocabularyTokenizer(_WORDS), stop_strings=["\u96ea"])
    except ValueError as error:
        return str(error)
    return None


def case_simple_criteria(lib):
    home = getattr(lib, "generation", lib)  # some names are not at the top level
    ids, scores = _arrays(lib, [[1, 2, 3], [4, 5, 2]], np.array([[0.0, 0.0, 0.0, 9.0, 0.0]], dtype=np.float32))
    criteria = {
        "length": lib.MaxLengthCriteria(3),
        "length_later": lib.MaxLengthCriteria(4, max_position_embeddings=2),
        "eos": home.EosTokenCriteria(2),
        "eos_several": home.EosTokenCriteria([2, 3]),
        "time": lib.MaxTimeCriteria(0.0, initial_timestamp=0.0),
        "time_later": lib.MaxTimeCriteria(1e9),
        "confident": home.ConfidenceCriteria(0.9),
        "unsure": home.ConfidenceCriteria(0.9999),
    }
    found = {name: np.asarray(criterion(ids, (scores,))).tolist() for name, criterion in criteria.items()}
    both = lib.StoppingCriteriaList([criteria["length_later"], criteria["eos"]])
    found["list"] = np.asarray(both(ids, None)).tolist()
    found["eos_in_last_two"] = np.asarray(criteria["eos"](ids, None, new_token_length=2)).tolist()
    found["max_length"] = [both.max_length, lib.StoppingCriteriaList().max_length]
    return found
