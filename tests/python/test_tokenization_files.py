"""Vocabulary files from before tokenizer.json: damage, fuzzing, and what is written back."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import pickle
import random
import sys

import eigenformers as ef
import pytest
from eigenformers.errors import Error, TokenizerError

MODELS = pathlib.Path(__file__).resolve().parent.parent / "data" / "sentencepiece"
ROUNDS = int(os.environ.get("EF_FUZZ_ITERATIONS", 0)) // 10 or 120


def test_wrong_algorithm_is_named():
    with pytest.raises(TokenizerError, match=r"unigram\.model: a SentencePiece Unigram model, LlamaTokenizer needs BPE"):
        ef.LlamaTokenizer(vocab_file=MODELS / "unigram.model")
    with pytest.raises(TokenizerError, match="T5Tokenizer needs Unigram"):
        ef.T5Tokenizer(vocab_file=MODELS / "bpe.model")
    with pytest.raises(TokenizerError, match="BertTokenizer does not use"):
        ef.BertTokenizer(vocab_file=MODELS / "bpe.model")
    with pytest.raises(TokenizerError, match="a SentencePiece word model"):
        ef.PreTrainedTokenizerFast(vocab_file=MODELS / "word.model")


def test_a_batch_of_no_known_length():
    tokenizer = ef.MBartTokenizer(vocab_file=MODELS / "unigram.model")
    batch = tokenizer.prepare_seq2seq_batch(["the cat", "a"], tgt_texts=["a hat", "the"])
    assert batch["input_ids"] == tokenizer(["the cat", "a"], padding=True)["input_ids"]
    assert [row[-1] for row in tokenizer.prepare_seq2seq_batch(["a"], tgt_texts=["a"])["labels"]] == [
        tokenizer.convert_tokens_to_ids("ro_RO")
    ]


def test_special_tokens_of_a_model_are_named(tmp_path):
    ef.T5Tokenizer(vocab_file=MODELS / "unigram_t5.model").save_pretrained(tmp_path)
    for value in (1, "x", ["a"]):
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_specific_special_tokens": value}))
        with pytest.raises(TypeError, match="model_specific_special_tokens must be a dictionary"):
            ef.T5Tokenizer.from_pretrained(tmp_path)


def test_a_prefix_that_is_none():
    tokenizer = ef.HerbertTokenizer(vocab={"<unk>": 0, "a": 1}, merges=[])
    assert tokenizer.backend_tokenizer.model.continuing_subword_prefix is None


def test_the_file_is_copied_on_saving(tmp_path):
    tokenizer = ef.T5Tokenizer(vocab_file=MODELS / "unigram_t5.model", extra_ids=3)
    assert tokenizer.can_save_slow_tokenizer
    (path,) = tokenizer.save_vocabulary(tmp_path, "x")
    assert os.path.basename(path) == "x-unigram_t5.model"
    assert pathlib.Path(path).read_bytes() == (MODELS / "unigram_t5.model").read_bytes()
    tokenizer.save_pretrained(tmp_path)
    again = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert type(again) is type(tokenizer)
    assert again("the <extra_id_2> cat")["input_ids"] == tokenizer("the <extra_id_2> cat")["input_ids"]


def small_tekken():
    tokens = [bytes([b]) for b in range(256)] + [b"he", b"ll"]
    return {
        "config": {"pattern": r"\p{L}+|\s+|.", "default_vocab_size": 260, "default_num_special_tokens": 2},
        "vocab": [{"rank": i, "token_bytes": base64.b64encode(t).decode()} for i, t in enumerate(tokens)],
        "special_tokens": [{"rank": 0, "token_str": "<unk>"}, {"rank": 1, "token_str": "<s>"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"config": {}}, {"vocab": [{"token_bytes": "?"}]}, {"vocab": [3]}, {"vocab": [{"token_bytes": 5}]},
        {"special_tokens": [{"rank": 4, "token_str": "a"}]}, {"special_tokens": [{}]},
        {"config": {"pattern": 3}}, {"config": {"pattern": "a", "default_num_special_tokens": 1 << 40}},
        {"config": {"pattern": "("}},
        {"special_tokens": [{"rank": r, "token_str": "abc"[i]} for i, r in enumerate((0, 0, 1))]},
    ],
)  # fmt: skip
def test_damaged_tekken(tmp_path, change):
    (tmp_path / "tekken.json").write_text(json.dumps({**small_tekken(), **change}))
    with pytest.raises((Error, ValueError)):
        ef.AutoTokenizer.from_pretrained(tmp_path)


def test_tekken(tmp_path):
    (tmp_path / "tekken.json").write_text(json.dumps(small_tekken()))
    tokenizer = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.tokenize("hell") == ["he", "ll"]
    assert (tokenizer.unk_token_id, tokenizer.bos_token_id) == (0, 1)
    assert ef.AutoTokenizer.from_pretrained(tmp_path, mistral_format=True)("hell")["input_ids"] == [258, 259]
    (path,) = tokenizer.save_pretrained(tmp_path / "copy", save_format="mistral")
    assert pathlib.Path(path).read_bytes() == (tmp_path / "tekken.json").read_bytes()
    tokenizer.add_tokens(["new"])
    with pytest.raises(ValueError, match="no longer that of"):
        tokenizer.save_pretrained(tmp_path / "copy", save_format="mistral")
    with pytest.raises(OSError, match=r"the original tekken\.json is not available"):
        ef.GPT2Tokenizer().save_pretrained(tmp_path / "copy", save_format="mistral")
    with pytest.raises(ValueError, match="Unknown save_format='zip'"):
        tokenizer.save_pretrained(tmp_path / "copy", save_format="zip")
    with pytest.raises(OSError, match=r"Cannot find 'tekken\.json'"):
        ef.AutoTokenizer.from_pretrained(MODELS, mistral_format=True)


def test_tekken_without_special_tokens(tmp_path):
    content = {**small_tekken(), "special_tokens": []}
    (tmp_path / "tekken.json").write_text(json.dumps(content))
    tokenizer = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer.convert_ids_to_tokens([0, 1, 258]) == ["<SPECIAL_0>", "<SPECIAL_1>", "he"]
    del content["config"]["default_num_special_tokens"]
    (tmp_path / "tekken.json").write_text(json.dumps(content))
    tokenizer = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer("hell")["input_ids"] == [256, 257] and tokenizer.convert_ids_to_tokens(0) == "Ā"


BYTE_RANKS = "".join(f"{base64.b64encode(t).decode()} {i}\n" for i, t in enumerate([*(bytes([b]) for b in range(256)), b"he"]))


@pytest.mark.parametrize(
    "settings, ids, tokens",
    [  # as transformers 5.23 gives them
        ({}, [256, 108], [257, 258]),
        ({"add_bos_token": True, "add_eos_token": True}, [257, 256, 108, 258], [257, 258]),
        ({"add_bos_token": True}, [257, 256, 108], [257, 258]),
        ({"add_bos_token": False, "extra_special_tokens": ["<a>", "<b>"]}, [256, 108], [259, 260]),
        ({"add_eos_token": True, "additional_special_tokens": ["<a>"]}, [256, 108, 259], [258, 259]),
    ],
)
def test_what_stands_around_texts_of_byte_ranks(tmp_path, settings, ids, tokens):
    (tmp_path / "tokenizer.model").write_text(BYTE_RANKS)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", **settings}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert (tokenizer("hel")["input_ids"], tokenizer.convert_tokens_to_ids(["<s>", "</s>"])) == (ids, tokens)
    tokenizer.save_pretrained(tmp_path / "again")
    assert ef.AutoTokenizer.from_pretrained(tmp_path / "again")("hel")["input_ids"] == ids


@pytest.mark.parametrize("text", ["aGU= 0\n!! 1\n", "aGU= 70\n", "aGU= 0\naGU\n", "YQ== 0\nYg== 1\nYWI= -2\n"])
def test_damaged_byte_ranks(tmp_path, text):
    path = tmp_path / "a.tiktoken"
    path.write_text(text)
    with pytest.raises(TokenizerError, match=r"a\.tiktoken"):
        ef.PreTrainedTokenizerFast(vocab_file=path)


def test_byte_ranks_may_end_with_a_token_of_no_bytes(tmp_path):
    """As Whisper's multilingual.tiktoken does."""
    path = tmp_path / "a.tiktoken"
    ranks = [f"{base64.b64encode(bytes([b])).decode()} {b}" for b in range(256)]
    path.write_text("\n".join([*ranks, "= 256"]) + "\n")
    tokenizer = ef.PreTrainedTokenizerFast(vocab_file=path)
    assert len(tokenizer) == 257
    assert tokenizer("né").input_ids == list("né".encode())
    assert tokenizer.decode([256]) == ""


