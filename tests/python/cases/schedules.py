"""Learning rates of every schedule, step by step."""

from __future__ import annotations

import importlib

STEPS = 30
KINDS = {
    "linear": {},
    "cosine": {},
    "cosine/cycles": {"num_cycles": 1.25},
    "cosine_with_restarts": {"num_cycles": 3},
    "polynomial": {"power": 2.0, "lr_end": 1e-5},
    "constant": {},
    "constant_with_warmup": {},
    "inverse_sqrt": {},
    "inverse_sqrt/timescale": {"timescale": 7},
    "cosine_with_min_lr": {"min_lr": 1e-4},
    "cosine_with_min_lr/rate": {"min_lr_rate": 0.2, "num_cycles": 0.75},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1},
    "cosine_warmup_with_min_lr/warmup": {"min_lr": 1e-4, "warmup_lr_rate": 0.3},
    "warmup_stable_decay": {"num_decay_steps": 8},
    "warmup_stable_decay/cosine": {"num_decay_steps": 8, "warmup_type": "cosine", "decay_type": "linear"},
    "warmup_stable_decay/sqrt": {
        "num_decay_steps": 8, "warmup_type": "1-sqrt", "decay_type": "1-sqrt", "min_lr_ratio": 0.1,
    },
}  # fmt: skip
METRICS = [3.0, 2.5, 2.4, 2.4, 2.4, 2.41, 2.4, 2.3, 2.35, 2.36, 2.4, 2.37, 2.36, 2.2, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6]


class _Groups:
    """What a schedule needs of an optimizer."""

    def __init__(self, rates):
        self.param_groups, self.defaults = [{"lr": rate} for rate in rates], {"lr": rates[0]}


def optimizer(lib, rates=(1e-3, 5e-3)):
    if lib.__name__ != "transformers":
        return _Groups(rates)
    torch = importlib.import_module("torch")
    return torch.optim.SGD([{"params": [torch.zeros(1)], "lr": rate} for rate in rates], lr=rates[0])


def case_rates(lib):
    """Two parameter groups, with and without warm-up, past the end."""
    out = {}
    for kind, extra in KINDS.items():
        for warmup in (0, 5):
            schedule = lib.get_scheduler(
                kind.split("/")[0], optimizer(lib), num_warmup_steps=warmup, num_training_steps=STEPS,
                scheduler_specific_kwargs=dict(extra),
            )  # fmt: skip
            rates = []
            for _ in range(STEPS + 3 if not kind.startswith("polynomial") or warmup else STEPS):
                rates.append(list(schedule.get_last_lr()))
                schedule.step()
            out[f"{kind}/{warmup}"] = rates
    return out


def case_by_metric(lib):
    """Schedules that look at a metric."""
    kinds = {
        "reduce_lr_on_plateau": [
            {"patience": 1, "factor": 0.5},
            {"patience": 0, "mode": "max", "threshold_mode": "abs", "cooldown": 2, "min_lr": 1e-5},
        ],
        "greedy": [
            {"patience": 1, "min_lr": 1e-4, "factor": 0.8},
            {"patience": 0, "mode": "max", "smooth": True, "window_size": 3, "reset_start": 2, "min_lr": 8e-4},
            {"patience": 1, "threshold_mode": "rel", "threshold": 1e-3, "cooldown": 1, "warmup": 2, "max_lr": 6e-3},
        ],
    }
    out = {}
    for kind, variants in kinds.items():
        for i, extra in enumerate(variants):
            schedule = lib.get_scheduler(kind, optimizer(lib), scheduler_specific_kwargs=extra)
            rates = []
            for metric in METRICS:
                schedule.step(metric)
                rates.append([group["lr"] for group in schedule.optimizer.param_groups])
            out[f"{kind}/{i}"] = rates
    return out


def case_errors(lib):
    calls = {
        "unknown": ("triangular", {}),
        "no_warmup": ("linear", {}),
        "no_length": ("linear", {"num_warmup_steps": 1}),
        "decay": ("warmup_stable_decay", {"num_warmup_steps": 1, "scheduler_specific_kwargs": {"num_decay_steps": 2}}),
        "decay_type": (
            "warmup_stable_decay",
            {"num_warmup_steps": 1, "num_training_steps": 9,
             "scheduler_specific_kwargs": {"num_decay_steps": 2, "decay_type": "steep"}},
        ),
        "floor": ("cosine_with_min_lr", {"num_warmup_steps": 1, "num_training_steps": 9}),
        "floors": (
            "cosine_with_min_lr",
            {"num_warmup_steps": 1, "num_training_steps": 9,
             "scheduler_specific_kwargs": {"min_lr": 0.1, "min_lr_rate": 0.1}},
        ),
        "end": (
            "polynomial",
            {"num_warmup_steps": 1, "num_training_steps": 9, "scheduler_specific_kwargs": {"lr_end": 1.0}},
        ),
    }  # fmt: skip
    out = {}
    for name, (kind, arguments) in calls.items():
        try:
            lib.get_scheduler(kind, optimizer(lib), **arguments)
        except Exception as error:  # noqa: BLE001
            out[name] = [type(error).__name__, str(error).replace("SchedulerType.LINEAR", "linear")]
    return out
