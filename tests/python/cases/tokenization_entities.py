"""LukeTokenizer, MLukeTokenizer: texts with entities, alone, in pairs and batches, for each task, padded and saved."""

from __future__ import annotations

import tempfile

import numpy as np
from cases.tokenization_families import MODELS, byte_level_vocab, folder_with, outcome

ENTITIES = {"[MASK]": 0, "[UNK]": 1, "[PAD]": 2, "[MASK2]": 3, "Los Angeles": 4, "Beyoncé": 5, "ja:日本": 6}
TEXT, PAIR = "Beyoncé lives in Los Angeles.", "日本  and the cat <mask>"
SPANS, PAIR_SPANS = [(0, 7), (17, 28)], [(0, 2), (4, 7), (8, 15)]
NAMES, PAIR_NAMES = ["Beyoncé", "Los Angeles"], ["ja:日本", "nobody", "[MASK]"]
BATCH = ([TEXT, PAIR, "a hat"], [SPANS, PAIR_SPANS, []], [NAMES, PAIR_NAMES, []])
TASKS = {
    "entity_classification": [[(0, 7)], [(17, 28)], [(3, 3)]],
    "entity_pair_classification": [SPANS, SPANS[::-1], [(0, 7), (0, 12)], [(5, 20), (0, 29)]],
    "entity_span_classification": [SPANS, [(8, 13)], [(28, 29), (0, 29), (14, 16)]],
}
CLASSES = ("LukeTokenizer", "MLukeTokenizer")


def files(name):
    """A folder with the files of a class."""
    vocab, merges = byte_level_vocab(False)
    lines = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)
    own = {"vocab.json": vocab, "merges.txt": lines}
    if name == "MLukeTokenizer":
        own = {"sentencepiece.bpe.model": MODELS / "unigram.model"}
    return folder_with(**own, **{"entity_vocab.json": ENTITIES, "tokenizer_config.json": {"tokenizer_class": name}})


def load(lib, name, **options):
    """A tokenizer from the files of its class."""
    with files(name) as folder:
        return getattr(lib, name).from_pretrained(folder, **options)


def plain(encoding):
    """The values of an encoding."""
    return {name: np.asarray(value).tolist() if hasattr(value, "shape") else value for name, value in encoding.items()}


def about(tokenizer):
    """What a tokenizer says of its entities."""
    names = ("entity_1_token", "entity_2_token", "entity_unk_token", "entity_pad_token", "entity_mask_token")
    return [
        tokenizer.entity_vocab, tokenizer.task, tokenizer.max_entity_length, tokenizer.max_mention_length, len(tokenizer),
        [[getattr(tokenizer, name), getattr(tokenizer, f"{name}_id")] for name in names], tokenizer.entity_mask2_token_id,
        tokenizer.vocab_size, tokenizer.extra_special_tokens, tokenizer.num_special_tokens_to_add(True),
    ]  # fmt: skip


def case_as_tokenizers(lib):
    out = {}
    for name in CLASSES:
        out[name] = outcome(lambda name=name: load(lib, name))
        out[f"{name} of nothing"] = outcome(lambda name=name: getattr(lib, name)())
        out[f"{name} tokens"] = outcome(
            lambda name=name: load(lib, name, entity_token_1="<e1>", mask_token="[MASK]", cls_token="<cls>")
        )
    vocab, merges = byte_level_vocab(False)
    out["prefix"] = outcome(lambda: lib.LukeTokenizer(vocab, merges, ENTITIES, add_prefix_space=True))
    pieces = [(p, 0.0) for p in ("<s>", "<pad>", "</s>", "<unk>")] + [
        (p, -1.0 - i) for i, p in enumerate("▁abcdehlost")
    ]
    out["pieces"] = outcome(lambda: lib.MLukeTokenizer(vocab=pieces, entity_vocab=ENTITIES))
    return out


def case_entities(lib):
    out = {}
    for name in CLASSES:
        out[f"{name} long"] = plain(load(lib, name)(TEXT, entity_spans=[(0, 0), (2, 29)]))
        tokenizer = load(lib, name, max_mention_length=10)
        both = {"entity_spans": SPANS, "entity_spans_pair": PAIR_SPANS, "return_token_type_ids": True}
        named = {**both, "entities": NAMES, "entities_pair": PAIR_NAMES}
        out[name] = {
            "about": about(tokenizer),
            "masks": plain(tokenizer(TEXT, entity_spans=SPANS)),
            "names": plain(tokenizer(TEXT, entity_spans=SPANS, entities=NAMES)),
            "none": plain(tokenizer(TEXT, entity_spans=[])),
            "pair": plain(tokenizer(TEXT, PAIR, **both)),
            "named pair": plain(tokenizer(TEXT, PAIR, **named)),
            "first of a pair": plain(tokenizer(TEXT, PAIR, entity_spans=SPANS, return_special_tokens_mask=True)),
            "plain": plain(tokenizer(TEXT, entity_spans=SPANS, add_special_tokens=False, return_length=True)),
            "batch": plain(tokenizer(BATCH[0], entity_spans=BATCH[1], entities=BATCH[2], return_length=True)),
            "without": plain(tokenizer([TEXT, PAIR], padding=True, return_tensors="np")),
            "ids": tokenizer.encode(TEXT, entity_spans=SPANS),
            "decoded": tokenizer.decode(tokenizer(TEXT, PAIR, **named)["input_ids"]),
            "joined": tokenizer.convert_tokens_to_string(tokenizer.tokenize(TEXT)),
        }
        tokenizer._tokenizer.no_padding()  # which the real one would apply to every piece of a text
        pairs = {
            "text_pair": [PAIR, TEXT],
            "entity_spans": [SPANS, PAIR_SPANS],
            "entity_spans_pair": [PAIR_SPANS, SPANS],
        }
        out[f"{name} pairs"] = [
            plain(tokenizer([TEXT, PAIR], **pairs, padding=True)),
            plain(tokenizer([TEXT, PAIR], **pairs, entities=[NAMES, PAIR_NAMES], entities_pair=[PAIR_NAMES, NAMES])),
            plain(tokenizer([(TEXT, PAIR)], entity_spans=[[SPANS, PAIR_SPANS]], entities=[[NAMES, PAIR_NAMES]])),
        ]
    return out


