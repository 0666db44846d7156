"""The tokenizer classes without a tokenizer.json: from nothing, from a vocabulary, from the older files."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import shutil
import tempfile

import numpy as np

MODELS = pathlib.Path(__file__).resolve().parent.parent.parent / "data" / "sentencepiece"
TEXTS = [
    "Hello, the cat and a hat sat!", " two  blanks\tand\na line ", "", "ﬁ Ａ naïve cafe\u0301 日本語 мир 😀 2024",
    "``quoted'' <mask> [MASK] </s> <extra_id_3> tokenizers", "don't re-do <sep> it => 3.14",
]  # fmt: skip

WORD_PIECE = [
    "BertTokenizer", "DistilBertTokenizer", "FunnelTokenizer", "MPNetTokenizer", "SplinterTokenizer",
]  # fmt: skip
BYTE_LEVEL = [
    "BlenderbotTokenizer", "CLIPTokenizer", "CodeGenTokenizer", "CohereTokenizer", "DebertaTokenizer", "GPT2Tokenizer",
    "GPTNeoXTokenizer", "HerbertTokenizer", "NougatTokenizer", "OpenAIGPTTokenizer", "Qwen2Tokenizer",
    "Qwen3_5Tokenizer", "RobertaTokenizer",
]  # fmt: skip
UNIGRAM = [
    "AlbertTokenizer", "BarthezTokenizer", "BigBirdTokenizer", "CamembertTokenizer", "DebertaV2Tokenizer",
    "MBart50Tokenizer", "MBartTokenizer", "PegasusTokenizer", "T5Tokenizer",
    "XLMRobertaTokenizer", "XLNetTokenizer",
]  # fmt: skip
PIECE_BPE = [
    "CodeLlamaTokenizer", "GemmaTokenizer", "LlamaTokenizer", "NllbTokenizer", "ReformerTokenizer",
    "SeamlessM4TTokenizer",
]  # fmt: skip
FILES = {
    "AlbertTokenizer": "spiece.model", "BigBirdTokenizer": "spiece.model", "DebertaV2Tokenizer": "spm.model",
    "PegasusTokenizer": "spiece.model", "T5Tokenizer": "spiece.model", "XLNetTokenizer": "spiece.model", "ReformerTokenizer": "spiece.model",
    "CodeLlamaTokenizer": "tokenizer.model", "GemmaTokenizer": "tokenizer.model", "LlamaTokenizer": "tokenizer.model",
}  # fmt: skip


KINDS = {
    **dict.fromkeys(("AlbertTokenizer", "BigBirdTokenizer", "DebertaV2Tokenizer"), ("unigram_bert",)),
    "PegasusTokenizer": ("unigram_t5",), "T5Tokenizer": ("unigram_t5", "unigram_symbols"),
}  # fmt: skip


def state(tokenizer):
    """What a tokenizer does to the texts, and what it says about itself."""
    out = {
        "size": len(tokenizer), "special": tokenizer.special_tokens_map, "inputs": tokenizer.model_input_names,
        "side": tokenizer.padding_side, "added": {t: i for t, i in tokenizer.get_added_vocab().items() if i < 500},
        "extra": [str(t) for t in tokenizer.extra_special_tokens][:12], "pad type": tokenizer.pad_token_type_id,
        "flags": [[str(t), t.lstrip, t.rstrip, t.normalized, t.special]
                  for i, t in sorted(tokenizer.added_tokens_decoder.items())][-12:],
    }  # fmt: skip
    for index, text in enumerate(TEXTS):
        encoding = tokenizer(text, return_offsets_mapping=True)
        out[f"{index}"] = [encoding["input_ids"], [list(pair) for pair in encoding["offset_mapping"]]]
        out[f"{index} decoded"] = [tokenizer.decode(encoding["input_ids"]),
                                   tokenizer.decode(encoding["input_ids"], skip_special_tokens=True)]  # fmt: skip
    pair = tokenizer(TEXTS[0], "the hat", return_token_type_ids=True)
    return {**out, "pair": [pair["input_ids"], pair["token_type_ids"]]}


def outcome(make):
    """State of what is made, or that there is none."""
    try:
        return state(make())
    except Exception:  # noqa: BLE001 (the engine of the real library raises plain Exception)
        return "error"


def word_piece_vocab():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<s>", "<pad>", "</s>", "<unk>", "<mask>", "<sep>", "<cls>",
             "[QUESTION]", ".", "hello", "the", "cat", "and", "a", "hat", "sat", "!", ",", "to", "##ken", "##izer", "##s",
             "don", "'", "t", "##t", "3", "cafe", "naive", "日", "本", "語", "Hello"]  # fmt: skip
    return {word: index for index, word in enumerate(words)}


def byte_level_vocab(ends: bool):
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    symbols = [*map(chr, plain), *(chr(256 + i) for i in range(len(rest)))]
    merges = [("h", "e"), ("l", "l"), ("t", "he"), ("Ġ", "the"), ("a", "t"), ("c", "at"), ("Ġ", "cat"), ("a", "n")]
    if ends:
        symbols += [symbol + "</w>" for symbol in symbols]
        merges += [("an", "d</w>"), ("t", "he</w>"), ("a", "t</w>"), ("h", "at</w>")]
        symbols += ["he</w>", "at</w>"]
        merges = [("h", "e</w>"), ("a", "t</w>"), *merges[:-3], merges[-3], merges[-1]]
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "<|endoftext|>",
               "<|startoftext|>", "<|padding|>"]  # fmt: skip
    tokens = list(dict.fromkeys([*special, *symbols, *(a + b for a, b in merges)]))
    return {token: index for index, token in enumerate(tokens)}, list(dict.fromkeys(merges))


def folder_with(**files):
    """A temporary folder; a file's content is text, JSON, or a path to copy."""
    folder = tempfile.TemporaryDirectory()
    for name, content in files.items():
        path = os.path.join(folder.name, name)
        if isinstance(content, pathlib.Path):
            shutil.copy(content, path)
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(content if isinstance(content, str) else json.dumps(content))
    return folder