@pytest.mark.parametrize("kind", ["unigram", "unigram_symbols", "bpe", "bpe_bytes"])
def test_damaged_sentencepiece_files(tmp_path, kind):
    """Each is refused with a typed error, or works."""
    whole = (MODELS / f"{kind}.model").read_bytes()
    pick = random.Random(3)
    path = tmp_path / "tokenizer.model"
    taken = refused = 0
    for _ in range(ROUNDS):
        data = bytearray(whole)
        for _ in range(pick.randint(1, 4)):
            at = pick.randrange(len(data))
            kind_of_damage = pick.randrange(4)
            if kind_of_damage == 0:
                data[at] = pick.randrange(256)
            elif kind_of_damage == 1:
                del data[at : at + pick.randint(1, 9)]
            elif kind_of_damage == 2:
                data[at:at] = bytes(pick.randrange(256) for _ in range(pick.randint(1, 9)))
            else:
                data[at] ^= 1 << pick.randrange(8)
        path.write_bytes(data)
        try:
            tokenizer = ef.PreTrainedTokenizerFast(vocab_file=path)
            tokenizer.decode(tokenizer("the ﬁ cat 日本 => 12")["input_ids"])
            taken += 1
        except (Error, ValueError, OSError):
            refused += 1
    assert taken > 0
    assert refused > 0


