"""Trajectories of optimizers that have packages of their own (schedulefree, torch-optimi, galore-torch, apollo-torch, lomo-optim, grokadamw): 40 steps in float64."""

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


class _GaLore8bit:
    """What galore_torch.GaLoreAdamW8bit means, from its projector and bitsandbytes' optimizer: on a CPU the class
    itself moves only what is not projected."""

    def __init__(self, groups, lr, weight_decay, min_8bit_size):
        import torch
        from bitsandbytes.optim import AdamW8bit
        from galore_torch.galore_projector import GaLoreProjector

        kwargs = {"lr": lr, "min_8bit_size": min_8bit_size}
        self._matrices = groups[1]["params"]
        options = {k: groups[1][k] for k in ("update_proj_gap", "scale", "proj_type")}
        self._projectors = [GaLoreProjector(groups[1]["rank"], **options) for _ in self._matrices]
        self._low = [torch.nn.Parameter(pr.project(torch.ones_like(p), 0)) for p, pr in zip(self._matrices, self._projectors)]
        for projector in self._projectors:
            projector.ortho_matrix = None
        self._rest = AdamW8bit(groups[0]["params"], weight_decay=weight_decay, **kwargs)
        self._inner = AdamW8bit(self._low, weight_decay=0.0, **kwargs)
        self._decay, self._step = weight_decay, 0
        self.param_groups = self._rest.param_groups + self._inner.param_groups

    def zero_grad(self):
        for p in (*self._matrices, *self._rest.param_groups[0]["params"]):
            p.grad = None

    def step(self):
        for p, low, projector in zip(self._matrices, self._low, self._projectors):
            low.grad = projector.project(p.grad, self._step).contiguous()
            low.data.zero_()
        self._rest.step()
        self._inner.step()
        self._step += 1
        rate = self._inner.param_groups[0]["lr"]
        for p, low, projector in zip(self._matrices, self._low, self._projectors):
            p.data.add_(projector.project_back(low.data))
            p.data.add_(p.data, alpha=-rate * self._decay)


def case_galore_adamw_8bit(lib):
    kind = _GaLore8bit if lib.__name__ == "torch" else lib.optim.GaLoreAdamW8bit

    def make(params, smallest):
        matrices, rest = [p for p in params if p.dim() == 2], [p for p in params if p.dim() != 2]
        low = {"params": matrices, "rank": 2, "update_proj_gap": 100, "scale": 0.5, "proj_type": "std"}
        return kind([{"params": rest}, low], lr=0.02, weight_decay=0.1, min_8bit_size=smallest)

    return {str(n): _train(lib, lambda params, n=n: make(params, n)) for n in (4096,)}  # so few keep float32


def case_apollo(lib):
    kind = _class(lib, "apollo_torch", "APOLLOAdamW")
    options = (
        {"proj": "random", "scale_type": "channel"},
        {"proj": "random", "scale_type": "tensor", "proj_type": "reverse_std", "scale": 4.0, "update_proj_gap": 7},
        {"proj": "svd", "scale_type": "channel", "proj_type": "std"},
        {"proj": "random", "scale_type": "channel", "scale": 9.0, "front": True},
        {"proj": "random", "scale_type": "tensor", "limitless": True},
    )

    def make(params, given):
        given = dict(given)
        others = {"scale_front": given.pop("front", False), "disable_nl": given.pop("limitless", False)}
        matrices, rest = [p for p in params if p.dim() == 2], [p for p in params if p.dim() != 2]
        low = {"params": matrices, "rank": 2, "update_proj_gap": 100, "scale": 1.0, "proj_type": "std", **given}
        return kind([{"params": rest}, low], lr=0.02, weight_decay=0.1, **others)

    return {str(o): _train(lib, lambda params, o=o: make(params, o)) for o in options}


def case_grokadamw(lib):
    options = (
        {"lr": 0.05},
        {"lr": 0.05, "gamma": 0.3, "lamb": 1.0, "alpha_init": 0.9, "weight_decay": 0.2, "betas": (0.8, 0.95)},
        {"lr": 0.05, "gradient_clipping": 0.0, "grokking_signal_fns": [lambda: 0.5, lambda: None, lambda: 1.5]},
    )
    kind = _class(lib, "grokadamw", "GrokAdamW")
    return {str(i): _train(lib, lambda params, o=o: kind(params, **o)) for i, o in enumerate(options)}


class _Small:
    """A module of two layers, in what both libraries share; float32, which these packages compute in."""

    def __new__(cls, lib):
        random = np.random.RandomState(3)
        model = lib.nn.Sequential(lib.nn.Linear(5, 7), lib.nn.Tanh(), lib.nn.Linear(7, 3))
        with lib.no_grad():
            for p in model.parameters():
                p.copy_(lib.tensor((random.randn(*p.shape) * 0.5).tolist()))
        return model


def _fused(lib, name, options, clipped=False, steps=15):
    if lib.__name__ == "torch":
        lib.Tensor.cuda = lambda self, *_, **__: self
    kind = _class(lib, "lomo_optim", name)
    random = np.random.RandomState(7)
    x, y = lib.tensor(random.randn(12, 5).tolist()), lib.tensor(random.randn(12, 3).tolist())
    model = _Small(lib)
    optimizer = kind(model, **options)
    losses = []
    for step in range(steps):
        rate = options["lr"] * (1 - step / steps)
        if clipped:
            optimizer.grad_norm(((model(x) - y) ** 2).mean())
        loss = ((model(x) - y) ** 2).mean()
        optimizer.fused_backward(loss, rate)
        losses.append(float(loss.item()))
    return {"losses": losses, "weights": [p.detach().numpy().copy() for p in model.parameters()]}


def case_lomo(lib):
    return {
        "plain": _fused(lib, "Lomo", {"lr": 0.2}),
        "decay": _fused(lib, "Lomo", {"lr": 0.2, "weight_decay": 0.1, "clip_grad_value": 0.02}),
        "clipped": _fused(lib, "Lomo", {"lr": 0.2, "clip_grad_norm": 0.1}, clipped=True),
    }


def case_adalomo(lib):
    return {
        "plain": _fused(lib, "AdaLomo", {"lr": 0.05}),
        "others": _fused(lib, "AdaLomo", {
            "lr": 0.05, "weight_decay": 0.1, "loss_scale": None, "decay_rate": -0.5, "clip_threshold": 0.5,
            "eps": (1e-10, 0.5), "clip_grad_value": 0.02}),
        "clipped": _fused(lib, "AdaLomo", {"lr": 0.05, "clip_grad_norm": 0.1}, clipped=True),
    }  # fmt: skip