def case_from_nothing(lib):
    refused = ("MPNetTokenizer", "PegasusTokenizer")  # by the real library
    names = [name for name in (*WORD_PIECE, *BYTE_LEVEL, *UNIGRAM, *PIECE_BPE) if name not in refused]
    return {name: outcome(lambda name=name: getattr(lib, name)()) for name in names}


def case_esmc(lib):
    """A class that brings its vocabulary along."""
    out = []
    for options in ({}, {"unk_token": "X", "cls_token": "<eos>"}, {"chain_break_token": "."}):
        tokenizer = lib.EsmcTokenizer(**options)
        texts = ["ACDEFGHIKLMNPQRSTVWY", "MK|AA<mask>L", "m x1", "", "A C | D<eos>"]
        ids = [tokenizer(text)["input_ids"] for text in texts]
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            again = lib.AutoTokenizer.from_pretrained(folder)
            out.append([type(again).__name__, again("MK|A")["input_ids"], again.chain_break_token])
        out.append([
            ids, [tokenizer.decode(row) for row in ids], [tokenizer.decode(row, skip_special_tokens=True) for row in ids],
            dict(tokenizer("AC", "DE", return_token_type_ids=True)), tokenizer.special_tokens_map, tokenizer.all_special_ids,
            len(tokenizer), tokenizer.chain_break_token_id, tokenizer.bos_token_id, tokenizer.padding_side,
        ])  # fmt: skip
    return out


