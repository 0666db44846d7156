"""The `get_*_schedule` functions: factors of the learning rate by step, as transformers computes them."""

from __future__ import annotations

import math
import warnings
from functools import partial
from typing import Any

from ..trainer.enums import SchedulerType
from .greedy_lr import GreedyLR, get_greedy_schedule
from .lr_scheduler import LambdaLR, ReduceLROnPlateau

__all__ = [
    "GreedyLR", "get_constant_schedule", "get_constant_schedule_with_warmup",
    "get_cosine_schedule_with_warmup", "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup", "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "get_greedy_schedule", "get_inverse_sqrt_schedule", "get_linear_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup", "get_reduce_on_plateau_schedule", "get_scheduler", "get_wsd_schedule",
]  # fmt: skip


def _rise(step: int, warmup: int) -> float:
    return float(step) / float(max(1, warmup))


def _progress(step: int, warmup: int, total: int) -> float:
    return float(step - warmup) / float(max(1, total - warmup))


def _cosine(progress: float, cycles: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * float(cycles) * 2.0 * progress))


def _constant(step: int) -> float:
    return 1.0


def _constant_with_warmup(step: int, *, num_warmup_steps: int) -> float:
    return _rise(step, num_warmup_steps) if step < num_warmup_steps else 1.0


def _linear(step: int, *, num_warmup_steps: int, num_training_steps: int) -> float:
    if step < num_warmup_steps:
        return _rise(step, num_warmup_steps)
    return max(0.0, float(num_training_steps - step) / float(max(1, num_training_steps - num_warmup_steps)))


def _cosine_with_floor(
    step: int, *, num_warmup_steps: int, num_training_steps: int, num_cycles: float, min_lr_rate: float = 0.0
) -> float:
    if step < num_warmup_steps:
        return _rise(step, num_warmup_steps)
    factor = _cosine(_progress(step, num_warmup_steps, num_training_steps), num_cycles)
    return max(0.0, factor * (1 - min_lr_rate) + min_lr_rate)


def _cosine_with_restarts(step: int, *, num_warmup_steps: int, num_training_steps: int, num_cycles: int) -> float:
    if step < num_warmup_steps:
        return _rise(step, num_warmup_steps)
    progress = _progress(step, num_warmup_steps, num_training_steps)
    if progress >= 1.0:
        return 0.0
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * ((float(num_cycles) * progress) % 1.0))))


def _polynomial(
    step: int, *, num_warmup_steps: int, num_training_steps: int, lr_end: float, power: float, lr_init: float
) -> float:
    if step < num_warmup_steps:
        return _rise(step, num_warmup_steps)
    if step > num_training_steps:
        return lr_end / lr_init
    left = 1 - (step - num_warmup_steps) / (num_training_steps - num_warmup_steps)
    return ((lr_init - lr_end) * left**power + lr_end) / lr_init


def _inverse_sqrt(step: int, *, num_warmup_steps: int, timescale: int) -> float:
    if step < num_warmup_steps:
        return _rise(step, num_warmup_steps)
    return 1.0 / math.sqrt((step + timescale - num_warmup_steps) / timescale)


def _cosine_with_warmup_rate(
    step: int, *, num_warmup_steps: int, num_training_steps: int, num_cycles: float, min_lr_rate: float,
    warmup_lr_rate: float | None,
) -> float:  # fmt: skip
    if step < num_warmup_steps:
        if warmup_lr_rate is None:
            return (step + 1.0) / max(1.0, num_warmup_steps)
        return warmup_lr_rate + (1.0 - warmup_lr_rate) * step / max(1, num_warmup_steps - 1)
    progress = (step - num_warmup_steps + 1.0) / max(1.0, num_training_steps - num_warmup_steps)
    return max(0.0, _cosine(progress, num_cycles) * (1 - min_lr_rate) + min_lr_rate)


_RISES = {
    "linear": lambda x: x,
    "cosine": lambda x: 0.5 * (1.0 - math.cos(math.pi * x)),
    "1-sqrt": lambda x: 1.0 - math.sqrt(1.0 - x),
}
_FALLS = {
    "linear": lambda x, cycles: 1.0 - x,
    "cosine": _cosine,
    "1-sqrt": lambda x, cycles: 1.0 - math.sqrt(x),
}


def _warmup_stable_decay(
    step: int, *, num_warmup_steps: int, num_stable_steps: int, num_decay_steps: int, warmup_type: str, decay_type: str,
    min_lr_ratio: float, num_cycles: float,
) -> float:  # fmt: skip
    decay_from = num_warmup_steps + num_stable_steps
    if step < num_warmup_steps:
        factor = _RISES[warmup_type](_rise(step, num_warmup_steps))
    elif step < decay_from:
        return 1.0
    elif step < decay_from + num_decay_steps:
        factor = _FALLS[decay_type](float(step - decay_from) / float(max(1, num_decay_steps)), num_cycles)
    else:
        return min_lr_ratio
    return max(0.0, factor * (1.0 - min_lr_ratio) + min_lr_ratio)


