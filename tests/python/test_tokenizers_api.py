"""The component API from Python: construction, pickling, errors, threads, files, arrays."""

from __future__ import annotations

import asyncio
import copy
import doctest
import importlib
import json
import pickle
import threading
import time

import numpy as np
import pytest
from eigenformers import tokenizers
from eigenformers.errors import TokenizerError as tokenizers_error
from eigenformers.tokenizers import (
    AddedToken,
    Encoding,
    NormalizedString,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)


@pytest.fixture
def tokenizer() -> Tokenizer:
    t = Tokenizer(models.WordLevel({"?": 0, "hello": 1, "world": 2}, unk_token="?"))
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    return t


COMPONENTS = [
    normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex("a+"), "b")]),
    normalizers.BertNormalizer(strip_accents=True),
    normalizers.Precompiled(b""),
    pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "removed"), pre_tokenizers.Digits(True)]),
    pre_tokenizers.Metaspace(prepend_scheme="first"),
    processors.TemplateProcessing("[C] $A", "[C] $A $B", [("[C]", 1)]),
    processors.RobertaProcessing(("</s>", 2), ("<s>", 0)),
    decoders.Sequence([decoders.Fuse(), decoders.Strip("x", 1, 2)]),
    models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")], unk_token="a"),
    models.WordPiece({"[UNK]": 0}, max_input_chars_per_word=7),
    models.Unigram([("<unk>", 0.0), ("a", -1.5)], 0),
]


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: type(c).__name__)
def test_components_survive_pickle_and_copy(component):
    for again in (pickle.loads(pickle.dumps(component)), copy.deepcopy(component), copy.copy(component)):
        assert type(again) is type(component)
        assert again == component
        assert repr(again) == repr(component)


def test_tokenizer_pickle_and_deepcopy(tokenizer):
    tokenizer.add_special_tokens(["<s>"])
    for again in (pickle.loads(pickle.dumps(tokenizer)), copy.deepcopy(tokenizer)):
        assert again.to_str() == tokenizer.to_str()
    copied = copy.deepcopy(tokenizer)
    copied.add_tokens(["new"])
    assert tokenizer.token_to_id("new") is None


def test_components_come_back_as_their_classes(tokenizer):
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.decoder = decoders.WordPiece()
    assert isinstance(tokenizer.normalizer, normalizers.Lowercase)
    assert isinstance(tokenizer.pre_tokenizer, pre_tokenizers.Whitespace)
    assert isinstance(tokenizer.decoder, decoders.WordPiece)
    assert isinstance(tokenizer.model, models.WordLevel)
    assert tokenizer.post_processor is None
    tokenizer.normalizer = None
    assert tokenizer.normalizer is None


@pytest.mark.parametrize("part", [normalizers.Replace("a", "b"), pre_tokenizers.Split("a", "removed")])
def test_a_pattern_stays_what_it_is(part):
    with pytest.raises(AttributeError, match="Cannot set pattern, please instantiate a new"):
        part.pattern = "c"
    assert part.pattern == {"String": "a"}


def test_sequences_are_true_but_for_normalizers():
    roles = (tokenizers.pre_tokenizers, tokenizers.processors, tokenizers.decoders)
    assert all(role.Sequence([]) for role in roles) and not tokenizers.normalizers.Sequence([])
    for role in roles:
        with pytest.raises(TypeError, match="has no len"):
            len(role.Sequence([]))
    assert len(tokenizers.normalizers.Sequence([tokenizers.normalizers.NFC()])) == 1


def test_what_may_carry_notes():
    token = tokenizers.AddedToken("a")
    token.note = 1
    assert token.note == 1
    with pytest.raises(AttributeError):
        tokenizers.Regex("a").note = 1


