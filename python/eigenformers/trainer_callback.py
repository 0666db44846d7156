"""`transformers.trainer_callback` under its name; the pieces live in `eigenformers.trainer`."""

from __future__ import annotations

from ._lazy import lazy_exports

_MODULES = {
    **dict.fromkeys(
        ("CallbackHandler", "DefaultFlowCallback", "EarlyStoppingCallback", "TrainerCallback"), "..trainer.callbacks"),
    **dict.fromkeys(("PrinterCallback", "ProgressCallback"), "..trainer.progress"),
    **dict.fromkeys(("ExportableState", "TrainerControl", "TrainerState"), "..trainer.state"),
}  # fmt: skip

__all__ = sorted(_MODULES)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
