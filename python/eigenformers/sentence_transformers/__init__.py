"""Sentence embeddings and cross-encoders with the names, arguments and files of `sentence-transformers`."""

from __future__ import annotations

from .._lazy import lazy_exports

_MODULES = {
    "CrossEncoder": ".cross_encoder",
    "SentenceTransformer": ".model",
    "SimilarityFunction": ".util",
    "quantize_embeddings": ".util",
    "util": ".util:",
}
__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
