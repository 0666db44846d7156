"""Similarities of embeddings, and the nearest of many.

>>> import numpy as np
>>> float(cos_sim(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]]))[0, 0].item().__round__(4))
0.7071
>>> semantic_search(np.eye(3)[:1], np.eye(3), top_k=1)
[[{'corpus_id': 0, 'score': 1.0}]]
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Callable

import numpy as np

from .. import _core
from ..utils import logging

logger = logging.get_logger(__name__)


def _rows(x: Any) -> np.ndarray:
    """Embeddings as float32 `[n, size]`: an array, a tensor, a list of either, or one vector."""
    if isinstance(x, (list, tuple)):
        x = np.stack([np.asarray(_plain(row), dtype=np.float32) for row in x])
    array = np.asarray(_plain(x), dtype=np.float32)
    return array[None] if array.ndim == 1 else array


def _plain(x: Any) -> Any:
    return x.detach().float().numpy() if isinstance(x, _core.Tensor) else x


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def normalize_embeddings(embeddings: Any) -> Any:
    """Rows of length 1; a tensor of float32 `[n, size]`."""
    return _core.from_numpy(_unit(_rows(embeddings)))


PRECISIONS = ("float32", "int8", "uint8", "binary", "ubinary")


def quantize_embeddings(
    embeddings: Any, precision: str, ranges: Any = None, calibration_embeddings: Any = None
) -> np.ndarray:
    """Embeddings in fewer bits, for a smaller and faster search.

    Args:
        embeddings: float `[n, size]`.
        precision: `"int8"` or `"uint8"` (256 steps between the smallest and the largest value of each dimension),
            `"binary"` or `"ubinary"` (the signs, eight in an int8 or uint8), or `"float32"`.
        ranges: `[2, size]`, these smallest and largest values.
        calibration_embeddings: float `[m, size]` to take them from; else the embeddings themselves.

    Returns:
        `[n, size]`, or `[n, size / 8]` of signs.

    Raises:
        ValueError: an unknown precision, or a single embedding to take ranges from.

    >>> quantize_embeddings(np.array([[0.0, 1.0], [1.0, -1.0], [-0.5, 0.5]]), "ubinary").tolist()
    [[64], [128], [64]]
    """
    if precision not in PRECISIONS:
        raise ValueError(f"Precision {precision!r} is not supported")
    rows = _rows(embeddings)
    if precision == "float32":
        return rows
    if precision.endswith("binary"):
        signs = np.packbits(rows > 0, axis=-1)
        return (signs - 128).astype(np.int8) if precision == "binary" else signs
    if ranges is None:
        known = rows if calibration_embeddings is None else _rows(calibration_embeddings)
        if calibration_embeddings is None and len(rows) == 1:
            raise ValueError(
                f"Cannot compute {precision} quantization ranges from a single embedding. Call `quantize_embeddings` "
                "with `ranges` or `calibration_embeddings` from a representative set of embeddings instead."
            )
        if calibration_embeddings is None and 0 < len(rows) < 100:
            logger.warning(
                f"Computing {precision} quantization buckets based on {len(rows)} embeddings. {precision} quantization "
                "is more stable with `ranges` calculated from more embeddings or a `calibration_embeddings` that can "
                "be used to calculate the buckets."
            )
        ranges = np.stack([known.min(0), known.max(0)]) if len(known) else np.zeros((2, rows.shape[1]))
    low, high = np.asarray(ranges, np.float32)
    steps = (high - low) / 255
    steps = np.where(steps == 0, 1, steps)
    values = np.clip(np.floor((rows - low) / steps), 0, 255)
    return values.astype(np.uint8) if precision == "uint8" else (values - 128).astype(np.int8)


def cos_sim(a: Any, b: Any) -> Any:
    """The cosine of each row of `a` with each row of `b`: a tensor `[len(a), len(b)]`."""
    return _core.from_numpy(_unit(_rows(a)) @ _unit(_rows(b)).T)


def dot_score(a: Any, b: Any) -> Any:
    """The dot product of each row of `a` with each row of `b`: a tensor `[len(a), len(b)]`."""
    return _core.from_numpy(_rows(a) @ _rows(b).T)


def pairwise_cos_sim(a: Any, b: Any) -> Any:
    """The cosine of each row of `a` with the same row of `b`: a tensor `[n]`."""
    return _core.from_numpy((_unit(_rows(a)) * _unit(_rows(b))).sum(-1))


def pairwise_dot_score(a: Any, b: Any) -> Any:
    """The dot product of each row of `a` with the same row of `b`: a tensor `[n]`."""
    return _core.from_numpy((_rows(a) * _rows(b)).sum(-1))


def euclidean_sim(a: Any, b: Any) -> Any:
    """The negated distance of each row of `a` to each row of `b`."""
    return _core.from_numpy(-np.linalg.norm(_rows(a)[:, None] - _rows(b)[None], axis=-1))


def manhattan_sim(a: Any, b: Any) -> Any:
    """The negated sum of differences of each row of `a` to each row of `b`."""
    return _core.from_numpy(-np.abs(_rows(a)[:, None] - _rows(b)[None]).sum(-1))


def pairwise_euclidean_sim(a: Any, b: Any) -> Any:
    """The negated distance of each row of `a` to the same row of `b`."""
    return _core.from_numpy(-np.linalg.norm(_rows(a) - _rows(b), axis=-1))


def pairwise_manhattan_sim(a: Any, b: Any) -> Any:
    """The negated sum of differences of each row of `a` to the same row of `b`."""
    return _core.from_numpy(-np.abs(_rows(a) - _rows(b)).sum(-1))


def semantic_search(
    query_embeddings: Any,
    corpus_embeddings: Any,
    query_chunk_size: int = 100,
    corpus_chunk_size: int = 500000,
    top_k: int = 10,
    score_function: Callable[[Any, Any], Any] = cos_sim,
) -> list[list[dict[str, Any]]]:
    """The `top_k` rows of a corpus that score highest for each query, best first.

    Args:
        query_embeddings, corpus_embeddings: `[n, size]`.
        query_chunk_size, corpus_chunk_size: rows that are compared at a time.

    Returns:
        For each query a list of `{"corpus_id": int, "score": float}`.

    Raises:
        ValueError: a chunk size or `top_k` below 1.
    """
    for name, value in (("query_chunk_size", query_chunk_size), ("corpus_chunk_size", corpus_chunk_size), ("top_k", top_k)):
        if value < 1:
            raise ValueError(f"semantic_search: {name} is {value}, needed 1 or more")
    queries, corpus = _rows(query_embeddings), _rows(corpus_embeddings)
    out: list[list[dict[str, Any]]] = []
    for begin in range(0, len(queries), query_chunk_size):
        part = queries[begin : begin + query_chunk_size]
        scores, ids = np.empty((len(part), 0), np.float32), np.empty((len(part), 0), np.int64)
        for at in range(0, len(corpus), corpus_chunk_size):
            found = _plain(score_function(part, corpus[at : at + corpus_chunk_size]))
            best = _best(found, top_k)
            scores = np.concatenate([scores, np.take_along_axis(found, best, 1)], 1)
            ids = np.concatenate([ids, best + at], 1)
        best = _best(scores, top_k)
        scores, ids = np.take_along_axis(scores, best, 1), np.take_along_axis(ids, best, 1)
        out += [[{"corpus_id": int(i), "score": float(s)} for i, s in zip(*row)] for row in zip(ids, scores)]
    return out


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    """Columns of the highest scores of each row, best first; of equal ones the first."""
    if count < scores.shape[1]:
        kept = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    else:
        kept = np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    order = np.argsort(-np.take_along_axis(scores, kept, 1), axis=1, kind="stable")
    return np.take_along_axis(kept, order, 1)


def truncate_embeddings(embeddings: Any, truncate_dim: int | None) -> Any:
    """The first `truncate_dim` numbers of each row; all for None."""
    return embeddings[..., :truncate_dim]


def batch_to_device(batch: dict[str, Any], target_device: Any) -> dict[str, Any]:
    """The batch itself: there is one device."""
    return batch


pytorch_cos_sim = cos_sim

_MINING = ("community_detection", "paraphrase_mining", "paraphrase_mining_embeddings")


def __getattr__(name: str) -> Any:
    if name in _MINING:
        from . import mining

        return getattr(mining, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class SimilarityFunction(Enum):
    """The similarities that `similarity_fn_name` may name."""

    COSINE = "cosine"
    DOT_PRODUCT = "dot"
    DOT = "dot"
    EUCLIDEAN = "euclidean"
    MANHATTAN = "manhattan"

    @staticmethod
    def to_similarity_fn(similarity_function: str | SimilarityFunction) -> Callable[[Any, Any], Any]:
        """The function for all pairs. ValueError for an unknown name."""
        return SIMILARITIES[SimilarityFunction(similarity_function).value][0]

    @staticmethod
    def to_similarity_pairwise_fn(similarity_function: str | SimilarityFunction) -> Callable[[Any, Any], Any]:
        """The function for rows at the same place. ValueError for an unknown name."""
        return SIMILARITIES[SimilarityFunction(similarity_function).value][1]

    @staticmethod
    def possible_values() -> list[str]:
        """All names."""
        return [one.value for one in SimilarityFunction]


SIMILARITIES: dict[str, tuple[Callable, Callable]] = {
    "cosine": (cos_sim, pairwise_cos_sim),
    "dot": (dot_score, pairwise_dot_score),
    "euclidean": (euclidean_sim, pairwise_euclidean_sim),
    "manhattan": (manhattan_sim, pairwise_manhattan_sim),
}
