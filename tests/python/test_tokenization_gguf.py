"""Tokenizers out of GGUF files."""

from __future__ import annotations

import importlib.util
import json
import os
import struct
from pathlib import Path

import eigenformers as ef
import pytest

HERE = Path(__file__).parent


def _load(name: str, path: str):
    spec = importlib.util.spec_from_file_location(name, HERE / "cases" / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cases = _load("token_cases", "tokenization.py")
assets = _load("token_assets", "_tokenization_assets.py")

STRING, ARRAY, UINT32, INT32, BOOL = 8, 9, 4, 5, 7


def gguf(**metadata) -> bytes:
    """A GGUF file without tensors: str, int, bool, lists of str and of int."""

    def string(text):
        data = text.encode()
        return struct.pack("<Q", len(data)) + data

    body = b""
    for key, value in metadata.items():
        body += string(key.replace("__", "."))
        if isinstance(value, str):
            body += struct.pack("<I", STRING) + string(value)
        elif isinstance(value, bool):
            body += struct.pack("<I?", BOOL, value)
        elif isinstance(value, int):
            body += struct.pack("<II", UINT32, value)
        elif isinstance(value[0], str):
            body += struct.pack("<IIQ", ARRAY, STRING, len(value)) + b"".join(map(string, value))
        else:
            body += struct.pack("<IIQ", ARRAY, INT32, len(value)) + struct.pack(f"<{len(value)}i", *value)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(metadata)) + body


def small(pre: str = "gpt-2", **more) -> bytes:
    """The byte-level tokenizer of the cases as a GGUF file."""
    model = cases.byte_level()["model"]
    tokens = [*model["vocab"], "<|end|>", "<|im_start|>"]
    types = [1] * len(model["vocab"]) + [3, 3]
    return gguf(
        general__architecture="llama", llama__context_length=77, tokenizer__ggml__model="gpt2",
        tokenizer__ggml__pre=pre, tokenizer__ggml__tokens=tokens, tokenizer__ggml__token_type=types,
        tokenizer__ggml__merges=model["merges"], tokenizer__ggml__bos_token_id=len(tokens) - 1,
        tokenizer__ggml__eos_token_id=len(tokens) - 2, tokenizer__ggml__padding_token_id=10**6,
        tokenizer__chat_template="{{ messages[0].content }}", **more,
    )  # fmt: skip


def test_small_file(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(small())
    whole = cases.make(ef, "byte_level")
    for tok in (
        ef.AutoTokenizer.from_pretrained(tmp_path, gguf_file="m.gguf"),
        ef.AutoTokenizer.from_pretrained(path),
        ef.PreTrainedTokenizerFast(gguf_file=path),
    ):
        assert tok("the cat\nabc <|end|> 😀")["input_ids"] == whole("the cat\nabc <|end|> 😀")["input_ids"]
        assert tok.special_tokens_map == {"bos_token": "<|im_start|>", "eos_token": "<|end|>"}
        assert tok.model_max_length == 77
        assert tok.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False) == "hi"
    tok.save_pretrained(tmp_path / "saved")
    assert ef.AutoTokenizer.from_pretrained(tmp_path / "saved")("the cat").data == tok("the cat").data
    path.write_bytes(small(tokenizer__chat_template__tool_use="t"))
    tok = ef.AutoTokenizer.from_pretrained(path, eos_token="cat")
    assert sorted(tok.chat_template) == ["default", "tool_use"] and tok.eos_token == "cat"
    with pytest.raises(OSError, match="n.gguf"):
        ef.AutoTokenizer.from_pretrained(tmp_path, gguf_file="n.gguf")


