"""Damaged tokenizer files: each loads, or ends in a typed error. EF_FUZZ_ITERATIONS sets how many are tried."""

from __future__ import annotations

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
