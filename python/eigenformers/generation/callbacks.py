"""What the caller gives to the C++ decode loop as Python functions: processors, criteria, allowed tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .. import _core


def callables(name: str, value: Any) -> list[Any]:
    """The list in the argument `name` of `generate`; TypeError if it holds anything that can't be called."""
    if value is None:
        return []
    found = list(value) if isinstance(value, Iterable) else [value]
    if not all(callable(item) for item in found):
        raise TypeError(f"generate: {name} is {value!r}, needed a list of callables")
    return found


def processor_of(processor: Any) -> Callable[[Any, Any], Any]:
    """What gives tensors, though `processor` may give arrays."""
    def call(ids: Any, scores: Any) -> Any:
        result = processor(ids, scores)
        return result if isinstance(result, _core.Tensor) else _core.as_tensor(result)

    return call


def criterion_of(criterion: Any, keep_scores: bool) -> Callable[[Any, Any], Any]:
    """What a criterion is asked each step, with the scores of all steps so far if `keep_scores`."""
    kept: list[Any] = []

    def call(ids: Any, scores: Any) -> Any:
        if not keep_scores:
            return criterion(ids, None)
        kept.append(scores.clone())
        return criterion(ids, tuple(kept))

    call.wants_scores = keep_scores  # type: ignore[attr-defined]
    return call


def allowed_by(allowed: Callable[[int, Any], list[int]] | None, beams: int) -> Any:
    """`prefix_allowed_tokens_fn` as a processor."""
    if allowed is None:
        return None
    from .logits_process import PrefixConstrainedLogitsProcessor

    return processor_of(PrefixConstrainedLogitsProcessor(allowed, beams))
