"""Input that no tokenizer should meet: each ends in a result or a typed error that names the component, in time."""

from __future__ import annotations

import json
import time

import pytest
from eigenformers.errors import TokenizerError
from eigenformers.tokenizers import (
    PreTokenizedString,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

BYTES = {
    chr(b if 33 <= b < 127 or 161 <= b < 173 or 174 <= b else 256 + n): b
    for b in range(256)
    for n in [sum(not (33 <= c < 127 or 161 <= c < 173 or 174 <= c) for c in range(b))]
}


def byte_level(merges=(), **options) -> Tokenizer:
    vocab = dict(BYTES)
    for left, right in merges:
        vocab.setdefault(left + right, len(vocab))
    tokenizer = Tokenizer(models.BPE(vocab, list(merges), **options))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def stack(**model) -> str:
    return json.dumps({"version": "1.0", "added_tokens": [], "model": model})


def test_lone_surrogates_are_refused():
    with pytest.raises(UnicodeEncodeError):
        byte_level().encode("a\ud800b")
    with pytest.raises(UnicodeEncodeError):
        byte_level().encode_batch(["a", "\udfff"])


def test_nul_is_a_character():
    assert byte_level().encode("a\0b").ids == [97, 0, 98]
    tokenizer = byte_level()
    tokenizer.add_tokens(["x\0y"])
    assert tokenizer.encode("ax\0yb").tokens == ["a", "x\0y", "b"]


@pytest.mark.parametrize("merge", ["a zz", "zz a", ["zz", "yy"]])
def test_merges_that_name_unknown_tokens(merge):
    with pytest.raises(TokenizerError, match="BPE.*out of vocabulary"):
        Tokenizer.from_str(stack(type="BPE", vocab={"a": 0}, merges=[merge]))


def test_merges_whose_result_is_no_token():
    with pytest.raises(TokenizerError, match="BPE.*`ab`"):
        Tokenizer.from_str(stack(type="BPE", vocab={"a": 0, "b": 1}, merges=["a b"]))


@pytest.mark.parametrize("ids", [{"a": 4294967295}, {"a": -1}, {"a": 2**40}, {"a": 1.5}, {"a": "0"}])
def test_absurd_ids(ids):
    with pytest.raises(TokenizerError):
        Tokenizer.from_str(stack(type="WordLevel", vocab=ids, unk_token="a"))


@pytest.mark.parametrize("vocab", ['{"a": 4294967296}', '{"a": -1}', '{"a": 1.5}', '{"a": "1"}', "[]", "{", "\xff"])
def test_what_is_no_vocabulary(vocab, tmp_path):
    (tmp_path / "vocab.json").write_bytes(vocab.encode("latin-1"))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    path, merges = str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt")
    for read in (lambda: models.BPE.from_file(path, merges), lambda: models.WordLevel.from_file(path)):
        with pytest.raises(TokenizerError, match="vocab.json"):
            read()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"model": 3}', "\x00", "{" * 100_000, "[" * 100_000])
def test_what_is_no_tokenizer(text):
    with pytest.raises(TokenizerError):
        Tokenizer.from_str(text)
    with pytest.raises(TokenizerError):
        Tokenizer.from_buffer(text.encode() + b"\xff")


def test_catastrophic_patterns_end():
    tokenizer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"(x+x+)+\d"), "isolated")
    start = time.perf_counter()
    with pytest.raises(TokenizerError, match="regex.*backtracks"):
        tokenizer.encode("x" * 5000)
    tokenizer.normalizer = normalizers.Replace(Regex(r"(a|aa)+\d"), "b")
    with pytest.raises(TokenizerError, match="regex"):
        tokenizer.encode("a" * 4000 + "c")
    assert time.perf_counter() - start < 30


def seconds(tokenizer: Tokenizer, text: str) -> float:
    """Processor time of the quickest of three runs: neighbours empty caches and take memory for some, not for all."""

    def once() -> float:
        start = time.process_time()
        tokenizer.encode_batch_arrays([text])
        return time.process_time() - start

    return min(once() for _ in range(3))


@pytest.mark.parametrize("unit", ["x", "ab", " ", "ab ", "é中", "\n", "<|end|>", "a\u0301"])
def test_one_long_line_takes_linear_time(unit):
    """Ten times the text takes about ten times as long; quadratic work would take a hundred times."""
    tokenizer = byte_level([("a", "b"), ("x", "x"), ("xx", "xx"), ("ab", "ab")])
    tokenizer.add_special_tokens(["<|end|>"])
    tokenizer.normalizer = normalizers.NFC()
    short, long = (unit * (size // len(unit)) for size in (200_000, 2_000_000))
    seconds(tokenizer, short)
    assert seconds(tokenizer, long) < 40 * seconds(tokenizer, short) + 0.2


def test_a_template_that_multiplies_what_is_cut_off():
    """Every piece of a text goes with every piece of each other use of it: gigabytes from six words."""
    tokenizer = Tokenizer(models.WordLevel({"a": 0}, "a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(2, stride=1)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A $A", pair="$A $B", special_tokens=[])
    assert len(tokenizer.encode("a a a").overflowing) == 3
    tokenizer.post_processor = processors.TemplateProcessing(single="$A" + " $A" * 5, pair="$A $B", special_tokens=[])
    with pytest.raises(TokenizerError, match="multiplies"):
        tokenizer.encode("a " * 20)


@pytest.mark.long
@pytest.mark.parametrize("unit", ["x", "ab ", "é中"])
def test_a_hundred_megabytes_in_one_line(unit):
    tokenizer = byte_level([("a", "b"), ("x", "x"), ("xx", "xx")])
    tokenizer.decoder = decoders.ByteLevel()
    text = unit * (100_000_000 // len(unit.encode()))
    ids, lengths = tokenizer.encode_batch_arrays([text])
    assert lengths.tolist() == [len(ids)]
    assert tokenizer.decode(ids) == text


def test_what_a_component_keeps_of_a_call_that_failed():
    kept = []

    class Failing:
        def normalize(self, text):
            kept.append(text)
            raise ValueError("no")

        pre_tokenize = normalize

    tokenizer = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    for role, make in (
        ("normalizer", normalizers.Normalizer.custom),
        ("pre_tokenizer", pre_tokenizers.PreTokenizer.custom),
    ):
        setattr(tokenizer, role, make(Failing()))
        with pytest.raises(TokenizerError, match="ValueError: no"):
            tokenizer.encode("a b")
        setattr(tokenizer, role, None)
    for text in kept:
        with pytest.raises(TokenizerError, match="used after the call"):
            text.normalize(print) if hasattr(text, "normalize") else text.uppercase()


def test_pieces_that_are_kept_when_split_fails():
    kept = []

    def cut(index, piece):
        kept.append(piece)
        raise ValueError("no")

    with pytest.raises(TokenizerError, match="ValueError: no"):
        PreTokenizedString("a b").split(cut)
    with pytest.raises(TokenizerError, match="used after the call"):
        kept[0].uppercase()
