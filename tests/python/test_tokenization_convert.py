"""Tokenizers that run in Python, and vocabulary files, into tokenizers of the engine."""

from __future__ import annotations

import base64
import json
import pathlib

import pytest
from eigenformers import AutoTokenizer, GPT2Tokenizer, PreTrainedTokenizer
from eigenformers.convert_slow_tokenizer import (
    SLOW_TO_FAST_CONVERTERS,
    Converter,
    TikTokenConverter,
    bytes_to_unicode,
    convert_slow_tokenizer,
)

TEXT = "the cat, THE café 😀"
MODELS = pathlib.Path(__file__).resolve().parent.parent / "data" / "sentencepiece"


class WordTokenizer(PreTrainedTokenizer):
    """Words of a list, by a tokenizer that runs in Python."""

    def __init__(self, vocab_file=None, **kwargs):
        self.vocab_file = vocab_file
        self.words = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "the": 5, "cat": 6, ",": 7}
        named = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "cls", "sep", "pad", "mask")}
        super().__init__(**{**named, **kwargs})

    @property
    def vocab_size(self):
        return len(self.words)

    def get_vocab(self):
        return {**self.words, **self.added_tokens_encoder}

    def _tokenize(self, text, **kwargs):
        return text.split()

    def _convert_token_to_id(self, token):
        return self.words.get(token, 1)

    def _convert_id_to_token(self, index):
        return list(self.words)[index]

    def save_vocabulary(self, save_directory, filename_prefix=None):
        path = pathlib.Path(save_directory) / "vocab.txt"
        path.write_text("".join(f"{word}\n" for word in self.words), encoding="utf-8")
        return (str(path),)


def ranks(tmp_path):
    tokens = [bytes([byte]) for byte in range(256)] + [b"th", b"the", b" c", b" ca", b" cat"]
    path = tmp_path / "some.tiktoken"
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens)))
    return path


def test_a_tokenizer_of_the_engine_gives_a_copy():
    tokenizer = GPT2Tokenizer(vocab={"t": 0, "h": 1, "th": 2}, merges=[("t", "h")])
    converted = convert_slow_tokenizer(tokenizer)
    converted.add_tokens(["new"])
    assert converted.encode("thth").ids == [2, 2]
    assert "new" not in tokenizer.get_vocab()


def test_a_class_of_the_table_that_runs_in_python():
    """Its files are read by the class of that name."""
    slow = type("BertTokenizer", (WordTokenizer,), {})()
    slow.add_tokens(["<new>"])
    converted = convert_slow_tokenizer(slow)
    assert converted.encode("The cat, <new>").tokens == ["[CLS]", "the", "cat", ",", "<new>", "[SEP]"]


def test_ones_own_converter(monkeypatch):
    class MyConverter(Converter):
        def converted(self):
            return self.original_tokenizer.marker

    monkeypatch.setitem(SLOW_TO_FAST_CONVERTERS, "WordTokenizer", MyConverter)
    tokenizer = WordTokenizer()
    tokenizer.marker = 42
    assert convert_slow_tokenizer(tokenizer) == 42


def test_byte_ranks(tmp_path):
    path = ranks(tmp_path)
    converted = TikTokenConverter(path, extra_special_tokens={"<|end|>": 261}).converted()
    assert converted.encode("the cat<|end|>").ids == [257, 260, 261]
    assert converted.decode(converted.encode(TEXT).ids) == TEXT
    again = convert_slow_tokenizer(WordTokenizer(vocab_file=str(path)), from_tiktoken=True)
    assert again.encode("the cat").ids == [257, 260]


def test_sentencepiece_file():
    path = str(MODELS / "unigram.model")
    converted = convert_slow_tokenizer(WordTokenizer(vocab_file=path))
    wanted = AutoTokenizer.from_pretrained(path)(TEXT, add_special_tokens=False)["input_ids"]
    assert converted.encode(TEXT, add_special_tokens=False).ids == wanted


@pytest.mark.parametrize("path", [None, "/no/such/file", 3])
def test_nothing_to_convert(path):
    with pytest.raises(ValueError, match="Converting from SentencePiece and Tiktoken failed.*WordTokenizer.*converters"):
        convert_slow_tokenizer(WordTokenizer(vocab_file=path))


def test_damaged_ranks(tmp_path):
    path = tmp_path / "bad.tiktoken"
    path.write_text("AA== 0\n!!! x\n")
    with pytest.raises(ValueError, match="line 2"):
        TikTokenConverter(path).converted()


def test_bytes_to_unicode():
    table = bytes_to_unicode()
    assert sorted(table) == list(range(256))
    assert len(set(table.values())) == 256
    assert list(table)[0] == 33
    assert json.dumps(table[32]) == '"\\u0120"'
