"""Adafactor as transformers has it: a trajectory in float64 over matrices, a vector and a scalar."""

from __future__ import annotations

import importlib

import numpy as np


def _tensors(lib):
    """The tensor library behind `lib`."""
    return importlib.import_module("torch") if lib.__name__ == "transformers" else lib


def _train(lib, options, steps=40):
    t = _tensors(lib)
    random = np.random.RandomState(5)
    x = t.tensor(random.randn(12, 5).tolist(), dtype=t.float64)
    y = t.tensor(random.randn(12, 3).tolist(), dtype=t.float64)
    shapes = {"w1": (5, 7), "b1": (7,), "w2": (7, 3)}
    params = {n: t.tensor((random.randn(*s) * 0.5).tolist(), dtype=t.float64) for n, s in shapes.items()}
    for p in params.values():
        p.requires_grad_(True)
    optimizer = (lib.Adafactor if t is not lib else lib.optim.Adafactor)(list(params.values()), **options)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (((x @ params["w1"] + params["b1"]).tanh() @ params["w2"] - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.item()))
    keys = [sorted(s) for s in optimizer.state_dict()["state"].values()]
    return {"losses": losses, "keys": keys, **{n: p.detach().numpy() for n, p in params.items()}}


def case_adafactor(lib):
    options = (
        {},
        {"warmup_init": True},
        {"lr": 0.05, "relative_step": False, "scale_parameter": False},
        {"lr": 0.05, "relative_step": False, "beta1": 0.9, "weight_decay": 0.1, "clip_threshold": 0.5},
    )
    return {str(o): _train(lib, o) for o in options}


def case_bad_input(lib):
    def attempt(**options):
        try:
            _train(lib, options, 1)
        except ValueError as error:
            return str(error)
        return "no error"

    return [attempt(lr=0.1), attempt(lr=0.1, relative_step=False, warmup_init=True)]
