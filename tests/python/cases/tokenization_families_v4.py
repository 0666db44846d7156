"""Tokenizer classes of which later releases lose what their models were trained with."""

from __future__ import annotations

from cases.tokenization_families import MODELS, folder_with

VERSION = "4.57.6"  # of the real library
TEXTS = ["Hello, the Hat naïve", "A CAT  and ``a hat''", "", "the [MASK] cat"]


def case_fnet(lib):
    """From a bare vocabulary: cases and accents stay, unless the caller says otherwise."""
    out = []
    with folder_with(**{"spiece.model": MODELS / "unigram_bert.model"}) as folder:
        for options in ({}, {"do_lower_case": True}, {"keep_accents": False}):
            tokenizer = lib.FNetTokenizer.from_pretrained(folder, **options)
            out += [dict(tokenizer(text)) for text in TEXTS]
            out += [dict(tokenizer(TEXTS[0], TEXTS[1])), tokenizer.model_input_names]
    return out


def case_older_batches(lib):
    """`prepare_seq2seq_batch`: lengths and languages."""
    out = []
    with folder_with(**{"sentencepiece.bpe.model": MODELS / "unigram.model"}) as folder:
        for options in ({}, {"max_length": 5}, {"max_length": 5, "max_target_length": 4}, {"truncation": False},
                        {"src_lang": "de_DE", "tgt_lang": "fr_XX"}):  # fmt: skip
            tokenizer = lib.MBartTokenizer.from_pretrained(folder, model_max_length=9)
            texts = {"src_texts": ["the cat and a hat", "a"], "tgt_texts": ["a hat the cat", "the"]}
            out.append(dict(tokenizer.prepare_seq2seq_batch(**texts, **options)))
    words = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "▁the": 4, "▁cat": 5, "▁a": 6}
    with folder_with(**{"vocab.json": words, "sentencepiece.bpe.model": MODELS / "bpe.model"}) as folder:
        for options in ({}, {"src_lang": "de", "tgt_lang": "fr"}):
            tokenizer = lib.M2M100Tokenizer.from_pretrained(folder, model_max_length=9)
            out.append(dict(tokenizer.prepare_seq2seq_batch(["the cat"], tgt_texts=["a cat the"], **options)))
    return out