def case_word_piece(lib):
    vocab = word_piece_vocab()
    text = "".join(f"{word}\n" for word in vocab)
    out = {}
    for name in WORD_PIECE:
        cls = getattr(lib, name)
        out[name] = outcome(lambda cls=cls: cls(vocab=vocab))
        with folder_with(**{"vocab.txt": text, "tokenizer_config.json": {"do_lower_case": False}}) as folder:
            out[f"{name} folder"] = outcome(lambda cls=cls, folder=folder: cls.from_pretrained(folder))
    out["accents"] = outcome(lambda: lib.BertTokenizer(vocab, strip_accents=True, do_lower_case=False))
    out["chinese"] = outcome(lambda: lib.BertTokenizer(vocab, tokenize_chinese_chars=False))
    return out


def case_byte_level(lib):
    out = {}
    for name in BYTE_LEVEL:
        cls = getattr(lib, name)
        vocab, merges = byte_level_vocab(name in ("CLIPTokenizer", "HerbertTokenizer", "OpenAIGPTTokenizer"))
        out[name] = outcome(lambda cls=cls, v=vocab, m=merges: cls(vocab=v, merges=m))
        lines = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)
        with folder_with(**{"vocab.json": vocab, "merges.txt": lines}) as folder:
            if name != "Qwen3_5Tokenizer":  # whose real class names no files
                out[f"{name} folder"] = outcome(lambda cls=cls, folder=folder: cls.from_pretrained(folder))
    vocab, merges = byte_level_vocab(False)
    out["prefix"] = outcome(lambda: lib.GPT2Tokenizer(vocab, merges, add_prefix_space=True))
    out["roberta offsets"] = outcome(lambda: lib.RobertaTokenizer(vocab, merges, trim_offsets=False))
    out["bos"] = outcome(lambda: lib.GPT2Tokenizer(vocab, merges, add_bos_token=True))
    return out


def case_unigram_files(lib):
    out = {}
    for name in UNIGRAM:
        for kind in KINDS.get(name, ("unigram", "unigram_symbols")):
            file = FILES.get(name, "sentencepiece.bpe.model")
            with folder_with(**{file: MODELS / f"{kind}.model"}) as folder:
                out[f"{name} {kind}"] = outcome(lambda n=name, f=folder: getattr(lib, n).from_pretrained(f))
    with folder_with(**{"sentencepiece.model": MODELS / "unigram_bert.model"}) as folder:
        tokenizer = lib.RemBertTokenizer.from_pretrained(folder)
        out["RemBertTokenizer"] = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    with folder_with(**{"spiece.model": MODELS / "unigram_t5.model", "tokenizer_config.json": {"extra_ids": 7}}) as folder:
        out["extra ids"] = outcome(lambda: lib.T5Tokenizer.from_pretrained(folder))
    with folder_with(**{"spm.model": MODELS / "unigram.model"}) as folder:
        out["split by punctuation"] = outcome(
            lambda: lib.DebertaV2Tokenizer.from_pretrained(folder, split_by_punct=True, do_lower_case=True)
        )
    return out


def case_piece_bpe_files(lib):
    out = {}
    for name in PIECE_BPE:
        file = FILES.get(name, "sentencepiece.bpe.model")
        kind = "bpe" if name in ("NllbTokenizer", "ReformerTokenizer", "SeamlessM4TTokenizer") else "bpe_bytes"
        with folder_with(**{file: MODELS / f"{kind}.model"}) as folder:
            options = {"extra_special_tokens": ["eng_Latn"]} if name == "NllbTokenizer" else {}
            if name != "GemmaTokenizer":  # whose real class names no file
                out[name] = outcome(lambda n=name, f=folder, o=options: getattr(lib, n).from_pretrained(f, **o))
    config = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False, "legacy": False,
              "added_tokens_decoder": {"0": added("<unk>"), "1": added("<s>"), "2": added("</s>")}}  # fmt: skip
    for legacy in (False, True):
        config = {**config, "legacy": legacy}
        with folder_with(**{"tokenizer.model": MODELS / "bpe_bytes.model", "tokenizer_config.json": config}) as folder:
            out[f"llama {legacy}"] = outcome(lambda f=folder: lib.LlamaTokenizer.from_pretrained(f))
            out[f"llama auto {legacy}"] = outcome(lambda f=folder: lib.AutoTokenizer.from_pretrained(f))
    return out