@pytest.mark.parametrize("kind", ["unigram", "bpe_bytes", "word", "char"])
def test_damaged_models_used_as_they_are(tmp_path, kind):
    whole = (MODELS / f"{kind}.model").read_bytes()
    pick = random.Random(4)
    path = tmp_path / "spiece.model"
    taken = 0
    for _ in range(ROUNDS):
        data = bytearray(whole)
        for _ in range(pick.randint(1, 3)):
            data[pick.randrange(len(data))] = pick.randrange(256)
        path.write_bytes(data)
        try:
            tokenizer = ef.BertGenerationTokenizer(path)
            tokenizer.decode(tokenizer("the ﬁ cat 日本 => 12 \u200b")["input_ids"])
            taken += 1
        except (Error, ValueError, OSError):
            pass
    assert taken > 0


def test_marian_errors(tmp_path):
    with pytest.raises(OSError, match=r"nothing\.json"):
        ef.MarianTokenizer(MODELS / "bpe.model", MODELS / "bpe.model", tmp_path / "nothing.json")
    (tmp_path / "vocab.json").write_text('{"a": 0}')
    with pytest.raises(KeyError, match="<unk> token must be in the vocab"):
        ef.MarianTokenizer(MODELS / "bpe.model", MODELS / "bpe.model", tmp_path / "vocab.json")
    (tmp_path / "vocab.json").write_text('{"<unk>": 0, "</s>": 1}')
    with pytest.raises(TokenizerError, match=r"vocab\.json: not a SentencePiece model"):
        ef.MarianTokenizer(tmp_path / "vocab.json", MODELS / "bpe.model", tmp_path / "vocab.json")
    with pytest.raises(TypeError, match="vocab_file= is needed"):
        ef.tokenization.SentencePieceBackend()


@pytest.mark.parametrize("name", ["T5Tokenizer", "MT5Tokenizer", "LasrTokenizer", "VideoPrismTokenizer"])
def test_sentinels(name):
    tokenizer = getattr(ef, name)(vocab_file=MODELS / "unigram_t5.model", extra_ids=2)
    assert tokenizer.get_sentinel_tokens() == ["<extra_id_0>", "<extra_id_1>"]
    assert tokenizer.get_sentinel_token_ids() == tokenizer.convert_tokens_to_ids(["<extra_id_0>", "<extra_id_1>"])


@pytest.mark.parametrize("name", ["T5Tokenizer", "LasrTokenizer", "VideoPrismTokenizer"])
def test_extra_ids_and_their_tokens(name):
    with pytest.raises(ValueError, match=rf"Both extra_ids \(3\) and .* are provided to {name}"):
        getattr(ef, name)(extra_ids=3, additional_special_tokens=["<extra_id_0>"])


def test_roformer(monkeypatch, tmp_path):
    vocab = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "今天", "天", "气", "好", "ok"])}
    monkeypatch.setitem(sys.modules, "rjieba", None)  # as if it were not installed
    with pytest.raises(ImportError, match="You need to install rjieba"):
        ef.RoFormerTokenizer(vocab)

    class Words:  # the part of rjieba that is used
        @staticmethod
        def tokenize(text, hmm):
            cuts = [(0, 2), (2, 4), (4, 5), (5, len(text))] if text.startswith("今") else [(0, len(text))]
            return [(text[a:b], a, b) for a, b in cuts if a < b]

    monkeypatch.setitem(sys.modules, "rjieba", Words)
    tokenizer = ef.RoFormerTokenizer(vocab)
    assert tokenizer.tokenize("今天天气好ok") == ["今天", "天", "气", "好", "ok"]
    tokenizer.save_pretrained(tmp_path)
    for again in (pickle.loads(pickle.dumps(tokenizer)), ef.AutoTokenizer.from_pretrained(tmp_path)):
        assert again.tokenize("今天天气好ok") == ["今天", "天", "气", "好", "ok"]