def case_tasks(lib):
    out = {}
    for name in CLASSES:
        for task, spans in TASKS.items():
            tokenizer = load(lib, name, task=task, max_mention_length=6)
            out[f"{name} {task}"] = [about(tokenizer), [plain(tokenizer(TEXT, entity_spans=row)) for row in spans]]
            batch = tokenizer([TEXT] * len(spans), entity_spans=spans, padding=True, return_tensors="np")
            out[f"{name} {task} batch"] = plain(batch)
    return out


def case_padding(lib):
    out = {}
    ways = [
        {"padding": True}, {"padding": "longest", "padding_side": "left"}, {"padding": "max_length", "max_length": 70},
        {"padding": True, "pad_to_multiple_of": 16}, {"padding": True, "return_attention_mask": False},
        {"padding": True, "return_token_type_ids": True, "return_special_tokens_mask": True},
    ]  # fmt: skip
    for name in CLASSES:
        for task in (None, "entity_span_classification"):
            tokenizer = load(lib, name, max_entity_length=5, max_mention_length=4, task=task)
            spans = [row or [(0, 1)] for row in BATCH[1]]
            out[f"{name} {task}"] = [
                plain(tokenizer(BATCH[0], entity_spans=spans, truncation=False, return_tensors="np", **way))
                for way in ways
            ]
            one = {"entity_spans": SPANS, "padding": "max_length", "max_length": 50, "truncation": False}
            out[f"{name} {task} one"] = plain(tokenizer(TEXT, max_entity_length=7, **one))
            rows = [dict(tokenizer(t, entity_spans=s, add_special_tokens=False)) for t, s in zip(BATCH[0], spans)]
            out[f"{name} {task} rows"] = [
                plain(tokenizer.pad(rows, return_tensors="np")),
                plain(tokenizer.pad(rows, "max_length", 40, 6)),
                plain(tokenizer.pad(dict(rows[0]), padding="max_length", max_length=40, padding_side="left")),
                plain(tokenizer.pad({"input_ids": [[5], [6, 7]]})),
            ]
            out[f"{name} {task} prepared"] = plain(
                tokenizer.prepare_for_model([5, 6, 7], [8], [1], [2], [(0, 2)], [(0, 1)], return_token_type_ids=True)
            )
    return out


def case_saving(lib):
    out = {}
    for name in CLASSES:
        tokenizer = load(lib, name, task="entity_pair_classification", max_mention_length=5)
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            again = getattr(lib, name).from_pretrained(folder)
            out[name] = [about(again), plain(again(TEXT, entity_spans=SPANS)), again.convert_ids_to_tokens(range(5))]
            out[f"{name} auto"] = type(lib.AutoTokenizer.from_pretrained(folder)).__name__
            out[f"{name} other task"] = about(
                getattr(lib, name).from_pretrained(folder, task="entity_span_classification")
            )
    return out


def case_errors(lib):
    tokenizer, span = load(lib, "LukeTokenizer"), {"entity_spans": SPANS}
    vocab = {"<s>": 0}

    def said(call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except (TypeError, ValueError, NotImplementedError) as error:
            return [
                next(k.__name__ for k in (TypeError, ValueError, NotImplementedError) if isinstance(error, k)),
                str(error),
            ]
        return "no error"

    calls = [
        ((3,), {}), (([3],), {}), ((TEXT, 3), {}), ((TEXT,), {"entity_spans": ((0, 7),)}),
        ((TEXT,), {"entity_spans": [[0, 7]]}), ((TEXT,), {**span, "entities": "ab"}), ((TEXT,), {**span, "entities": [1, 2]}),
        ((TEXT,), {**span, "entities": ["ab"]}), ((TEXT,), {**span, "return_offsets_mapping": True}),
        ((["a", "b"],), {"entity_spans": [[(0, 1)], [(0, 1)]], "is_split_into_words": True}),
        ((TEXT,), {**span, "text_target": "b"}), (([],), {"entity_spans": []}),
        ((TEXT,), {**span, "add_special_tokens": False, "return_token_type_ids": True}),
    ]  # fmt: skip
    out = {"calls": [said(tokenizer, *args, **kwargs) for args, kwargs in calls]}
    for task, wrong in (("entity_classification", SPANS), ("entity_pair_classification", SPANS[:1]),
                        ("entity_span_classification", [])):  # fmt: skip
        other = load(lib, "LukeTokenizer", task=task)
        out[task] = [
            said(other, TEXT),
            said(other, TEXT, entity_spans=wrong),
            said(other, [TEXT], entity_spans=[wrong]),
        ]
    out["task"] = said(lib.LukeTokenizer, vocab, [], ENTITIES, task="other")
    out["entities"] = said(lib.LukeTokenizer, vocab, [], {"[MASK]": 0, "[UNK]": 1})
    return out
