"""Autograd through Python: modes, hooks, Function, checkpoint."""

from __future__ import annotations

import gc
import threading
import weakref

import eigenformers as ef
import pytest
from eigenformers.autograd import Function, checkpoint, grad


def leaf(*values):
    return ef.tensor(values, dtype=ef.float64, requires_grad=True)


def test_modes_as_managers_and_decorators():
    x = leaf(1.0)

    @ef.no_grad()
    def plain(v):
        """Its own text."""
        return v * 2

    @ef.no_grad
    def bare(v):
        return v * 2

    class Holder:
        @ef.inference_mode()
        def method(self, v, *, factor=1):
            return v * factor, ef.is_inference_mode_enabled()

    assert not plain(x).requires_grad and not bare(x).requires_grad and plain.__doc__ == "Its own text."
    result, inside = Holder().method(x, factor=3)
    assert result.item() == 3 and inside and not result.requires_grad and not ef.is_inference_mode_enabled()
    with ef.no_grad():
        with ef.enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    with pytest.raises(KeyError), ef.no_grad():
        raise KeyError
    assert ef.is_grad_enabled()
    ef.set_grad_enabled(False)
    assert not ef.is_grad_enabled()
    ef.set_grad_enabled(True)
    with ef.set_grad_enabled(False):
        assert not ef.is_grad_enabled()
    assert ef.is_grad_enabled()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(ef.is_grad_enabled()))
    with ef.no_grad():
        thread.start()
        thread.join()
    assert seen == [True]  # each thread has its own mode


def test_leaves_and_graph():
    x = leaf(2.0, 3.0)
    y = (x * x).sum()
    assert x.is_leaf and not y.is_leaf and x.grad_fn is None and y.grad_fn.name() == "SumBackward0"
    assert y.grad_fn.next_functions[0][0].name() == "MulBackward0"
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [8.0, 12.0]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()
    x.grad = None
    assert x.grad is None
    x.grad = ef.ones(2, dtype=ef.float64)
    with pytest.raises(RuntimeError, match="different size"):
        x.grad = ef.ones(3, dtype=ef.float64)
    with pytest.raises(TypeError, match="different type"):
        x.grad = ef.ones(2)
    with pytest.raises(NotImplementedError, match="create_graph"):
        (x * x).sum().backward(create_graph=True)
    inner = x * 2
    inner.retain_grad()
    inner.backward(ef.tensor([1.0, 10.0], dtype=ef.float64))
    assert inner.grad.tolist() == [1.0, 10.0] and inner.retains_grad
    x.data = x.data * 0
    assert x.tolist() == [0.0, 0.0] and x.requires_grad
    a, b = leaf(1.0), leaf(5.0)
    (a * b).backward(inputs=[a])
    assert a.grad.item() == 5 and b.grad is None
    assert [g.item() for g in grad(a * b, [a, b])] == [5.0, 1.0]
    assert grad(a * 2, [a, b], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError, match="appears to not have been used"):
        grad(a * 2, [b])


def test_hooks():
    x = leaf(3.0)
    calls = []
    handle = x.register_hook(lambda g: g * 2)
    after = x.register_post_accumulate_grad_hook(lambda p: calls.append(p.grad.item()))
    (x * 5).backward()
    assert x.grad.item() == 10 and calls == [10.0]
    handle.remove()
    after.remove()
    x.grad = None
    (x * 5).backward()
    assert x.grad.item() == 5 and len(calls) == 1

    def fail(g):
        raise ValueError("from the hook")

    x.register_hook(fail)
    with pytest.raises(ValueError, match="from the hook"):
        (x * 5).backward()


class Scale(Function):
    @staticmethod
    def forward(ctx, x, factor, y=None):
        ctx.save_for_backward(x, y)
        ctx.factor = factor
        return x * factor, x + 1

    @staticmethod
    def backward(ctx, first, second):
        x, y = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False, False)
        assert second.tolist() == [0.0, 0.0]  # materialized
        return first * ctx.factor, None, None


def test_function():
    x = leaf(1.0, 2.0)
    first, second = Scale.apply(x, 3.0, None)
    assert first.grad_fn.name() == "ScaleBackward" and first.tolist() == [3.0, 6.0]
    first.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]

    class Exp(Function):
        @staticmethod
        def forward(x):
            return x.exp()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output)

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x.grad = None
    y = Exp.apply(x)
    y.sum().backward()
    assert ef.allclose(x.grad, x.detach().exp())
    seen = weakref.ref(y.grad_fn)
    del y
    gc.collect()
    assert seen() is None  # saving the output makes no cycle

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(RuntimeError, match=r"incorrect number of gradients \(expected 1, got 2\)"):
        Wrong.apply(x).sum().backward()
    with pytest.raises(NotImplementedError, match="forward"):
        Function.apply(x)
    assert not Exp.apply(x.detach()).requires_grad


def test_saved_tensors_are_watched():
    class Keep(Function):
        @staticmethod
        def forward(ctx, x, k):
            ctx.save_for_backward(k)
            return x * k

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0], None

    x, k = leaf(2.0), ef.tensor([3.0], dtype=ef.float64)
    y = Keep.apply(x, k)
    k.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_checkpoint():
    x, w = leaf(2.0, -1.0), leaf(3.0, 4.0)
    calls = []

    def block(v, flag, *, power):
        calls.append(flag)
        return (v * w) ** power, ef.nn.functional.dropout(v, 0.5)

    ef.manual_seed(0)
    y, dropped = checkpoint(block, x, True, power=2, use_reentrant=False)
    (y.sum() + dropped.sum()).backward()
    assert calls == [True, True]
    mask = (dropped != 0).double() * 2  # the same units are dropped when the block runs again
    assert ef.allclose(x.grad, (2 * x * w * w + mask).detach())
    assert ef.allclose(w.grad, (2 * x * x * w).detach())


def test_two_threads_into_one_leaf():
    x = leaf(*([1.0] * 64))
    threads = [threading.Thread(target=lambda: [(x * 2).sum().backward() for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad.tolist() == [800.0] * 64
