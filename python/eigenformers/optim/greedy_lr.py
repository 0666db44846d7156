"""GreedyLR (arXiv:2512.14527): raise the rate while a metric improves, lower it while it does not."""

from __future__ import annotations

import math
from typing import Any

from .lr_scheduler import _check_optimizer, _per_group, is_better

_STATE = (
    "factor", "min_lrs", "max_lrs", "patience", "verbose", "cooldown", "warmup", "cooldown_counter", "warmup_counter",
    "mode", "threshold", "threshold_mode", "best", "num_bad_epochs", "num_good_epochs", "eps", "last_epoch", "smooth",
    "window_size", "reset_start", "reset_start_original", "_last_lr", "_init_lrs",
)  # fmt: skip


class StreamingAverage:
    """The mean of the last `window_size` values."""

    def __init__(self, window_size: int):
        self.window_size, self.values, self.sum = window_size, [], 0.0

    def streamavg(self, value: float) -> float:
        """Add a value; the mean now."""
        self.values.append(value)
        self.sum += value
        if len(self.values) > self.window_size:
            self.sum -= self.values.pop(0)
        return self.sum / len(self.values)

    def state_dict(self) -> dict[str, Any]:
        """What it holds."""
        return {"window_size": self.window_size, "values": list(self.values), "sum": self.sum}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.window_size = state_dict.get("window_size", self.window_size)
        self.values, self.sum = list(state_dict.get("values", [])), state_dict.get("sum", 0.0)


class GreedyLR:
    """Divide the rate by `factor` after more than `patience` good steps in a row, multiply after as many bad ones.

    Args:
        mode: "min": lower is better; "max": higher.
        threshold, threshold_mode: how much better counts: absolutely ("abs") or in proportion ("rel").
        cooldown, warmup: steps after a reduction, or an increase, in which nothing is counted.
        min_lr, max_lr: bounds, one or one a parameter group.
        eps: smaller changes are not made.
        verbose: print the changes.
        smooth, window_size: judge the mean of the last metrics.
        reset_start: reductions at the lower bound after which everything begins anew.
    """

    def __init__(
        self, optimizer: Any, mode: str = "min", factor: float = 0.95, patience: int = 10, threshold: float = 1e-6,
        threshold_mode: str = "abs", cooldown: int = 0, warmup: int = 0, min_lr: Any = 1e-3, max_lr: Any = 1.0,
        eps: float = 1e-8, verbose: bool = False, smooth: bool = False, window_size: int = 50, reset_start: int = 500,
    ):  # fmt: skip
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        _check_optimizer(optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.optimizer, self.factor, self.patience, self.verbose = optimizer, factor, patience, verbose
        self.cooldown, self.warmup, self.mode, self.eps = cooldown, warmup, mode, eps
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.smooth, self.window_size = smooth, window_size
        self.reset_start = self.reset_start_original = reset_start
        self.min_lrs = _per_group(optimizer, min_lr, "min_lrs")
        self.max_lrs = _per_group(optimizer, max_lr, "max_lrs")
        self._init_lrs = [group["lr"] for group in optimizer.param_groups]
        self._last_lr = list(self._init_lrs)
        self.last_epoch = 0
        self._begin()

    def _begin(self) -> None:
        self.best = math.inf if self.mode == "min" else -math.inf
        self.num_bad_epochs = self.num_good_epochs = self.cooldown_counter = self.warmup_counter = 0
        self.reset_start = self.reset_start_original
        self._average = StreamingAverage(self.window_size) if self.smooth else None

    def step(self, metrics: Any, epoch: int | None = None) -> None:
        """Take note of a metric, and change the learning rates when it is time."""
        current = float(metrics)
        if self._average is not None:
            current = self._average.streamavg(current)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.cooldown_counter > 0 or self.warmup_counter > 0:
            waiting = "cooldown_counter" if self.cooldown_counter > 0 else "warmup_counter"
            setattr(self, waiting, getattr(self, waiting) - 1)
            self.num_bad_epochs = self.num_good_epochs = 0
        else:
            self._judge(current)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def is_better(self, current: float, best: float) -> bool:
        """Whether `current` improves on `best` by more than the threshold."""
        return is_better(current, best, self.mode, self.threshold, self.threshold_mode)

    def _judge(self, current: float) -> None:
        if self.is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
            self.num_good_epochs += 1
        else:
            self.num_good_epochs = 0
            self.num_bad_epochs += 1
        if self.num_good_epochs > self.patience:
            self._change(up=True)
            self.reset_start = self.reset_start_original
            self.warmup_counter, self.num_good_epochs = self.warmup, 0
        elif self.num_bad_epochs > self.patience:
            self._change(up=False)
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            if all(g["lr"] <= least for g, least in zip(self.optimizer.param_groups, self.min_lrs)):
                self.reset_start -= 1
                if self.reset_start <= 0:
                    self._reset()

    def _change(self, up: bool) -> None:
        for i, group in enumerate(self.optimizer.param_groups):
            old = float(group["lr"])
            new = min(old / self.factor, self.max_lrs[i]) if up else max(old * self.factor, self.min_lrs[i])
            if (new - old if up else old - new) > self.eps:
                group["lr"] = new
                if self.verbose:
                    word = "increasing" if up else "reducing"
                    print(f"Epoch {self.last_epoch}: {word} learning rate of group {i} to {new:.4e}.")

    def _reset(self) -> None:
        for group, rate in zip(self.optimizer.param_groups, self._init_lrs):
            group["lr"] = rate
        cooldown = self.cooldown
        self._begin()
        self.cooldown_counter = cooldown
        if self.verbose:
            print("Scheduler reset to initial state.")

    def get_last_lr(self) -> list[float]:
        """The learning rates now, one a parameter group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        state = {name: getattr(self, name) for name in _STATE}
        if self._average is not None:
            state["_streaming_avg"] = self._average.state_dict()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; the learning rates too."""
        for name in _STATE:
            setattr(self, name, state_dict.get(name, getattr(self, name)))
        if "_streaming_avg" in state_dict:
            self._average = self._average or StreamingAverage(self.window_size)
            self._average.load_state_dict(state_dict["_streaming_avg"])
        for group, rate in zip(self.optimizer.param_groups, self._last_lr):
            group["lr"] = rate


def get_greedy_schedule(optimizer: Any, **kwargs: Any) -> GreedyLR:
    """`GreedyLR` with its arguments."""
    return GreedyLR(optimizer, **kwargs)
