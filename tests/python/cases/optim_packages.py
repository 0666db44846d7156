"""Trajectories of optimizers that have packages of their own (schedulefree, torch-optimi): 40 steps in float64."""

from __future__ import annotations

import importlib

import numpy as np

LIBRARY = "torch"


def _class(lib, package, name):
    return getattr(importlib.import_module(package) if lib.__name__ == "torch" else lib.optim, name)


def _train(lib, make, steps=40):
    random = np.random.RandomState(7)
    x = lib.tensor(random.randn(12, 5).tolist(), dtype=lib.float64)
    y = lib.tensor(random.randn(12, 3).tolist(), dtype=lib.float64)
    shapes = {"w1": (5, 7), "b1": (7,), "w2": (7, 3)}
    params = {n: lib.tensor((random.randn(*s) * 0.5).tolist(), dtype=lib.float64) for n, s in shapes.items()}
    for p in params.values():
        p.requires_grad_(True)
    optimizer = make(list(params.values()))
    averages = hasattr(optimizer, "eval")
    if averages:
        optimizer.train()
    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = (((x @ params["w1"] + params["b1"]).tanh() @ params["w2"] - y) ** 2).mean()
        (loss * (30.0 if step == 20 else 1.0)).backward()  # one gradient outgrows its average
        if step == 30:
            for group in optimizer.param_groups:
                group["lr"] *= 0.5
        optimizer.step()
        losses.append(float(loss.item()))
    out = {"losses": losses, **{n: p.detach().numpy().copy() for n, p in params.items()}}
    if averages:
        optimizer.eval()
        out["averages"] = {n: p.detach().numpy().copy() for n, p in params.items()}
    return out


def _variants(lib, package, name, options):
    kind = _class(lib, package, name)
    return {str(o): _train(lib, lambda params, o=o: kind(params, **o)) for o in options}


def case_adamw_schedule_free(lib):
    options = ({"lr": 0.05}, {"lr": 0.05, "warmup_steps": 10, "weight_decay": 0.1, "r": 0.5, "betas": (0.8, 0.99)})
    return _variants(lib, "schedulefree", "AdamWScheduleFree", options)


def case_sgd_schedule_free(lib):
    options = (
        {"lr": 0.5},
        {"lr": 0.3, "momentum": 0.8, "warmup_steps": 10, "weight_decay": 0.05, "weight_lr_power": 1},
    )
    return _variants(lib, "schedulefree", "SGDScheduleFree", options)


def case_radam_schedule_free(lib):
    options = (
        {"lr": 0.05},
        {"lr": 0.05, "silent_sgd_phase": False, "weight_decay": 0.05},
        {"lr": 0.05, "betas": (0.8, 0.95), "r": 1.0},
    )
    return _variants(lib, "schedulefree", "RAdamScheduleFree", options)


def case_stable_adamw(lib):
    options = (
        {"lr": 0.05},
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.2},
        {"lr": 0.05, "decouple_lr": True, "weight_decay": 1e-4},
        {"lr": 0.05, "decouple_lr": True, "max_lr": 0.1, "weight_decay": 1e-3},
    )
    return _variants(lib, "optimi", "StableAdamW", options)


def _galore(lib, name, **others):
    kind = _class(lib, "galore_torch", name)
    options = ({"proj_type": "std"}, {"proj_type": "reverse_std"}, {"proj_type": "right", "scale": 0.5})

    def make(params, projection):
        matrices, rest = [p for p in params if p.dim() == 2], [p for p in params if p.dim() != 2]
        # One subspace for all steps: the signs of singular vectors are free, and old moments meet those of a new one.
        low = {"params": matrices, "rank": 2, "update_proj_gap": 100, "scale": 1.0, **projection}
        return kind([{"params": rest}, low], lr=0.02, weight_decay=0.1, **others)

    return {str(o): _train(lib, lambda params, o=o: make(params, o)) for o in options}


def case_galore_adamw(lib):
    return _galore(lib, "GaLoreAdamW")


def case_galore_adafactor(lib):
    return _galore(lib, "GaLoreAdafactor", scale_parameter=False, relative_step=False)