def added(token):
    return {"content": token, "lstrip": False, "rstrip": False, "normalized": False, "single_word": False,
            "special": True}  # fmt: skip


def case_generic_files(lib):
    out = {}
    for kind in ("unigram", "bpe", "bpe_bytes", "unigram_symbols"):
        with folder_with(**{"tokenizer.model": MODELS / f"{kind}.model"}) as folder:
            out[kind] = outcome(lambda f=folder: lib.PreTrainedTokenizerFast.from_pretrained(f))
    return out


def case_older_configuration(lib):
    """special_tokens_map.json and added_tokens.json, from before added_tokens_decoder."""
    vocab, merges = byte_level_vocab(False)
    lines = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)
    files = {
        "vocab.json": vocab, "merges.txt": lines,
        "special_tokens_map.json": {"bos_token": "<s>", "pad_token": added("<pad>"),
                                    "extra_special_tokens": ["<|tool|>", "<|end|>"]},
        "added_tokens.json": {"<|tool|>": len(vocab), "<|end|>": len(vocab) + 1, "<plain>": len(vocab) + 2},
    }  # fmt: skip
    with folder_with(**files) as folder:
        gpt2 = outcome(lambda: lib.GPT2Tokenizer.from_pretrained(folder))
        auto = outcome(lambda: lib.AutoTokenizer.from_pretrained(folder, tokenizer_type="gpt2"))
    return {"gpt2": gpt2, "auto": auto}


def case_older_flags(lib):
    """A tokenizer.json beside added_tokens.json and special_tokens_map.json: the flags are those of tokenizer.json."""
    vocab, merges = byte_level_vocab(False)
    out = {}
    for flag in ("lstrip", "rstrip", "single_word", "normalized", "special", "none"):
        tokenizer = lib.GPT2Tokenizer(vocab, merges, mask_token=lib.AddedToken("<mask>", lstrip=True, special=True))
        flags = {"normalized": False, "special": False, **({} if flag == "none" else {flag: True})}
        tokenizer.add_tokens([lib.AddedToken("<new>", **flags)])
        ids = tokenizer.added_tokens_encoder
        for named in ({}, {"additional_special_tokens": ["<new>"]}, {"sep_token": "<new>", "mask_token": "<mask>"}):
            with tempfile.TemporaryDirectory() as folder:
                tokenizer.save_pretrained(folder)
                for name, content in (("added_tokens.json", {token: ids[token] for token in ("<mask>", "<new>")}),
                                      ("tokenizer_config.json", {"tokenizer_class": "GPT2Tokenizer"}),
                                      ("special_tokens_map.json", named)):  # fmt: skip
                    pathlib.Path(folder, name).write_text(json.dumps(content))
                loaded = lib.AutoTokenizer.from_pretrained(folder)
            encoded = loaded("the <new> cat<new>sat <mask> <NEW>")["input_ids"]
            tokens = [(i, t.content, t.lstrip, t.rstrip, t.single_word, t.normalized, t.special)
                      for i, t in sorted(loaded.added_tokens_decoder.items())]  # fmt: skip
            out[f"{flag} {sorted(named)}"] = [
                encoded, loaded.decode(encoded, skip_special_tokens=True), [list(token) for token in tokens],
                loaded.special_tokens_map,
            ]  # fmt: skip
    return out