def get_constant_schedule(optimizer: Any, last_epoch: int = -1) -> LambdaLR:
    """The learning rate stays as it is."""
    return LambdaLR(optimizer, _constant, last_epoch)


def get_reduce_on_plateau_schedule(optimizer: Any, **kwargs: Any) -> ReduceLROnPlateau:
    """Reduce the rate when a metric stops improving; arguments of `ReduceLROnPlateau`."""
    return ReduceLROnPlateau(optimizer, **kwargs)


def get_constant_schedule_with_warmup(optimizer: Any, num_warmup_steps: int, last_epoch: int = -1) -> LambdaLR:
    """Rise from 0 in `num_warmup_steps`, then stay."""
    return LambdaLR(optimizer, partial(_constant_with_warmup, num_warmup_steps=num_warmup_steps), last_epoch)


def get_linear_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> LambdaLR:
    """Rise from 0 in `num_warmup_steps`, then fall to 0 at `num_training_steps`, both linearly."""
    factor = partial(_linear, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps)
    return LambdaLR(optimizer, factor, last_epoch)


def get_cosine_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5, last_epoch: int = -1
) -> LambdaLR:
    """Rise linearly, then follow `num_cycles` waves of a cosine (half a wave: down to 0)."""
    factor = partial(
        _cosine_with_floor, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps,
        num_cycles=num_cycles,
    )  # fmt: skip
    return LambdaLR(optimizer, factor, last_epoch)


def get_cosine_with_hard_restarts_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, num_cycles: int = 1, last_epoch: int = -1
) -> LambdaLR:
    """Rise linearly, then fall to 0 along a cosine `num_cycles` times, jumping back up between."""
    factor = partial(
        _cosine_with_restarts, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps,
        num_cycles=num_cycles,
    )  # fmt: skip
    return LambdaLR(optimizer, factor, last_epoch)


def get_polynomial_decay_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, lr_end: float = 1e-7, power: float = 1.0,
    last_epoch: int = -1,
) -> LambdaLR:  # fmt: skip
    """Rise linearly, then fall to `lr_end` as `(1 - progress) ** power`."""
    lr_init = optimizer.defaults["lr"]
    if not lr_init > lr_end:
        raise ValueError(f"lr_end ({lr_end}) must be smaller than initial lr ({lr_init})")
    factor = partial(
        _polynomial, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps, lr_end=lr_end,
        power=power, lr_init=lr_init,
    )  # fmt: skip
    return LambdaLR(optimizer, factor, last_epoch)


def get_inverse_sqrt_schedule(
    optimizer: Any, num_warmup_steps: int, timescale: int | None = None, last_epoch: int = -1
) -> LambdaLR:
    """Rise linearly, then fall with the square root of the step; `timescale` is `num_warmup_steps` or 10,000."""
    timescale = (num_warmup_steps or 10_000) if timescale is None else timescale
    factor = partial(_inverse_sqrt, num_warmup_steps=num_warmup_steps, timescale=timescale)
    return LambdaLR(optimizer, factor, last_epoch)


def _floor_rate(optimizer: Any, min_lr: float | None, min_lr_rate: float | None) -> float:
    if min_lr is not None and min_lr_rate is not None:
        raise ValueError("Only one of min_lr or min_lr_rate should be set")
    if min_lr is not None:
        return min_lr / optimizer.defaults["lr"]
    if min_lr_rate is None:
        raise ValueError("One of min_lr or min_lr_rate should be set through the `lr_scheduler_kwargs`")
    return min_lr_rate


def get_cosine_with_min_lr_schedule_with_warmup(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5, last_epoch: int = -1,
    min_lr: float | None = None, min_lr_rate: float | None = None,
) -> LambdaLR:  # fmt: skip
    """Rise linearly, then fall along a cosine to `min_lr`, or to `min_lr_rate` of the rate."""
    factor = partial(
        _cosine_with_floor, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps,
        num_cycles=num_cycles, min_lr_rate=_floor_rate(optimizer, min_lr, min_lr_rate),
    )  # fmt: skip
    return LambdaLR(optimizer, factor, last_epoch)


def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    optimizer: Any, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5, last_epoch: int = -1,
    min_lr: float | None = None, min_lr_rate: float | None = None, warmup_lr_rate: float | None = None,
) -> LambdaLR:  # fmt: skip
    """As `get_cosine_with_min_lr_schedule_with_warmup`, rising from `warmup_lr_rate` of the rate, not from 0."""
    factor = partial(
        _cosine_with_warmup_rate, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps,
        num_cycles=num_cycles, min_lr_rate=_floor_rate(optimizer, min_lr, min_lr_rate), warmup_lr_rate=warmup_lr_rate,
    )  # fmt: skip
    return LambdaLR(optimizer, factor, last_epoch)


