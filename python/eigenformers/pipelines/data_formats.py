"""Reading inputs for a pipeline from csv, json or a pipe, and writing its results."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from ..errors import UnsupportedError


class PipelineDataFormat:
    """Where a pipeline's inputs come from and its results go.

    `column` names the input column, or several: `"text,pair=other"` yields dicts `{"text": ..., "pair": ...}`.
    OSError if the input is missing, or the output exists and `overwrite` is not set.
    """

    SUPPORTED_FORMATS = ["json", "csv", "pipe"]

    def __init__(self, output_path: str | None, input_path: str | None, column: str | None, overwrite: bool = False):
        self.output_path = output_path
        self.input_path = input_path
        self.column: Any = column.split(",") if column is not None else [""]
        self.is_multi_columns = len(self.column) > 1
        if self.is_multi_columns:
            self.column = [tuple(name.split("=")) if "=" in name else (name, name) for name in self.column]
        if output_path is not None and not overwrite and os.path.exists(output_path):
            raise OSError(f"{output_path} already exists on disk")
        if input_path is not None and not os.path.exists(input_path):
            raise OSError(f"{input_path} doesn't exist on disk")

    def _select(self, row: Any) -> Any:
        if self.is_multi_columns:
            return {key: row[column] for key, column in self.column}
        return row[self.column[0]]

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__}.__iter__")

    def save(self, data: Any) -> None:
        """Writes the results."""
        raise NotImplementedError(f"{type(self).__name__}.save")

    def save_binary(self, data: Any) -> str:
        """Not offered: the real library pickles here, and reading a pickle runs whatever it contains."""
        raise UnsupportedError("PipelineDataFormat.save_binary writes a pickle; use save(), which writes data only")

    @staticmethod
    def from_str(
        format: str, output_path: str | None, input_path: str | None, column: str | None, overwrite: bool = False
    ) -> PipelineDataFormat:
        """The format called "json", "csv" or "pipe"."""
        formats = {"json": JsonPipelineDataFormat, "csv": CsvPipelineDataFormat, "pipe": PipedPipelineDataFormat}
        if format not in formats:
            raise KeyError(f"Unknown reader {format} (Available reader are json/csv/pipe)")
        return formats[format](output_path, input_path, column, overwrite=overwrite)


class CsvPipelineDataFormat(PipelineDataFormat):
    """A csv file with a header line."""

    def __iter__(self) -> Iterator[Any]:
        with open(self.input_path, encoding="utf-8", newline="") as file:  # type: ignore[arg-type]
            for row in csv.DictReader(file):
                yield self._select(row)

    def save(self, data: list[dict]) -> None:
        with open(self.output_path, "w", encoding="utf-8", newline="") as file:  # type: ignore[arg-type]
            if data:
                writer = csv.DictWriter(file, list(data[0].keys()))
                writer.writeheader()
                writer.writerows(data)


class JsonPipelineDataFormat(PipelineDataFormat):
    """A json file with a list of objects, or a jsonl file with one a line."""

    def __init__(self, output_path: str | None, input_path: str | None, column: str | None, overwrite: bool = False):
        super().__init__(output_path, input_path, column, overwrite=overwrite)
        with open(input_path, encoding="utf-8") as file:  # type: ignore[arg-type]
            lines = os.fspath(input_path).lower().endswith(".jsonl")  # type: ignore[arg-type]
            self._entries = [json.loads(line) for line in file if line.strip()] if lines else json.load(file)
        if not isinstance(self._entries, list):
            raise ValueError(f"{input_path}: found a {type(self._entries).__name__}, needed a list of objects")

    def __iter__(self) -> Iterator[Any]:
        for entry in self._entries:
            yield self._select(entry)

    def save(self, data: Any) -> None:
        with open(self.output_path, "w", encoding="utf-8") as file:  # type: ignore[arg-type]
            json.dump(data, file)


class PipedPipelineDataFormat(PipelineDataFormat):
    """Lines of stdin, columns separated by tabs; results go to stdout."""

    def __iter__(self) -> Iterator[Any]:
        for line in sys.stdin:
            line = line.rstrip("\n")
            if "\t" not in line:
                yield line
            elif self.is_multi_columns:
                yield {key: value for (key, _), value in zip(self.column, line.split("\t"))}
            else:
                yield tuple(line.split("\t"))

    def save(self, data: Any) -> None:
        print(data)
