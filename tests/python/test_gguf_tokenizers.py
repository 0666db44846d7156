"""Tokenizers in GGUF files."""

from __future__ import annotations

import eigenformers as ef
import pytest
from eigenformers import _core, gguf
from eigenformers._core import GgufFile
from eigenformers.tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from gguf_models import byte_level, sentencepiece, tiny, unigram, word_piece


@pytest.mark.parametrize("make", [byte_level, sentencepiece, word_piece])
def test_tokenizers_come_back(tmp_path, make):
    tokenizer = make()
    path = gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", tokenizer, "f16")
    again = ef.AutoTokenizer.from_pretrained(path)
    for text in ("the owl", " the  3 é\n", "", "<s>the</s>", "x<tool>y"):
        assert again(text)["input_ids"] == tokenizer(text)["input_ids"], text
    assert again.eos_token == tokenizer.eos_token and again.chat_template == tokenizer.chat_template
    tokens = GgufFile(path).get("tokenizer.ggml.tokens")
    assert len(tokens) == 320 and tokens[-1] == "[PAD319]"


def test_ends_of_lines_in_a_pattern_are_the_same_however_spelled():
    from eigenformers.gguf.vocabulary import pre_tokenizer_name

    patterns = next(patterns for name, patterns, _ in _core.gguf_pre_tokenizers() if name == "deepseek-v3")
    for spelled in (patterns, [p.replace("\\r", "\r").replace("\\n", "\n") for p in patterns]):
        parts = [{"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated"} for p in spelled]
        parts.append({"type": "ByteLevel", "add_prefix_space": False, "use_regex": False})
        state = {"pre_tokenizer": {"type": "Sequence", "pretokenizers": parts}, "normalizer": None, "model": {}}
        assert pre_tokenizer_name(state) == "deepseek-v3"


def test_unigram_tokenizers(tmp_path):
    path = gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", unigram(), "f32")  # compares the ids of a text
    assert GgufFile(path).get("tokenizer.ggml.model") == "t5"
    again = ef.AutoTokenizer.from_pretrained(path)
    for text in ("the owl, 12!", "  the   owl ", "ÄÖ the", "", "owl\n\towl"):
        assert again(text)["input_ids"] == unigram()(text)["input_ids"], text
    assert again.decode(again("the owl")["input_ids"], skip_special_tokens=True) == "the owl"
    with pytest.raises(NotImplementedError, match="byte fallback"):
        gguf.save_to_gguf(tiny("llama"), tmp_path / "n.gguf", unigram(byte_fallback=True), "f32")
    with pytest.raises(NotImplementedError, match="normalizer Lowercase"):
        gguf.save_to_gguf(tiny("llama"), tmp_path / "n.gguf", unigram(normalizer=normalizers.Lowercase()), "f32")


def test_a_byte_level_tokenizer_without_merges(tmp_path):
    tokenizer = byte_level()
    engine = Tokenizer(models.BPE(vocab=tokenizer.get_vocab(), merges=[]))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    with pytest.raises(NotImplementedError, match="without merges: llama.cpp opens no such file"):
        gguf.save_to_gguf(tiny("llama"), tmp_path / "m.gguf", ef.PreTrainedTokenizerFast(tokenizer_object=engine), "f32")
    assert not (tmp_path / "m.gguf").exists()
