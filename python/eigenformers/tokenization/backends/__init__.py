"""The pipelines that the tokenizer classes stand for, around a bare vocabulary.

A tokenizer.json states its pipeline; a vocabulary file does not, so the class has to. One function a pipeline, by the
name that `families.py` gives it; it gets `Parts` and returns a `Backend`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .backend import Backend
from .extras import class_extra

if TYPE_CHECKING:
    from .parts import Parts

# Pipeline -> module of this package that builds it.
PIPELINES = {
    **dict.fromkeys(("bert", "mpnet", "funnel", "splinter", "roformer", "layoutlmv2"), "word_piece"),
    **dict.fromkeys(
        ("gpt2", "neox", "codegen", "blenderbot", "roberta", "deberta", "qwen2", "qwen3_5", "clip", "cohere", "nougat",
         "herbert", "openai", "whisper", "layoutlmv3", "markuplm", "luke"),
        "byte_level",
    ),
    **dict.fromkeys(("llama", "code_llama", "gemma", "siglip2", "nllb", "reformer", "seamless", "tipsv2"), "piece_bpe"),
    **dict.fromkeys(
        ("albert", "barthez", "big_bird", "camembert", "deberta_v2", "fnet", "lasr", "layoutxlm", "mbart", "mbart50", "mluke",
         "mt5", "pegasus", "rembert", "t5", "udop", "videoprism", "xglm", "xlm_roberta", "xlnet"),
        "unigram",
    ),
    "esmc": "generic",
    "sentencepiece": "generic",
    "tiktoken": "generic",
}  # fmt: skip


def build(pipeline: str, parts: Parts) -> Backend:
    """The engine tokenizer of a pipeline."""
    module = importlib.import_module(f".{PIPELINES[pipeline]}", __name__)
    backend = getattr(module, pipeline)(parts)
    if backend.extra is None:
        backend.extra = parts.extra
    if parts.added:
        backend.tokenizer.add_special_tokens(parts.added)
    return backend


__all__ = ["PIPELINES", "Backend", "build", "class_extra"]