def case_infilling(lib):
    """Code Llama: a gap in a text, a suffix, marks that are missing; from a vocabulary, and once saved."""
    calls = [
        {"text": "the<FILL_ME> cat"}, {"text": "the <FILL_ME> cat", "suffix_first": True}, {"text": "a", "suffix": "the b"},
        {"text": "a", "suffix": "b", "suffix_first": True}, {"text": "a", "suffix_first": True}, {"text": "<FILL_ME>"},
        {"text": "a<FILL_ME>"}, {"text": ["the", "a b"], "suffix": ["cat", "sat on"]},
        {"text": ["a<FILL_ME>b", "x"]}, {"text": "a<FILL_ME>b", "text_pair": "c"},
        {"text": "the<FILL_ME> cat", "add_special_tokens": False},
        {"text": "the cat<FILL_ME> and the hat", "return_offsets_mapping": True},
        {"text": "the cat sat on<FILL_ME> and the hat", "truncation": True, "max_length": 9},
    ]  # fmt: skip
    out = {}
    with folder_with(**{"tokenizer.model": MODELS / "bpe.model"}) as folder, tempfile.TemporaryDirectory() as saved:

        def load(where=folder, **options):
            return lib.CodeLlamaTokenizer.from_pretrained(where, **options)

        load().save_pretrained(saved)
        for name, where in (("vocabulary", folder), ("saved", saved)):
            tokenizer = load(where)
            marks = ("prefix", "middle", "suffix", "eot")
            out[name] = [dict(load(where)(**call)) for call in calls]
            out[f"{name} marks"] = [[getattr(tokenizer, f"{m}_token"), getattr(tokenizer, f"{m}_id")] for m in marks]
            out[f"{name} tokens"] = [load(where).tokenize("the<FILL_ME> cat"), load(where).encode("a", suffix="b")]
            out[f"{name} state"] = [tokenizer.fill_token, len(tokenizer), tokenizer.special_tokens_map]
        options = [{"fill_token": None}, {"add_eos_token": True}, {"add_bos_token": False}]
        out["options"] = [load(**option)("the<FILL_ME> cat")["input_ids"] for option in options]
        try:
            load(prefix_token=None)("the<FILL_ME> cat")
        except ValueError as error:
            out["no mark"] = str(error)
        out["none"] = [load(prefix_token=None).prefix_id, load(fill_token=None).fill_token]
    return out


def case_passages(lib):
    """DPR's reader: question, titles and texts, and the spans that logits mean."""
    vocab = word_piece_vocab()
    with folder_with(**{"vocab.txt": "\n".join(vocab) + "\n"}) as folder:
        tokenizer = lib.DPRReaderTokenizer.from_pretrained(folder)
    texts, titles = ["the cat sat hello . a hat", "a tokenizer !"], ["a hat", "the cat"]
    inputs = tokenizer("the cat", titles=titles, texts=texts, padding=True)
    width = len(inputs["input_ids"][0])
    starts, ends = ([[(7 * i + k + 5 * row) % 11 for i in range(width)] for row in (0, 1)] for k in (0, 3))
    output = (np.array(starts, np.float32), np.array(ends, np.float32), np.array([1.0, 2.5], np.float32))
    spans = [
        tokenizer.decode_best_spans(inputs, output, **options)
        for options in ({}, {"num_spans": 3}, {"max_answer_length": 2}, {"num_spans_per_passage": 1})
    ]
    return {
        "inputs": dict(inputs), "names": tokenizer.model_input_names,
        "one": dict(tokenizer(questions="the cat", titles="a hat", texts="hello")),
        "each": dict(tokenizer(["a", "the hat"], titles, texts, max_length=9, truncation=True)),
        "no mask": dict(tokenizer("a", titles, texts, return_attention_mask=False)),
        "question": dict(tokenizer("the cat")), "questions": dict(tokenizer(["the cat", "a"])),
        "title": dict(tokenizer("the cat", "a hat")), "text": dict(tokenizer("the cat", texts="a hat")),
        "spans": [[[*map(float, span[:5]), span.text] for span in some] for some in spans],
    }  # fmt: skip


