"""Short texts of a batch are encoded together: each has the ids it has alone."""

from __future__ import annotations

import random

import pytest
from eigenformers import tokenizers
from eigenformers.errors import TokenizerError, UnsupportedError
from eigenformers.tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

CORPUS = ["the hat in the house", "then he heated the tea", "Der Hut, das Haus", "été à la mer", "x = f(a, b)\n"] * 3


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        CORPUS, tokenizers.trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False)
    )
    return tokenizer


def several_cuts() -> Tokenizer:
    tokenizer = byte_level()
    cuts = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cuts)
    return tokenizer


def bert() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = tokenizers.trainers.WordPieceTrainer(vocab_size=80, special_tokens=["[UNK]"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def unigram(prepend_scheme: str) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("``", '"')])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend_scheme)
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=90, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def prefix_space() -> Tokenizer:
    tokenizer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


def metaspace(prepend_scheme: str) -> Tokenizer:
    tokenizer = sentencepiece_bpe()
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=prepend_scheme, split=False)
    return tokenizer


def longer() -> Tokenizer:
    tokenizer = byte_level()
    tokenizer.normalizer = normalizers.Replace("x", "the hat " * 99)
    return tokenizer


def sentencepiece_bpe() -> Tokenizer:
    tokenizer = byte_level()
    vocab = {piece.replace("Ġ", "▁"): index for piece, index in tokenizer.get_vocab().items()}
    pieces = [(a, b) for a in sorted(vocab) for b in sorted(vocab) if a + b in vocab and len(a + b) < 4]
    tokenizer = Tokenizer(models.BPE(vocab, pieces, fuse_unk=True, unk_token="!"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer


STACKS = {
    "byte level": byte_level,
    "several cuts": several_cuts,
    "bert": bert,
    "unigram": lambda: unigram("always"),
    "unigram, first": lambda: unigram("first"),
    "unigram, never": lambda: unigram("never"),
    "sentencepiece bpe": sentencepiece_bpe,
    "prefix space": prefix_space,
    "metaspace": lambda: metaspace("always"),
    "metaspace, first": lambda: metaspace("first"),
    "longer": longer,
}


def some_texts(n: int) -> list[str]:
    r = random.Random(7)
    parts = [
        "the ",
        "hat",
        " ",
        "",
        "é",
        "12",
        "``",
        "</s>",
        "</",
        "s>",
        "<s",
        "TAG",
        " tag ",
        "\n",
        "￼",
        "ﬁ",
        "x" * 50,
    ]
    return ["".join(r.choices(parts, k=r.randrange(8))) for _ in range(n)] + ["", "the hat " * 900, "", "</", "s>", ""]


def rows_of(flat, lengths) -> list[list[int]]:
    at, rows = 0, []
    for length in lengths.tolist():
        rows.append(flat[at : at + length].tolist())
        at += length
    return rows


@pytest.mark.parametrize("added", [False, True], ids=["", "added"])
@pytest.mark.parametrize("name", STACKS)
def test_a_batch_of_short_texts(name, added):
    tokenizer = STACKS[name]()
    if added:
        tokenizer.add_special_tokens(["</s>"])
        tokenizer.add_tokens([AddedToken("TAG", lstrip=True, rstrip=True), AddedToken("tag", normalized=False), "12"])
        tokenizer.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 999)])
    texts = some_texts(400)
    alone = [tokenizer.encode(text).ids for text in texts]
    assert rows_of(*tokenizer.encode_batch_arrays(texts)) == alone
    assert rows_of(*tokenizer.encode_batch_arrays(iter(texts))) == alone
    assert rows_of(*tokenizer.encode_batch_arrays(tuple(texts[:1]))) == alone[:1]
    assert rows_of(*tokenizer.encode_batch_arrays([])) == []
    if added:
        assert sum(row.count(999) for row in alone) == len(texts)
        assert sum(tokenizer.token_to_id("</s>") in row for row in alone) > 50  # found inside of a text only


@pytest.mark.parametrize("direction", ["left", "right"])
@pytest.mark.parametrize("length", [None, 9])
def test_limits_of_a_batch(direction, length):
    tokenizer = byte_level()
    tokenizer.add_special_tokens(["</s>"])
    tokenizer.post_processor = processors.TemplateProcessing("</s> $A", None, [("</s>", tokenizer.token_to_id("</s>"))])
    tokenizer.enable_truncation(7, direction=direction)
    tokenizer.enable_padding(direction=direction, pad_id=5, length=length, pad_to_multiple_of=4)
    texts = some_texts(40)
    expected = [e.ids for e in tokenizer.encode_batch(texts)]
    assert rows_of(*tokenizer.encode_batch_arrays(texts)) == expected
    assert len({len(row) for row in expected}) == 1
    pairs = [(a, b) for a, b in zip(texts, texts[1:], strict=False)]
    tokenizer.post_processor = None
    expected = [e.ids for e in tokenizer.encode_batch(pairs)]
    assert rows_of(*tokenizer.encode_batch_arrays(pairs)) == expected


