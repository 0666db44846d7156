"""Optimizers beside what golden trajectories (cases/optim.py) show: hooks, subclasses, dtypes, threads, errors."""

from __future__ import annotations

import copy

import eigenformers as ef
import numpy as np
import pytest
from eigenformers.nn.utils import clip_grad_norm_


def _parameter(values, dtype=None):
    return ef.tensor(values, dtype=dtype, requires_grad=True)


def _with_gradient(p, seed=0):
    p.grad = ef.tensor(np.random.RandomState(seed).randn(*p.shape).astype("f4")).to(p.dtype)
    return p


def test_closure_runs_with_gradients_and_gives_the_result():
    w = _parameter([3.0])
    optimizer = ef.optim.SGD([w], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with ef.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert w.item() == 0.0


def test_zero_grad_forgets_or_zeroes():
    w = _with_gradient(_parameter([1.0, 2.0]))
    optimizer = ef.optim.SGD([w], lr=0.1)
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert w.grad is None


def test_parameters_without_gradient_stay():
    a, b = _with_gradient(_parameter([1.0])), _parameter([5.0])
    optimizer = ef.optim.AdamW([a, b], lr=0.1)
    optimizer.step()
    assert b.item() == 5.0 and a.item() != 1.0
    assert list(optimizer.state_dict()["state"]) == [0]


def test_hooks_of_steps_run_in_order():
    w = _with_gradient(_parameter([1.0]))
    optimizer = ef.optim.SGD([w], lr=0.0)
    seen = []
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))
    optimizer.step()
    before.remove()
    optimizer.step()
    assert seen == ["before", "after", "after"]


@pytest.mark.parametrize("name", ["AdamW", "SGD"])
def test_the_same_bits_for_any_number_of_threads(name):
    def run(threads):
        ef.set_num_threads(threads)
        w = _with_gradient(_parameter(np.linspace(-1, 1, 20011).astype("f4")))
        v = _with_gradient(_parameter(np.linspace(-2, 1, 77).astype("f4")), 1)
        optimizer = getattr(ef.optim, name)([w, v], lr=0.1, weight_decay=0.01)
        for _ in range(3):
            optimizer.step()
        norm = clip_grad_norm_([w, v], 1.0).item()
        return w.detach().numpy().tobytes(), v.detach().numpy().tobytes(), w.grad.numpy().tobytes(), norm

    before = ef.get_num_threads()
    try:
        assert run(1) == run(2) == run(3)
    finally:
        ef.set_num_threads(before)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_worked_on_in_float32(dtype):
    exact = _with_gradient(_parameter(np.linspace(-1, 1, 301).astype("f4")))
    half = exact.detach().to(getattr(ef, dtype)).requires_grad_(True)
    half.grad = exact.grad.to(half.dtype)
    for w in (exact, half):
        optimizer = ef.optim.AdamW([w], lr=0.05)
        optimizer.step()
        assert optimizer.state[w]["exp_avg"].dtype == w.dtype
    # One rounding of the weight itself, and the step's from the rounded gradient.
    tolerance = {"bfloat16": 2**-8, "float16": 2**-11}[dtype] * 1.5
    assert np.allclose(exact.detach().numpy(), half.detach().float().numpy(), rtol=tolerance, atol=tolerance)


def test_transposed_parameters_are_updated_where_they_lie():
    base = ef.tensor(np.arange(6, dtype="f4").reshape(2, 3))
    w = base.t().requires_grad_(True)
    w.grad = ef.ones(3, 2)
    ef.optim.SGD([w], lr=1.0).step()
    assert base.tolist() == [[-1.0, 0.0, 1.0], [2.0, 3.0, 4.0]]


def test_state_survives_deepcopy_and_add_param_group():
    a, b = _with_gradient(_parameter([1.0])), _with_gradient(_parameter([2.0]))
    optimizer = ef.optim.AdamW([("a", a)], lr=0.1)
    optimizer.step()
    optimizer.add_param_group({"params": [("b", b)], "lr": 0.01})
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.01]
    state = copy.deepcopy(optimizer.state_dict())
    assert state["param_groups"][1]["param_names"] == ["b"] and state["param_groups"][1]["params"] == [1]
    assert "AdamW (" in repr(optimizer) and "lr: 0.01" in repr(optimizer)


def test_what_is_refused_says_why():
    w = _parameter([1.0])
    with pytest.raises(NotImplementedError, match="differentiable=True"):
        ef.optim.AdamW([w], differentiable=True)
    with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts"):
        ef.optim.SGD(w)
    optimizer = ef.optim.AdamW([w])
    optimizer.state[w] = {"step": ef.tensor(1.0), "exp_avg": ef.zeros(2), "exp_avg_sq": ef.zeros(2)}
    w.grad = ef.ones(1)
    with pytest.raises(ValueError, match="was the parameter resized"):
        optimizer.step()
    with pytest.raises(NotImplementedError, match="defines no step"):
        ef.optim.Optimizer([w], {}).step()


def test_clipping_nothing_is_zero():
    assert clip_grad_norm_([_parameter([1.0])], 1.0).item() == 0.0
