"""Continuous batching: requests that come and go while others are being answered."""

from __future__ import annotations

from ..._lazy import lazy_exports

MODULES: dict[str, str] = {
    "ContinuousBatchingConfig": ".config",
    "ContinuousBatchingManager": ".manager",
    "ContinuousMixin": ".mixin",
    "GenerationOutput": ".requests",
    "RequestState": ".requests",
    "RequestStatus": ".requests",
}
__all__ = sorted(MODULES)  # noqa: PLE0605

__getattr__, __dir__ = lazy_exports(__name__, MODULES)
