"""The pipelines that read text, over tiny seeded BERTs: every argument, batches, pairs, long texts."""

from __future__ import annotations

import importlib

import numpy as np
from cases._text_models import TEXTS, Folder
from cases.models import array

_NER = {i: label for i, label in enumerate(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])}
_NLI = {0: "contradiction", 1: "neutral", 2: "entailment"}


def _labels(names):
    return {"id2label": names, "label2id": {name: i for i, name in names.items()}}


def _error(run):
    try:
        run()
    except Exception as error:  # noqa: BLE001  the text is what is compared
        return f"{type(error).__name__}: {error}"
    return None


def case_text_classification(lib):
    with Folder(lib, "ForSequenceClassification", **_labels({0: "bad", 1: "so", 2: "good"})) as folder:
        pipe = lib.pipeline("sentiment-analysis", model=folder, device="cpu")
        pair = {"text": TEXTS[0], "text_pair": TEXTS[1]}
        return {
            "class": [type(pipe).__name__, pipe.task],
            "string": pipe(TEXTS[0]),
            "list": pipe(TEXTS),
            "all": pipe(TEXTS[0], top_k=None),
            "two": pipe(TEXTS, top_k=2),
            "one": pipe(TEXTS[0], top_k=1),
            "sigmoid": pipe(TEXTS[0], function_to_apply="sigmoid", top_k=None),
            "none": pipe(TEXTS[0], function_to_apply="none", top_k=None),
            "pair": pipe(pair),
            "pairs": pipe([pair, {"text": TEXTS[2], "text_pair": TEXTS[3]}]),
            "old_pair": pipe([[[TEXTS[0], TEXTS[1]]]]),
            "truncated": pipe(TEXTS[1] * 9, truncation=True),
            "cut": pipe(TEXTS[1], truncation=True, max_length=5),
            "generator": list(pipe(text for text in TEXTS)),
            "batched": pipe(TEXTS, batch_size=3),
            "wrong_pair": _error(lambda: pipe([[TEXTS[0], TEXTS[1]]])),
        }


def case_text_classification_problems(lib):
    """One label, several labels at once, regression."""
    out = {}
    kinds = {
        "one": {"num_labels": 1},
        "several": {"num_labels": 3, "problem_type": "multi_label_classification"},
        "regression": {"num_labels": 1, "problem_type": "regression"},
    }
    for name, changes in kinds.items():
        with Folder(lib, "ForSequenceClassification", **changes) as folder:
            pipe = lib.pipeline("text-classification", model=folder, device="cpu")
            out[name] = [pipe(TEXTS[0]), pipe(TEXTS[0], top_k=None)]
    return out


def case_token_classification(lib):
    out = {}
    with Folder(lib, "ForTokenClassification", seed=2, **_labels(_NER)) as folder:
        pipe = lib.pipeline("ner", model=folder, device="cpu")
        out["class"] = [type(pipe).__name__, pipe.task]
        out["string"] = pipe(TEXTS[0])
        out["list"] = pipe(TEXTS)
        out["batched"] = pipe(TEXTS, batch_size=2)
        for strategy in ("none", "simple", "first", "average", "max"):
            out[strategy] = pipe(TEXTS, aggregation_strategy=strategy)
        out["all"] = pipe(TEXTS[1], ignore_labels=[], aggregation_strategy="simple")
        out["some"] = pipe(TEXTS[1], ignore_labels=["PER", "O"], aggregation_strategy="max")
        words = TEXTS[1].split()
        out["words"] = pipe(words, is_split_into_words=True, aggregation_strategy="first")
        out["many_words"] = pipe([words, TEXTS[3].split()], is_split_into_words=True, delimiter="_")
        long = " ".join(TEXTS * 4)
        limited = lib.AutoTokenizer.from_pretrained(folder, model_max_length=24)
        pieces = lib.pipeline(
            "token-classification",
            model=folder,
            tokenizer=limited,
            aggregation_strategy="simple",
            stride=6,
            device="cpu",
        )
        out["stride"] = pieces(long)
        out["strides"] = pieces([long, TEXTS[0]])
        out["cut"] = pipe(long, aggregation_strategy="simple")
        out["errors"] = [
            _error(lambda: pipe([])),
            _error(lambda: pipe(TEXTS[0], stride=48, aggregation_strategy="simple")),
            _error(lambda: pipe(TEXTS[0], is_split_into_words=True)),
        ]
    return out