def case_bare_configuration(lib):
    """A tokenizer.json whose configuration names the class alone, or says that there is no such token."""
    out = {}
    for name in ("T5Tokenizer", "PegasusTokenizer", "CamembertTokenizer", "MBartTokenizer",
                 "MBart50Tokenizer", "XLMRobertaTokenizer"):  # fmt: skip
        kind = KINDS.get(name, ("unigram",))[0]
        with folder_with(**{FILES.get(name, "sentencepiece.bpe.model"): MODELS / f"{kind}.model"}) as folder:
            tokenizer = getattr(lib, name).from_pretrained(folder)
        with tempfile.TemporaryDirectory() as folder:
            for null in (None, "unk_token", "pad_token", "mask_token") if name == "XLMRobertaTokenizer" else (None,):
                tokenizer.save_pretrained(folder)
                config = {"tokenizer_class": name, **({} if null is None else {null: None})}
                pathlib.Path(folder, "tokenizer_config.json").write_text(json.dumps(config))
                loaded = lib.AutoTokenizer.from_pretrained(folder)
                out[f"{name} {null}"] = [
                    loaded.all_special_ids, loaded.extra_special_tokens, loaded.special_tokens_map, len(loaded),
                    loaded.convert_tokens_to_ids("zzzq"),
                ]  # fmt: skip
    return out


def case_unset_special_tokens(lib):
    """Tokens that a post-processor wants, set to None: some classes keep their place, others put nothing around a text."""
    names = ("BertTokenizer", "DistilBertTokenizer", "DPRReaderTokenizer", "ElectraTokenizer", "MPNetTokenizer",
             "SplinterTokenizer", "DebertaV2Tokenizer", "RemBertTokenizer")  # fmt: skip
    words = word_piece_vocab()
    pieces = [(piece, -1.0 * index) for index, piece in enumerate(["<s>", "[PAD]", "[UNK]", "▁the", "▁cat", "[CLS]", "[SEP]"])]
    out = {}
    for name in names:
        for unset in (("cls_token",), ("sep_token",), ("cls_token", "sep_token")):
            null = dict.fromkeys(unset)
            vocab = pieces if name in ("DebertaV2Tokenizer", "RemBertTokenizer") else words
            made = [getattr(lib, name)(vocab=vocab, **null)]
            if vocab is words:
                with folder_with(**{"vocab.txt": "\n".join(words), "tokenizer_config.json": null}) as folder:
                    made.append(getattr(lib, name).from_pretrained(folder))
            for index, tokenizer in enumerate(made):
                one, two = tokenizer("the cat"), tokenizer("the", "cat")
                out[f"{name} {' '.join(unset)} {index}"] = [
                    one["input_ids"], one.tokens(), two["input_ids"], two.tokens(), two.get("token_type_ids"),
                    tokenizer.num_special_tokens_to_add(), tokenizer.cls_token, tokenizer.sep_token, len(tokenizer),
                ]  # fmt: skip
    return out


def case_templates_by_name(lib):
    """Cohere: templates for tools and for documents."""
    vocab, merges = byte_level_vocab(False)
    tokenizer = lib.CohereTokenizer(vocab, merges)
    tokenizer.chat_template = {
        "default": "{{ messages[0].content }}",
        "tool_use": "{% for tool in tools %}{{ tool.name }} {% endfor %}{{ messages[0].content }}",
        "rag": "{{ citation_mode }} {% for d in documents %}{{ d.title }} {% endfor %}{{ add_generation_prompt }}",
    }
    talk, plain = [{"role": "user", "content": "the cat?"}], {"tokenize": False}
    documents = [{"title": "a", "text": "b"}, {"title": "c", "text": "d"}]
    return [
        tokenizer.apply_tool_use_template(talk, tools=[{"name": "search"}, {"name": "answer"}], **plain),
        tokenizer.apply_grounded_generation_template(talk, documents, **plain),
        tokenizer.apply_grounded_generation_template(
            talk, documents=documents, citation_mode="fast", add_generation_prompt=True, **plain
        ),
    ]


