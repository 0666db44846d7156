"""`pipeline("table-question-answering")`: the cells of a table that answer a question, and what is done with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..generation.arrays import as_array, to_tensor
from ..tokenization.tables import read_table
from .base import ArgumentHandler, Pipeline, PipelineException, _is_dataset


class TableQuestionAnsweringArgumentHandler(ArgumentHandler):
    """The tables and questions that a call's arguments stand for."""

    def __call__(self, table: Any = None, query: Any = None, **kwargs: Any) -> Any:
        if table is None:
            raise ValueError("Keyword argument `table` cannot be None.")
        if query is not None:
            return [self._item({"table": table, "query": query})]
        if isinstance(table, dict) and table.get("query") is not None and table.get("table") is not None:
            return [self._item(table)]
        if isinstance(table, list) and table:
            if not all(isinstance(item, dict) for item in table):
                kinds = sorted({type(item).__name__ for item in table})
                raise ValueError(f"Keyword argument `table` should be a list of dict, but is {kinds}")
            if any(item.get("query") is None or item.get("table") is None for item in table):
                raise ValueError(
                    "If keyword argument `table` is a list of dictionaries, each dictionary should have a `table`"
                    f" and `query` key, but only dictionary has keys {list(table[0])} `table` and `query` keys."
                )
            return [self._item(item) for item in table]
        if isinstance(table, Iterator) or (_is_dataset(table) and not isinstance(table, (list, tuple))):
            return table  # read as it goes
        raise ValueError(
            f"Invalid input. Keyword argument `table` should be either of type `dict` or `list`, but is {type(table)})"
        )

    @staticmethod
    def _item(item: dict[str, Any]) -> dict[str, Any]:
        if item["table"] is None:
            raise ValueError("Table cannot be None.")
        return {"table": read_table(item["table"]), "query": item["query"]}


class TableQuestionAnsweringPipeline(Pipeline):
    """Answers questions about tables: `pandas.DataFrame`s, dicts of columns or lists of dicts, with text in the cells.

    Gives `{"answer", "coordinates", "cells"}`, of models that aggregate also `"aggregator"`; a list of them for a list
    of questions. `sequential=True` asks them one after the other, each knowing the last answer.

    >>> from eigenformers import pipeline
    >>> ask = pipeline("table-question-answering", model="./my-tapas-model")  # doctest: +SKIP
    >>> ask(table={"City": ["Oslo", "Rome"], "People": ["700", "2800"]}, query="How many live in Oslo?")  # doctest: +SKIP
    {'answer': 'SUM > 700', 'coordinates': [(0, 1)], 'cells': ['700'], 'aggregator': 'SUM'}
    """

    default_input_names = "table,query"
    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, args_parser: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._args_parser = args_parser or TableQuestionAnsweringArgumentHandler()
        self.check_model_type(self.models_of("AutoModelForTableQuestionAnswering"))
        config = self.model.config
        self.aggregate = bool(getattr(config, "aggregation_labels", None)) and bool(config.num_aggregation_labels)
        self.type = "tapas"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answer one question, or several.

        Args:
            table, query: a table and a question or a list of questions; or `{"table": …, "query": …}`, a list of such
                dicts, a generator or a dataset of them.
            sequential: one question after the other.
            padding, truncation: as the tokenizer takes them; by default rows are left out until the table fits.
        """
        named = {name: kwargs.pop(name) for name in ("table", "query") if name in kwargs}
        results = super().__call__(self._args_parser(*args, **named), **kwargs)
        return results[0] if isinstance(results, list) and len(results) == 1 else results

    def _sanitize_parameters(
        self, sequential: bool | None = None, padding: Any = None, truncation: Any = None, **kwargs: Any
    ) -> tuple[dict, dict, dict]:
        if kwargs:
            raise TypeError(f"table-question-answering: unexpected keyword argument {next(iter(kwargs))!r}")
        given = {"padding": padding, "truncation": truncation}
        preprocess = {name: value for name, value in given.items() if value is not None}
        return preprocess, {} if sequential is None else {"sequential": sequential}, {}

    def preprocess(self, input_: Any, padding: Any = True, truncation: Any = "drop_rows_to_fit") -> dict[str, Any]:
        table, query = read_table(input_["table"]), input_["query"]
        if not table.rows or not table.columns:
            raise ValueError("table is empty")
        if query is None or len(query) == 0:
            raise ValueError("query is empty")
        inputs = self.tokenizer(table, query, return_tensors="pt", truncation=truncation, padding=padding)
        return {**inputs, "table": table}

    def _forward(self, input_tensors: Any, sequential: bool = False) -> dict[str, Any]:
        inputs = dict(input_tensors)
        table = inputs.pop("table")
        run = self._one_by_one if sequential else self.model
        outputs = run(**inputs)
        aggregations = outputs["logits_aggregation"] if self.aggregate else None
        return {"inputs": inputs, "table": table, "logits": outputs["logits"], "aggregations": aggregations}

    def _one_by_one(self, **inputs: Any) -> dict[str, Any]:
        """The outputs for each question, whose fourth token type marks the cells of the last answer."""
        arrays = {name: as_array(value) for name, value in inputs.items()}
        found: dict[str, list] = defaultdict(list)
        answer: dict[tuple[int, int], list[float]] = {}
        for index in range(len(arrays["input_ids"])):
            one = {name: np.array(value[index : index + 1]) for name, value in arrays.items()}
            kinds = one["token_type_ids"][0]
            places = [(int(c), int(r)) if s == 1 and c > 0 and r > 0 else None for s, c, r in kinds[:, :3]]
            if index:
                kinds[:, 3] = [place is not None and np.mean(answer[place]) > 0.5 for place in places]
            outputs = self.model(**{name: to_tensor(value) for name, value in one.items()})
            logits = as_array(outputs["logits"])
            for name in ("logits", "logits_aggregation"):
                if outputs.get(name) is not None:
                    found[name].append(as_array(outputs[name]))
            chances = 1 / (1 + np.exp(-np.maximum(logits[0], -88.7))) * one["attention_mask"][0]
            answer = defaultdict(list)
            for place, chance in zip(places, chances.tolist()):
                if place is not None:
                    answer[place].append(chance)
        return {name: np.concatenate(rows) for name, rows in found.items()}

    def postprocess(self, model_outputs: Any) -> Any:
        table, labels = model_outputs["table"], self.model.config.aggregation_labels
        parts = [as_array(model_outputs[n]) for n in ("logits", "aggregations") if model_outputs[n] is not None]
        picked = self.tokenizer.convert_logits_to_predictions(
            {name: as_array(value) for name, value in model_outputs["inputs"].items()}, *parts
        )
        answers = []
        for index, coordinates in enumerate(picked[0]):
            cells = [table.rows[row][column] for row, column in coordinates]
            answer = {"answer": ", ".join(cells), "coordinates": coordinates, "cells": cells}
            if self.aggregate:
                label = picked[1][index]
                if label != self.model.config.no_aggregation_label_index:
                    answer["answer"] = f"{labels[label]} > {answer['answer']}"
                answer["aggregator"] = labels[label]
            answers.append(answer)
        if not answers:
            raise PipelineException("Table question answering", self.model.name_or_path, "Empty answer")
        return answers if len(answers) > 1 else answers[0]
