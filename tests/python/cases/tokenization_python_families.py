"""Tokenizer classes of families that run in Python, over small vocabularies: ids, text, pairs, saved files."""

from __future__ import annotations

import json
import os
import pickle
import tempfile

from cases.tokenization_families import MODELS

MERGES = ["t h", "th e</w>", "c a", "ca t</w>", "l o", "lo w</w>", "e r</w>", "w er</w>", "lo w"]
TEXTS = [
    "the cat, lower!", "Don't re-do it 1st: $10.50 & 12%", "  two  blanks\tand\na line ", "", "naïve café 日本語 ① 😀😀", "unaffable </s> x",
    "LAGV<mask>SERT <unk>", "@user: see http://a.b/c :-) #tag ...... &amp;", "[S1] hi [SEP] there", "3, 4,5", "a\u200bb\u00a0c\u3000d",
]  # fmt: skip
PIECES = sorted({"".join(merge.split()) for merge in MERGES} | set("abcdefghilmnoprstuw,.!1") | {"e</w>", "t</w>", "w</w>"})
AT = [piece[:-4] if piece.endswith("</w>") else piece + "@@" for piece in PIECES]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[X_SEP]", "the", "cat", "un", "##aff", "##able", ",", "!", "日", "本", "語", "cafe"]


def numbered(tokens):
    return json.dumps({token: index for index, token in enumerate(dict.fromkeys(tokens))})


def lines(tokens, behind=""):
    return "".join(f"{token}{behind}\n" for token in tokens)


BPE = {"vocab.json": numbered(["<unk>", "__start__", "__end__", "__unk__", "__null__", *AT]),
       "merges.txt": "#version: 0.2\n" + lines(MERGES)}  # fmt: skip
COUNTED = {"vocab.txt": lines(AT, " 3"), "bpe.codes": lines(MERGES, " 5")}
BERT = {"vocab.txt": lines(WORDS)}
# Class, its files (text, or the name of a SentencePiece model), arguments.
FAMILIES = [
    ("EsmTokenizer", {"vocab.txt": "<cls>\n<pad>\n<eos>\n<unk>\nL\nA\nG\nV\nS\nE\nR\nT\n<mask>"}, {}),
    ("CanineTokenizer", {}, {}),
    ("PerceiverTokenizer", {}, {}),
    ("DiaTokenizer", {}, {}),
    ("MgpstrTokenizer", {"vocab.json": numbered(["[GO]", "[s]", *"abcdehlt"])}, {}),
    ("CTRLTokenizer", BPE, {}),
    ("BlenderbotSmallTokenizer", BPE, {}),
    ("PhobertTokenizer", COUNTED, {}),
    ("BertweetTokenizer", COUNTED, {"normalization": True}),
    ("ProphetNetTokenizer", {"prophetnet.tokenizer": lines(WORDS)}, {}),
    ("RoCBertTokenizer", {**BERT, "word_shape.json": numbered(WORDS), "word_pronunciation.json": numbered(WORDS[::-1])}, {}),
    ("BertJapaneseTokenizer", BERT, {}),
    ("BertJapaneseTokenizer", BERT, {"subword_tokenizer_type": "character", "do_lower_case": True}),
    ("BertJapaneseTokenizer", {"spiece.model": "unigram"}, {"subword_tokenizer_type": "sentencepiece"}),
    ("MyT5Tokenizer", {"byte_maps.json": json.dumps({"decompose_map": {"61 62": "01 62", "c3 a9": "05"},
                                                     "merge_map": {"74 68 65": "02", "63 61": "06 07"}})}, {}),
    ("GPTNeoXJapaneseTokenizer", {
        "vocab.txt": lines(["<|endoftext|>", "<|startoftext|>", "<SP>", "<BR>", "<TAB>", "<URL>", "<TEL>", "<|emoji1|>", "日,ニチ", "日本",
                            "the", "th", "ca,CA", "<KIGOU>"] + [f"<|byte{index}|>" for index in range(256)]),
        "emoji.json": json.dumps({"emoji": {"😀": "<|emoji1|>"}, "emoji_inv": {"<|emoji1|>": "😀"}})}, {"do_clean_text": True}),
    ("ClvpTokenizer", {"vocab.json": numbered([*map(chr, range(33, 127)), "Ġ", "Ġt", "Ġth", "[SPACE]", "[UNK]", "[STOP]", "<|endoftext|>"]),
                       "merges.txt": "#version: 0.2\nĠ t\nĠt h\n"}, {}),
    ("VitsTokenizer", {"vocab.json": numbered(["_", "<unk>", *"abcdehlnort '", "<pad>"])}, {"phonemize": False}),
    ("Wav2Vec2PhonemeCTCTokenizer", {"vocab.json": numbered(["<s>", "<pad>", "</s>", "<unk>", "|", *"abcdehlt", "aɪ"])},
     {"do_phonemize": False, "word_delimiter_token": "|"}),
    ("GPTSw3Tokenizer", {"spiece.model": "bpe_bytes"}, {}),
    ("SpeechT5Tokenizer", {"spm_char.model": "char"}, {"normalize": True}),
    ("Speech2TextTokenizer", {"sentencepiece.bpe.model": "unigram", "vocab.json": numbered(["<s>", "<pad>", "</s>", "<unk>", "▁", "▁the", "s",
                                                                                           "▁cat", "a", "t"])}, {"do_upper_case": True}),
    ("BartphoTokenizer", {"sentencepiece.bpe.model": "unigram", "dict.txt": lines(["▁the", "▁cat", "s", "▁", "a", "t"], " 1")}, {}),
    ("PLBartTokenizer", {"sentencepiece.bpe.model": "unigram"}, {"language_codes": "multi", "src_lang": "java", "tgt_lang": "en_XX"}),
]  # fmt: skip


