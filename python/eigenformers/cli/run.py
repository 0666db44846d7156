"""`eigenformers run TASK`: any pipeline over texts, a csv or json file, or lines of stdin."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

_EXAMPLES = """examples:
  eigenformers run sentiment-analysis --model ./my-classifier "What a lovely film."
  eigenformers run ner --model ./my-ner -a aggregation_strategy=simple "Angela Merkel visited New York."
  eigenformers run zero-shot-classification --model ./my-nli -a candidate_labels=sport,politics "It ended in a draw."
  eigenformers run text-classification --model ./my-classifier --input films.csv --column review --output labels.csv
  eigenformers run question-answering --model ./my-qa '{"question": "Who?", "context": "Ada wrote it."}'
  cat texts.txt | eigenformers run fill-mask --model ./my-bert > filled.jsonl
"""


_OBJECT_TASKS = ("question-answering", "table-question-answering")
_EXAMPLE_OBJECT = '{"question": "Who?", "context": "Ada wrote it."}'


def add_parser(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "run",
        help="run any pipeline over texts or a file",
        description="Runs a pipeline. Results go to stdout, one JSON document a line, or to --output.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("task", help="as text-classification; `eigenformers run list` shows all")
    parser.add_argument("texts", nargs="*", help="inputs, objects as JSON; without them and without --input, lines of stdin")
    parser.add_argument("--model", "-m", help="a folder, a .gguf file or a Hub id (default: the task's own)")
    parser.add_argument("--config", help="where the configuration is, if not with the model")
    parser.add_argument("--tokenizer", help="where the tokenizer is, if not with the model")
    parser.add_argument("--revision", help="of the Hub repository")
    parser.add_argument("--dtype", default="auto", help="of the weights (default: as in the file)")
    parser.add_argument("--input", "-i", help="a csv file with a header line, a json or jsonl file of objects")
    parser.add_argument("--output", "-o", help="a csv or json file for the results")
    parser.add_argument(
        "--format",
        default="infer",
        choices=["infer", "csv", "json", "pipe"],
        help="of the input (default: by its name)",
    )
    parser.add_argument("--column", help="the input column; several as text,text_pair=other")
    parser.add_argument("--overwrite", action="store_true", help="replace an output file that exists")
    parser.add_argument("--batch-size", type=int, default=8, help="inputs that go through the model at once (8)")
    parser.add_argument(
        "--arg", "-a", action="append", default=[], metavar="NAME=VALUE", help="an argument of the pipeline's call"
    )
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the pipeline and returns the exit code."""
    from .. import pipelines

    if arguments.task == "list":
        print("\n".join(pipelines.get_supported_tasks()))
        return 0
    if arguments.texts and arguments.input:
        arguments.parser.error("found texts and --input, needed one of them")
    call = dict(_argument(text) for text in arguments.arg)
    inputs = _inputs(arguments)
    save = _writer(arguments)
    pipe = pipelines.pipeline(
        arguments.task,
        model=arguments.model,
        config=arguments.config,
        tokenizer=arguments.tokenizer,
        revision=arguments.revision,
        dtype=arguments.dtype,
    )
    given: list[Any] = []

    def remembered() -> Iterator[Any]:
        for item in inputs:
            given.append(item)
            yield item

    rows = []
    has_pad = getattr(pipe.tokenizer, "pad_token_id", None) is not None
    for result in pipe(remembered(), batch_size=arguments.batch_size if has_pad else 1, **call):
        result = result[0] if isinstance(result, list) and len(result) == 1 else result
        if save is None:
            print(json.dumps(result, ensure_ascii=False, default=_plain), flush=True)
        else:
            rows.append((given[len(rows)], result))
    if save is not None:
        save([_row(item, result) for item, result in rows])
    return 0


def _argument(text: str) -> tuple[str, Any]:
    """`top_k=2` → ("top_k", 2): JSON where it is JSON, else the text itself."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise ValueError(f"--arg {text}: needed NAME=VALUE, as top_k=2")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, {"None": None, "True": True, "False": False}.get(value, value)


def _format_of(path: str, wanted: str) -> str:
    if wanted != "infer":
        return wanted
    extension = os.path.splitext(path)[1].lower().lstrip(".")
    if extension == "jsonl":
        return "json"
    if extension not in ("csv", "json"):
        raise ValueError(f"{path}: the format can't be told from the name, needed .csv, .json or .jsonl, or --format")
    return extension


def _inputs(arguments: argparse.Namespace) -> Any:
    from ..pipelines import PipelineDataFormat

    if arguments.texts:
        return _objects(arguments.texts) if arguments.task in _OBJECT_TASKS else arguments.texts
    kind = "pipe" if not arguments.input else _format_of(arguments.input, arguments.format)
    if kind == "pipe" and not arguments.input and sys.stdin.isatty():
        arguments.parser.error("no input: give texts, --input, or lines on stdin")
    if kind != "pipe" and not arguments.column:
        arguments.parser.error(f"--input {arguments.input}: needed --column, the column that is read")
    if kind == "pipe":
        lines = PipelineDataFormat.from_str(kind, None, arguments.input, arguments.column)
        return _objects(lines) if arguments.task in _OBJECT_TASKS else lines
    if not os.path.exists(arguments.input):
        raise OSError(f"{arguments.input} doesn't exist on disk")
    if os.path.getsize(arguments.input) == 0:
        raise ValueError(f"{arguments.input}: the file is empty")
    with _named(arguments.input):
        return _checked(PipelineDataFormat.from_str(kind, None, arguments.input, arguments.column), arguments)


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """What is no JSON, or no UTF-8, is said with the file's name."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: found the bytes {error.object[error.start : error.end]!r}, needed UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: found no JSON: {error}") from error


def _objects(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The inputs of tasks that take several fields, written as JSON."""
    for text in texts:
        value = text  # columns of a line are an object already
        if isinstance(text, str):
            try:
                value = json.loads(text)
            except ValueError:
                value = None
        if not isinstance(value, dict):
            raise ValueError(f"found the input {str(text)[:60]!r}, needed an object, as {_EXAMPLE_OBJECT}")
        yield value


def _checked(rows: Any, arguments: argparse.Namespace) -> Iterator[Any]:
    try:
        with _named(arguments.input):
            yield from rows
    except KeyError as error:
        raise ValueError(f"{arguments.input}: found no column {error}, needed {arguments.column!r}") from error
    except TypeError as error:
        raise ValueError(
            f"{arguments.input}: found an entry that is no object, needed objects with the column {arguments.column!r}"
        ) from error


def _writer(arguments: argparse.Namespace) -> Any:
    """What saves the rows, checked before the model is loaded; None for stdout."""
    from ..pipelines import CsvPipelineDataFormat

    path = arguments.output
    if path is None:
        return None
    kind = _format_of(path, "infer")
    if path.lower().endswith(".jsonl"):
        raise ValueError(f"{path}: results are written as .csv or .json; without --output they are lines of JSON")
    if os.path.exists(path) and not arguments.overwrite:
        raise OSError(f"{path} already exists on disk; --overwrite replaces it")

    def save(rows: list[dict[str, Any]]) -> None:
        if kind == "csv":
            CsvPipelineDataFormat(path, None, None, overwrite=True).save(rows)
            return
        with open(path, "w", encoding="utf-8") as file:
            json.dump(rows, file, ensure_ascii=False, default=_plain, indent=1)

    return save


def _row(item: Any, result: Any) -> dict[str, Any]:
    """One row of the output: what came in beside what came out."""
    row = dict(item) if isinstance(item, dict) else {"input": item}
    return {**row, **result} if isinstance(result, dict) else {**row, "output": result}


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
