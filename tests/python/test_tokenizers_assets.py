"""Real vocabularies against the real libraries. Each is skipped where it is missing."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
from eigenformers import tokenizers
from eigenformers.tokenizers import Tokenizer

HERE = Path(__file__).parent
RECORD = json.loads((HERE / "golden" / "tokenizer_assets.json").read_text())
_spec = importlib.util.spec_from_file_location("tokenizer_assets", HERE / "cases" / "_tokenizer_assets.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)

LLAMA_CPP = ["bert-bge", "deepseek-llm", "gpt-2", "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2"]


def needs(name: str) -> str:
    folder = cases.folder_of(name)
    if folder is None:
        pytest.skip(f"the asset '{name.split('/')[0]}' is missing (set EF_ASSETS to the folder that has it)")
    return folder


@pytest.mark.parametrize("name", cases.JSON)
def test_mixed_text(name):
    found = cases.json_vocabulary(tokenizers, needs(name))
    assert found == RECORD[name]


@pytest.mark.parametrize("name", cases.MAPS)
def test_every_key_of_a_character_map(name):
    assert cases.json_character_map(tokenizers, needs(name)) == RECORD[f"{name} map"]


@pytest.mark.parametrize("name", cases.GGUF)
def test_gguf_mixed_text(name):
    folder = needs(name)
    tokenizer = Tokenizer.from_gguf(os.path.join(folder, cases.GGUF[name]))
    found = cases.gguf_vocabulary(lambda text: tokenizer.encode(text, add_special_tokens=False).ids)
    assert found == RECORD[name]


@pytest.mark.parametrize("name", LLAMA_CPP)
def test_llama_cpp_own_tests(name):
    """The texts and ids that llama.cpp ships with its vocabularies."""
    path = os.path.join(needs("llama-cpp-vocab"), f"ggml-vocab-{name}.gguf")
    texts = Path(path + ".inp").read_bytes().decode().split("\n__ggml_vocab_test__\n")[:-1]
    wanted = [[int(i) for i in line.split()] for line in Path(path + ".out").read_text().split("\n")[:-1]]
    tokenizer = Tokenizer.from_gguf(path)
    assert len(texts) == len(wanted) > 40
    assert [tokenizer.encode(text, add_special_tokens=False).ids for text in texts] == wanted


@pytest.mark.parametrize("name", cases.JSON)
def test_written_as_read(name):
    """What is written reads back as the same tokenizer, and writes the same again."""
    tokenizer = Tokenizer.from_file(os.path.join(needs(name), "tokenizer.json"))
    text = tokenizer.to_str()
    again = Tokenizer.from_str(text)
    assert again.to_str() == text
    for sample in cases.corpus(seed=5, count=50):
        assert again.encode(sample).ids == tokenizer.encode(sample).ids


def test_smollm_splits_digits_one_by_one():
    """`pre` decides: the file's tokenizer.json twin would take 2024 as one word."""
    tokenizer = Tokenizer.from_gguf(os.path.join(needs("smollm2-135m"), cases.GGUF["smollm2-135m"]))
    assert tokenizer.encode("in 2024").tokens == ["in", "Ġ", "2", "0", "2", "4"]


def test_special_tokens_of_gguf():
    tokenizer = Tokenizer.from_gguf(os.path.join(needs("llama-cpp-vocab"), "ggml-vocab-llama-bpe.gguf"))
    encoding = tokenizer.encode("Hello")
    assert encoding.tokens == ["<|begin_of_text|>", "Hello"]
    assert encoding.special_tokens_mask == [1, 0]
    assert tokenizer.decode(encoding.ids) == "Hello"
    spm = Tokenizer.from_gguf(os.path.join(needs("llama-cpp-vocab"), "ggml-vocab-llama-spm.gguf"))
    encoding = spm.encode("Hello world")
    assert encoding.tokens == ["<s>", "▁Hello", "▁world"]
    assert encoding.offsets == [(0, 0), (0, 5), (5, 11)]
    assert spm.decode(encoding.ids) == "Hello world"