def records(lib, name, files, options):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            data = (MODELS / f"{content}.model").read_bytes() if file.endswith(".model") else content.encode()
            with open(os.path.join(folder, file), "wb") as out:
                out.write(data)
        tokenizer = getattr(lib, name).from_pretrained(folder, **options)
        ids = [tokenizer(text)["input_ids"] for text in TEXTS]
        pair = tokenizer(TEXTS[0], TEXTS[5], return_special_tokens_mask=True, return_token_type_ids=True)
        saved = os.path.join(folder, "saved")
        tokenizer.save_pretrained(saved)
        again = getattr(lib, name).from_pretrained(saved)
        out = {
            "ids": ids, "tokens": [tokenizer.tokenize(text) for text in TEXTS[:8]],
            "texts": [tokenizer.decode(row) for row in ids if row], "pair": dict(pair),
            "plain": [tokenizer.decode(row, skip_special_tokens=True) for row in ids
                      if tokenizer.convert_ids_to_tokens(row, skip_special_tokens=True)],
            "size": [tokenizer.vocab_size, len(tokenizer)], "special": tokenizer.special_tokens_map,
            "special ids": tokenizer.all_special_ids, "files": sorted(os.listdir(saved)),
            "again": again(TEXTS[0])["input_ids"], "pickled": pickle.loads(pickle.dumps(tokenizer))(TEXTS[1])["input_ids"],  # noqa: S301
            "cut": dict(tokenizer(TEXTS[:2], max_length=6, truncation=True, padding="max_length" if tokenizer.pad_token else False)),
        }  # fmt: skip
        for file in out["files"]:
            if not file.endswith(".model") and file != "tokenizer_config.json":
                with open(os.path.join(saved, file), encoding="utf-8") as content:
                    out[file] = content.read() if len(files.get(file, "")) < 600 else None
        return out


def case_families(lib):
    return {f"{number} {row[0]}": records(lib, *row) for number, row in enumerate(FAMILIES)}


def case_numbers_in_words(lib):
    if lib.__name__ == "transformers":
        from transformers.models.clvp.number_normalizer import EnglishNormalizer
        from transformers.models.speecht5.number_normalizer import EnglishNumberNormalizer
    else:
        from eigenformers.tokenization.english_numbers import EnglishNormalizer, EnglishNumberNormalizer
    texts = ["Dr. No paid $1.01 on the 21st of May 1999", "$0.50, £1,000 and 3.14", "2000 2005 1900 12th 111th", "-€12.50, 7% of 1234567",
             "0 19 40 100 1001 999999999999", "¥5 ₹20.1", "mrs. Mr. x 10,000,000"]  # fmt: skip
    return [[EnglishNormalizer()(text), EnglishNumberNormalizer()(text)] for text in texts]


def case_parakeet(lib):
    vocab = {"<pad>": 0, "a": 1, "b": 2, "<unk>": 3, "c": 4}
    content = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<unk>"},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, value in (("tokenizer.json", content), ("config.json", {"model_type": "parakeet_ctc"}),
                            ("tokenizer_config.json", {"pad_token": "<pad>", "tokenizer_class": "ParakeetTokenizer"})):  # fmt: skip
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                json.dump(value, file)
        tokenizer = lib.AutoTokenizer.from_pretrained(folder)
    frames = [1, 1, 0, 1, 2, 2, 4, 4, 3, 3]
    return [
        type(tokenizer).__name__, tokenizer("a b zz c")["input_ids"], tokenizer.decode(frames),
        tokenizer.decode(frames, group_tokens=False), tokenizer.batch_decode([frames, [4, 4, 0]]), tokenizer.decode(1),
    ]  # fmt: skip


def case_lasr_and_tipsv2(lib):
    scored = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), ("▁a", -1.5), ("b", -3.0), ("▁ab", -2.5)]
    frames = [4, 4, 0, 4, 5, 5, 0, 0, 5, 1, 1, 2]
    out = []
    for options in ({}, {"vocab": list(scored)}, {"extra_ids": 3}, {"vocab": list(scored), "extra_ids": 0}):
        t = lib.LasrTokenizer(**options)
        out.append([len(t), t("a ab  b c", "</s> a <extra_id_1> b")["input_ids"], t.decode(frames), t.decode(4),
                    t.decode(frames, group_tokens=False), t.batch_decode([[4, 4], [5, 0, 5]], skip_special_tokens=True)])  # fmt: skip
    vocab = {"<pad>": 0, "<unk>": 1, "▁": 2, "h": 3, "i": 4, "▁h": 5, "▁hi": 6, "<0xC3>": 7, "<0x9F>": 8, "H": 9}
    merges = [("▁", "h"), ("▁h", "i")]
    for options in ({}, {"vocab": vocab, "merges": merges}, {"vocab": vocab, "merges": merges, "do_lower_case": False},
                    {"vocab": vocab, "merges": merges, "model_max_length": 5}):  # fmt: skip
        t = lib.Tipsv2Tokenizer(**options)
        rows = t(["Hi hi  HI ß", "", "<pad> hi"], padding=True, truncation=True)
        out.append([len(t), t.model_max_length, t.model_input_names, dict(rows), t.batch_decode(rows["input_ids"])])
    return out
