"""Tokenizers that use a SentencePiece model as it is: every kind of model, Marian, M2M100."""

from __future__ import annotations

import json
import os
import pickle
import tempfile

from cases.tokenization_families import MODELS, folder_with

KINDS = ["unigram", "unigram_symbols", "unigram_bytes", "unigram_suffix", "unigram_plain", "unigram_t5", "bpe",
         "bpe_bytes", "word", "char"]  # fmt: skip
TEXTS = [
    "Hello, the cat and a hat sat!", "  two  blanks\tand\na line  ", "", " ", "ﬁ Ａ naïve cafe\u0301 日本語 мир 😀 ①…㌔",
    "don't re-do <sep> it => 3.14<cls>x", "tokenizers encode decode " * 6, "\u200b\u00a0 x", "<mark>12 <mark><mark>a",
    "▁the ▁▁cat", "the cat\u0000the", "zzzqqq ₿₿ the",
]  # fmt: skip


def case_models(lib):
    out = {}
    for kind in KINDS:
        tokenizer = lib.BertGenerationTokenizer(str(MODELS / f"{kind}.model"), pad_token="</s>")
        out[kind] = {
            "tokens": [tokenizer.tokenize(text) for text in TEXTS],
            "ids": [tokenizer(text)["input_ids"] for text in TEXTS],
            "size": [len(tokenizer), tokenizer.vocab_size], "special": tokenizer.special_tokens_map,
            "pieces": tokenizer.convert_ids_to_tokens(list(range(20))),
        }  # fmt: skip
        out[kind]["text"] = [tokenizer.decode(ids) for ids in out[kind]["ids"]]
    return out


def marian(lib, folder, **options):
    pieces = lib.BertGenerationTokenizer(str(MODELS / "unigram.model")).get_vocab()
    other = lib.BertGenerationTokenizer(str(MODELS / "bpe.model")).get_vocab()
    names = list(dict.fromkeys(["</s>", "<unk>", ">>fr<<", *pieces, *other, "<pad>"]))
    vocab = {name: index for index, name in enumerate(name for name in names if name not in ("<s>", "<::::>"))}
    with open(os.path.join(folder, "vocab.json"), "w", encoding="utf-8") as file:
        json.dump(vocab, file)
    for name, kind in (("source.spm", "unigram"), ("target.spm", "bpe")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write((MODELS / f"{kind}.model").read_bytes())
    return lib.MarianTokenizer.from_pretrained(folder, **options)


def case_marian(lib):
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = marian(lib, folder, source_lang="en", target_lang="fr")
        again = pickle.loads(pickle.dumps(tokenizer))  # noqa: S301
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump({"model_type": "marian"}, file)
        auto = lib.AutoTokenizer.from_pretrained(folder)
        out = os.path.join(folder, "out")
        os.mkdir(out)
        saved = sorted(os.path.basename(path) for path in tokenizer.save_pretrained(out))
        reloaded = lib.MarianTokenizer.from_pretrained(out)
    texts = [text for text in TEXTS if "\u0000" not in text] + [">>fr<< the cat"]
    both = tokenizer(texts, text_target=texts[::-1], padding=True)
    return {
        "ids": both["input_ids"], "labels": both["labels"], "mask": both["attention_mask"],
        "pair": tokenizer("the cat", "a hat")["input_ids"],
        "text": [tokenizer.decode(ids, skip_special_tokens=True) for ids in both["input_ids"]],
        "raw": tokenizer.batch_decode(both["labels"]), "same": again(texts[0])["input_ids"],
        "saved": [name for name in saved if "token" not in name], "reloaded": reloaded(texts[0])["input_ids"],
        "auto": [type(auto).__name__, auto(texts[0])["input_ids"], auto.model_max_length],
        "codes": tokenizer.supported_language_codes, "size": len(tokenizer),
        "special": tokenizer.get_special_tokens_mask([0, 1, 5], [7]), "map": tokenizer.special_tokens_map,
    }  # fmt: skip


def case_m2m100(lib):
    pieces = lib.BertGenerationTokenizer(str(MODELS / "bpe.model")).get_vocab()
    names = list(dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", *(name for name in pieces if name != "<::::>")]))
    vocab = {name: index for index, name in enumerate(names)}
    with folder_with(**{"vocab.json": vocab, "sentencepiece.bpe.model": MODELS / "bpe.model"}) as folder:
        tokenizer = lib.M2M100Tokenizer.from_pretrained(
            folder, src_lang="en", tgt_lang="fr", extra_special_tokens=["__en__", "__fr__", "__de__"]
        )
        bare = lib.M2M100Tokenizer.from_pretrained(folder, src_lang="fr")
    both = tokenizer(TEXTS[:2], text_target=TEXTS[1:3])
    plain = bare("the __fr__ cat")["input_ids"]
    tokenizer.src_lang = "de"
    built = tokenizer._build_translation_inputs("the cat", src_lang="en", tgt_lang="fr", return_tensors=None)
    return {
        "ids": both["input_ids"], "labels": both["labels"], "german": tokenizer("the cat")["input_ids"],
        "built": [built["input_ids"], built["forced_bos_token_id"]], "size": tokenizer.vocab_size,
        "text": tokenizer.batch_decode(both["input_ids"]), "id": tokenizer.get_lang_id("zu"),
        "mask": tokenizer.get_special_tokens_mask([5, 6], [7]),
        "named": [len(tokenizer), tokenizer.convert_tokens_to_ids(["__en__", "__de__"]), tokenizer.all_special_ids],
        "bare": [len(bare), plain, bare.decode(plain, skip_special_tokens=True), bare.all_special_ids],
    }  # fmt: skip


def case_end_behind(lib):
    texts = [text for text in TEXTS if "\u0000" not in text] + ["Don't  STOP! </s> <extra_id_3>x", "a</s>"]
    siglip = lib.SiglipTokenizer(str(MODELS / "unigram.model"))
    byt5 = lib.ByT5Tokenizer()
    small = lib.ByT5Tokenizer(extra_ids=2)
    out = {}
    for name, tokenizer in (("siglip", siglip), ("byt5", byt5)):
        ids = [tokenizer(text)["input_ids"] for text in texts]
        out[name] = {
            "ids": ids, "tokens": [tokenizer.tokenize(text) for text in texts], "size": len(tokenizer),
            "text": [tokenizer.decode(row) for row in ids], "pair": dict(tokenizer("a b", "c", return_token_type_ids=True)),
            "plain": [tokenizer.decode(row, skip_special_tokens=True) for row in ids], "max": tokenizer.model_max_length,
            "map": tokenizer.special_tokens_map, "mask": tokenizer.get_special_tokens_mask([3, 4], [5]),
            "padded": tokenizer(["a", "b c d"], padding=True)["attention_mask"],
        }  # fmt: skip
    out["small"] = [len(small), small("<extra_id_1>é")["input_ids"]]
    out["kept"] = siglip.canonicalize_text("A {} b!", keep_punctuation_exact_string="{}")
    return out
