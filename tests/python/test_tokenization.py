"""Tokenizers: what must hold whatever the library does; equality with transformers is in test_golden.py."""

from __future__ import annotations

import copy
import importlib.util
import itertools
import json
import os
import pickle
import random
import threading
from pathlib import Path

import eigenformers as ef
import numpy as np
import pytest
from eigenformers.errors import TokenizerError, UnsupportedError
from eigenformers.tokenization import StreamDetokenizer

_spec = importlib.util.spec_from_file_location("token_cases", Path(__file__).parent / "cases" / "tokenization.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


@pytest.fixture(params=list(cases.SPECS))
def tok(request):
    return cases.make(ef, request.param)


@pytest.fixture
def bert():
    return cases.make(ef, "template")


def folder_with(tmp_path, spec=None, config=None, **files):
    cases.write(str(tmp_path), spec or cases.byte_level(), config, **files)
    return str(tmp_path)


# Padding and truncation: properties over random batches.


def test_padding_and_truncation_properties(tok):
    rng = random.Random(1)
    words = ["the", "cat", "hello,", "world", "a", "bc", "😀", "\n"]
    for _ in range(60):
        texts = [" ".join(rng.choices(words, k=rng.randrange(0, 9))) for _ in range(rng.randrange(1, 6))]
        padding = rng.choice([True, "max_length"])
        length = rng.choice([6, 8, 12])
        multiple = rng.choice([None, 2])
        side = rng.choice(["left", "right"])
        whole = tok(texts)["input_ids"]
        batch = tok(texts, padding=padding, truncation=True, max_length=length, pad_to_multiple_of=multiple,
                    padding_side=side, return_tensors="np")  # fmt: skip
        ids, mask = batch["input_ids"], batch["attention_mask"]
        width = ids.shape[1]
        expected = length if padding == "max_length" else max(min(len(row), length) for row in whole)
        assert width == (expected if multiple is None else -(-expected // multiple) * multiple)
        for row, kept, full in zip(ids, mask, whole):
            count = min(len(full), length)
            assert kept.sum() == count
            assert sorted(kept.tolist(), reverse=side == "right") == kept.tolist()
            assert (row[kept == 0] == tok.pad_token_id).all()
            if len(full) <= length:
                assert row[kept == 1].tolist() == full


def test_pad_agrees_with_padding_in_the_call(tok):
    for side, multiple in itertools.product(("left", "right"), (None, 8)):
        tok.padding_side = side
        called = tok(cases.TEXTS, padding=True, pad_to_multiple_of=multiple)
        padded = tok.pad(tok(cases.TEXTS), pad_to_multiple_of=multiple)
        assert called.data == padded.data


def test_windows_cover_the_text(tok):
    text = "the cat and the hat, hello world " * 6
    whole = tok(text, add_special_tokens=False)["input_ids"]
    out = tok(text, truncation=True, max_length=10, stride=3, return_overflowing_tokens=True, add_special_tokens=False)
    windows = out["input_ids"]
    joined = windows[0] + [index for window in windows[1:] for index in window[3:]]
    assert joined == whole
    assert set(out["overflow_to_sample_mapping"]) == {0}


def test_empty_batch(tok):
    assert tok([])["input_ids"] == []
    assert tok.batch_decode([]) == [""]  # as transformers: an empty list is one empty sequence


def test_older_names(bert):
    assert bert.encode_plus("the cat", "a").data == bert("the cat", "a").data
    assert bert.batch_encode_plus([("the", "a"), ("cat", "b")]).data == bert(["the", "cat"], ["a", "b"]).data
    assert bert.batch_encode_plus(["the", "cat"]).data == bert(["the", "cat"]).data
    with pytest.warns(UserWarning, match="text_target"), bert.as_target_tokenizer():
        assert bert("a")["input_ids"] == bert.encode("a")
    assert bert.additional_special_tokens == []
    assert bert.special_tokens_map_extended["pad_token"] == "[PAD]"


def test_prepare_for_model_equals_the_call(tok):
    for text, pair in zip(cases.TEXTS, [None, *cases.PAIRS]):
        ids = tok.encode(text, add_special_tokens=False)
        pair_ids = tok.encode(pair, add_special_tokens=False) if pair else None
        options = {"padding": "max_length", "truncation": "longest_first", "max_length": 9,
                   "return_token_type_ids": True, "return_special_tokens_mask": True}  # fmt: skip
        if len(ids) + len(pair_ids or []) > 6 and pair_ids:
            options["max_length"] = 40  # the engine shares a cut between the texts in its own way
        assert tok.prepare_for_model(ids, pair_ids, **options).data == tok(text, pair, **options).data
    assert tok.build_inputs_with_special_tokens([5], [6]) == tok.prepare_for_model([5], [6])["input_ids"]


@pytest.mark.parametrize("strategy", ["only_first", "only_second", "longest_first"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_truncate_sequences_removes_what_is_asked(bert, strategy, side):
    bert.truncation_side = side
    for first, second, remove in itertools.product(range(1, 6), range(1, 6), range(6)):
        if remove > {"only_first": first, "only_second": second}.get(strategy, first + second):
            continue
        a, b = list(range(first)), list(range(10, 10 + second))
        x, y, _ = bert.truncate_sequences(a, b, remove, strategy)
        assert len(x) + len(y) == first + second - remove
        assert x == (a[: len(x)] if side == "right" else a[len(a) - len(x) :])
        assert y == (b[: len(y)] if side == "right" else b[len(b) - len(y) :])


# Tensors


def test_return_tensors(bert):
    batch = bert(["the cat", "a"], padding=True, return_tensors="np")
    assert batch["input_ids"].dtype == np.int64
    for name, library in (("tf", "TensorFlow"), ("jax", "JAX"), ("mlx", "MLX")):
        with pytest.raises(UnsupportedError, match=library):
            bert("a", return_tensors=name)
    with pytest.raises(ValueError, match="is not a valid TensorType"):
        bert("a", return_tensors="torch")


@pytest.mark.parametrize("value", [None, {"b": 1}, {1}])
def test_tensors_of_what_is_no_sequence(value):
    with pytest.raises(ValueError, match="Unable to create tensor.*`a` in this case"):
        ef.BatchEncoding({"a": value}, tensor_type="np")


def test_return_tensors_pt(bert):
    batch = bert(["the cat", "a"], padding=True, return_tensors="pt")
    assert isinstance(batch["input_ids"], ef.Tensor)
    assert batch["input_ids"].dtype == ef.int64
    assert batch.to("cpu")["input_ids"].tolist() == bert(["the cat", "a"], padding=True)["input_ids"]
    assert bert.batch_decode(batch["input_ids"]) == bert.batch_decode(batch["input_ids"].tolist())
    padded = bert.pad([{"input_ids": ef.tensor([5, 6])}, {"input_ids": ef.tensor([7])}])
    assert padded["input_ids"].tolist() == [[5, 6], [7, 0]]
    with pytest.raises(ValueError, match="padding=True"):
        bert(["the cat", "a"], return_tensors="pt")


# State


def test_pickle_and_deepcopy(tok):
    tok.add_tokens(["plus"])
    tok.chat_template = "x"
    for clone in (pickle.loads(pickle.dumps(tok)), copy.deepcopy(tok)):
        assert clone("a plus b").data == tok("a plus b").data
        assert (clone.chat_template, clone.special_tokens_map) == ("x", tok.special_tokens_map)
        clone.add_tokens(["other"])
        assert len(clone) == len(tok) + 1
    batch = tok(["a b", "c"])
    again = pickle.loads(pickle.dumps(batch))
    assert again.data == batch.data and again.tokens(1) == batch.tokens(1)


def test_threads_do_not_mix_their_settings(tok):
    lengths, wrong = [4, 7, 12, None], []

    def work(length):
        for _ in range(50):
            out = tok("the cat and the hat, hello world " * 3, truncation=length is not None, max_length=length)
            if length is not None and len(out["input_ids"]) != length:
                wrong.append((length, len(out["input_ids"])))

    threads = [threading.Thread(target=work, args=(length,)) for length in lengths * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_warns_once_about_long_texts(bert, caplog):
    bert.model_max_length = 3
    logger = ef.logging.get_logger()
    logger.addHandler(caplog.handler)
    try:
        bert("a b c a b c")
        bert("a b c a b c")
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.text.count("Token indices sequence length is longer than the specified maximum") == 1
    with pytest.warns(UserWarning, match="`max_length` is ignored"):
        bert(["a"], padding=True, max_length=3, truncation=False)


def test_add_bos_keeps_what_the_file_adds():
    tok = cases.make(ef, "llama")
    assert tok.add_bos_token and not tok.add_eos_token
    tok.add_eos_token = True
    assert tok("a")["input_ids"][0] == tok.bos_token_id and tok("a")["input_ids"][-1] == tok.eos_token_id
    assert not cases.make(ef, "byte_level").add_bos_token


# Files


def test_how_texts_are_cleaned_is_saved_where_it_was_set_later(tok, tmp_path):
    tok.clean_up_tokenization_spaces = True
    tok.save_pretrained(tmp_path)
    assert ef.AutoTokenizer.from_pretrained(tmp_path).clean_up_tokenization_spaces is True


def test_names_from_before_transformers_5(tok):
    encoded = tok("the cat")
    with pytest.warns(FutureWarning, match="word_ids"):
        assert encoded.words() == encoded.word_ids()
    assert tok.sanitize_special_tokens() == 0


def test_attributes_of_classes(tok):  # as transformers has them
    assert type(tok).vocab_files_names == {"tokenizer_file": "tokenizer.json", "vocab_file": "tokenizer.model"}
    assert tok.pretrained_vocab_files_map == {} and not tok.can_save_slow_tokenizer
    with pytest.raises(TypeError, match="'NoneType' object is not iterable"):
        tok.convert_tokens_to_ids(None)


def test_arrays_of_nothing_keep_their_type():
    data = {"input_ids": [np.zeros(0, dtype=np.int32)], "mask": [[]]}
    assert ef.BatchEncoding(data, tensor_type="np")["input_ids"].dtype == np.int32
    made = ef.BatchEncoding(data, tensor_type="pt")
    assert [str(made[name].dtype).split(".")[-1] for name in data] == ["int32", "int64"]


def test_saved_folder_gives_the_same_tokenizer(tok, tmp_path):
    tok.add_tokens(["plus"])
    tok(["a", "b c"], padding=True, truncation=True, max_length=4)  # settings of a call are not saved
    tok.save_pretrained(tmp_path)
    again = ef.AutoTokenizer.from_pretrained(tmp_path)
    assert again("a plus b <|end|>").data == tok("a plus b <|end|>").data
    assert again.special_tokens_map == tok.special_tokens_map
    saved = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    assert saved["truncation"] is None and saved["padding"] is None
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_auto_class(tmp_path):
    spec = cases.template()
    for config, model, name in (
        ({"tokenizer_class": "BertTokenizerFast"}, {}, "BertTokenizer"),
        ({"tokenizer_class": "BertTokenizer"}, {"model_type": "llama"}, "BertTokenizer"),
        ({"tokenizer_class": "PreTrainedTokenizerFast"}, {"model_type": "bert"}, "PreTrainedTokenizerFast"),
        ({"tokenizer_class": "TokenizersBackend"}, {}, "PreTrainedTokenizerFast"),
        ({}, {"model_type": "bert"}, "BertTokenizer"),
        ({}, {"model_type": "no-such"}, "PreTrainedTokenizerFast"),
        ({}, {"tokenizer_class": "RobertaTokenizer", "model_type": "bert"}, "RobertaTokenizer"),
        ({"tokenizer_class": "NobodysTokenizer"}, {}, "PreTrainedTokenizerFast"),
    ):
        folder = folder_with(tmp_path, spec, config, **{"config.json": model})
        assert type(ef.AutoTokenizer.from_pretrained(folder)).__name__ == name, (config, model)
    assert ef.AutoTokenizer.from_pretrained(folder, tokenizer_type="bert").mask_token == "[MASK]"
    with pytest.raises(ValueError, match="Passed `tokenizer_type` x does not exist"):
        ef.AutoTokenizer.from_pretrained(folder, tokenizer_type="x")
    with pytest.raises(OSError, match="is designed to be instantiated"):
        ef.AutoTokenizer()


def test_auto_register(tmp_path):
    class OwnTokenizer(ef.PreTrainedTokenizerFast):
        pass

    class OwnConfig:
        model_type = "own-tokenizer-test"

    ef.AutoTokenizer.register(OwnConfig, fast_tokenizer_class=OwnTokenizer)
    folder = folder_with(tmp_path, config={"tokenizer_class": "OwnTokenizer"})
    assert type(ef.AutoTokenizer.from_pretrained(folder)) is OwnTokenizer
    os.remove(os.path.join(folder, "tokenizer_config.json"))
    assert type(ef.AutoTokenizer.from_pretrained(folder, config=OwnConfig())) is OwnTokenizer
    (tmp_path / "config.json").write_text('{"model_type": "own-tokenizer-test"}')
    assert type(ef.AutoTokenizer.from_pretrained(folder)) is OwnTokenizer


def test_auto_register_again(tmp_path):
    class Slow(ef.PreTrainedTokenizer):
        pass

    class FastOfSlow(ef.PreTrainedTokenizerFast):
        pass

    class AgainConfig:
        model_type = "again-tokenizer-test"

    def loaded(folder, **config):
        return type(ef.AutoTokenizer.from_pretrained(folder_with(tmp_path / folder, config=config)))

    ef.AutoTokenizer.register(AgainConfig, slow_tokenizer_class=Slow)
    ef.AutoTokenizer.register(AgainConfig, slow_tokenizer_class=Slow, fast_tokenizer_class=FastOfSlow)
    assert ef.tokenization.auto.tokenizer_class_from_name("Slow") is FastOfSlow
    for number, name in enumerate(("Slow", "SlowFast", "FastOfSlow")):
        (tmp_path / str(number)).mkdir()
        assert loaded(str(number), tokenizer_class=name) is FastOfSlow, name
    with pytest.raises(ValueError, match="You need to pass a `tokenizer_class`"):
        ef.AutoTokenizer.register(AgainConfig)
    with pytest.raises(ValueError, match="BertConfig'>' is already used"):
        ef.AutoTokenizer.register(ef.BertConfig, FastOfSlow)
    folder = folder_with(tmp_path, **{"config.json": {"model_type": "bert"}})
    assert type(ef.AutoTokenizer.from_pretrained(folder)).__name__ == "BertTokenizer"


def test_class_defaults_need_the_vocabulary(tmp_path):
    folder = folder_with(tmp_path, cases.byte_level())
    tok = ef.GPT2TokenizerFast.from_pretrained(folder)
    assert tok.eos_token is None and len(tok) == len(ef.PreTrainedTokenizerFast.from_pretrained(folder))
    assert ef.LlamaTokenizer.from_pretrained(folder_with(tmp_path, cases.llama())).eos_token == "</s>"
    assert ef.LlamaTokenizerFast is ef.LlamaTokenizer and ef.LlamaTokenizer.padding_side == "left"


def test_caller_changes_the_pipeline(tmp_path):
    folder = folder_with(tmp_path, config={"add_prefix_space": True})
    literal = ef.PreTrainedTokenizerFast.from_pretrained(folder)
    changed = ef.PreTrainedTokenizerFast.from_pretrained(folder, add_prefix_space=True)
    assert literal.tokenize("abc")[0] == "abc"  # the file's word, not the configuration's
    assert changed.tokenize("abc")[0].startswith("Ġ")
    with pytest.raises(UnsupportedError, match="do_lower_case"):
        ef.PreTrainedTokenizerFast.from_pretrained(folder, do_lower_case=True)
    for already in ({"do_lower_case": False}, {"strip_accents": False}, {"tokenize_chinese_chars": False}):
        assert ef.PreTrainedTokenizerFast.from_pretrained(folder, **already)("the")["input_ids"]
    with pytest.raises(UnsupportedError, match="from_slow"):
        ef.PreTrainedTokenizerFast.from_pretrained(folder, from_slow=True)
    plain = ef.PreTrainedTokenizerFast.from_pretrained(folder_with(tmp_path, cases.llama()), add_prefix_space=False)
    assert plain.tokenize("ab") == ["ab"] and plain.decode(plain.encode(" a")) == "<s> a"


def test_older_vocabulary_files(tmp_path):
    out = tmp_path / "out"
    os.mkdir(out)
    whole = cases.make(ef, "byte_level")
    names = [os.path.basename(path) for path in whole.save_vocabulary(out, "x")]
    assert names == ["x-vocab.json", "x-merges.txt"]
    for name in names:
        os.rename(out / name, out / name[2:])
    tok = ef.GPT2Tokenizer(str(out / "vocab.json"), str(out / "merges.txt"), eos_token="<|end|>")
    assert tok("the cat\nabc 😀")["input_ids"] == whole("the cat\nabc 😀")["input_ids"]
    assert (tok.bos_token_id, tok.eos_token_id) == (tok.vocab_size, tok.vocab_size + 1)
    assert whole.save_pretrained(tmp_path / "legacy", legacy_format=True)[-3:-1] == (
        str(tmp_path / "legacy" / "vocab.json"), str(tmp_path / "legacy" / "merges.txt"),
    )  # fmt: skip
    with pytest.raises(ValueError, match="Couldn't instantiate the backend tokenizer"):
        ef.PreTrainedTokenizerFast()


def test_vocab_txt(tmp_path):
    spec = cases.word_piece()
    try:
        cased = ef.BertTokenizer.from_pretrained(folder_with(tmp_path, spec), do_lower_case=False)
    except TokenizerError as error:
        pytest.skip(f"the engine does not know it yet: {error}")
    assert cased.tokenize("The cat") == ["[UNK]", "cat"]
    whole = ef.BertTokenizer.from_pretrained(tmp_path)
    os.remove(tmp_path / "tokenizer.json")
    words = sorted(spec["model"]["vocab"], key=spec["model"]["vocab"].get)
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    for tok in (
        ef.BertTokenizer.from_pretrained(tmp_path),
        ef.BertTokenizer(str(tmp_path / "vocab.txt")),
        ef.BertTokenizer.from_pretrained(str(tmp_path / "vocab.txt")),
        ef.BertTokenizerFast(vocab_file=str(tmp_path / "vocab.txt")),
    ):
        assert tok("The cat, [MASK]!", "abc")["input_ids"] == whole("The cat, [MASK]!", "abc")["input_ids"]
    out = tmp_path / "out"
    os.mkdir(out)
    assert [os.path.basename(path) for path in tok.save_vocabulary(out)] == ["vocab.txt"]
    assert (out / "vocab.txt").read_text(encoding="utf-8") == "\n".join(words) + "\n"


@pytest.mark.parametrize("name", ["tokenizer.model", "spiece.model", "tekken.json"])
def test_damaged_vocabularies_are_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x00")
    with pytest.raises(TokenizerError, match=name):
        ef.AutoTokenizer.from_pretrained(tmp_path)


def test_missing_files(tmp_path):
    with pytest.raises(OSError, match="Can't load tokenizer for"):
        ef.AutoTokenizer.from_pretrained(tmp_path)


HOSTILE_CONFIGS = [
    "", "[]", "3", "{", '{"added_tokens_decoder": 3}', '{"added_tokens_decoder": {"x": {"content": "a"}}}',
    '{"added_tokens_decoder": {"1": 3}}', '{"added_tokens_decoder": {"1": {"content": 3}}}', '{"bos_token": 3}',
    '{"model_max_length": "x"}', '{"model_max_length": -1}', '{"padding_side": 3}', '{"chat_template": 3}',
    '{"chat_template": [{"name": 1}]}', '{"extra_special_tokens": [3]}', '{"decode": 1}', "[" * 100_000,
    '{"chat_template": [3]}', '{"extra_special_tokens": "x"}', '{"chat_control_tokens": "x"}',
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_CONFIGS, ids=range(len(HOSTILE_CONFIGS)))
def test_hostile_configuration(tmp_path, text):
    folder = folder_with(tmp_path, **{"tokenizer_config.json": text})
    with pytest.raises((ValueError, TypeError, AttributeError)):
        ef.AutoTokenizer.from_pretrained(folder)


def test_configuration_opens_no_other_files(tmp_path):
    secret = tmp_path / "secret.json"
    cases.write(str(tmp_path), cases.llama())
    os.rename(tmp_path / "tokenizer.json", secret)
    for key in ("tokenizer_file", "vocab_file", "gguf_file"):
        folder = tmp_path / key
        os.mkdir(folder)
        cases.write(str(folder), cases.template(), {key: str(secret), "fast_tokenizer_files": ["../secret.json"]})
        assert len(ef.AutoTokenizer.from_pretrained(folder)) == len(cases.make(ef, "template"))


def test_hostile_names_of_templates(tmp_path):
    tok = cases.make(ef, "llama", chat_template={"default": "a", "../../evil": "b"})
    with pytest.raises(ValueError, match="Invalid chat template name"):
        tok.save_pretrained(tmp_path / "a" / "b")
    assert not (tmp_path / "evil.jinja").exists()


def test_damaged_vocabulary_files(tmp_path):
    for name, content in (("vocab.json", "{"), ("vocab.json", '{"a": "b"}'), ("merges.txt", "a b c\n")):
        (tmp_path / "vocab.json").write_text('{"a": 0}')
        (tmp_path / "merges.txt").write_text("")
        (tmp_path / name).write_text(content)
        with pytest.raises(TokenizerError, match=name):
            ef.GPT2Tokenizer.from_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(TokenizerError, match="not a text file"):
        ef.BertTokenizer.from_pretrained(str(tmp_path / "vocab.txt"))


# Streaming


def test_stream_never_shows_half_a_character(tok):
    text = "the cat 😀 你好 é\n abc 👩‍👩‍👧 <|end|> x"
    ids = tok.encode(text)
    for skip in (False, True):
        stream = StreamDetokenizer(tok, skip_special_tokens=skip)
        pieces = [stream.step(index) for index in ids]
        assert not any("\ufffd" in piece for piece in pieces)
        assert "".join(pieces) + stream.finish() == tok.decode(ids, skip_special_tokens=skip)


def test_stream_of_broken_bytes_goes_on():
    tok = cases.make(ef, "byte_level")
    ids = tok.encode("😀" * 20, add_special_tokens=False)
    broken = [index for index in ids if index != ids[0]]  # no first bytes
    stream = StreamDetokenizer(tok)
    pieces = [stream.step(index) for index in broken + tok.encode(" the cat")]
    assert "".join(pieces + [stream.finish()]).endswith(" the cat")
    assert any(pieces[:20])


def test_document_tokenizers_have_their_models_length_and_encode_plain_texts():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "hat"]
    layout = ef.LayoutLMv2Tokenizer({word: index for index, word in enumerate(words)})
    boxes = [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert layout.model_max_length == 512
    assert len(layout(["hello", "hat"], boxes=boxes, padding="max_length")["input_ids"]) == 512
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁hello", -1.0), ("▁hat", -2.0), ("▁", -3.0)]
    udop = ef.UdopTokenizer(pieces)
    assert udop.encode("hello hat") == [3, 4, 1] and udop.encode("hello", "hat") == [3, 1, 4, 1]
    assert udop.encode("hello", add_special_tokens=False) == [3]
    assert udop.encode_boxes(["hello", "hat"], boxes=boxes) == [3, 4, 1]
    assert udop(["hello", "hat"], boxes=boxes, is_split_into_words=True)["input_ids"] == [3, 4, 1]


POST_PROCESSORS = {
    "none": None,
    "bert": lambda p: p.BertProcessing(("</s>", 1), ("<s>", 0)),
    "roberta": lambda p: p.RobertaProcessing(("</s>", 1), ("<s>", 0), trim_offsets=True, add_prefix_space=False),
    "types": lambda p: p.TemplateProcessing("<s>:3 <s>:2 $A:1 </s>:2", "$A $B", [("<s>", 0), ("</s>", 1)]),
    "front": lambda p: p.TemplateProcessing("<s> $A", "$A $B", [("<s>", 0)]),
    "twice": lambda p: p.TemplateProcessing("$A <s> $A", "$A $B", [("<s>", 0)]),
    "without": lambda p: p.TemplateProcessing("<s> </s>", "$A $B", [("<s>", 0), ("</s>", 1)]),
    "sequence": lambda p: p.Sequence([p.ByteLevel(), p.TemplateProcessing("$A:0 </s>:7", "$A $B", [("</s>", 1)])]),
}
CALLS = [
    {},
    {"add_special_tokens": False, "return_length": True},
    {"padding": True, "pad_to_multiple_of": 4, "return_token_type_ids": True},
    {"padding": "max_length", "max_length": 9, "truncation": True, "padding_side": "left", "return_tensors": "np"},
    {"truncation": "only_first", "max_length": 4, "stride": 1, "return_token_type_ids": True},
    {"truncation": True, "max_length": 2, "padding": True},
    {"truncation": True, "max_length": 1, "padding": True, "return_token_type_ids": True},
    {"truncation": True, "max_length": 3, "stride": 3},
    {"truncation": "only_second", "max_length": 3},
    {"return_attention_mask": False, "split_special_tokens": True},
]


@pytest.mark.parametrize("name", POST_PROCESSORS)
def test_encodings_made_later(name: str, monkeypatch):
    """A call that makes lists first and encodings when asked gives what one gives that makes all at once."""
    from eigenformers import tokenizers
    from eigenformers.tokenization import fast

    monkeypatch.setattr(fast, "_LONG", 0)
    vocab = {token: index for index, token in enumerate(["<s>", "</s>", "<pad>", "a", "b", "c", "▁"])}
    engine = tokenizers.Tokenizer(tokenizers.models.Unigram([(token, -1.0) for token in vocab], unk_id=0))
    engine.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    if POST_PROCESSORS[name]:
        engine.post_processor = POST_PROCESSORS[name](tokenizers.processors)
    special = {"eos_token": "</s>", "pad_token": "<pad>", "pad_token_type_id": 5}
    tokenizer = ef.PreTrainedTokenizerFast(tokenizer_object=engine, **special)
    tokenizer.add_tokens(["cab"])

    def outcome(text, options):
        try:
            batch = tokenizer(text, **options)
        except Exception as error:
            return type(error), str(error)
        tokenizer.truncation_side = "right"
        tokenizer.backend_tokenizer.no_padding()  # what is made later knows nothing of it
        rows = [(e.ids, e.type_ids, e.tokens, e.offsets, e.word_ids, e.attention_mask) for e in batch.encodings]
        data = {
            key: (type(value), getattr(value, "dtype", None), getattr(value, "tolist", lambda v=value: v)())
            for key, value in batch.items()
        }
        data.pop("offset_mapping", None)
        return repr(data), rows, batch.n_sequences, batch.is_fast, batch.tokens() if rows else None

    made_as = ({}, {"return_tensors": "np"}, {"return_tensors": "pt"})
    for options in [{**options, **more} for options in CALLS for more in made_as]:
        for text in ("a b c", "", [], ["a", "", "c a b</s> cab x"], ["aa bb cc"] * 2, ("a", "b")):
            for side in ("right", "left"):
                found = []
                for more in ({}, {"return_offsets_mapping": True}):
                    tokenizer.truncation_side = side
                    found.append(outcome(text, {**options, **more}))
                assert found[0] == found[1], (options, text)


def test_encodings_made_later_by_the_tokenizer_as_it_was(monkeypatch):
    """What a tokenizer becomes after a call changes nothing of what the call gave."""
    from eigenformers import tokenizers
    from eigenformers.tokenization import fast

    monkeypatch.setattr(fast, "_LONG", 0)
    vocab = {"<unk>": 0, "a": 1, "b": 2, "ab": 3}
    engine = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocab, unk_token="<unk>"))
    engine.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer = ef.PreTrainedTokenizerFast(tokenizer_object=engine, unk_token="<unk>")
    engine = tokenizer.backend_tokenizer

    def other_model():
        engine.model = tokenizers.models.WordLevel({"<unk>": 0, "ab": 1, "a": 2, "b": 3}, unk_token="<unk>")

    changes = [
        (lambda: setattr(engine, "normalizer", tokenizers.normalizers.Replace("cd", "a")), [3, 1]),
        (other_model, [1, 2]),
        (lambda: tokenizer.add_tokens(["ab cd"]), [4]),
        (lambda: engine.enable_truncation(1), [4]),  # which calls set themselves
    ]
    kept, wanted = [tokenizer("ab cd")], [[3, 0]]
    for change, ids in changes:
        change()
        kept += [tokenizer("ab cd"), tokenizer("ab cd", truncation=True, max_length=1)]
        wanted += [ids, ids[:1]]
    assert [batch["input_ids"] for batch in kept] == wanted
    assert [batch.encodings[0].ids for batch in kept] == wanted
    assert kept[0].tokens() == ["ab", "<unk>"] and kept[3].tokens() == ["ab", "a"]
