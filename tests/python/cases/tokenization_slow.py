"""Tokenizers that a user writes in Python: what the base class does around `_tokenize`."""

from __future__ import annotations

import logging
import os
import tempfile

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "<s>", "</s>", "the", "cat", "sat", "a", "ab", "abc", "bc", "##s", "on", "."]
SPECIAL = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "bos_token": "<s>",
           "eos_token": "</s>"}  # fmt: skip
PATTERNS = ["cls_sep", "eos", "bos", "bos_eos", "cls_double_sep", "none", None, "prefix_suffix", "another"]


def tokenizer_class(lib):
    class Words(lib.PreTrainedTokenizer):
        vocab_files_names = {"vocab_file": "vocab.json"}
        model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
        prefix_tokens, suffix_tokens = [2], [3, 5]

        def __init__(self, vocab_file=None, **kwargs):
            self.encoder = {word: index for index, word in enumerate(WORDS)}
            self.bpe_ranks = {("a", "b"): 0, ("ab", "c"): 1}
            self.add_bpe_version_header = kwargs.pop("header", False)
            super().__init__(**kwargs)

        @property
        def vocab_size(self):
            return len(self.encoder)

        def get_vocab(self):
            return dict(self.encoder, **self.added_tokens_encoder)

        def _tokenize(self, text):
            return text.split()

        def _convert_token_to_id(self, token):
            return self.encoder.get(token, self.encoder.get(self.unk_token))

        def _convert_id_to_token(self, index):
            return WORDS[index] if index < len(WORDS) else self.unk_token

    return Words


def case_layout(lib):
    out = {}
    for pattern in PATTERNS:
        for types in ("bert_style", "all_zeros"):
            for special_types in (True, False):
                tokenizer = tokenizer_class(lib)(
                    special_tokens_pattern=pattern, token_type_ids_pattern=types,
                    token_type_ids_include_special_tokens=special_types, **SPECIAL,
                )  # fmt: skip
                out[f"{pattern} {types} {special_types}"] = [
                    [tokenizer.build_inputs_with_special_tokens([7], second), tokenizer.get_special_tokens_mask([7], second),
                     tokenizer.create_token_type_ids_from_sequences([7], second)]
                    for second in (None, [8, 9], [])
                ] + [tokenizer.num_special_tokens_to_add(), tokenizer.num_special_tokens_to_add(pair=True)]  # fmt: skip
    incomplete = tokenizer_class(lib)(special_tokens_pattern="cls_double_sep", cls_token="[CLS]", unk_token="[UNK]")
    return {**out, "incomplete": incomplete.build_inputs_with_special_tokens([7])}


def case_added_tokens(lib):
    tokenizer = tokenizer_class(lib)(do_lower_case=True, **SPECIAL)
    texts = ["abc ab bc", "abcab xNEW  new <l>  x <w>y <w> z<w>", "the<r>   cat[CLS]sat", "aababcbc", "abx", "éab é", ""]
    sizes = [
        tokenizer.add_tokens(["NEW", "é", "", "abc"]), tokenizer.add_tokens(lib.AddedToken("<l>", lstrip=True)),
        tokenizer.add_tokens([lib.AddedToken("<w>", single_word=True), lib.AddedToken("<r>", rstrip=True)], special_tokens=True),
        tokenizer.add_special_tokens({"mask_token": "bc", "extra_special_tokens": ["<x>"]}),
    ]  # fmt: skip
    before = [tokenizer.tokenize(text) for text in texts]
    tokenizer._update_trie(["sat", "x"])
    whole = [tokenizer.tokenize(text) for text in texts]
    tokenizer.added_tokens_decoder = {40: "<far>", 41: lib.AddedToken("<farther>", rstrip=True)}
    return {
        "sizes": sizes, "before": before, "whole": whole, "split": tokenizer.tokenize("the [CLS]", split_special_tokens=True),
        "encoder": tokenizer.added_tokens_encoder, "special": tokenizer.all_special_tokens, "length": len(tokenizer),
        "pieces": tokenizer.tokens_trie.split("the NEW<x>abcd"),
        "flags": [[i, t.content, t.lstrip, t.rstrip, t.single_word, t.normalized, t.special]
                  for i, t in tokenizer.added_tokens_decoder.items()],
    }  # fmt: skip


def case_rows(lib):
    tokenizer = tokenizer_class(lib)(special_tokens_pattern="cls_sep", **SPECIAL)
    calls = {
        "ids": dict(text=[6, 7], text_pair=[8]), "row of one": dict(text=[["the"], ["cat"]]),
        "pairs": dict(text=[("the", "cat"), ("a", "sat on")], padding=True, return_tensors="np"),
        "words": dict(text=["the", "cat sat"], is_split_into_words=True),
        "batch of words": dict(text=[["the", "cat"], ["a"]], is_split_into_words=True, padding=True),
        "overflow": dict(text="the cat sat on a", max_length=4, truncation=True, stride=1, return_overflowing_tokens=True),
        "overflow to arrays": dict(text="the cat sat on", max_length=4, truncation=True, return_overflowing_tokens=True,
                                   return_tensors="np"),
    }  # fmt: skip
    out = {}
    for name, arguments in calls.items():
        out[name] = {key: getattr(value, "tolist", lambda value=value: value)() for key, value in tokenizer(**arguments).items()}
    out["no truncation asked for"] = dict(tokenizer.prepare_for_model([6, 7, 8], max_length=3))
    return out


def case_save_vocabulary(lib):
    out = {}
    for header in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            tokenizer = tokenizer_class(lib)(header=header, extra_special_tokens={"image_token": "<img>"}, **SPECIAL)
            files = tokenizer.save_pretrained(folder, filename_prefix="my" if header else None)
            out[str(header)] = {"returned": [os.path.basename(path) for path in files]}
            for name in sorted(os.listdir(folder)):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    out[str(header)][name] = file.read()
    return out


def case_special_tokens_that_are_missing(lib):
    out = []
    for pattern in PATTERNS[:5]:
        try:
            tokenizer_class(lib)(special_tokens_pattern=pattern, unk_token="[UNK]").build_inputs_with_special_tokens([7])
        except ValueError as error:
            out.append(str(error))
    return out


def case_overflow_that_is_lost(lib):
    tokenizer = tokenizer_class(lib)(special_tokens_pattern="cls_sep", **SPECIAL)
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = logging.getLogger(lib.__name__)
    logger.addHandler(handler)
    try:
        cut = tokenizer.truncate_sequences([6, 7, 8], [9, 10], num_tokens_to_remove=2)
        tokenizer.truncate_sequences([6, 7, 8], [9, 10], num_tokens_to_remove=0)
        tokenizer("the cat sat", "on a", truncation=True, max_length=5)
    finally:
        logger.removeHandler(handler)
    return [cut, lines]


def case_overflow_of_some_rows(lib):
    tokenizer = tokenizer_class(lib)(special_tokens_pattern="cls_sep", **SPECIAL)
    try:
        tokenizer(["the", "the cat sat"], truncation=True, max_length=3, return_overflowing_tokens=True)
    except AssertionError as error:
        return str(error).partition(". ")[0].rstrip(".")
    return None
