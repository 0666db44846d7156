"""Special tokens that a class has beside its named ones, where nobody lists any."""

from __future__ import annotations

from typing import Any, Callable

from .._engine import checked_count
from ..families import CODE_LLAMA_MARKS
from ..languages import MBART50_LANGUAGES, MBART_LANGUAGES, NLLB_LANGUAGES

Options = dict[str, Any]


def _count(options: Options, name: str, default: int) -> int:
    value = options.get(name)
    return checked_count(name, default if value is None else value)


def _sentinels(options: Options) -> list[str]:
    return [f"<extra_id_{i}>" for i in range(_count(options, "extra_ids", 100))]


def _masks_and_unused(options: Options) -> list[str]:
    sent = options.get("mask_token_sent", "<mask_1>")
    return [*([] if sent is None else [sent]), *(f"<unk_{i}>" for i in range(2, _count(options, "offset", 103)))]


def _marks(options: Options) -> list[str]:
    return [str(options[name]) for name in CODE_LLAMA_MARKS if options.get(name) is not None]


_EXTRA: dict[str | None, Callable[[Options], list[str]]] = {
    "camembert": lambda options: ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"],
    "code_llama": _marks,
    "lasr": _sentinels,
    "mbart": lambda options: list(MBART_LANGUAGES),
    "mbart50": lambda options: list(MBART50_LANGUAGES),
    "mt5": _sentinels,
    "nllb": lambda options: list(NLLB_LANGUAGES),
    "pegasus": _masks_and_unused,
    "t5": _sentinels,
    "videoprism": _sentinels,
    "xglm": lambda options: [f"<madeupword{i}>" for i in range(7)],
    "xlnet": lambda options: ["<eop>", "<eod>"],
}


def class_extra(pipeline: str | None, options: Options) -> list[str]:
    """The further special tokens of the class with a pipeline, given its arguments."""
    return _EXTRA[pipeline](options) if pipeline in _EXTRA else []
