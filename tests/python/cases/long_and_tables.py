"""Longformer and TAPAS, seeded and tiny: outputs, losses, gradients; the pipeline of questions about tables."""

from __future__ import annotations

import importlib
import os
import tempfile

import numpy as np
from cases.encoders import squares
from cases.families import array, draw, loaded, no_grad, tensor
from cases.tokenization_tapas import DATA, QUESTIONS, frame, vocabulary

SIZES = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
LONG = np.random.RandomState(0).randint(6, 64, (2, 150))
LONG[:, [4, 12, 30]] = 5  # separators
MASK = np.ones_like(LONG)
MASK[1, 90:] = 0


def longformer_config(lib, **changes):
    values = {"attention_window": [4, 8], "max_position_embeddings": 200, "sep_token_id": 5, **SIZES, **changes}
    return lib.AutoConfig.for_model("longformer", **values)


def case_longformer(lib):
    """Windows alone, global tokens, padding, weights; all heads."""
    ids, mask = tensor(lib, np.where(MASK, LONG, 1)), tensor(lib, MASK)
    chosen = np.zeros_like(LONG)
    chosen[0, [0, 5, 100]] = chosen[1, [1, 2, 80]] = 1
    base = loaded(lib, lib.AutoModel, longformer_config(lib))
    out = {}
    with no_grad(lib):
        for name, inputs in {
            "window": {}, "padded": {"attention_mask": mask},
            "global": {"attention_mask": mask, "global_attention_mask": tensor(lib, chosen)},
            "uneven": {"global_attention_mask": tensor(lib, chosen * (np.arange(150) != 1))},
            "segments": {"token_type_ids": tensor(lib, LONG % 2)},
        }.items():  # fmt: skip
            o = base(ids, **inputs, output_hidden_states=True, output_attentions=name != "uneven")
            real = [array(x)[:, :90:7, ::5] for x in (o.last_hidden_state, *o.hidden_states)]
            out[name] = [list(o.keys()), real, array(o.pooler_output)[:, ::5]]
            if name != "uneven":
                out[name].append([array(a)[:, ::3, :90:13] for a in o.attentions])
            if name == "global":
                out[name].append([array(a)[:, ::3, ::13] for a in o.global_attentions])
        short = base(tensor(lib, LONG[:, :3]))
        out["short"] = array(short.last_hidden_state)[:, :, ::5]
    out["heads"] = {}
    labels = {
        "MaskedLM": {"labels": np.where(LONG % 3 == 0, LONG, -100)},
        "SequenceClassification": {"labels": np.array([0, 2])},
        "TokenClassification": {"labels": LONG % 3},
        "QuestionAnswering": {"start_positions": np.array([1, 2]), "end_positions": np.array([3, 40])},
        "MultipleChoice": {"labels": np.array([1])},
    }
    for head, wanted in labels.items():
        count = 3 if head in ("SequenceClassification", "TokenClassification") else 2
        model = loaded(lib, getattr(lib, f"AutoModelFor{head}"), longformer_config(lib, num_labels=count))
        given = [ids.unsqueeze(0), mask.unsqueeze(0)] if head == "MultipleChoice" else [ids, mask]
        o = model(given[0], attention_mask=given[1], **{key: tensor(lib, value) for key, value in wanted.items()})
        o.loss.backward()
        logits = array(next(value for key, value in o.items() if key.endswith("logits")))
        shown = logits[:, :90:11] if head in ("MaskedLM", "TokenClassification", "QuestionAnswering") else logits
        out["heads"][head] = [type(model).__name__, list(o.keys()), float(o.loss.detach()), shown, squares(model)]
    model = loaded(lib, lib.AutoModelForMaskedLM, longformer_config(lib))
    o = model(ids, mask, tensor(lib, chosen), labels=tensor(lib, labels["MaskedLM"]["labels"]))
    o.loss.backward()
    out["trained_globals"] = [float(o.loss.detach()), squares(model)]
    return out


