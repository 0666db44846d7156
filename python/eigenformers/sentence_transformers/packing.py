"""Texts of any lengths as rows of ids, and models run over them without padding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import _core
from ..modeling import PreTrainedModel
from ..utils import logging

_TOKENS = 16384


class TokenLists:
    """The ids of many texts behind one another."""

    def __init__(self, ids: np.ndarray, lengths: np.ndarray, types: np.ndarray | None = None):
        self.ids, self.lengths, self.types = ids, lengths, types
        self.starts = np.cumsum(lengths) - lengths

    def batches(self, size: int, tokens: int = 0) -> list[np.ndarray]:
        """Numbers of texts, longest first, `size` at a time; together with the next ones while they have fewer than
        `tokens`."""
        order = np.argsort(-self.lengths, kind="stable")
        ends, done = np.cumsum(self.lengths[order]), 0
        out = []
        while done < len(order):
            start = ends[done] - self.lengths[order[done]]
            count = int(np.searchsorted(ends, start + tokens, "right")) - done
            count = max(size, count // size * size)
            out.append(order[done : done + count])
            done += count
        return out

    def _rows(self, values: np.ndarray, which: np.ndarray) -> np.ndarray:
        return np.concatenate([values[self.starts[i] : self.starts[i] + self.lengths[i]] for i in which])

    def packed(self, which: np.ndarray) -> dict[str, Any]:
        """Arguments of a model for these texts in one row."""
        out = {
            "input_ids": _core.from_numpy(self._rows(self.ids, which)[None]),
            "lengths": self.lengths[which].tolist(),
        }
        if self.types is not None:
            out["token_type_ids"] = _core.from_numpy(self._rows(self.types, which)[None])
        return out

    def padded(self, which: np.ndarray, pad: int) -> dict[str, Any]:
        """The same with a row for each text, padded on the right."""
        real = np.arange(self.lengths[which].max())[None] < self.lengths[which][:, None]
        out = {}
        for name, values, fill in (("input_ids", self.ids, pad), ("token_type_ids", self.types, 0)):
            if values is not None:
                array = np.full(real.shape, fill, np.int64)
                array[real] = self._rows(values, which)
                out[name] = _core.from_numpy(array)
        return {**out, "attention_mask": _core.from_numpy(real.astype(np.int64))}


def tokenized(tokenizer: Any, texts: list, max_length: int | None) -> TokenLists:
    """Texts, or pairs of them, as ids with special tokens, cut to `max_length`."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    wants_types = "token_type_ids" in tokenizer.model_input_names and any(not isinstance(text, str) for text in texts)
    if backend is not None and hasattr(backend, "encode_batch_arrays") and not wants_types:
        tokenizer.set_truncation_and_padding(*_plans(tokenizer, max_length))
        return TokenLists(*backend.encode_batch_arrays(texts))
    columns = ([text if isinstance(text, str) else text[0] for text in texts],)
    if any(not isinstance(text, str) for text in texts):
        columns = (*columns, [text[1] for text in texts])
    found = tokenizer(*columns, truncation=max_length is not None, max_length=max_length)
    lengths = np.array([len(ids) for ids in found["input_ids"]], np.int64)
    flat = [np.array([i for row in found[name] for i in row], np.int64) if name in found else None
            for name in ("input_ids", "token_type_ids")]  # fmt: skip
    return TokenLists(flat[0], lengths, flat[1])


def _plans(tokenizer: Any, max_length: int | None) -> tuple:
    from ..tokenization.enums import PaddingStrategy, TruncationStrategy

    cut = TruncationStrategy.DO_NOT_TRUNCATE if max_length is None else TruncationStrategy.LONGEST_FIRST
    return PaddingStrategy.DO_NOT_PAD, cut, max_length or 0, 0, None, None


def _packs(model: Any) -> bool:
    """Whether nobody stands between the model and its C++ pass: hooks and forwards in Python see whole batches."""
    if not getattr(model, "_packs", False) or model.training:
        return False
    models = [module for module in model.modules() if isinstance(module, PreTrainedModel)]
    return not any(m._has_hooks() or getattr(m.forward, "__func__", None) is not m._native_pass for m in models)


def batches(model: Any, texts: TokenLists, size: int, show: bool) -> Iterator[np.ndarray]:
    """Numbers of texts that are handed to a model at once, longest first; the progress bar counts batches of `size`.

    Packed texts go some thousands of tokens at a time, so that every core has enough of them.
    """
    with logging.tqdm(total=-(-len(texts.lengths) // size), desc="Batches", disable=not show) as bar:
        for which in texts.batches(size, _TOKENS if _packs(model) else 0):
            yield which
            bar.update(-(-len(which) // size))


def run(model: Any, texts: TokenLists, which: np.ndarray, pad: int) -> tuple[dict[str, Any], np.ndarray | None]:
    """What a model gives for some of the texts, and (padded models) which of its positions are real."""
    with _core.no_grad():
        if _packs(model):
            return model._native_run(texts.packed(which)), None
        arguments = texts.padded(which, pad)
        real = arguments["attention_mask"].numpy().astype(bool)
        return dict(model(**arguments).items()), real