def test_sequence_is_indexed():
    sequence = pre_tokenizers.Sequence([pre_tokenizers.Digits(), pre_tokenizers.Punctuation()])
    assert len(list(sequence)) == 2
    assert isinstance(sequence[1], pre_tokenizers.Punctuation)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: pre_tokenizers.Split("a", "sideways"), "SplitDelimiterBehavior"),
        (lambda: pre_tokenizers.Metaspace(replacement="ab"), "expected a string of length 1"),
        (lambda: pre_tokenizers.Metaspace(prepend_scheme="sometimes"), "sometimes"),
        (lambda: pre_tokenizers.Split(Regex("("), "removed"), "regex"),
        (lambda: processors.TemplateProcessing("[X] $A"), "Missing SpecialToken"),
        (lambda: processors.TemplateProcessing("$Q"), "Cannot build Piece"),
        (lambda: models.BPE({"a": 0}, [("a", "b")]), "Token `b` out of vocabulary"),
        (lambda: models.BPE({"a": 0}), "both specified"),
        (lambda: models.BPE({}, [], dropout=2.0), "dropout"),
        (lambda: models.Unigram([("a", 0.0)], 3), "unk_id"),
        (lambda: Tokenizer.from_str("{}"), "model"),
        (lambda: Tokenizer.from_buffer(b"\xff"), "UTF-8"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        call()


def test_wrong_types(tokenizer):
    with pytest.raises(TypeError, match="tokens is the text '.X.', needed a list"):
        processors.TemplateProcessing("[X]", None, [{"id": "[X]", "ids": [1], "tokens": "[X]"}])
    with pytest.raises(TypeError, match="TextInputSequence must be str"):
        tokenizer.encode(5)
    with pytest.raises(TypeError, match="TextEncodeInput"):
        tokenizer.encode_batch([["a", "b", "c"]])
    with pytest.raises(TypeError, match="PreTokenizedInputSequence"):
        tokenizer.encode("a b", is_pretokenized=True)
    with pytest.raises(TypeError):
        tokenizer.add_tokens([5])
    with pytest.raises(UnicodeEncodeError):
        tokenizer.encode("\ud800")


def test_missing_file(tmp_path):
    with pytest.raises((OSError, ValueError), match="nothing.json"):
        Tokenizer.from_file(tmp_path / "nothing.json")


def test_save_and_load(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    assert path.read_text(encoding="utf-8") == tokenizer.to_str(pretty=True)
    assert Tokenizer.from_file(path).to_str() == tokenizer.to_str()
    assert Tokenizer.from_buffer(path.read_bytes()).to_str() == tokenizer.to_str()
    assert json.loads(path.read_text(encoding="utf-8"))["model"]["type"] == "WordLevel"


def test_model_files(tmp_path):
    bpe = models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")])
    paths = bpe.save(str(tmp_path), "x")
    assert [p.rsplit("/", 1)[1] for p in paths] == ["x-vocab.json", "x-merges.txt"]
    assert models.BPE.from_file(*paths) == bpe
    pieces = models.WordPiece({"[UNK]": 0, "a": 1})
    assert models.WordPiece.from_file(*pieces.save(str(tmp_path))) == pieces


def test_arrays(tokenizer):
    ids, lengths = tokenizer.encode_batch_arrays(["hello world", "", "x hello hello"])
    assert ids.dtype == lengths.dtype == np.int64
    assert ids.tolist() == [1, 2, 0, 1, 1]
    assert lengths.tolist() == [2, 0, 3]


def test_threads_and_event_loops(tokenizer):
    texts = [f"hello world {i}" for i in range(200)]
    expected = [e.ids for e in tokenizer.encode_batch(texts)]
    found: list = []
    threads = [threading.Thread(target=lambda: found.append(tokenizer.encode_batch(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all([e.ids for e in batch] == expected for batch in found)

    async def run():
        one = await tokenizer.async_encode("hello")
        many = await tokenizer.async_encode_batch(["hello", "world"])
        fast = await tokenizer.async_encode_batch_fast(["world"])
        return one.ids, [e.ids for e in many], [e.ids for e in fast], await tokenizer.async_decode_batch([[1], [2]])

    assert asyncio.run(run()) == ([1], [[1], [2]], [[2]], ["hello", "world"])


def test_encoding_outlives_its_tokenizer(tokenizer):
    encoding = tokenizer.encode("hello there")
    del tokenizer
    assert encoding.tokens == ["hello", "?"]


def test_added_token_defaults(tokenizer):
    tokenizer.add_tokens([AddedToken("<n>")])
    tokenizer.add_special_tokens([AddedToken("<p>")])
    found = {t.content: t for t in tokenizer.get_added_tokens_decoder().values()}
    assert found["<n>"].normalized and not found["<n>"].special
    assert found["<p>"].special and not found["<p>"].normalized


@pytest.mark.parametrize("name", ["", "component", "decoders", "models", "normalizers", "pre_tokenizers", "processors"])
def test_examples_in_docstrings(name):
    module = importlib.import_module(f"{tokenizers.__name__}.{name}" if name else tokenizers.__name__)
    assert doctest.testmod(module).failed == 0


def test_python_components_fail_as_python_does(tokenizer):
    class Broken:
        def normalize(self, text):
            raise KeyError("boom")

    kept = []

    class Keeper:
        def pre_tokenize(self, text):
            kept.append(text)

    with pytest.raises(tokenizers_error, match="KeyError: 'boom'") as caught:
        normalizers.Normalizer.custom(Broken()).normalize_str("a")
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(tokenizers_error, match="AttributeError: .*normalize"):
        normalizers.Normalizer.custom(object()).normalize_str("a")
    tokenizer.normalizer = normalizers.Normalizer.custom(Broken())
    with pytest.raises(tokenizers_error, match="KeyError: 'boom'"):
        tokenizer.encode_batch(["a"] * 64)
    with pytest.raises(tokenizers_error, match="Custom Normalizer cannot be serialized"):
        tokenizer.to_str()
    pre_tokenizers.PreTokenizer.custom(Keeper()).pre_tokenize_str("abc")
    with pytest.raises(tokenizers_error, match="after the call"):
        kept[0].get_splits()


def test_python_pre_tokenizer_may_not_give_other_texts():
    class Foreign:
        def pre_tokenize(self, text):
            text.split(lambda i, part: [NormalizedString("other")])

    with pytest.raises(tokenizers_error, match="parts of the text"):
        pre_tokenizers.PreTokenizer.custom(Foreign()).pre_tokenize_str("abc")


def test_python_components_in_threads(tokenizer):
    class Upper:
        def normalize(self, text):
            text.uppercase()

    tokenizer.normalizer = normalizers.Sequence([normalizers.Normalizer.custom(Upper()), normalizers.Lowercase()])
    texts = ["HeLLo world"] * 500
    assert {tuple(e.ids) for e in tokenizer.encode_batch(texts)} == {(1, 2)}
    again = copy.deepcopy(tokenizer)
    del tokenizer
    assert again.encode("WORLD").ids == [2]


def test_a_vocabulary_of_any_size():
    vocab = {"[UNK]": 0, **{f"w{i}": i for i in range(1, 30000)}}
    core = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocab))
    assert core.get_vocab_size() == 30000
    assert core.encode("w29999").ids == [29999]


def test_a_template_for_two_has_both():
    with pytest.raises(ValueError, match="Template for `pair` must use both sequences"):
        processors.TemplateProcessing(single="$A", pair="$A [S]", special_tokens=[("[S]", 1)])


def test_the_token_behind_the_last_one():
    """As the library has it: without ranges of sequences all tokens are of the first, up to the length itself."""
    empty = Encoding.merge([])
    assert [empty.token_to_sequence(0), empty.token_to_sequence(1), empty.token_to_chars(0)] == [0, None, None]
    assert empty.token_to_word(0) is None


@pytest.mark.parametrize("kind", ["WordLevel", "WordPiece", "BPE"])
def test_two_tokens_of_one_id(kind):
    vocab = {"u": 0, "b": 1, "a": 1, "c": 2}
    options = {"merges": []} if kind == "BPE" else {}
    tokenizer = Tokenizer(getattr(models, kind)(vocab, unk_token="u", **options))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    assert tokenizer.encode("a b c d").ids == [1, 1, 2, 0]
    assert tokenizer.get_vocab() == vocab and tokenizer.get_vocab_size() == 4
    assert [tokenizer.token_to_id(token) for token in vocab] == [0, 1, 1, 2]
    assert tokenizer.id_to_token(1) == "a"  # the later one; a file has it alone
    assert Tokenizer.from_str(tokenizer.to_str()).get_vocab() == {"u": 0, "a": 1, "c": 2}


@pytest.mark.parametrize("flags", [{}, {"lstrip": True}, {"rstrip": True}, {"single_word": True}], ids=str)
def test_an_added_token_that_the_normalizer_removes(flags):
    """It cuts the text between any two characters, never inside of one; with white space beside it, it is that."""
    tokenizer = Tokenizer(models.WordLevel({"u": 0, "a": 1}, unk_token="u"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Replace("x", ""), pre_tokenizers.Whitespace()
    assert tokenizer.add_tokens([AddedToken("x", normalized=True, **flags)]) == 1
    for text in ("a é a", " a  a", "a a x", "x", ""):
        assert set(tokenizer.encode(text).ids) <= {0, 1, 2}
    blank = [2] if "lstrip" in flags or "rstrip" in flags else []
    assert tokenizer.encode("aa éa").ids == ([0] if "single_word" in flags else [1, 1]) + blank + (
        [0] if "single_word" in flags else [0, 1]
    )


@pytest.mark.parametrize("flag", ["lstrip", "rstrip"])
def test_an_added_token_of_nothing_in_a_long_run_of_blanks(flag):
    """Every one takes the run before or behind it; the time that takes goes with the length of the run, not its square."""
    tokenizer = Tokenizer(models.WordLevel({"u": 0, "a": 1}, unk_token="u"))
    tokenizer.normalizer = normalizers.Strip()
    tokenizer.add_tokens([AddedToken("  ", normalized=True, **{flag: True})])
    for blank in (" ", "\u3000"):
        short = tokenizer.encode("a" + blank * 3 + "a")
        after = flag == "rstrip"
        assert short.tokens == ["a", *((blank * 3, blank * 2, blank) if after else (blank, blank, blank)), "a"]
        assert short.offsets == [(0, 1), *((1, 4), (2, 4), (3, 4)) * after, *((1, 2), (2, 3), (3, 4)) * (not after), (4, 5)]
        began, count = time.perf_counter(), 300_000
        assert len(tokenizer.encode("a" + blank * count + "a").ids) == count + 2
        assert time.perf_counter() - began < 10


def test_training_on_nothing():
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")]))
    tokenizer.train_from_iterator([], trainers.BpeTrainer(initial_alphabet=["x"], show_progress=False))
    assert tokenizer.get_vocab() == {"x": 0}


def test_dropout_is_written_as_it_was_given():
    assert '"dropout":0.1,' in Tokenizer(models.BPE(dropout=0.1)).to_str()


def test_encoding_while_others_change_the_tokenizer(tokenizer):
    """Six threads encode, two exchange parts and add tokens: no text may see half a change."""
    stop = threading.Event()
    wrong = []

    def encode():
        while not stop.is_set():
            tokens = tokenizer.encode("the quick brown fox jumps over the lazy dog").tokens
            batch = tokenizer.encode_batch(["the quick", "brown fox"] * 4)
            if not all(isinstance(token, str) for token in tokens) or len(batch) != 8:
                wrong.append(tokens)

    def change(number):
        count = 0
        while not stop.is_set():
            tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])
            tokenizer.normalizer[1] = normalizers.StripAccents()
            tokenizer.add_tokens([f"word{number}x{count % 50}"])
            tokenizer.enable_truncation(5 + count % 3)
            count += 1

    threads = [threading.Thread(target=encode) for _ in range(6)]
    threads += [threading.Thread(target=change, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    threading.Event().wait(1.0)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not wrong and not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        (r"\p{Cs}", ["abc x]"]),
        (r"\P{Cs}+", ["abc x]"]),
        (r"[\p{Cs}]|c", ["ab", "c", " x]"]),
        (r"a\p{Cs}|b", ["a", "b", "c x]"]),
        (r"\p{Cs}x]", ["abc x]"]),
    ],
)
def test_sets_without_members(pattern: str, pieces: list[str]):
    """No text holds a surrogate: such a set matches nothing, and takes no ']' that stands behind it."""
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    assert [piece for piece, _ in split.pre_tokenize_str("abc x]")] == pieces


BYTE = [f"<0x{byte:02X}>" for byte in range(256)]
DECODERS = {
    "mistral": lambda d: [d.Replace("▁", " "), d.ByteFallback(), d.Fuse(), d.Strip(" ", 1, 0)],
    "no fuse": lambda d: [d.Metaspace(), d.ByteFallback()],
    "pieces become bytes": lambda d: [d.Replace("é", "<0xC3>"), d.ByteFallback(), d.Fuse(), d.Replace(Regex("^"), "^")],
    "one text": lambda d: [d.Fuse(), d.Fuse(), d.Strip("▁", 2, 0)],
    "after bytes": lambda d: [d.ByteFallback(), d.Metaspace(), d.Strip("b", 0, 1)],
    "after one text": lambda d: [d.Fuse(), d.ByteFallback()],
    "byte level": lambda d: [d.Strip("a", 1, 0), d.ByteLevel()],
    "after byte level": lambda d: [d.ByteLevel(), d.Fuse(), d.Metaspace()],
}


@pytest.mark.parametrize("name", DECODERS)
def test_many_ids_decode_as_few_do(name: str):
    """For many ids the tokens are decoded beforehand; the text is that of the decoder that sees them all."""
    vocab = {token: index for index, token in enumerate([*BYTE, "a", "▁a", "▁", "b", "é", "▁é", "", "bb", "x" * 20])}
    texts = []
    for many in (True, False):
        tokenizer = Tokenizer(models.WordLevel(vocab, "a"))
        tokenizer.add_tokens(["▁ß", "<0xG1>"])
        tokenizer.add_special_tokens(["<0x41>", "<s>"])
        tokenizer.decoder = decoders.Sequence(DECODERS[name](decoders))
        draw = np.random.default_rng(0)
        batch = [[*draw.integers(190, len(vocab) + 8, draw.integers(0, 30)).tolist()] for _ in range(300)]
        batch += [
            [0xC3, 0xA9, 0xC3],
            [0xC3, len(vocab) + 3, 0xA9],
            [0xC3, 10**6, 0xA9],
            [0xC3, 262, 0xA9],
            [256],
            [0xC3],
        ]
        for skip in (True, False):
            if many:
                texts.append(tokenizer.decode_batch(batch, skip_special_tokens=skip))
            else:
                texts.append([tokenizer.decode(ids, skip_special_tokens=skip) for ids in batch])
    assert sum(map(len, batch)) >= 4096  # the table is made
    assert texts[:2] == texts[2:]


@pytest.mark.parametrize("scheme", ["always", "first", "never"])
@pytest.mark.parametrize("split", [True, False])
def test_words_with_marks_are_those_of_the_pre_tokenizer(scheme: str, split: bool):
    """Words between white space with a mark each go to the model as one text with blanks: nothing may show of it."""
    tokenizer = Tokenizer(models.Unigram([("?", -9.0), ("▁", -1.0), ("a", -1.0), ("▁b", -1.0), ("\u0301", -1.0)], 0))
    parts = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme=scheme, split=split)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
    texts = [
        "",
        " ",
        "▁",
        "a",
        " a",
        "a\n\u3000b\t",
        "▁a a▁b ▁▁b",
        "b é\u2028ab▁",
        "ab " * 200,
        "\u0301 \u0301a b\u0301",
    ]
    for normalizer in (None, normalizers.NFD(), normalizers.Lowercase()):
        tokenizer.normalizer = normalizer
        for text in texts:
            words: dict[int, list] = {}
            encoding = tokenizer.encode(text)
            for word, offsets in zip(encoding.word_ids, encoding.offsets):
                words.setdefault(word, []).append(offsets)
            pieces = [] if normalizer else tokenizer.pre_tokenizer.pre_tokenize_str(text)
            if not normalizer:
                assert [(at[0][0], at[-1][1]) for at in words.values()] == [offsets for _, offsets in pieces]
                ids = [token.id for piece, _ in pieces for token in tokenizer.model.tokenize(piece)]
                assert encoding.ids == ids
            assert encoding.ids == tokenizer.encode_batch_arrays([text])[0].tolist()
            assert encoding.ids == tokenizer.encode_batch_fast([text])[0].ids


def charsmap(texts: dict[str, str]) -> bytes:
    """SentencePiece's compiled form of replacements: a double array over the bytes, then the replacements."""
    values, units = b"", {0: 0}
    children: dict[bytes, set[int]] = {}
    for key in texts:
        raw = key.encode()
        for i in range(len(raw)):
            children.setdefault(raw[:i], set()).add(raw[i])
        children.setdefault(raw, set()).add(0)
    places = {b"": 0}
    for node in sorted(children, key=lambda n: (len(n), n)):
        base = next(b for b in range(1, 1 << 20) if all(b ^ byte not in units for byte in children[node]))
        leaf = 0 in children[node]
        units[places[node]] = (places[node] ^ base) << 10 | leaf << 8 | (node[-1] if node else 0)
        for byte in children[node]:
            units[base ^ byte] = byte
            places[node + bytes([byte])] = base ^ byte
        if leaf:
            units[base] = 1 << 31 | len(values)
            values += texts[node.decode()].encode() + b"\0"
    array = np.zeros(max(units) + 1, np.uint32)
    array[list(units)] = list(units.values())
    return np.uint32(array.nbytes).tobytes() + array.tobytes() + values


def test_precompiled_passes_over_what_no_key_begins():
    """Stretches of characters that begin no key are skipped at once; keys before, in and behind them are found."""
    keys = {"\n": " ", "к\u0306": "й", "a\u0301": "á", "ר\u05bc": "R", "ﬁ": "fi", "\U0001d400": "A", "é": "E"}
    keys |= {"\u0627\u0653": "\u0622", "\u0292\u030c": "\u01ef"}  # the second character is the higher one
    normalize = normalizers.Precompiled(charsmap(keys)).normalize_str
    for key, value in keys.items():
        assert normalize(key) == value
    others = ["к", "a", "ר", "か\u3099", "b", "漢字", "ж", " ", "word word word word word", "ו", "б" * 9]
    draw = np.random.default_rng(0)
    known = {**keys, **{text: text for text in others}}
    for filler in ("да", "д", "даааааааааа", "漢", "я я", "x", " "):
        for _ in range(100):
            parts = draw.choice(list(known), draw.integers(1, 12)).tolist()
            assert normalize(filler.join(parts)) == filler.join(known[part] for part in parts), (filler, parts)