def table_inputs():
    """A question of five tokens and a table of three columns and four rows, two tokens a cell; then padding."""
    kinds = np.zeros((2, 40, 7), np.int64)
    at = 6
    for row in range(5):
        for column in range(3):
            kinds[:, at : at + 2, 0] = 1
            kinds[:, at : at + 2, 1], kinds[:, at : at + 2, 2] = column + 1, row
            kinds[:, at : at + 2, 4:6] = [row, 4 - row]
            at += 2
    kinds[1, :, 6] = kinds[1, :, 2] % 3
    ids = np.random.RandomState(1).randint(5, 64, (2, 40))
    mask = np.ones((2, 40), np.int64)
    mask[:, at:] = 0
    return np.where(mask, ids, 0), mask, kinds


def tapas_config(lib, **changes):
    values = {**SIZES, "max_position_embeddings": 64, "type_vocab_sizes": [3, 16, 16, 2, 16, 16, 10], "max_num_rows": 8,
              "max_num_columns": 4, **changes}  # fmt: skip
    return lib.AutoConfig.for_model("tapas", **values)


def case_tapas(lib):
    """The base model with and without positions by cell, and its heads."""
    ids, mask, kinds = table_inputs()
    inputs = {"input_ids": tensor(lib, ids), "attention_mask": tensor(lib, mask), "token_type_ids": tensor(lib, kinds)}
    out = {}
    for reset in (True, False):
        base = loaded(lib, lib.AutoModel, tapas_config(lib, reset_position_index_per_cell=reset))
        with no_grad(lib):
            o = base(**inputs, output_hidden_states=True, output_attentions=True)
            plain = base(inputs["input_ids"])
        out[f"base_{reset}"] = [
            list(o.keys()), array(o.last_hidden_state)[:, ::5, ::5], array(o.pooler_output)[:, ::5],
            array(o.hidden_states[0])[:, ::5, ::5], array(o.attentions[1])[:, ::2, ::7, ::5],
            array(plain.last_hidden_state)[:, ::5, ::5],
        ]  # fmt: skip
    for head, labels in {"MaskedLM": np.where(ids % 3 == 0, ids, -100), "SequenceClassification": np.array([0, 1])}.items():
        model = loaded(lib, getattr(lib, f"AutoModelFor{head}"), tapas_config(lib))
        o = model(**inputs, labels=tensor(lib, labels))
        o.loss.backward()
        out[head] = [type(model).__name__, list(o.keys()), float(o.loss.detach()), array(o.logits)[:, ::7], squares(model)]
    return out


