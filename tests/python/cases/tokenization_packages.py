"""Tokenizer classes that find words with another package (sacremoses, rjieba, emoji): ids, text, pairs, saved files."""

from __future__ import annotations

import json
import os
import pickle
import tempfile

from cases.tokenization_families import MODELS
from cases.tokenization_python_families import AT, COUNTED, MERGES, PIECES, lines, numbered

ENGLISH = [
    "the cat, lower!", "Don't re-do it 1st: $10.50 & 12%", "  two  blanks\tand\na line ", "", " ", "unaffable </s> <unk> x",
    "Dr. Who's “quoted” — 3,5 p.m. etc. ... at http://a.b/c?d=e <tag> [x] | y", "α2-adrenergic (p < 0.05), IL-6/TNF-α; 5′-UTR", "a\u200bb\u00a0c\u3000d\x07e",
    "@@ &amp; &lt; @-@ can't I'll THE Cat", "w" * 30,
]  # fmt: skip
EUROPEAN = [
    "L'été, qu'est-ce que c'est ? «Où»…", "Straße Ärger „Zitat“ z.B. 1.000,50 €", "Это кот, а не the cat! Ещё ёлка.", "Ștefan ţine Ţara Âşa în",
    "¿Qué? ¡Niño! El señor n.º 3", "Č. š ž, např. 5 %", "cafe\u0301 ﬁ ① Ａ１２", "Ελλάδα; Τι;", "ہیلو، دنیا۔", "हिन्दी है।", "ไทย ภาษา", "😀😀 ok 👍🏽 🇫🇷",
]  # fmt: skip
CHINESE = [
    "今天天气非常好。", "我来到北京清华大学，the cat。", "", " ", "他说：“你好！”\n小明硕士毕业于中国科学院计算所", "１２３ ＡＢＣ 2024年 3.5%", "日本語のテキスト ひらがな",
    "hello world foo_bar the   cat", "𠀀𠮷 😀 éa\u0301", "<unk>今天<sep>", "一,二，三3,", "工信处女干事每月经过下属科室都要亲口交代24口交换机", "\u3000全角\u00a0空格\u200b",
]  # fmt: skip
LETTERS = sorted(set("abcdefghijklmnopqrstuvwxyz0123456789,.!?'\"-&;%()@$:/éàèüäößсткоэеёαβăâîșț")) + ["é</w>", "е</w>", "о</w>"]
VOCAB = list(dict.fromkeys(["<s>", "</s>", "<pad>", "<unk>", *(f"<special{i}>" for i in range(10)), *PIECES, *LETTERS,
                            *(letter + "</w>" for letter in LETTERS if len(letter) == 1)]))  # fmt: skip
BPE = {"vocab.json": numbered(VOCAB), "merges.txt": lines([f"{m} {9 - i}" for i, m in enumerate(MERGES)])}
TRANSLATE = {"vocab-src.json": numbered(VOCAB), "vocab-tgt.json": numbered(VOCAB[:4] + VOCAB[:3:-1]), "merges.txt": BPE["merges.txt"]}
JIEBA = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "今天", "天气", "非常", "好", "。", "今", "天", "北京", "清华大学", "大学", "我", "来", "到", "，", "the", "cat",
         "hello", "world", "##oo", "f", "_", "bar", "##s", "中国", "中国科学院", "科学院", "计算", "计算所", "24", "口", "2024", "年", "3", ".", "5", "%", "a", "e", "é",
         "日", "本", "語", "１", "一", "二", "三", ",", "ab", "##c", "!", "你", "说", "他", "ひ"]  # fmt: skip
ANT = ["<d>", "</d>", "<s>", "</s>", "<pad>", "<unk>", "</_>", "</n>", "今天", "天气", "非常", "好", "。", "，", "清华", "大学", "北", "京", "我", "t", "th", "the", "ca",
       "科", "学", "2", "20", "4", "abc", "一", "二", "日本", "<root>", "ö", "中国"]  # fmt: skip
