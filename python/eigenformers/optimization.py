"""`transformers.optimization` under its name: the schedules."""

from __future__ import annotations

from ._lazy import lazy_exports

_MODULES = {
    **dict.fromkeys(
        ("GreedyLR", "TYPE_TO_SCHEDULER_FUNCTION", "get_constant_schedule",
         "get_constant_schedule_with_warmup", "get_cosine_schedule_with_warmup",
         "get_cosine_with_hard_restarts_schedule_with_warmup", "get_cosine_with_min_lr_schedule_with_warmup",
         "get_cosine_with_min_lr_schedule_with_warmup_lr_rate", "get_greedy_schedule",
         "get_inverse_sqrt_schedule", "get_linear_schedule_with_warmup",
         "get_polynomial_decay_schedule_with_warmup", "get_reduce_on_plateau_schedule", "get_scheduler",
         "get_wsd_schedule"), "..optim.schedules"),
}  # fmt: skip

__all__ = sorted(_MODULES)  # noqa: PLE0605
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