def case_languages(lib):
    out = {}
    for name, kind in (("MBartTokenizer", "unigram"), ("MBart50Tokenizer", "unigram"), ("NllbTokenizer", "bpe")):
        source, target = ("eng_Latn", "fra_Latn") if name == "NllbTokenizer" else ("en_XX", "ro_RO")
        with folder_with(**{"sentencepiece.bpe.model": MODELS / f"{kind}.model"}) as folder:
            options = {"extra_special_tokens": [source, target]} if name == "NllbTokenizer" else {}
            tokenizer = getattr(lib, name).from_pretrained(folder, src_lang=source, tgt_lang=target, **options)
        both = tokenizer("the cat", text_target="a hat")
        tokenizer.src_lang = target
        swapped = tokenizer("the cat")["input_ids"]
        built = tokenizer._build_translation_inputs("a", return_tensors=None, src_lang=source, tgt_lang=target)
        out[name] = [both["input_ids"], both["labels"], swapped, built["input_ids"], built["forced_bos_token_id"],
                     tokenizer.src_lang, tokenizer.tgt_lang, tokenizer.prefix_tokens, tokenizer.suffix_tokens]  # fmt: skip
    return out


def byte_ranks():
    tokens = [bytes([b]) for b in range(256)]
    tokens += [b"he", b"ll", b"hell", b"hello", b" c", b"at", b" cat", b"\xc3\xa9", b"th", b"the", b" the"]
    return tokens


def case_byte_ranks(lib):
    lines = "".join(f"{base64.b64encode(t).decode()} {i}\n" for i, t in enumerate(byte_ranks()))
    config = {"added_tokens_decoder": {"270": added("<|end|>"), "268": added("<|begin|>")}}
    out = {}
    with folder_with(**{"tokenizer.model": lines, "tokenizer_config.json": config}) as folder:
        out["tokenizer.model"] = outcome(lambda: lib.PreTrainedTokenizerFast.from_pretrained(folder))
    special = ["<unk>", "<s>", "</s>", "[INST]", "<pad>"]
    tekken = {
        "config": {"pattern": r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+", "num_vocab_tokens": 400,
                   "default_vocab_size": 270, "default_num_special_tokens": 8, "version": "v3"},
        "vocab": [{"rank": i, "token_bytes": base64.b64encode(t).decode(), "token_str": None}
                  for i, t in enumerate(byte_ranks())],
        "special_tokens": [{"rank": i, "token_str": t, "is_control": True} for i, t in enumerate(special)],
    }  # fmt: skip
    with folder_with(**{"tekken.json": tekken}) as folder:
        path = os.path.join(folder, "tekken.json")
        out["tekken.json"] = outcome(lambda: lib.PreTrainedTokenizerFast.from_pretrained(
            folder, vocab_file=path, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>"
        ))
    return out


def case_saved_options(lib):
    """What tokenizer_config.json says about the pipeline, which readers build around the vocabulary."""
    names = ("do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "trim_offsets")
    asked = {
        **{name: ({}, {"do_lower_case": False, "strip_accents": True}) for name in WORD_PIECE},
        "GPT2Tokenizer": ({}, {"add_prefix_space": True}),
        "RobertaTokenizer": ({}, {"add_prefix_space": True, "trim_offsets": False}),
    }
    out = {}
    for name, choices in asked.items():
        files = (word_piece_vocab(),) if name in WORD_PIECE else byte_level_vocab(False)
        for options in choices:
            with tempfile.TemporaryDirectory() as folder:
                getattr(lib, name)(*files, **options).save_pretrained(folder)
                config = json.loads((pathlib.Path(folder) / "tokenizer_config.json").read_text(encoding="utf-8"))
            out[f"{name} {options}"] = {key: config[key] for key in names if key in config}
    return out


def case_blanks_in_vocab_txt(lib):
    """Lines end without their blanks, in whatever script; separators of ASCII are none."""
    words = ["[PAD] ", "[UNK]", "[CLS]\t", "[SEP]", "[MASK]", "a\u3000", "b \u2028", " c", "d\xa0", "e\x1f", "", "f\r"]
    with folder_with(**{"vocab.txt": "\n".join(words) + "\n"}) as folder:
        return sorted(lib.BertTokenizer.from_pretrained(folder).get_vocab().items(), key=lambda pair: pair[1])
