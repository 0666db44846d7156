"""Schedules: state, order of calls, bad input. Their values are in cases/schedules.py and cases/torch_schedules.py."""

from __future__ import annotations

import json
import warnings

import eigenformers as ef
import pytest
from eigenformers.optim import lr_scheduler


def optimizer(lr=0.1):
    return ef.optim.SGD([ef.zeros(2, requires_grad=True)], lr=lr)


KINDS = {
    "linear": {}, "cosine": {}, "polynomial": {}, "constant_with_warmup": {}, "inverse_sqrt": {},
    "cosine_with_min_lr": {"min_lr_rate": 0.1}, "warmup_stable_decay": {"num_decay_steps": 4},
    "reduce_lr_on_plateau": {"patience": 1}, "greedy": {"patience": 1, "smooth": True, "min_lr": 1e-3},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_state_goes_through_json(kind):
    """A schedule with the state of another goes on as that would."""
    by_metric = kind in ("reduce_lr_on_plateau", "greedy")

    def walk(schedule, begin, end):
        rates = []
        for step in range(begin, end):
            schedule.optimizer.step()
            schedule.step(*([3.0 - (step % 4) / 8] if by_metric else []))
            rates.append(schedule.optimizer.param_groups[0]["lr"])
        return rates

    def make():
        return ef.get_scheduler(kind, optimizer(), 3, 20, dict(KINDS[kind]))

    whole, first, second = make(), make(), make()
    wanted = walk(whole, 0, 16)
    walk(first, 0, 7)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert walk(second, 7, 16) == wanted[7:]


def test_the_wrong_order_is_told_once():
    made = optimizer()
    schedule = lr_scheduler.LambdaLR(made, lambda step: 0.5**step)
    with pytest.warns(UserWarning, match=r"lr_scheduler.step\(\)` before `optimizer.step\(\)"):
        schedule.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedule.step()
        right = optimizer()
        other = lr_scheduler.LambdaLR(right, lambda step: 0.5**step)
        right.step()
        other.step()


def test_going_on_from_last_epoch():
    made = optimizer()
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\]"):
        lr_scheduler.StepLR(made, 2, last_epoch=5)
    made.param_groups[0]["initial_lr"] = 0.1
    assert lr_scheduler.StepLR(made, 2, last_epoch=5).get_last_lr() == [pytest.approx(1e-4)]


def test_bad_input():
    with pytest.raises(TypeError, match="int is not an Optimizer"):
        lr_scheduler.LambdaLR(3, lambda step: 1.0)
    with pytest.raises(ValueError, match="Expected 1 lr_lambdas, but got 2"):
        lr_scheduler.LambdaLR(optimizer(), [lambda s: 1.0, lambda s: 1.0])
    with pytest.raises(ValueError, match=r"Factor should be < 1.0"):
        lr_scheduler.ReduceLROnPlateau(optimizer(), factor=2.0)
    with pytest.raises(ValueError, match="expected 1 min_lrs, got 2"):
        ef.GreedyLR(optimizer(), min_lr=[0.1, 0.2])
    with pytest.raises(TypeError, match="num_cycles"):
        ef.get_scheduler("linear", optimizer(), 1, 10, {"num_cycles": 2})


def test_a_schedule_of_ones_own():
    class Halving(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base * 0.5**self.last_epoch for base in self.base_lrs]

    made = optimizer()
    schedule = Halving(made)
    made.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.05] and made.param_groups[0]["lr"] == 0.05
