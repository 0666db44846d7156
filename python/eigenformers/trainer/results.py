"""What training and evaluation return, and the metrics that go with it."""

from __future__ import annotations

import datetime
import re
import time
from typing import Any, NamedTuple

import numpy as np


class EvalPrediction:
    """What `compute_metrics` gets: numpy arrays (or tuples of them), also as a tuple.

    `inputs` and `losses` are there when `include_for_metrics` asks for them.
    """

    def __init__(self, predictions: Any, label_ids: Any, inputs: Any = None, losses: Any = None):
        self.predictions, self.label_ids, self.inputs, self.losses = predictions, label_ids, inputs, losses
        self.elements = (predictions, label_ids, *(part for part in (inputs, losses) if part is not None))

    def __iter__(self) -> Any:
        return iter(self.elements)

    def __getitem__(self, index: int) -> Any:
        if index < 0 or index >= len(self.elements):
            raise IndexError("tuple index out of range")
        return self.elements[index]


class EvalLoopOutput(NamedTuple):
    """What `evaluation_loop` returns."""

    predictions: Any
    label_ids: Any
    metrics: dict[str, float] | None
    num_samples: int | None


class PredictionOutput(NamedTuple):
    """What `predict` returns."""

    predictions: Any
    label_ids: Any
    metrics: dict[str, float] | None


class TrainOutput(NamedTuple):
    """What `train` returns."""

    global_step: int
    training_loss: float
    metrics: dict[str, float]


class BestRun(NamedTuple):
    """What `hyperparameter_search` returns."""

    run_id: str
    objective: float | list[float]
    hyperparameters: dict[str, Any]
    run_summary: Any = None


def speed_metrics(
    split: str, start_time: float, num_samples: float | None = None, num_steps: int | None = None,
    num_tokens: int | None = None,
) -> dict[str, float]:  # fmt: skip
    """`<split>_runtime` in seconds since `start_time`, and what was done a second."""
    runtime = time.time() - start_time
    result = {f"{split}_runtime": round(runtime, 4)}
    counts = (("samples", num_samples), ("steps", num_steps), ("tokens", num_tokens))
    if runtime:
        result.update({f"{split}_{k}_per_second": round(n / runtime, 3) for k, n in counts if n is not None})
    return result


def plain_metrics(metrics: Any) -> Any:
    """numpy numbers and tensors of one element as Python numbers, inside dicts and lists."""
    if isinstance(metrics, dict):
        return type(metrics)({name: plain_metrics(value) for name, value in metrics.items()})
    if isinstance(metrics, (list, tuple)):
        return type(metrics)(plain_metrics(value) for value in metrics)
    if isinstance(metrics, np.generic) or (hasattr(metrics, "numel") and metrics.numel() == 1):
        return metrics.item()
    return metrics


def metrics_format(metrics: dict[str, Any]) -> dict[str, Any]:
    """Metrics for people: `0:00:01.50`, `3GF`, four digits.

    >>> metrics_format({"train_runtime": 61.5, "total_flos": 2**31, "train_loss": 0.123456})
    {'train_runtime': '0:01:01.50', 'total_flos': '2GF', 'train_loss': 0.1235}
    """
    out = dict(metrics)
    for name, value in out.items():
        if "_mem_" in name:
            out[name] = f"{value >> 20}MB"
        elif "_runtime" in name:
            cents = int(abs(value - int(value)) * 100)
            out[name] = f"{datetime.timedelta(seconds=int(value))}.{cents:02d}"
        elif name == "total_flos":
            out[name] = f"{int(value) >> 30}GF"
        elif isinstance(value, float):
            out[name] = round(value, 4)
    return out


def default_compute_objective(metrics: dict[str, float]) -> float:
    """What a search optimizes: the sum of the metrics, or the loss when there are no others."""
    speed = re.compile(r"(_runtime|_per_second)$")
    rest = {k: v for k, v in metrics.items() if k not in ("eval_loss", "epoch") and not speed.search(k)}
    return sum(rest.values()) if rest else metrics["eval_loss"]
