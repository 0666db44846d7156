"""Damaged tokenizer files: each loads, or ends in a typed error. EF_FUZZ_ITERATIONS sets how many are tried."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import random
from pathlib import Path

import eigenformers as ef
import pytest

_spec = importlib.util.spec_from_file_location("token_cases", Path(__file__).parent / "cases" / "tokenization.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
_spec = importlib.util.spec_from_file_location("gguf_files", Path(__file__).parent / "test_tokenization_gguf.py")
gguf_files = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(gguf_files)

ITERATIONS = int(os.environ.get("EF_FUZZ_ITERATIONS", "300"))
TYPED = (ValueError, TypeError, AttributeError, OSError, NotImplementedError)

OBJECT = {"__type": "AddedToken", "content": "<m>", "lstrip": True, "normalized": False, "special": True}
FILES = {
    "tokenizer_config.json": {
        "added_tokens_decoder": {"269": {**OBJECT, "content": "<|end|>"}, "280": OBJECT}, "bos_token": "<|im_start|>",
        "eos_token": OBJECT, "model_max_length": 99, "padding_side": "left", "extra_special_tokens": ["<a>", OBJECT],
        "additional_special_tokens": ["<b>"], "chat_template": [{"name": "default", "template": "{{ messages }}"}],
        "clean_up_tokenization_spaces": True, "split_special_tokens": False, "model_input_names": ["input_ids"],
        "tokenizer_class": "GPT2Tokenizer", "image_token": "<i>", "fast_tokenizer_files": ["tokenizer.5.0.0.json"],
        "auto_map": {"AutoTokenizer": ["a", "b"]}, "chat_control_tokens": ["x"], "init_inputs": [],
    },
    "special_tokens_map.json": {"bos_token": "<|end|>", "pad_token": OBJECT, "extra_special_tokens": [OBJECT]},
    "added_tokens.json": {"<|end|>": 269, "<new>": 281},
    "config.json": {"model_type": "llama", "tokenizer_class": "LlamaTokenizer"},
}  # fmt: skip
VALUES = [
    None,
    True,
    0,
    -1,
    3.5,
    1e400,
    10**40,
    "",
    "x",
    "\ud800",
    "\u0000",
    [],
    [[]],
    {},
    {"content": 3},
    [3],
    [OBJECT],
]


def mutate(rng, value):
    """The value with one part replaced, removed, or put elsewhere."""
    if rng.random() < 0.3 or not isinstance(value, (dict, list)) or not value:
        return rng.choice(VALUES)
    if isinstance(value, dict):
        value = dict(value)
        key = rng.choice(list(value))
        action = rng.random()
        if action < 0.1:
            del value[key]
        elif action < 0.2:
            value[rng.choice(["pad_token", "name_or_path", "decode", "vocab", "verbose", "0"])] = value.pop(key)
        else:
            value[key] = mutate(rng, value[key])
        return value
    value = list(value)
    at = rng.randrange(len(value))
    value[at] = mutate(rng, value[at])
    return value


def use(folder):
    tok = ef.AutoTokenizer.from_pretrained(folder)
    tok(["the <m> cat", "<|end|>"])
    repr(tok)
    tok.save_pretrained(os.path.join(folder, "out"))


def attempt(folder):
    try:
        use(folder)
    except TYPED:
        pass


@pytest.mark.parametrize("name", sorted(FILES))
def test_mutated_values(tmp_path, name):
    rng = random.Random(name)
    spec = json.dumps(cases.byte_level())
    for _ in range(ITERATIONS // 4):
        content = mutate(rng, FILES[name])
        for _ in range(rng.randrange(3)):
            content = mutate(rng, content)
        extra = {name: content} if name != "added_tokens.json" else {name: content, "tokenizer_config.json": {}}
        cases.write(str(tmp_path), spec, **{key: json.dumps(value) for key, value in extra.items()})
        attempt(str(tmp_path))


def test_mutated_bytes(tmp_path):
    rng = random.Random(3)
    model = cases.byte_level()["model"]
    files = {name: json.dumps(content).encode() for name, content in FILES.items()}
    vocabulary = {"vocab.json": json.dumps(model["vocab"]).encode(), "merges.txt": "\n".join(model["merges"]).encode()}
    for _ in range(ITERATIONS // 4):
        chosen = rng.choice([*files, *vocabulary])
        for name, data in {**files, **vocabulary}.items():
            data = bytearray(data)
            if name == chosen:
                for _ in range(rng.randrange(1, 4)):
                    at = rng.randrange(len(data))
                    data[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3)) if rng.random() < 0.7 else b""
            (tmp_path / name).write_bytes(bytes(data))
        if chosen in files:
            cases.write(str(tmp_path), cases.byte_level())
        elif (tmp_path / "tokenizer.json").exists():
            os.remove(tmp_path / "tokenizer.json")
        attempt(str(tmp_path))


def native_files():
    """Vocabularies in the files of other libraries: name of the file, content, classes that read it."""
    pieces = Path(__file__).parent.parent / "data" / "sentencepiece"
    any_class, unigram = [ef.PreTrainedTokenizerFast], [ef.T5Tokenizer, ef.XLMRobertaTokenizer, ef.PegasusTokenizer]
    for path in sorted(pieces.glob("*.model")):
        kind = unigram if path.stem.startswith("unigram") else [ef.LlamaTokenizer, ef.GemmaTokenizer, ef.NllbTokenizer]
        yield "tokenizer.model", path.read_bytes(), any_class + kind + [ef.BertGenerationTokenizer]
    tokens = [bytes([i]) for i in range(256)] + [b"th", b"he", b"the", b" the", b"ca", b"cat"]
    ranks = b"".join(base64.b64encode(token) + b" %d\n" % index for index, token in enumerate(tokens))
    yield "qwen.tiktoken", ranks, any_class + [ef.Qwen2Tokenizer]
    entries = [
        {"rank": i, "token_bytes": base64.b64encode(t).decode(), "token_str": None} for i, t in enumerate(tokens)
    ]
    config = {"pattern": r"\p{L}+|\s", "default_vocab_size": 270, "default_num_special_tokens": 4, "version": "v3"}
    special = [{"rank": i, "token_str": name, "is_control": True} for i, name in enumerate(["<unk>", "<s>", "</s>"])]
    yield "tekken.json", json.dumps({"config": config, "vocab": entries, "special_tokens": special}).encode(), any_class
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "日", "é"]
    yield "vocab.txt", "\n".join(words).encode(), [ef.BertTokenizer, ef.TapasTokenizer]
    vocab = {chr(97 + i): i for i in range(26)}
    yield "m.gguf", gguf_files.small(), any_class
    yield "vocab.json", json.dumps(vocab | {"th": 26, "the": 27}).encode(), [ef.GPT2Tokenizer, ef.CLIPTokenizer]


def damaged(rng, data):
    """The bytes cut off, changed, repeated, or with a long number in them."""
    data = bytearray(data)
    if rng.random() < 0.1:
        return bytes(data[: rng.randrange(len(data))])
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data))
        kind = rng.random()
        if kind < 0.5:
            data[at] = rng.choice([0, 0x7F, 0x80, 0xFF, data[at] ^ 1 << rng.randrange(8), rng.randrange(256)])
        elif kind < 0.7:
            data[at : at + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
        elif kind < 0.85:
            data[at:at] = rng.choice(
                [b"\xff" * 9 + b"\x01", b"\x80" * 12, b"9" * 30, b"-1", b"1e999", b"\n" * 3, b"\xed\xa0\x80"]
            )
        else:
            start = rng.randrange(len(data))
            data[at:at] = data[start : start + rng.randrange(200)]
    return bytes(data)


def test_damaged_native_files(tmp_path):
    rng = random.Random(5)
    seeds = list(native_files())
    for _ in range(ITERATIONS // 2):
        name, data, classes = rng.choice(seeds)
        path = tmp_path / name
        path.write_bytes(damaged(rng, data))
        if name == "vocab.json":
            (tmp_path / "merges.txt").write_bytes(damaged(rng, b"#version: 0.2\nt h\nth e\n"))
        cls = rng.choice(classes)
        try:
            if name == "vocab.json":
                tok = cls(vocab_file=str(path), merges_file=str(tmp_path / "merges.txt"))
            elif name == "m.gguf":
                tok = cls(gguf_file=str(path))
            elif cls is ef.PreTrainedTokenizerFast and rng.random() < 0.5:
                tok = cls.from_pretrained(str(tmp_path))
            else:
                tok = cls(vocab_file=str(path))
            ids = tok("the cat\u00e9 日 \u0000 <s>")["input_ids"] if cls is not ef.TapasTokenizer else []
            tok.decode(ids)
            repr(tok)
        except UnicodeDecodeError:
            raise  # no typed error
        except TYPED:
            pass
        finally:
            path.unlink()