@pytest.mark.parametrize(
    ("name", "package"),
    [("XLMTokenizer", "sacremoses"), ("BioGptTokenizer", "sacremoses"), ("FSMTTokenizer", "sacremoses"),
     ("FlaubertTokenizer", "sacremoses"), ("CpmTokenizer", "rjieba"), ("CpmAntTokenizer", "rjieba")],
)  # fmt: skip
def test_a_package_that_a_class_needs_is_named(monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    arguments = {"langs": ["en", "de"]} if name == "FSMTTokenizer" else {"vocab_file": "none"}
    if name in ("XLMTokenizer", "BioGptTokenizer", "FlaubertTokenizer"):
        arguments["merges_file"] = "none"
    with pytest.raises(ImportError, match=package):
        getattr(ef, name)(**arguments)


def test_damaged_vocabularies_of_families_in_python(tmp_path):
    (tmp_path / "vocab.txt").write_text("token without a count\nbare\n", encoding="utf-8")
    (tmp_path / "bpe.codes").write_text("a b 1\n", encoding="utf-8")
    with pytest.raises(ef.TokenizerError, match="line 2"):
        ef.PhobertTokenizer.from_pretrained(tmp_path)
    (tmp_path / "vocab.json").write_text('{"a": -1}', encoding="utf-8")
    with pytest.raises(ef.TokenizerError, match="needed a whole number"):
        ef.MgpstrTokenizer.from_pretrained(tmp_path)
    (tmp_path / "byte_maps.json").write_text('{"decompose_map": []}', encoding="utf-8")
    with pytest.raises(ef.TokenizerError, match="decompose_map"):
        ef.MyT5Tokenizer.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "name, content, found",
    [
        ("tokenizer_config.json", '{"tokenizer_class": 3}', "tokenizer_class is 3, needed a name"),
        ("tokenizer_config.json", '{"tokenizer_class": ["a"]}', r"tokenizer_class is \['a'\]"),
        ("config.json", '{"model_type": {}}', "model_type is {}"),
        ("tokenizer_config.json", '{"tokenizer_class": "T5Tokenizer", "extra_ids": 1000000000000}', "extra_ids: found 1000"),
        ("tokenizer_config.json", '{"tokenizer_class": "T5Tokenizer", "extra_ids": {"a": 1}}', "extra_ids: found"),
        ("tokenizer_config.json", '{"tokenizer_class": "PegasusTokenizer", "offset": 1000000000000}', "offset: found 1000"),
        ("tokenizer_config.json", '{"tokenizer_class": "ByT5Tokenizer", "extra_ids": 1000000000000}', "extra_ids: found 1000"),
        ("tokenizer_config.json", '{"tokenizer_class": "PerceiverTokenizer", "model_input_names": true}', "model_input_names"),
    ],
)
def test_configurations_of_the_wrong_kind(tmp_path, name, content, found):
    """Typed errors, and nothing as large as a configuration says."""
    for file in ("spiece.model", "tokenizer.model"):
        (tmp_path / file).write_bytes((MODELS / "unigram.model").read_bytes())
    (tmp_path / name).write_text(content)
    with pytest.raises(TokenizerError, match=found):
        ef.AutoTokenizer.from_pretrained(tmp_path)


def test_missing_vocabulary_of_a_python_class(tmp_path):
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "MarianTokenizer"}')
    with pytest.raises(OSError, match="Can't load tokenizer for"):
        ef.AutoTokenizer.from_pretrained(tmp_path)


def test_character_and_word_models(tmp_path):
    """Those of characters are read as transformers 5 does; those of words are refused with what to do."""
    tokenizer = ef.PreTrainedTokenizerFast(vocab_file=MODELS / "char.model")
    ids = tokenizer("the cat")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == list("the▁cat")
    assert tokenizer.decode(ids) == "the cat"
    with pytest.raises(TokenizerError, match="word model, which no class reads; train one with model_type"):
        ef.PreTrainedTokenizerFast(vocab_file=MODELS / "word.model")


def test_unknown_piece_of_an_albert_model():
    """It is where the file has it, as in transformers 4."""
    tokenizer = ef.AlbertTokenizer(vocab_file=MODELS / "unigram.model")
    assert tokenizer.unk_token_id in tokenizer("\U00010348")["input_ids"]
