"""Pairs and groups of texts that mean the same, found by their embeddings.

>>> import numpy as np
>>> paraphrase_mining_embeddings(np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]]))[0]
[1.0, 0, 2]
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from .util import _best, _rows, _unit, cos_sim, semantic_search


def paraphrase_mining_embeddings(
    embeddings: Any,
    query_chunk_size: int = 5000,
    corpus_chunk_size: int = 100000,
    max_pairs: int = 500000,
    top_k: int = 100,
    score_function: Callable[[Any, Any], Any] = cos_sim,
) -> list[list[float | int]]:
    """The pairs of rows that score highest: `[score, i, j]` with i < j, best first.

    Args:
        embeddings: `[n, size]`.
        max_pairs: how many are kept.
        top_k: neighbours that are looked at for each row.
        query_chunk_size, corpus_chunk_size, score_function: see `semantic_search`.
    """
    rows = _rows(embeddings)
    near = semantic_search(rows, rows, query_chunk_size, corpus_chunk_size, top_k + 1, score_function) if len(rows) else []
    pairs: dict[tuple[int, int], float] = {}
    for i, found in enumerate(near):
        others = [one for one in found if one["corpus_id"] != i]
        for one in others[:top_k]:
            j = one["corpus_id"]
            pairs.setdefault((min(i, j), max(i, j)), one["score"])
    best = sorted(([score, i, j] for (i, j), score in pairs.items()), key=lambda entry: (-entry[0], *entry[1:]))
    return best[: max(max_pairs, 0)]


def paraphrase_mining(
    model: Any,
    sentences: list[str],
    show_progress_bar: bool = False,
    batch_size: int = 32,
    query_chunk_size: int = 5000,
    corpus_chunk_size: int = 100000,
    max_pairs: int = 500000,
    top_k: int = 100,
    score_function: Callable[[Any, Any], Any] = cos_sim,
    truncate_dim: int | None = None,
    prompt_name: str | None = None,
    prompt: str | None = None,
) -> list[list[float | int]]:
    """`paraphrase_mining_embeddings` of what `model.encode` gives for the sentences."""
    embeddings = model.encode(
        sentences, show_progress_bar=show_progress_bar, batch_size=batch_size, truncate_dim=truncate_dim,
        prompt_name=prompt_name, prompt=prompt,
    )  # fmt: skip
    return paraphrase_mining_embeddings(
        embeddings, query_chunk_size, corpus_chunk_size, max_pairs, top_k, score_function
    )


def community_detection(
    embeddings: Any,
    threshold: float = 0.75,
    min_community_size: int = 10,
    batch_size: int = 1024,
    show_progress_bar: bool = False,
) -> list[list[int]]:
    """Groups of rows whose cosine to the group's first one is at least `threshold`, the largest first.

    A row belongs to one group only. Groups of fewer than `min_community_size` are left out.
    """
    if min_community_size < 1 or batch_size < 1:
        raise ValueError(
            f"community_detection: min_community_size is {min_community_size}, batch_size {batch_size}, needed 1 or more"
        )
    if not len(embeddings):
        return []
    rows = _unit(_rows(embeddings))
    groups: list[tuple[int, np.ndarray]] = []
    for begin in range(0, len(rows), batch_size):
        scores = rows[begin : begin + batch_size] @ rows.T
        counts = (scores >= threshold).sum(1)
        for i, (row, count) in enumerate(zip(scores, counts)):
            if count >= min_community_size:
                groups.append((begin + i, _best(row[None], int(count))[0]))
    groups.sort(key=lambda group: len(group[1]), reverse=True)
    used = np.zeros(len(rows), bool)
    out: list[list[int]] = []
    for center, group in groups:
        left = group[~used[group]]
        if not used[center] and len(left) >= min_community_size:
            out.append([center, *left[left != center].tolist()])
            used[left] = True
    return sorted(out, key=len, reverse=True)
