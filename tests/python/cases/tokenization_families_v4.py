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


def case_unigram_with_the_usual_ids(lib):
    """<unk>, <s>, </s>, pieces: what is unknown is the file's, and texts end with the end."""
    out = {}
    for name in ("MT5TokenizerFast", "PegasusTokenizerFast"):
        with folder_with(**{"spiece.model": MODELS / "unigram.model"}) as folder:
            tokenizer = getattr(lib, name).from_pretrained(folder)
        out[name] = [tokenizer(text)["input_ids"] for text in ("the cat 漢", "a hat", "")]
        out[f"{name} pair"] = tokenizer("the 漢", "cat")["input_ids"]
    with folder_with(**{"spiece.model": MODELS / "unigram.model"}) as folder:
        out["end"] = lib.PegasusTokenizer.from_pretrained(folder).eos_token_id
    return out


def case_symbols_of_the_file(lib):
    """Symbols that users defined are found whole, beside the languages."""
    with folder_with(**{"sentencepiece.bpe.model": MODELS / "bpe_bytes.model"}) as folder:
        tokenizer = lib.NllbTokenizerFast.from_pretrained(folder)
    marks = {token: index for token, index in tokenizer.get_added_vocab().items() if "_" not in token}
    return [tokenizer("the<mark>")["input_ids"], marks, len(tokenizer), tokenizer.convert_tokens_to_ids("zul_Latn")]
