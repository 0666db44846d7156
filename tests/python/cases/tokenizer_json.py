"""Which spellings of a component in tokenizer.json are taken: fields left out, of other types, and no "type"."""

from __future__ import annotations

import hashlib
import json

LIBRARY = "tokenizers"
BASE = {
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
    "post_processor": None, "decoder": None,
    "model": {"type": "WordLevel", "vocab": {"[U]": 0, "a": 1}, "unk_token": "[U]"},
}  # fmt: skip
BYTES = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
SPACE = {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": True}
SEP, CLS = ["[U]", 0], ["a", 1]
COMPONENTS = {
    "normalizer": [
        {"type": "NFC"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        {"type": "Prepend", "prepend": "a"}, {"type": "Replace", "pattern": {"String": "a"}, "content": "b"},
        {"type": "Sequence", "normalizers": [{"type": "NFC"}]},
    ],
    "pre_tokenizer": [
        {"type": "Whitespace"}, BYTES, {"type": "CharDelimiterSplit", "delimiter": "a"}, {"type": "FixedLength", "length": 3},
        {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Isolated"}, SPACE,
        {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Removed", "invert": False},
        {"type": "Metaspace", "replacement": "_", "add_prefix_space": True},
        {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}]},
    ],
    "decoder": [
        {"type": "Fuse"}, BYTES, {"type": "WordPiece", "prefix": "##", "cleanup": True}, {"type": "BPEDecoder", "suffix": "w"},
        {"type": "CTC", "pad_token": "a", "word_delimiter_token": "|", "cleanup": True}, SPACE,
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}, {"type": "Sequence", "decoders": [{"type": "Fuse"}]},
        {"type": "Replace", "pattern": {"String": "a"}, "content": "b"},
    ],
    "post_processor": [
        BYTES, {"type": "BertProcessing", "sep": SEP, "cls": CLS}, {"type": "Sequence", "processors": [BYTES]},
        {"type": "RobertaProcessing", "sep": SEP, "cls": CLS, "trim_offsets": True, "add_prefix_space": True},
        {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
         "special_tokens": {"a": {"id": "a", "ids": [1], "tokens": ["a"]}}},
    ],
    "model": [
        BASE["model"], {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
        {"type": "WordPiece", "unk_token": "[U]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 10,
         "vocab": {"[U]": 0, "a": 1}},
        {"type": "Unigram", "unk_id": 0, "vocab": [["a", -1.0], ["b", -2]], "byte_fallback": False},
        {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
         "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": {"a": 0, "b": 1, "ab": 2},
         "merges": [["a", "b"]]},
    ],
}  # fmt: skip
VALUES = [None, True, 1, -1, 2.5, "a", "", "ab", [], {}, ["a"], ["a", 1], {"String": "x"}, {"Regex": "("}, 2**40, "Isolated",
          "isolated", [["a", "b"]], [[1, 2]], {"a": 1.5}, "always", "##"]  # fmt: skip


def variants(component):
    """The component with each field left out, or with another value; without its name; with one field more."""
    named = {key: value for key, value in component.items() if key != "type"}
    yield from (
        component,
        named,
        {**component, "extra": 1},
        {**named, "extra": 1},
        {"type": component["type"]},
        "x",
        [component],
    )
    for key in component:
        for base in (component, named):
            yield {k: v for k, v in base.items() if k != key}
        for value in VALUES:
            if (
                key == "continuing_subword_prefix"
                and component["type"] == "BPE"
                and isinstance(value, str)
                and len(value) > 1
            ):
                continue  # the real library ends in a panic
            yield {**component, key: value}


def taken(lib, role, component):
    try:
        written = lib.Tokenizer.from_str(json.dumps({**BASE, role: component})).to_str()
    except Exception:  # noqa: BLE001 (all that the real library raises)
        return None
    return json.loads(written)[role]


def case_spellings(lib):
    out = {}
    for role, components in COMPONENTS.items():
        for number, component in enumerate(components):
            found = [taken(lib, role, variant) for variant in variants(component)]
            kept = json.dumps([f for f in found if f is not None], sort_keys=True)
            marks = "".join("x" if f is None else "." for f in found)
            out[f"{role} {number} {component['type']}"] = [marks, hashlib.sha256(kept.encode()).hexdigest()[:16]]
    return out
