"""Tokenizers whose words have boxes or xpaths."""

from __future__ import annotations

import json

from cases.tokenization_families import MODELS, byte_level_vocab, folder_with, word_piece_vocab

WORDS = ["Hello", "tokenizers", "the", "cat's", "日本語", "3,14", "", "hat!"]
BOXES = [[10 * i, i, 10 * i + 5, 900 + i] for i in range(len(WORDS))]
LABELS = list(range(len(WORDS)))
QUESTION = "and the hat?"
FILES = {"LayoutXLMTokenizer": "sentencepiece.bpe.model", "UdopTokenizer": "spiece.model"}
TAGS = {"html": 0, "body": 1, "div": 2, "li": 3, "span": 4}
PATHS = ["/html/body/div", "/html/body/div/li[1]/div/span[2]", "/html/head/title", "html", "", "/html/li[5000]",
         "/html/" + "div/" * 60, " / body / li[3]"]  # fmt: skip


def made(lib, name, **kwargs):
    if name == "LayoutLMv2Tokenizer":
        return getattr(lib, name)(vocab=word_piece_vocab(), **kwargs)
    if name in FILES:
        with folder_with(**{FILES[name]: MODELS / "unigram.model"}) as folder:
            return getattr(lib, name).from_pretrained(folder, **kwargs)
    vocab, merges = byte_level_vocab(False)
    return getattr(lib, name)(vocab=vocab, merges=merges, **kwargs)


def outcome(call, *args, **kwargs):
    try:
        found = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in call(*args, **kwargs).items()}
        return json.dumps(found, separators=(",", ":"))  # as a text, which is short
    except (ValueError, AssertionError) as error:
        return "refused" if str(error) else "refused without a word"


def calls(tokenizer, extra, labels, values):
    """The calls that documents are encoded with."""
    t, short = tokenizer, {extra: values[:3]}
    words, page = WORDS[:3], {extra: values}
    two = {extra: [values, values[:3]], labels: [LABELS, LABELS[:3]]}
    return {
        "words": outcome(t, WORDS, **page),
        "labels": outcome(t, WORDS, **page, **{labels: LABELS}, return_offsets_mapping=True),
        "batch": outcome(t, [WORDS, words], **two, padding=True, return_tensors="np"),
        "left": outcome(t, [WORDS, words], **two, padding="max_length", max_length=40, padding_side="left"),
        "question": outcome(t, QUESTION, WORDS, **page),
        "questions": outcome(t, [QUESTION, "a cat"], [WORDS, words], **{extra: [values, values[:3]]}, padding=True),
        "cut": outcome(t, QUESTION, WORDS, **page, truncation="only_second", max_length=20, stride=2,
                       return_overflowing_tokens=True, return_special_tokens_mask=True, return_length=True),
        "cut words": outcome(t, WORDS, **page, truncation=True, max_length=7, padding="max_length"),
        "tensor": outcome(t, words, **short, return_tensors="np"),
        "types": outcome(t, QUESTION, words, **short, return_token_type_ids=True, return_attention_mask=False),
        "plain": outcome(t, words, **short, add_special_tokens=False),
        "too few": outcome(t, WORDS, **short),
        "other count": outcome(t, [WORDS, words], **{extra: [values]}),
        "no words": outcome(t, "words", **short),
        "pairs": outcome(t, [QUESTION], [WORDS, words], **{extra: [values, values[:3]]}),
        "tokens": t.tokenize("Hello the cat"),
        "pad": outcome(t.pad, [{"input_ids": [5, 6], extra_key(extra): values_of(t, extra, 2), "labels": [1, 2]},
                               {"input_ids": [5], extra_key(extra): values_of(t, extra, 1), "labels": [1]}]),
    }  # fmt: skip


def extra_key(extra):
    return "bbox" if extra == "boxes" else "xpath_tags_seq"


def values_of(tokenizer, extra, count):
    return BOXES[:count] if extra == "boxes" else [tokenizer.get_xpath_seq(PATHS[0])[0]] * count


def case_boxes(lib):
    out = {}
    for name in ("LayoutLMv2Tokenizer", "LayoutLMv3Tokenizer", "LayoutXLMTokenizer", "UdopTokenizer"):
        tokenizer = made(lib, name)
        out[name] = calls(tokenizer, "boxes", "word_labels", BOXES)
        out[name]["none"] = outcome(tokenizer, WORDS)
        every = made(lib, name, only_label_first_subword=False, sep_token_box=[1, 2, 3, 4], pad_token_label=-1)
        out[name]["every"] = outcome(every, WORDS, boxes=BOXES, word_labels=LABELS, padding="max_length", max_length=30)
        out[name]["inputs"] = [tokenizer.model_input_names, tokenizer.special_tokens_map, len(tokenizer)]
    return out


def case_udop_targets(lib):
    tokenizer = made(lib, "UdopTokenizer")
    return [
        outcome(tokenizer, text_target="the cat"),
        outcome(tokenizer, WORDS, boxes=BOXES, text_target="the cat"),
        outcome(tokenizer),
    ]


def case_markup(lib):
    name = "MarkupLMTokenizer"
    tokenizer = made(lib, name, tags_dict=TAGS, max_depth=6)
    out = calls(tokenizer, "xpaths", "node_labels", PATHS)
    out["paths"] = json.dumps([made(lib, name, tags_dict=TAGS).get_xpath_seq(path) for path in PATHS])
    out["nowhere"] = outcome(tokenizer, ["Hello", "cat"])
    out["sentences"] = outcome(tokenizer, ["Hello the cat", "a hat"])
    out["asked"] = outcome(tokenizer, "which hat?", ["Hello", "cat"])
    return out
