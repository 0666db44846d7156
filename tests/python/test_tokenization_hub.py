"""Tokenizers from the Hub and to it, against a server on this machine."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import eigenformers as ef
import pytest
from hub_server import TOKEN, HubServer

_spec = importlib.util.spec_from_file_location("token_cases", Path(__file__).parent / "cases" / "tokenization.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


@pytest.fixture
def server(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_", "PYTORCH_TRANSFORMERS")):
            monkeypatch.delenv(name)
    with HubServer() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)  # read when it is imported
        yield running


def files():
    return {
        "tokenizer.json": json.dumps(cases.byte_level()).encode(),
        "tokenizer_config.json": b'{"eos_token": "<|end|>", "tokenizer_class": "GPT2Tokenizer"}',
        "chat_template.jinja": b"default",
        "additional_chat_templates/rag.jinja": b"rag",
    }


def test_repository(server, monkeypatch):
    whole = cases.make(ef, "byte_level")
    server.add("org/tok", files())
    server.add("org/sub", {f"inner/{name}": data for name, data in files().items()})
    for tok in (
        ef.AutoTokenizer.from_pretrained("org/tok"),
        ef.AutoTokenizer.from_pretrained("org/sub", subfolder="inner"),
    ):
        assert type(tok).__name__ == "GPT2Tokenizer" and tok.eos_token == "<|end|>"
        assert tok("the cat").data == whole("the cat").data
        assert tok.chat_template == {"default": "default", "rag": "rag"}
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(server.requests)
    again = ef.AutoTokenizer.from_pretrained("org/tok")
    assert again.chat_template == tok.chat_template and len(server.requests) == asked
    with pytest.raises(OSError, match="Can't load tokenizer for 'org/other'"):
        ef.AutoTokenizer.from_pretrained("org/other")


def test_missing(server):
    server.add("org/empty", {"config.json": b"{}"})
    with pytest.raises(OSError, match="Can't load tokenizer for 'org/empty'"):
        ef.AutoTokenizer.from_pretrained("org/empty")
    with pytest.raises(OSError, match="org/nothing"):
        ef.AutoTokenizer.from_pretrained("org/nothing")


def test_push(server, tmp_path):
    tok = cases.make(ef, "byte_level", chat_template="x")
    tok.push_to_hub("owner/pushed", token=TOKEN)
    tok.save_pretrained(tmp_path / "saved", push_to_hub=True, repo_id="owner/saved", token=TOKEN)
    for name in ("owner/pushed", "owner/saved"):
        again = ef.PreTrainedTokenizerFast.from_pretrained(name, token=TOKEN)
        assert again("the cat").data == tok("the cat").data and again.chat_template == "x"