def case_tapas_answers(lib):
    """Every way to learn from answers."""
    ids, mask, kinds = table_inputs()
    inputs = {"input_ids": tensor(lib, ids), "attention_mask": tensor(lib, mask), "token_type_ids": tensor(lib, kinds)}
    labels = np.zeros((2, 40), np.int64)
    labels[0, [14, 15, 26, 27]] = 1
    numbers = np.where(kinds[:, :, 2] > 0, kinds[:, :, 1] * 2.5 + kinds[:, :, 2], np.nan).astype(np.float32)
    weak = {
        "float_answer": np.array([3.5, 12.0], np.float32), "numeric_values": numbers,
        "numeric_values_scale": np.where(kinds[:, :, 0] > 0, 2, 1).astype(np.float32),
    }  # fmt: skip
    wtq = {"num_aggregation_labels": 4, "use_answer_as_supervision": True, "huber_loss_delta": 0.121194,
           "cell_selection_preference": 0.207951, "answer_loss_cutoff": 0.664694, "aggregation_loss_weight": 1.0}  # fmt: skip
    ways = {
        "cells": ({}, {}), "cells_empty_column": ({"allow_empty_column_selection": True}, {}),
        "cells_average": ({"average_logits_per_cell": True, "temperature": 0.5}, {}),
        "any_column": ({"select_one_column": False, "positive_label_weight": 3.0}, {}),
        "sql": ({"num_aggregation_labels": 4, "aggregation_loss_weight": 0.7}, {"aggregation_labels": np.array([1, 3])}),
        "weak": ({**wtq, "answer_loss_cutoff": None}, weak), "weak_cut": (wtq, weak),
        "weak_text": ({**wtq, "answer_loss_cutoff": None}, {**weak, "float_answer": np.array([np.nan, 7], np.float32)}),
        "weak_ambiguous": ({**wtq, "answer_loss_cutoff": None, "cell_selection_preference": 0.9}, weak),
        "weak_normal": ({**wtq, "use_normalized_answer_loss": True, "answer_loss_importance": 2.0}, weak),
        "weak_first": ({**wtq, "answer_loss_cutoff": None, "average_approximation_function": "first_order"}, weak),
        "weak_second": ({**wtq, "answer_loss_cutoff": None, "average_approximation_function": "second_order",
                         "disable_per_token_loss": True, "aggregation_temperature": 0.5}, weak),
    }  # fmt: skip
    out = {}
    for name, (changes, more) in ways.items():
        model = loaded(lib, lib.AutoModelForTableQuestionAnswering, tapas_config(lib, **changes))
        wanted = labels if name != "any_column" else labels.astype(np.float32)  # int64 ones are an error there upstream
        o = model(**inputs, labels=tensor(lib, wanted), **{key: tensor(lib, value) for key, value in more.items()})
        o.loss.backward()
        out[name] = [list(o.keys()), float(o.loss.detach()), array(o.logits)[:, ::3], squares(model)]
        if "logits_aggregation" in o:
            out[name].append(array(o.logits_aggregation))
        if changes.get("select_one_column", True):
            with no_grad(lib):
                out[name].append(array(model(**inputs).logits)[:, ::3])
    return out


def folder_of(lib, path, **config):
    """A vocabulary and a seeded model that answers from tables."""
    size = len(vocabulary(lib, path))
    sizes = {**SIZES, "vocab_size": size, "type_vocab_sizes": [3, 256, 256, 2, 256, 256, 10], **config}
    model = lib.AutoModelForTableQuestionAnswering.from_config(lib.AutoConfig.for_model("tapas", **sizes))
    model.save_pretrained(path)
    files = importlib.import_module(
        "safetensors.numpy" if lib.__name__ == "transformers" else "eigenformers.safetensors.numpy"
    )
    weights = os.path.join(path, "model.safetensors")
    state = {name: np.asarray(draw(name, value.shape) * 3) for name, value in files.load_file(weights).items()}
    files.save_file(state, weights, metadata={"format": "pt"})


def case_table_question_answering(lib):
    """The pipeline: with and without aggregation, one question or several, one after the other."""
    out = {}
    wtq = {"num_aggregation_labels": 4, "aggregation_labels": {0: "NONE", 1: "SUM", 2: "AVERAGE", 3: "COUNT"},
           "no_aggregation_label_index": 0}  # fmt: skip
    for name, config in {"cells": {"num_aggregation_labels": 0}, "aggregates": wtq}.items():
        with tempfile.TemporaryDirectory() as path:
            folder_of(lib, path, **config)
            pipe = lib.pipeline("table-question-answering", model=path, device="cpu")
            item = {"table": DATA, "query": QUESTIONS[0]}
            out[name] = {
                "class": [type(pipe).__name__, pipe.task],
                "one": pipe(table=DATA, query=QUESTIONS[0]),
                "positional": pipe(DATA, QUESTIONS[1]),
                "frame": pipe(frame(lib, DATA), QUESTIONS[2]),
                "several": pipe(table=DATA, query=list(QUESTIONS[:4])),
                "sequential": pipe(table=DATA, query=list(QUESTIONS[:4]), sequential=True),
                "dict": pipe(dict(item)),
                "list": pipe([dict(item), {"table": DATA, "query": list(QUESTIONS[1:3])}]),
            }
    return out
