"""Collators on a small WordPiece tokenizer, with the same seeds."""

from __future__ import annotations

import importlib
import json
import os
import tempfile

import numpy as np

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "##s",
    "##ing",
    "dog",
    "bark",
]


def _tokenizer(lib, side="right"):
    tokens = [
        {"id": i, "content": word, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": True}
        for i, word in enumerate(WORDS[:5])
    ]  # fmt: skip
    spec = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {word: i for i, word in enumerate(WORDS)}},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        return lib.PreTrainedTokenizerFast(
            tokenizer_file=path, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
            mask_token="[MASK]", padding_side=side,
        )  # fmt: skip


def _plain(value):
    if hasattr(value, "tolist"):
        return {"dtype": str(value.dtype).split(".")[-1], "values": value.tolist()}
    if hasattr(value, "items"):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _torch(lib):
    return importlib.import_module("torch") if lib.__name__ == "transformers" else lib


def _rows(tokenizer, **options):
    texts = ["the cats sat on the mat", "a dog barking", "dogs sitting on cats"]
    return [dict(tokenizer(text, **options)) for text in texts]


def case_default(lib):
    rows = {
        "label": [{"input_ids": [1, 2], "label": 1, "text": "x"}, {"input_ids": [3, 4], "label": 0, "text": "y"}],
        "float_label": [{"x": [1.0, 2.0], "label": 0.5}, {"x": [3.0, 4.0], "label": 1.5}],
        "label_ids": [{"x": np.arange(2), "label_ids": [1, 2]}, {"x": np.arange(2), "label_ids": [3, 4]}],
        "none": [{"x": [1], "labels": None}, {"x": [2], "labels": None}],
    }
    out = {f"{name}/{kind}": _plain(lib.default_data_collator(value, return_tensors=kind))
           for name, value in rows.items() for kind in ("pt", "np") if (name, kind) != ("none", "np")}  # fmt: skip
    out["object"] = _plain(lib.DefaultDataCollator()(rows["label"]))
    return out


def case_padding(lib):
    out = {}
    for side in ("right", "left"):
        tokenizer = _tokenizer(lib, side)
        rows = _rows(tokenizer)
        with_label = [{**row, "label": i} for i, row in enumerate(rows)]
        with_tags = [{**row, "labels": [7] * len(row["input_ids"])} for row in rows]
        out[f"{side}/padding"] = _plain(lib.DataCollatorWithPadding(tokenizer)(with_label))
        out[f"{side}/multiple"] = _plain(lib.DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)(rows))
        out[f"{side}/max_length"] = _plain(
            lib.DataCollatorWithPadding(tokenizer, padding="max_length", max_length=12)(with_label)
        )
        out[f"{side}/tags"] = _plain(lib.DataCollatorForTokenClassification(tokenizer)(with_tags))
        out[f"{side}/tags_np"] = _plain(lib.DataCollatorForTokenClassification(tokenizer)(with_tags, "np"))
        pairs = [{**row, "labels": [5, 6, 7][: i + 1]} for i, row in enumerate(rows)]
        out[f"{side}/seq2seq"] = _plain(lib.DataCollatorForSeq2Seq(tokenizer, pad_to_multiple_of=4)(pairs))
        out[f"{side}/seq2seq_np"] = _plain(lib.DataCollatorForSeq2Seq(tokenizer)(pairs, return_tensors="np"))
        choices = [
            {**{k: [rows[i][k], rows[2][k]] for k in ("input_ids", "attention_mask")}, "label": i} for i in range(2)
        ]
        out[f"{side}/choices"] = _plain(lib.DataCollatorForMultipleChoice(tokenizer)(choices))
    return out


def case_language_modeling(lib):
    tokenizer, torch, out = _tokenizer(lib), _torch(lib), {}
    rows, collator = _rows(tokenizer), lib.DataCollatorForLanguageModeling
    out["causal"] = _plain(collator(tokenizer, mlm=False)(rows))
    out["causal_np"] = _plain(collator(tokenizer, mlm=False)(rows, "np"))
    out["lists"] = _plain(collator(tokenizer, mlm=False)([row["input_ids"] for row in rows]))
    torch.manual_seed(5)
    masked = collator(tokenizer, mlm_probability=0.5)
    out["global"] = [_plain(masked(rows)) for _ in range(2)]
    seeded = collator(tokenizer, mlm_probability=0.5, seed=3)
    out["seeded"] = [_plain(seeded(rows)) for _ in range(2)]
    out["numpy"] = _plain(collator(tokenizer, mlm_probability=0.5, seed=3, return_tensors="np")(rows))
    shares = collator(tokenizer, mlm_probability=0.6, mask_replace_prob=0.3, random_replace_prob=0.5, seed=1)
    out["shares"] = _plain(shares(_rows(tokenizer, return_special_tokens_mask=True)))
    options = {"return_offsets_mapping": True, "return_special_tokens_mask": True}
    words = [{k: v for k, v in row.items()} for row in _rows(tokenizer, **options)]
    same = [{**row, "offset_mapping": row["offset_mapping"][:5]} for row in words]
    short = [{k: v[:5] for k, v in row.items()} for row in same]
    out["words"] = _plain(
        collator(tokenizer, whole_word_mask=True, mask_replace_prob=1, random_replace_prob=0, mlm_probability=0.5,
                 seed=2)(short)
    )  # fmt: skip
    return out


def case_permutation(lib):
    tokenizer, torch = _tokenizer(lib), _torch(lib)
    torch.manual_seed(4)
    rows = [{"input_ids": [2, 5, 6, 7, 8, 9, 10, 3]}, {"input_ids": [2, 9, 13, 14, 12, 3]}]
    return _plain(lib.DataCollatorForPermutationLanguageModeling(tokenizer, max_span_length=2)(rows))


def case_flattening(lib):
    rows = [{"input_ids": [1, 2, 3]}, {"input_ids": [4, 5]}]
    labelled = [{**row, "labels": [9] * len(row["input_ids"])} for row in rows]
    collator = lib.DataCollatorWithFlattening
    return {
        "plain": _plain(collator()(rows)),
        "labels": _plain(collator()(labelled)),
        "all": _plain(collator(return_flash_attn_kwargs=True, return_seq_idx=True, position_ids_start=2)(rows)),
        "numpy": _plain(collator(return_tensors="np", return_position_ids=False, separator_id=-1)(rows)),
    }


def case_errors(lib):
    tokenizer = _tokenizer(lib)
    collator = lib.DataCollatorForLanguageModeling
    calls = {
        "probability": lambda: collator(tokenizer, mlm_probability=1.5),
        "sum": lambda: collator(tokenizer, mask_replace_prob=0.8, random_replace_prob=0.3),
        "words": lambda: collator(tokenizer, mlm=False, whole_word_mask=True),
        "odd": lambda: lib.DataCollatorForPermutationLanguageModeling(tokenizer)([{"input_ids": [1, 2, 3]}]),
        "framework": lambda: lib.DataCollatorForTokenClassification(tokenizer, return_tensors="tf")(
            [{"input_ids": [1]}]
        ),
    }
    out = {}
    for name, call in calls.items():
        try:
            call()
        except Exception as error:  # noqa: BLE001
            out[name] = [type(error).__name__, str(error)]
    return out
