"""torch's own learning-rate schedules."""

from __future__ import annotations

import importlib

LIBRARY = "torch"


class _Groups:
    def __init__(self, rates):
        self.param_groups, self.defaults = [{"lr": rate} for rate in rates], {"lr": rates[0]}


def case_rates(lib):
    ours = lib.__name__ != "torch"
    schedules = importlib.import_module(f"{lib.__name__}.optim.lr_scheduler")

    def optimizer():
        if ours:
            return _Groups([0.1, 0.5])
        return lib.optim.SGD([{"params": [lib.zeros(1)], "lr": rate} for rate in (0.1, 0.5)], lr=0.1)

    def sequence(opt):
        first = schedules.ConstantLR(opt, factor=0.1, total_iters=2)
        return schedules.SequentialLR(opt, [first, schedules.ExponentialLR(opt, gamma=0.9)], milestones=[4])

    kinds = {
        "lambda": lambda opt: schedules.LambdaLR(opt, [lambda s: 0.9**s, lambda s: 1 / (s + 1)]),
        "multiplicative": lambda opt: schedules.MultiplicativeLR(opt, lambda s: 0.95),
        "step": lambda opt: schedules.StepLR(opt, step_size=3, gamma=0.5),
        "multistep": lambda opt: schedules.MultiStepLR(opt, milestones=[2, 5], gamma=0.5),
        "exponential": lambda opt: schedules.ExponentialLR(opt, gamma=0.9),
        "constant": lambda opt: schedules.ConstantLR(opt, factor=0.5, total_iters=3),
        "linear": lambda opt: schedules.LinearLR(opt, start_factor=0.25, total_iters=4),
        "cosine": lambda opt: schedules.CosineAnnealingLR(opt, T_max=8, eta_min=0.01),
        "sequence": sequence,
    }
    out = {}
    for name, make in kinds.items():
        schedule = make(optimizer())
        rates = []
        for _ in range(9):
            rates.append(list(schedule.get_last_lr()))
            schedule.step()
        out[name] = rates
    return out