def case_fill_mask(lib):
    with Folder(lib, "ForMaskedLM") as folder:
        pipe = lib.pipeline("fill-mask", model=folder, device="cpu")
        return {
            "string": pipe("the capital of [MASK] is paris."),
            "list": pipe(["the capital of [MASK] is paris.", "he [MASK] !"], top_k=2),
            "one_of_list": pipe(["she [MASK]"], top_k=1),
            "two_masks": pipe("the [MASK] of [MASK]", top_k=2),
            "targets": pipe("the capital of [MASK]", targets=["paris", "berlin", "france"]),
            "target": pipe("the capital of [MASK]", targets="paris"),
            "unknown": pipe("the capital of [MASK]", targets=["lovelying", "paris"]),
            "many": pipe("the capital of [MASK]", targets=["paris", "berlin"], top_k=9),
            "truncated": pipe("[MASK] " + "the " * 60, tokenizer_kwargs={"truncation": True}, top_k=1),
            "batched": pipe(["the [MASK]", "a lovely [MASK].", "[MASK]"], batch_size=2, top_k=1),
            "no_mask": _error(lambda: pipe("the")),
        }


def case_feature_extraction(lib):
    with Folder(lib, "") as folder:
        pipe = lib.pipeline("feature-extraction", model=folder, device="cpu")
        tensors = pipe(TEXTS[0], return_tensors=True)
        return {
            "nested": [len(pipe(TEXTS[0])), len(pipe(TEXTS[0])[0]), pipe(TEXTS[0])[0][1][:4]],
            "tensor": array(tensors)[:, ::2, ::5],
            "list": [np.array(found)[0, -1, ::7] for found in pipe(TEXTS)],
            "cut": np.array(pipe(TEXTS[0], truncation=True, tokenize_kwargs={"max_length": 4})).shape,
            "twice": _error(lambda: pipe(TEXTS[0], truncation=True, tokenize_kwargs={"truncation": True})),
        }


def case_zero_shot_classification(lib):
    with Folder(lib, "ForSequenceClassification", **_labels(_NLI)) as folder:
        pipe = lib.pipeline("zero-shot-classification", model=folder, device="cpu")
        labels = ["sport", "politics", "film"]
        return {
            "string": pipe(TEXTS[0], candidate_labels=labels),
            "commas": pipe(TEXTS[0], "sport, politics ,film"),
            "list": pipe(TEXTS[:3], candidate_labels=labels),
            "batched": pipe(TEXTS[:3], candidate_labels=labels, batch_size=4),
            "multi": pipe(TEXTS[0], candidate_labels=labels, multi_label=True),
            "one": pipe(TEXTS[0], candidate_labels="sport"),
            "template": pipe(TEXTS[2], candidate_labels=labels, hypothesis_template="the {} was lovely"),
            "long": pipe(TEXTS[2] * 12, candidate_labels=labels),
            "errors": [
                _error(lambda: pipe(TEXTS[0], candidate_labels=[])),
                _error(lambda: pipe(TEXTS[0], candidate_labels=labels, hypothesis_template="no place")),
                _error(lambda: pipe(TEXTS[0], labels, labels)),
            ],
        }


def case_key_datasets(lib):
    """Columns of datasets; results come lazily and in order."""
    utils = importlib.import_module(f"{lib.__name__}.pipelines.pt_utils")
    rows = [{"text": text, "other": other} for text, other in zip(TEXTS, TEXTS[::-1])]
    with Folder(lib, "ForSequenceClassification") as folder:
        pipe = lib.pipeline("text-classification", model=folder, device="cpu")
        found = pipe(utils.KeyDataset(_Rows(lib, rows), "text"))
        pairs = pipe(utils.KeyPairDataset(_Rows(lib, rows), "text", "other"))
        return {"one": list(found), "two": list(pairs)}


def _Rows(lib, rows):
    """A dataset as the library knows it."""
    if lib.__name__ != "transformers":
        return rows
    base = importlib.import_module("torch.utils.data").Dataset

    class Rows(base):
        def __len__(self):
            return len(rows)

        def __getitem__(self, i):
            return rows[i]

    return Rows()
