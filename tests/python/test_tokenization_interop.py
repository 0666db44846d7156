"""What we save, transformers reads; what it saves, we read: the same ids both ways. Runs beside the real library."""

from __future__ import annotations

import importlib.util
import pathlib

import eigenformers as ours
import pytest

pytestmark = pytest.mark.parity

HERE = pathlib.Path(__file__).parent
_spec = importlib.util.spec_from_file_location("families", HERE / "cases" / "tokenization_families.py")
families = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(families)

MODELS = families.MODELS
TEXTS = [*families.TEXTS, "plain text, again"]


def byte_level(name):
    vocab, merges = families.byte_level_vocab(name in ("CLIPTokenizer", "HerbertTokenizer", "OpenAIGPTTokenizer"))
    return {"vocab": vocab, "merges": merges}


MADE = {
    **{name: {"vocab": families.word_piece_vocab()} for name in ("BertTokenizer", "DistilBertTokenizer")},
    **{name: byte_level(name) for name in ("GPT2Tokenizer", "RobertaTokenizer", "Qwen2Tokenizer", "CLIPTokenizer")},
    "LukeTokenizer": byte_level("LukeTokenizer"),
    **{name: {"vocab_file": str(MODELS / "unigram_t5.model")} for name in ("T5Tokenizer", "XLMRobertaTokenizer")},
    "DebertaV2Tokenizer": {"vocab_file": str(MODELS / "unigram_bert.model")},
    "LlamaTokenizer": {"vocab_file": str(MODELS / "bpe_bytes.model"), "add_bos_token": True},
    "MLukeTokenizer": {"vocab_file": str(MODELS / "unigram.model")},
    "PreTrainedTokenizerFast": {"vocab_file": str(MODELS / "unigram_symbols.model")},
}


def results(tokenizer):
    both = [tokenizer(text)["input_ids"] for text in TEXTS], tokenizer("a cat", "the hat")["input_ids"]
    entities = getattr(tokenizer, "entity_vocab", None) and dict(tokenizer(TEXTS[0], entity_spans=[(0, 5), (6, 9)]))
    return (*both, [tokenizer.decode(ids) for ids in both[0]], tokenizer.special_tokens_map, entities)


@pytest.mark.parametrize("name", sorted(MADE))
def test_both_ways(tmp_path, name):
    theirs = pytest.importorskip("transformers")
    tokenizer = getattr(ours, name)(**MADE[name], model_max_length=99, pad_token="<pad>", extra_special_tokens=["<x>"])
    tokenizer.add_tokens(["plain text"])
    tokenizer.chat_template = "{{ messages[0].content }}"
    tokenizer.save_pretrained(tmp_path / "ours")
    read = theirs.AutoTokenizer.from_pretrained(tmp_path / "ours")
    assert results(read) == results(tokenizer)
    assert read.model_max_length == 99
    chat = [{"role": "user", "content": "hi"}]
    assert read.apply_chat_template(chat, tokenize=False) == tokenizer.apply_chat_template(chat, tokenize=False)
    read.save_pretrained(tmp_path / "theirs")
    assert results(ours.AutoTokenizer.from_pretrained(tmp_path / "theirs")) == results(tokenizer)


def test_marian_both_ways(tmp_path):
    theirs = pytest.importorskip("transformers")
    spec = importlib.util.spec_from_file_location("pieces", HERE / "cases" / "tokenization_sentencepiece.py")
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    tokenizer = cases.marian(ours, str(tmp_path), source_lang="en", target_lang="fr")
    tokenizer.save_pretrained(tmp_path / "ours")
    read = theirs.MarianTokenizer.from_pretrained(tmp_path / "ours")
    assert read("the cat", text_target="a hat") == tokenizer("the cat", text_target="a hat")