EMOJIS = [
    "😀 ok 👍🏽 🇫🇷 👨‍👩‍👧 ❤️ ☺ ©", "@user_1 see https://t.co/x1?y=z, www.a.com… ’quoted’ #tag:-) <3 p.m.", "he can't ai n't cannot we're I'll 10 a . m . &amp; &#128512; &#x41;&bogus;",
    "soooooo!!!!!!! ......", "call 555-123-4567 or a@b.co.uk", "RT @a: é\u200d日本 ①",
]  # fmt: skip
# Class, files, arguments, texts; a list of names where a class is also found under another.
FAMILIES = [
    ("BioGptTokenizer", BPE, {}, ENGLISH + EUROPEAN),
    ("FSMTTokenizer", TRANSLATE, {"langs": ["en", "ru"]}, ENGLISH + EUROPEAN),
    ("FSMTTokenizer", TRANSLATE, {"langs": ["de", "en"], "do_lower_case": True}, ENGLISH + EUROPEAN),
    ("XLMTokenizer", BPE, {}, ENGLISH + EUROPEAN),
    ("XLMTokenizer", BPE, {"do_lowercase_and_remove_accent": False, "lang2id": {"en": 0, "fr": 1}, "id2lang": {"0": "en", "1": "fr"}}, ENGLISH + EUROPEAN),
    ("FlaubertTokenizer", BPE, {}, ENGLISH + EUROPEAN),
    ("FlaubertTokenizer", BPE, {"do_lowercase": True}, ENGLISH + EUROPEAN),
    ("BertweetTokenizer", COUNTED, {"normalization": True}, EMOJIS + ENGLISH),
    ("BertweetTokenizer", COUNTED, {}, EMOJIS),
    ("CpmTokenizer", {"spiece.model": "unigram"}, {}, CHINESE + EUROPEAN),
    ("CpmTokenizer", {"spiece.model": "unigram"}, {"do_lower_case": True, "keep_accents": True, "remove_space": False}, CHINESE + EUROPEAN),
    ("CpmAntTokenizer", {"vocab.txt": lines(ANT)}, {}, CHINESE),
    ("RoFormerTokenizer", {"vocab.txt": lines(JIEBA)}, {}, CHINESE + EUROPEAN),
    ("RoFormerTokenizerFast", {"vocab.txt": lines(JIEBA)}, {"do_lower_case": False, "strip_accents": True}, CHINESE + EUROPEAN),
]  # fmt: skip
UNPICKLED = ("CpmTokenizer", "RoFormerTokenizer", "RoFormerTokenizerFast")  # the real ones cannot be pickled: they hold a module


def outcome(call):
    """What a call returns, or the kind of its error."""
    try:
        return call()
    except (ValueError, TypeError, KeyError, NotImplementedError, AttributeError) as error:
        kind = next(k for k in (NotImplementedError, KeyError, ValueError, TypeError, AttributeError) if isinstance(error, k))
        return kind.__name__


def plain(encoding):
    return {key: [list(row) if isinstance(row, (list, tuple)) else row for row in value] for key, value in encoding.items()}