def get_wsd_schedule(
    optimizer: Any, num_warmup_steps: int, num_decay_steps: int, num_training_steps: int | None = None,
    num_stable_steps: int | None = None, warmup_type: str = "linear", decay_type: str = "cosine",
    min_lr_ratio: float = 0, num_cycles: float = 0.5, last_epoch: int = -1,
) -> LambdaLR:  # fmt: skip
    """Warm up, stay, decay (Hu et al. 2024); both slopes are "linear", "cosine" or "1-sqrt"."""
    if num_training_steps is None and num_stable_steps is None:
        raise ValueError("Either num_training_steps or num_stable_steps must be specified.")
    if num_training_steps is not None and num_stable_steps is not None:
        warnings.warn(
            "Both num_training_steps and num_stable_steps are specified. num_stable_steps will be used.", stacklevel=2
        )
    for kind, found, known in (("warmup", warmup_type, _RISES), ("decay", decay_type, _FALLS)):
        if found not in known:
            raise ValueError(f"Unknown {kind} type: {found}, expected 'linear', 'cosine' or '1-sqrt'")
    if num_stable_steps is None:
        num_stable_steps = num_training_steps - num_warmup_steps - num_decay_steps
    factor = partial(
        _warmup_stable_decay, num_warmup_steps=num_warmup_steps, num_stable_steps=num_stable_steps,
        num_decay_steps=num_decay_steps, warmup_type=warmup_type, decay_type=decay_type, min_lr_ratio=min_lr_ratio,
        num_cycles=num_cycles,
    )  # fmt: skip
    return LambdaLR(optimizer, factor, last_epoch)


TYPE_TO_SCHEDULER_FUNCTION = {
    SchedulerType.LINEAR: get_linear_schedule_with_warmup,
    SchedulerType.COSINE: get_cosine_schedule_with_warmup,
    SchedulerType.COSINE_WITH_RESTARTS: get_cosine_with_hard_restarts_schedule_with_warmup,
    SchedulerType.POLYNOMIAL: get_polynomial_decay_schedule_with_warmup,
    SchedulerType.CONSTANT: get_constant_schedule,
    SchedulerType.CONSTANT_WITH_WARMUP: get_constant_schedule_with_warmup,
    SchedulerType.INVERSE_SQRT: get_inverse_sqrt_schedule,
    SchedulerType.REDUCE_ON_PLATEAU: get_reduce_on_plateau_schedule,
    SchedulerType.COSINE_WITH_MIN_LR: get_cosine_with_min_lr_schedule_with_warmup,
    SchedulerType.COSINE_WARMUP_WITH_MIN_LR: get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    SchedulerType.WARMUP_STABLE_DECAY: get_wsd_schedule,
    SchedulerType.GREEDY: get_greedy_schedule,
}
_BY_METRIC = (SchedulerType.REDUCE_ON_PLATEAU, SchedulerType.GREEDY)


def get_scheduler(
    name: str | SchedulerType,
    optimizer: Any,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: dict | None = None,
) -> Any:
    """The schedule of a name (`SchedulerType`), for `optimizer`.

    Args:
        num_warmup_steps, num_training_steps: for the schedules that need them; ValueError when they lack.
        scheduler_specific_kwargs: further arguments of its `get_*` function; TypeError for those it has not.

    >>> class Groups:
    ...     param_groups, defaults = [{"lr": 1.0}], {"lr": 1.0}
    >>> schedule = get_scheduler("linear", Groups(), num_warmup_steps=2, num_training_steps=6)
    >>> rates = []
    >>> for _ in range(7):
    ...     rates += schedule.get_last_lr(); schedule.step()
    >>> rates
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    name = SchedulerType(name)
    make, extra = TYPE_TO_SCHEDULER_FUNCTION[name], dict(scheduler_specific_kwargs or {})
    if name is SchedulerType.CONSTANT:
        return make(optimizer)
    if name in _BY_METRIC:
        return make(optimizer, **extra)
    if num_warmup_steps is None:
        raise ValueError(f"{name} requires `num_warmup_steps`, please provide that argument.")
    if name is SchedulerType.CONSTANT_WITH_WARMUP:
        return make(optimizer, num_warmup_steps=num_warmup_steps)
    if name is SchedulerType.INVERSE_SQRT:
        return make(optimizer, num_warmup_steps=num_warmup_steps, **extra)
    if name is SchedulerType.WARMUP_STABLE_DECAY:
        return make(optimizer, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps, **extra)
    if num_training_steps is None:
        raise ValueError(f"{name} requires `num_training_steps`, please provide that argument.")
    return make(optimizer, num_warmup_steps=num_warmup_steps, num_training_steps=num_training_steps, **extra)
