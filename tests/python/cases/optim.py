"""Trajectories of optimizers: a small regression in float64, 40 steps, loss and parameters each few steps."""

from __future__ import annotations

import numpy as np

LIBRARY = "torch"
STEPS = 40


def _start(lib):
    random = np.random.RandomState(3)
    x = lib.tensor(random.randn(12, 5).tolist(), dtype=lib.float64)
    y = lib.tensor(random.randn(12, 3).tolist(), dtype=lib.float64)
    shapes = {"w1": (5, 7), "b1": (7,), "w2": (7, 3), "scale": ()}
    params = {
        name: lib.tensor((random.randn(*shape) * 0.5).tolist() if shape else 1.25, dtype=lib.float64)
        for name, shape in shapes.items()
    }
    for p in params.values():
        p.requires_grad_(True)
    return x, y, params


def _loss(x, y, p):
    h = (x @ p["w1"] + p["b1"]).tanh()
    return (((h @ p["w2"]) * p["scale"] - y) ** 2).mean()


def _train(lib, make, max_norm=None, norm_type=2.0, clip_value=None, steps=STEPS):
    """What `make(params)` does to the network; the learning rate halves once on the way."""
    x, y, params = _start(lib)
    optimizer = make(list(params.values()))
    losses, norms = [], []
    for step in range(steps):
        optimizer.zero_grad()
        loss = _loss(x, y, params)
        loss.backward()
        if max_norm is not None:
            norm = lib.nn.utils.clip_grad_norm_(list(params.values()), max_norm, norm_type=norm_type)
            norms.append(float(norm.item()))
        if clip_value is not None:
            lib.nn.utils.clip_grad_value_(list(params.values()), clip_value)
        if step == steps // 2:
            for group in optimizer.param_groups:
                group["lr"] *= 0.5
        optimizer.step()
        losses.append(float(loss.item()))
    out = {"losses": losses, **{name: p.detach().numpy() for name, p in params.items()}}
    return {**out, "norms": norms} if norms else out


_ADAM = (
    {"lr": 0.05},
    {"lr": 0.05, "weight_decay": 0.1},
    {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6, "amsgrad": True},
    {"lr": 0.02, "maximize": True, "weight_decay": 0.3},
)
_SGD = (
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    {"lr": 0.1, "momentum": 0.8, "dampening": 0.2},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"lr": 0.01, "momentum": 0.5, "maximize": True},
)


def _variants(lib, cls, options):
    return {str(o): _train(lib, lambda params, o=o: cls(params, **o)) for o in options}


def case_adam(lib):
    return _variants(lib, lib.optim.Adam, _ADAM)


def case_adamw(lib):
    return _variants(lib, lib.optim.AdamW, _ADAM)


def case_sgd(lib):
    return _variants(lib, lib.optim.SGD, _SGD)


def case_adagrad(lib):
    options = (
        {"lr": 0.1},
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.05, "initial_accumulator_value": 0.2},
        {"lr": 0.01, "maximize": True, "eps": 1e-3},
    )
    return _variants(lib, lib.optim.Adagrad, options)


def case_rmsprop(lib):
    options = (
        {"lr": 0.01},
        {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.05},
        {"lr": 0.01, "centered": True, "alpha": 0.9},
        {"lr": 0.005, "centered": True, "momentum": 0.3, "maximize": True},
    )
    return _variants(lib, lib.optim.RMSprop, options)


def case_groups(lib):
    def make(params):
        first, *rest = params
        return lib.optim.AdamW([{"params": rest, "weight_decay": 0.0}, {"params": [first], "lr": 0.01}], lr=0.05)

    return _train(lib, make)


def case_clip(lib):
    def sgd(params):
        return lib.optim.SGD(params, lr=0.1, momentum=0.5)

    return {
        "norm 2": _train(lib, sgd, max_norm=0.2),
        "norm 1": _train(lib, sgd, max_norm=1.0, norm_type=1.0),
        "norm inf": _train(lib, sgd, max_norm=0.1, norm_type=float("inf")),
        "norm 3": _train(lib, sgd, max_norm=0.1, norm_type=3.0),
        "never": _train(lib, sgd, max_norm=1e9),
        "value": _train(lib, sgd, clip_value=0.05),
    }


def _plain(value):
    if hasattr(value, "detach"):
        return value.detach().numpy()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def case_state_dict(lib):
    """Names, dtypes and values of state and groups; training goes on from a loaded state as if never stopped."""
    out = {}
    makers = {
        "adamw": lambda params: lib.optim.AdamW(params, lr=0.05, amsgrad=True),
        "sgd": lambda params: lib.optim.SGD(params, lr=0.05, momentum=0.9),
        "adam": lambda params: lib.optim.Adam(params, lr=0.05),
    }
    for name, make in makers.items():
        x, y, params = _start(lib)
        optimizer = make(list(params.values()))
        for step in range(8):
            if step == 4:
                state = optimizer.state_dict()
                optimizer = make(list(params.values()))
                optimizer.load_state_dict(state)
            optimizer.zero_grad()
            _loss(x, y, params).backward()
            optimizer.step()
        state = optimizer.state_dict()
        dtypes = {k: {n: str(v.dtype) for n, v in s.items()} for k, s in state["state"].items()}
        dtypes = {str(k): {n: v.replace(lib.__name__ + ".", "") for n, v in s.items()} for k, s in dtypes.items()}
        out[name] = {"state": _plain(state), "dtypes": dtypes, "keys": sorted(state["param_groups"][0])}
    return out


def case_bad_input(lib):
    """Errors, by type and text."""
    _, _, params = _start(lib)
    values = list(params.values())
    w = values[0]

    def attempt(f):
        try:
            f()
        except Exception as error:  # noqa: BLE001
            return [type(error).__name__ if type(error).__module__ == "builtins" else "", str(error)]
        return "no error"

    optim = lib.optim
    one = optim.SGD([w], lr=0.1)
    two = optim.SGD([{"params": [w]}, {"params": values[1:]}], lr=0.1)
    return {
        "empty": attempt(lambda: optim.AdamW([])),
        "negative lr": attempt(lambda: optim.AdamW(values, lr=-1.0)),
        "beta": attempt(lambda: optim.AdamW(values, betas=(1.0, 0.9))),
        "eps": attempt(lambda: optim.AdamW(values, eps=-1e-8)),
        "decay": attempt(lambda: optim.AdamW(values, weight_decay=-0.1)),
        "momentum": attempt(lambda: optim.SGD(values, momentum=-0.1)),
        "nesterov": attempt(lambda: optim.SGD(values, nesterov=True)),
        "not tensors": attempt(lambda: optim.SGD([1.0])),
        "not a leaf": attempt(lambda: optim.SGD([w * 2])),
        "twice": attempt(lambda: optim.SGD([{"params": [w]}, {"params": [w]}])),
        "set": attempt(lambda: optim.SGD([{"params": {w}}])),
        "groups": attempt(lambda: one.load_state_dict(two.state_dict())),
        "sizes": attempt(lambda: one.load_state_dict(optim.SGD(values, lr=0.1).state_dict())),
        "non-finite": attempt(lambda: _nonfinite(lib)),
    }


def _nonfinite(lib):
    w = lib.tensor([1.0], requires_grad=True)
    (w * float("nan")).sum().backward()
    lib.nn.utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