def records(lib, name, files, options, texts):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            data = (MODELS / f"{content}.model").read_bytes() if file.endswith(".model") else content.encode()
            with open(os.path.join(folder, file), "wb") as out:
                out.write(data)
        first = getattr(lib, name).from_pretrained(folder, **options)
        # The real RoFormer takes the path for the vocabulary here, and finds no words in it.
        before = not name.startswith("RoFormer") and [first(text)["input_ids"] for text in texts]
        saved = os.path.join(folder, "saved")
        first.save_pretrained(saved)
        tokenizer = getattr(lib, name).from_pretrained(saved)
        ids = [tokenizer(text)["input_ids"] for text in texts]
        auto = outcome(lambda: type(lib.AutoTokenizer.from_pretrained(saved)).__name__)
        words = [["the", "cat,"], ["今天", "lower!"]]
        out = {
            "ids": ids, "tokens": [[str(token) for token in tokenizer.tokenize(text)] for text in texts], "texts": [tokenizer.decode(row) for row in ids],
            "plain": [tokenizer.decode(row, skip_special_tokens=True) for row in ids],
            "pair": plain(tokenizer(texts[0], texts[1], return_special_tokens_mask=True, return_token_type_ids=True)),
            "cut": plain(tokenizer(texts[:2], texts[1:3], max_length=9, truncation=True, padding="max_length")),
            "bare": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts[:3]],
            "size": [tokenizer.vocab_size, len(tokenizer)], "special": {key: str(value) for key, value in tokenizer.special_tokens_map.items()}, "special ids": tokenizer.all_special_ids,
            "files": sorted(os.listdir(saved)), "before": before, "auto": auto,
            "pickled": name not in UNPICKLED and [pickle.loads(pickle.dumps(tokenizer))(text)["input_ids"] for text in texts[:4]],  # noqa: S301
            "split": outcome(lambda: plain(tokenizer(words, is_split_into_words=True))),
            "offsets": tokenizer.is_fast and [tokenizer(text, return_offsets_mapping=True)["offset_mapping"] for text in texts[:6]],
            "masks": outcome(lambda: [tokenizer.get_special_tokens_mask(ids[0], already_has_special_tokens=True),
                                      tokenizer.build_inputs_with_special_tokens([5, 6], [7]), tokenizer.create_token_type_ids_from_sequences([5, 6], [7])]),
            "added": [tokenizer.add_tokens(["new word", "Zz"]), tokenizer.tokenize("the new word Zz cat")],
        }  # fmt: skip
        for file in out["files"]:
            if not file.endswith(".model") and file not in ("tokenizer_config.json", "tokenizer.json"):
                with open(os.path.join(saved, file), encoding="utf-8") as content:
                    out[file] = content.read() if len(files.get(file, "")) < 600 else None
        with open(os.path.join(saved, "tokenizer_config.json"), encoding="utf-8") as content:
            config = json.load(content)
        out["config"] = {key: config[key] for key in sorted(config) if key in ("tokenizer_class", "model_max_length", "backend", *options)}
        return out


def case_packages(lib):
    return {f"{number} {row[0]}": records(lib, *row) for number, row in enumerate(FAMILIES)}


def case_languages(lib):
    """The words that Moses finds in each language it has rules for."""
    with tempfile.TemporaryDirectory() as folder:
        for file, content in {**BPE, **TRANSLATE}.items():
            with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
                out.write(content)
        xlm = lib.XLMTokenizer.from_pretrained(folder, lang2id={"en": 0, "zh": 1}, id2lang={0: "en", 1: "zh"})
        out = {lang: [xlm.tokenize(text, lang=lang) for text in EUROPEAN + ENGLISH[:7]] for lang in ("en", "fr", "ro", "ru", "de", "xx")}
        out["zh"] = [xlm.tokenize(text, lang="zh") for text in CHINESE]
        out["bypass"] = [xlm.tokenize(text, bypass_tokenizer=True) for text in ENGLISH]
        fsmt = lib.FSMTTokenizer.from_pretrained(folder, langs=["ru", "en"])
        out["fsmt"] = [fsmt.src_vocab_size, fsmt.tgt_vocab_size, len(fsmt.get_src_vocab()), fsmt.convert_ids_to_tokens([5, 6, 7]),
                       fsmt.convert_tokens_to_ids(["the</w>", "nope"]), fsmt.convert_tokens_to_string(["the</w>", "ca", "t</w>", ",</w>"])]  # fmt: skip
        biogpt = lib.BioGptTokenizer.from_pretrained(folder)
        out["biogpt"] = [biogpt.tokenize(text, bypass_tokenizer=True) for text in ENGLISH]
    return out


def case_at_signs(lib):
    """Bertweet's pieces without the package's names of emojis, and a vocabulary with added pieces."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "more.txt"), "w", encoding="utf-8") as out:
            out.write("new 4\nother 1\n")
        for file, content in COUNTED.items():
            with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
                out.write(content)
        tokenizer = lib.BertweetTokenizer.from_pretrained(folder, normalization=True)
        out = [tokenizer.normalizeTweet(text) for text in EMOJIS + ENGLISH + EUROPEAN]
        tokenizer.add_from_file(os.path.join(folder, "more.txt"))
        return [out, tokenizer.vocab_size, tokenizer.convert_tokens_to_ids(["new", "other", "the", AT[0]])]
