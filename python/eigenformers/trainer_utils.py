"""`transformers.trainer_utils` under its name, for scripts that import from there; the pieces are elsewhere."""

from __future__ import annotations

from ._lazy import lazy_exports

_MODULES = {
    **dict.fromkeys(
        ("HPSearchBackend", "HubStrategy", "IntervalStrategy", "SaveStrategy", "SchedulerType"), "..trainer.enums"),
    **dict.fromkeys(
        ("BestRun", "EvalLoopOutput", "EvalPrediction", "PredictionOutput", "TrainOutput",
         "default_compute_objective", "speed_metrics"), "..trainer.results"),
    **dict.fromkeys(("PREFIX_CHECKPOINT_DIR", "get_last_checkpoint"), "..trainer.checkpoint_folders"),
    **dict.fromkeys(("default_hp_space_optuna",), "..trainer.search"),
    **dict.fromkeys(("RemoveColumnsCollator",), "..trainer.dataloading"),
    **dict.fromkeys(("has_length",), "..data.dataset"),
    **dict.fromkeys(("enable_full_determinism", "set_seed"), "..random"),
}  # fmt: skip

__all__ = sorted(_MODULES)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