def test_absurd_sizes():
    tokenizer = byte_level()
    for options in ({"length": 2**62}, {"pad_to_multiple_of": 2**63}, {"length": 2**40}):
        tokenizer.enable_padding(**options)
        for encode in (tokenizer.encode_batch_arrays, tokenizer.encode_batch):
            with pytest.raises(TokenizerError, match="padding: to [0-9]+ tokens, at most 2147483648 are possible"):
                encode(["a"] * 4)
    far = {"a": 0, "b": 1, "ab": 2, "far": 2**21} | {f"filler {i}": 3 + i for i in range(140_000)}
    with pytest.raises(UnsupportedError, match="BPE: an id of 2097152, ids up to 2097151 are possible with merges"):
        models.BPE(far, [("a", "b")])


def test_what_cannot_be_cut_is_an_error():
    tokenizer = byte_level()
    tokenizer.enable_truncation(2, strategy="only_second")
    assert rows_of(*tokenizer.encode_batch_arrays(["a", "b", ""])) == [tokenizer.encode(text).ids for text in "ab"] + [
        []
    ]
    with pytest.raises(TokenizerError, match="Second sequence not provided"):
        tokenizer.encode_batch_arrays(["a", "the hat in the house", "b"])
    with pytest.raises(TypeError, match="TextEncodeInput"):
        tokenizer.encode_batch_arrays(["a", 1])
    with pytest.raises(TypeError, match="Can't extract `str` to `Vec`"):
        tokenizer.encode_batch_arrays("a")
    with pytest.raises(TypeError, match="'dict' object is not an instance of 'Sequence'"):
        tokenizer.encode_batch_arrays({"a": 1})


def test_texts_from_a_generator():
    tokenizer = byte_level()
    expected = [tokenizer.encode(text).ids for text in some_texts(5)]
    assert [e.ids for e in tokenizer.encode_batch(text for text in some_texts(5))] == expected


class Index:
    """A number that is no int, and that may change what it stands in."""

    def __init__(self, value, then=lambda: None):
        self.value, self.then = value, then

    def __index__(self):
        self.then()
        return self.value


DECODERS = {
    "bytes": lambda: decoders.ByteLevel(),
    "pieces": lambda: decoders.WordPiece(),
    "runs": lambda: decoders.Sequence([decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]),
}


@pytest.mark.parametrize("decoder", DECODERS)
def test_decoding_together_is_decoding_alone(decoder) -> None:
    tokenizer = byte_level()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.add_tokens(["a token of more bytes than an entry has", "é", "<0xC3>", "<0xA9>", "<0x41>"])
    tokenizer.decoder = DECODERS[decoder]()
    known, draw = tokenizer.get_vocab_size(), random.Random(5)
    lists = [[draw.randrange(known + 3) for _ in range(draw.choice([0, 1, 2, 9, 40, 700]))] for _ in range(300)]
    lists += [[tokenizer.token_to_id("<0x41>")] * 600 + [40] * 300, [40] * 600]
    # Alone they are too few to make a table for.
    alone = {skip: [tokenizer.decode(ids, skip_special_tokens=skip) for ids in lists] for skip in (False, True)}
    for skip, texts in alone.items():
        assert tokenizer.decode_batch(lists, skip_special_tokens=skip) == texts
        assert tokenizer.decode_batch(tuple(map(tuple, lists)), skip_special_tokens=skip) == texts
        assert [tokenizer.decode(ids, skip_special_tokens=skip) for ids in lists] == texts


def test_ids_of_all_kinds_are_decoded() -> None:
    tokenizer = byte_level()
    expected = tokenizer.decode([0, 1, 5, 300])
    for ids in ([0, 1, 5, 300], [False, True, 5, Index(300)], (0, 1, 5, 300), [Index(0), 1, 5, 300]):
        assert tokenizer.decode_batch([ids, ids]) == [expected] * 2
    for wrong in ([1, -1], [1, 2**32], [1, 2**70], [1, "a"], [1, 1.0], [1, None]):
        with pytest.raises(OverflowError if type(wrong[1]) is int else TypeError):
            tokenizer.decode_batch([[1], wrong])
    batch = [[1, 2], [3], [4]]
    batch[0].append(Index(5, batch.clear))
    assert tokenizer.decode_batch(batch) == [tokenizer.decode([1, 2, 5])]