SPLITS = {  # of llama.cpp, of the text without the marks
    "afmoe": "a| b|.| c| |1|234|567| DON|'T| |中文か| |한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "chameleon": "a| b|.| c| |1|2|3|4|5|6|7| DON|'|T| 中文か| 한국|\n|\n|    | z|!|\n|if|  |<|sentinel|:|1|>",
    "exaone-moe": "a b|.| c| |1|2|3|4|5|6|7| DON|'T| 中文か 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "glm5": "a| b|.| c| |123|456|7| DON|'T| 中文か| 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "granite-embed-multi-97m": "a| b|.| c| |123|456|7| DON'T| 中文か| 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "jais-2": "a| b|.| c| |123|456|7| DON|'T| 中文か| 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "kimi-k2": "a| b|.| c| |123|456|7| DON'T| |中文|か| 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "laguna": "a| b|.| c| |1|2|3|4|5|6|7| DON|'T| 中文か| 한국|\n\n|    | z|!|\n|if| | <|sentinel|:|1|>",
    "minicpm5": "a| b|.| c| |123|456|7| DON|'T| 中文か| 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "modern-bert": "a| b|.| c| 1234567| DON|'|T| 中文か| 한국|\n\n    | z|!|\n|if| | <|sentinel|:|1|>",
    "spark2_5": "a| b|.| c| |1|2|3|4|5|6|7| DON|'T| |中文か| 한국|\n|\n|    | z|!|\n|if| | <|sentinel|:|1|>",
    "tiny_aya": "a| b|.| c| |1|234|567| DON'T| 中文か| 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "ufakzeka": "a| b|.| c| |1|2|3|4|5|6|7| DON|'T| 中文か| 한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
    "youtu": "a| b|.| c| |1|2|3|4|5|6|7| DON'T| |中文か| |한국|\n\n|    | z|!\n|if| | <|sentinel|:|1|>",
}


@pytest.mark.parametrize("name", SPLITS)
def test_pre_tokenizers_of_llama_cpp(tmp_path, name):
    path, text = tmp_path / "m.gguf", SPLITS[name].replace("|", "")
    path.write_bytes(small(name))
    tok = ef.AutoTokenizer.from_pretrained(path)
    spans = [span for _, span in tok.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)]
    assert "|".join(text[start:end] for start, end in spans) == SPLITS[name]


def test_cut_anywhere(tmp_path):
    data, path = small(), tmp_path / "m.gguf"
    for size in range(0, len(data), 97):
        path.write_bytes(data[:size])
        with pytest.raises((OSError, ValueError)):
            ef.AutoTokenizer.from_pretrained(path)


def needs(name: str) -> str:
    folder = assets.folder_of(name)
    if folder is None:
        pytest.skip(f"the asset '{name}' is missing (set EF_ASSETS to the folder that has it)")
    return folder


def test_smollm2():
    folder = needs("smollm2-135m")
    name = next(name for name in os.listdir(folder) if name.endswith(".gguf"))
    tok = ef.AutoTokenizer.from_pretrained(folder, gguf_file=name)
    assert len(tok) == 49152 and tok.eos_token == "<|im_end|>" and tok.bos_token == "<|im_start|>"
    # Digits one by one: tokenizer.ggml.pre is "smollm".
    assert tok.tokenize("In 2024!") == ["In", "Ġ", "2", "0", "2", "4", "!"]
    text = tok.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
    assert text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    ids = tok(assets.corpus(5000))["input_ids"]
    assert tok.decode(ids) == assets.corpus(5000)


@pytest.mark.parametrize("name", ["llama-bpe", "gpt-2", "qwen2", "deepseek-llm", "llama-spm", "phi-3"])
def test_llama_cpp_vocabulary(name):
    """The texts and ids that llama.cpp keeps beside its vocabularies."""
    folder = needs("llama-cpp-vocab")
    path = os.path.join(folder, f"ggml-vocab-{name}.gguf")
    tok = ef.AutoTokenizer.from_pretrained(path)
    with open(path + ".inp", encoding="utf-8", newline="") as file:
        texts = file.read().split("\n__ggml_vocab_test__\n")[:-1]
    with open(path + ".out", encoding="utf-8") as file:
        wanted = [[int(number) for number in line.split()] for line in file.read().rstrip("\n").split("\n")]
    assert len(texts) == len(wanted)
    found = [tok.encode(text, add_special_tokens=False) for text in texts]
    assert json.dumps(found) == json.dumps(wanted)
