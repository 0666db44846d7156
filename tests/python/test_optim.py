"""Optimizers beside what golden trajectories (cases/optim.py) show: hooks, subclasses, dtypes, threads, errors."""

from __future__ import annotations

import copy

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import _core
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


def _descend(optimizer, w, target, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((w - target) ** 2).mean().backward()
        optimizer.step()
    return ((w - target) ** 2).mean().item()


def test_lion_follows_its_formula():
    w = ef.tensor([0.5, -1.0, 2.0], dtype=ef.float64, requires_grad=True)
    optimizer = ef.optim.Lion([w], lr=0.01, betas=(0.8, 0.95), weight_decay=0.1)
    expected, m = w.detach().numpy().copy(), np.zeros(3)
    for step in range(30):
        g = np.array([np.sin(step + 1.0), 0.3 * np.cos(step), -0.2])
        w.grad = ef.tensor(g)
        optimizer.step()
        expected = expected * (1 - 0.01 * 0.1) - 0.01 * np.sign(0.8 * m + 0.2 * g)
        m = 0.95 * m + 0.05 * g
    assert np.allclose(w.detach().numpy(), expected, rtol=1e-12)


def test_ademamix_follows_its_formula():
    w = ef.tensor([0.5, -1.0, 2.0], dtype=ef.float64, requires_grad=True)
    betas, alpha, over = (0.9, 0.99, 0.999), 4.0, 20
    optimizer = ef.optim.AdEMAMix([w], lr=0.01, betas=betas, alpha=alpha, t_alpha=over, t_beta3=over, weight_decay=0.1)
    p, fast, slow, v = w.detach().numpy().copy(), np.zeros(3), np.zeros(3), np.zeros(3)
    for t in range(1, 31):
        g = np.array([np.sin(t), 0.3 * np.cos(t), -0.2])
        w.grad = ef.tensor(g)
        optimizer.step()
        a = min(t * alpha / over, alpha)
        low, high = np.log(betas[0]), np.log(betas[2])
        b3 = min(np.exp(low * high / ((1 - t / over) * high + t / over * low)), betas[2])
        fast, slow = betas[0] * fast + (1 - betas[0]) * g, b3 * slow + (1 - b3) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        update = (fast / (1 - betas[0] ** t) + a * slow) / (np.sqrt(v / (1 - betas[1] ** t)) + 1e-8)
        p = p - 0.01 * (update + 0.1 * p)
    assert np.allclose(w.detach().numpy(), p, rtol=1e-10)


def test_schedule_free_follows_its_formula_and_changes_modes():
    w = ef.tensor([0.5, -1.0], dtype=ef.float64, requires_grad=True)
    lr, b1, b2, decay, warmup = 0.02, 0.9, 0.99, 0.05, 5
    optimizer = ef.optim.AdamWScheduleFree([w], lr=lr, betas=(b1, b2), weight_decay=decay, warmup_steps=warmup)
    with pytest.raises(Exception, match="not in train mode"):
        optimizer.step()
    optimizer.train()
    y, z, x, v, total, most = (w.detach().numpy().copy() for _ in range(6))
    v, total, most = np.zeros(2), 0.0, 0.0
    for k in range(30):
        g = np.array([np.sin(k + 1.0), 0.3 * np.cos(k)])
        w.grad = ef.tensor(g)
        optimizer.step()
        rate = lr * min(1.0, (k + 1) / warmup)
        most = max(most, rate)
        total += most**2
        c = most**2 / total
        v = b2 * v + (1 - b2) * g * g
        d = g / (np.sqrt(v / (1 - b2 ** (k + 1))) + 1e-8) + decay * y
        z = z - rate * d
        x = (1 - c) * x + c * z  # the paper's form: y lies between z and the average x
        y = (1 - b1) * z + b1 * x
    assert np.allclose(w.detach().numpy(), y, rtol=1e-9)
    optimizer.eval()
    assert np.allclose(w.detach().numpy(), x, rtol=1e-9)
    optimizer.train()
    assert np.allclose(w.detach().numpy(), y, rtol=1e-9)


def test_adamw_8bit_stays_near_adamw_in_a_quarter_of_the_memory():
    target = ef.tensor(np.random.RandomState(0).randn(80, 60).astype("f4"))
    losses = {}
    for name in ("AdamW", "AdamW8bit"):
        w = ef.zeros(80, 60, requires_grad=True)
        optimizer = getattr(ef.optim, name)([w], lr=0.05, weight_decay=0.0)
        losses[name] = _descend(optimizer, w, target, 60)
    state = optimizer.state[w]
    assert state["state1"].dtype == ef.uint8 and state["absmax2"].shape == (19,)
    start = (target**2).mean().item()
    assert losses["AdamW"] < 0.01 * start and losses["AdamW8bit"] < 0.02 * start
    small = ef.zeros(8, requires_grad=True)
    optimizer = ef.optim.AdamW8bit([small], lr=0.1)
    _descend(optimizer, small, ef.ones(8), 1)
    assert optimizer.state[small]["exp_avg"].dtype == ef.float32
    resumed = ef.optim.AdamW8bit([w], lr=0.05)
    resumed.load_state_dict(ef.optim.AdamW8bit([w], lr=0.05).state_dict())


def _rounded(x, signed):
    """What 8 bits leave of a moment: in blocks of 256 the nearest entries of the table, in float32."""
    table, out = np.array(_core.optim.dynamic_map(signed), "f4"), np.empty_like(x)
    for begin in range(0, x.size, 256):
        block = x[begin : begin + 256]
        scale = np.abs(block).max()
        codes = np.abs((block / scale if scale else block)[:, None] - table[None]).argmin(1)
        out[begin : begin + 256] = table[codes] * scale
    return out


def _lion(p, g, m, t):
    u = np.sign(0.8 * m[0] + 0.2 * g)
    return p * (1 - 0.01 * 0.1) - 0.01 * u, [0.95 * m[0] + 0.05 * g]


def _ademamix(p, g, m, t):
    fast, slow, square = 0.8 * m[0] + 0.2 * g, 0.95 * m[1] + 0.05 * g, 0.9 * m[2] + 0.1 * g * g
    update = (fast / (1 - 0.8**t) + 3.0 * slow) / (np.sqrt(square) / np.sqrt(1 - 0.9**t) + 1e-4)
    return p * (1 - 0.01 * 0.1) - 0.01 * update, [fast, slow, square]


def _adamw(p, g, m, t):
    first, square = 0.8 * m[0] + 0.2 * g, 0.95 * m[1] + 0.05 * g * g
    update = first / (1 - 0.8**t) / (np.sqrt(square / (1 - 0.95**t)) + 1e-4)
    return p * (1 - 0.01 * 0.1) - 0.01 * update, [first, square]


def _rmsprop(p, g, m, t):
    d = g + 0.1 * p
    square = 0.9 * m[0] + 0.1 * d * d
    return p - 0.01 * d / (np.sqrt(square) + 1e-4), [square]


_EIGHT_BIT = {
    "Lion8bit": (_lion, (True,), {"betas": (0.8, 0.95)}),
    "AdEMAMix8bit": (_ademamix, (True, True, False), {"betas": (0.8, 0.9, 0.95), "alpha": 3.0, "eps": 1e-4}),
    "AdamW8bit": (_adamw, (True, False), {"betas": (0.8, 0.95), "eps": 1e-4}),
    "RMSprop8bit": (_rmsprop, (True,), {"alpha": 0.9, "eps": 1e-4}),
}


@pytest.mark.parametrize("name", sorted(_EIGHT_BIT))
def test_8_bit_optimizers_follow_their_formulas(name):
    formula, signs, options = _EIGHT_BIT[name]
    random = np.random.RandomState(2)
    w = ef.tensor(random.randn(700).astype("f4"), requires_grad=True)
    optimizer = getattr(ef.optim, name)([w], lr=0.01, weight_decay=0.1, min_8bit_size=0, **options)
    expected, moments = w.detach().numpy().copy(), [np.zeros(700, "f4") for _ in signs]
    for t in range(1, 11):
        g = random.randn(700).astype("f4")
        w.grad = ef.tensor(g)
        optimizer.step()
        expected, moments = formula(expected, g, moments, t)
        moments = [_rounded(m.astype("f4"), signed) for m, signed in zip(moments, signs)]
    # A code on the border of two may go either way: no more than a few elements, by no more than a step of it.
    off = np.abs(w.detach().numpy() - expected)
    assert (off > 1e-5).sum() <= 3 and off.max() < 0.03
    again = getattr(ef.optim, name)([w], lr=0.01, weight_decay=0.1, min_8bit_size=0, **options)
    again.load_state_dict(optimizer.state_dict())
    before = w.detach().numpy().copy()
    optimizer.step()
    after = w.detach().numpy().copy()
    w.detach().copy_(ef.tensor(before))
    again.step()
    assert np.array_equal(w.detach().numpy(), after)


@pytest.mark.parametrize("name", sorted(_EIGHT_BIT))
def test_8_bit_optimizers_of_small_parameters_are_the_plain_ones(name):
    _, _, options = _EIGHT_BIT[name]
    results = []
    for kind in (name, name[: -len("8bit")]):
        w = ef.tensor([0.5, -1.0, 2.0], requires_grad=True)
        optimizer = getattr(ef.optim, kind)([w], lr=0.01, weight_decay=0.1, **options)
        _descend(optimizer, w, ef.zeros(3), 12)
        results.append(w.detach().numpy())
    assert np.allclose(results[0], results[1], rtol=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize("name", sorted(_EIGHT_BIT))
def test_8_bit_optimizers_beside_bitsandbytes(name):
    torch, bnb = pytest.importorskip("torch"), pytest.importorskip("bitsandbytes")
    _, _, options = _EIGHT_BIT[name]
    random = np.random.RandomState(0)
    start, target = random.randn(80, 60).astype("f4"), random.randn(80, 60).astype("f4")
    losses = []
    for lib, optim in ((ef, ef.optim), (torch, bnb.optim)):
        w = lib.tensor(start, requires_grad=True)
        optimizer = getattr(optim, name)([w], lr=0.01, weight_decay=0.1, **options)
        losses.append([_descend(optimizer, w, lib.tensor(target), 1) for _ in range(30)])
    # Its codes come from a table of 65536 steps, ours are the nearest ones.
    assert np.allclose(losses[0], losses[1], rtol=0.01)


def test_kahan_sums_keep_what_16_bits_lose():
    values = {}
    for dtype, kahan in (("float32", None), ("bfloat16", True), ("bfloat16", False)):
        w = ef.ones(64, dtype=getattr(ef, dtype)).requires_grad_(True)
        optimizer = ef.optim.StableAdamW([w], lr=1e-3, weight_decay=0.0, kahan_sum=kahan)
        for _ in range(50):
            w.grad = ef.ones(64, dtype=w.dtype)
            optimizer.step()
        values[dtype, kahan] = w.float()[0].item()
    assert abs(values["bfloat16", True] - values["float32", None]) < 0.005  # a unit in the last place is 0.004
    assert values["bfloat16", False] > 0.99  # steps of 0.001 are lost


def test_momentum_of_schedule_free_sgd_is_inside_0_and_1():
    for momentum in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1 exclusive"):
            ef.optim.SGDScheduleFree([_parameter([1.0])], momentum=momentum)


def test_the_tables_of_8_bit_state():
    signed, unsigned = _core.optim.dynamic_map(True), _core.optim.dynamic_map(False)
    for table in (signed, unsigned):
        assert len(table) == 256 and table == sorted(table) and 0.0 in table and table[-1] == 1.0
    assert min(signed) < -0.99 and min(unsigned) == 0.0
    # The first fraction of the largest exponent, in both: the middle of [0.1, 0.1 + 0.9 / intervals].
    assert np.isclose(min(v for v in signed if v > 0.1), 0.1 + 0.45 / 64)
    assert np.isclose(min(v for v in unsigned if v > 0.1), 0.1 + 0.45 / 128)


def test_galore_of_full_rank_is_adamw():
    gradients = [np.random.RandomState(i).randn(6, 4) for i in range(10)]
    results = []
    for rank in (4, None):
        w = ef.ones(6, 4, dtype=ef.float64, requires_grad=True)
        group = {"params": [w]}
        if rank:
            group.update(rank=rank, update_proj_gap=100, scale=1.0, proj_type="std")
        # Adam of a rotated gradient is not the rotated Adam, so only the first moments' direction is compared.
        optimizer = ef.optim.GaLoreAdamW([group], lr=0.1, betas=(0.0, 0.0), eps=1e30)
        for g in gradients:
            w.grad = ef.tensor(g)
            optimizer.step()
        results.append((w.detach().numpy() - 1) * 1e30)
    assert np.allclose(results[0], results[1], rtol=1e-6, atol=1e-12)
    with pytest.raises(ValueError, match="proj_type='full' is unknown"):
        ef.optim.GaLoreAdamW([{"params": [w], "rank": 2, "proj_type": "full"}])


def test_galore_descends_with_state_of_few_ranks():
    target = ef.tensor(np.outer(np.arange(1.0, 9), np.arange(1.0, 5)).astype("f4"))
    w = ef.zeros(8, 4, requires_grad=True)
    optimizer = ef.optim.GaLoreAdamW([{"params": [w], "rank": 1, "update_proj_gap": 50, "scale": 1.0}], lr=0.3)
    assert _descend(optimizer, w, target, 200) < 0.05 * (target**2).mean().item()
    assert tuple(optimizer.state[w]["exp_avg"].shape) == (8, 1)


def test_autocast_multiplies_in_bfloat16_and_trains_float32_weights():
    layer = ef.nn.Linear(64, 48)
    x = ef.tensor(np.random.RandomState(0).randn(32, 64).astype("f4"), requires_grad=True)
    exact = layer(x)
    exact.square().sum().backward()
    wanted = [t.grad.numpy().copy() for t in (x, layer.weight, layer.bias)]
    layer.zero_grad()
    x.grad = None
    with ef.autocast("cpu", dtype=ef.bfloat16):
        rounded = layer(x)
    assert layer.weight.dtype == ef.float32 and not ef.equal(rounded, exact)
    # Two roundings of 2^-9 in each product, sums of 64 terms: errors of a percent of the largest value.
    assert np.abs((rounded - exact).detach().numpy()).max() < 0.01 * exact.abs().max().item()
    rounded.square().sum().backward()
    for t, w in zip((x, layer.weight, layer.bias), wanted):
        assert t.grad.dtype == ef.float32
        assert np.abs(t.grad.numpy() - w).max() < 0.02 * np.abs(w).max()
    with pytest.raises(RuntimeError):
        with ef.autocast("cpu"):
            raise RuntimeError
    assert ef.equal(layer(x), exact)
    with ef.autocast("cpu", enabled=False):
        assert ef.equal(layer(x), exact)
    with pytest.raises(NotImplementedError, match="use bfloat16"):
        with ef.autocast("cpu", dtype=ef.float16):
            pass


def test_galore_with_bytes_follows_galore_with_floats():
    ends = []
    for smallest in (4096, 256):
        ef.manual_seed(0)
        w, x, y = ef.randn(64, 32).requires_grad_(True), ef.randn(128, 32), ef.randn(128, 64)
        group = {"params": [w], "rank": 8, "update_proj_gap": 200, "scale": 1.0}
        optimizer = ef.optim.GaLoreAdamW8bit([group], lr=0.02, weight_decay=0.0, min_8bit_size=smallest)
        for _ in range(30):
            optimizer.zero_grad()
            loss = (x @ w.t() - y).square().mean()
            loss.backward()
            optimizer.step()
        assert ("state1" in optimizer.state[w]) == (smallest == 256)
        ends.append(loss.item())
    assert ends[0] < 60 and abs(ends[1] - ends[0]) < 0.02 * ends[0]
    assert ends[0] != ends[1]


def test_stepping_in_backward_ends_with_the_optimizer():
    w = ef.tensor([1.0], requires_grad=True)
    optimizer = ef.optim.step_in_backward(ef.optim.SGD([w], lr=0.25))
    w.square().sum().backward()
    assert w.item() == 0.5 and w.grad is None
    del optimizer
    w.square().sum().backward()
    assert w.item() == 0.5 and w.grad.item() == 1.0


def test_lomo_refuses():
    model = ef.nn.Linear(2, 2)
    with pytest.raises(ValueError, match="clip_grad_norm should be positive, got 0"):
        ef.optim.Lomo(model, clip_grad_norm=0)
    with pytest.raises(ValueError, match="Please call optimizer.grad_norm"):
        ef.optim.Lomo(model, clip_grad_norm=1.0).fused_backward(model(ef.ones(1, 2)).sum(), 0.1)
    with pytest.raises(NotImplementedError, match="loss_scale_args"):
        ef.optim.Lomo(model, loss_scale_args={"init_scale": 2})
    with pytest.raises(ValueError, match="proj='eigen'"):
        ef.optim.APOLLOAdamW([{"params": [ef.ones(2, 2, requires_grad=True)], "rank": 1, "proj": "eigen"}])
    with pytest.raises(ValueError, match="scale_type='row' is unknown"):
        ef.optim.APOLLOAdamW([{"params": [ef.ones(2, 2, requires_grad=True)], "rank": 1, "scale_type": "row"}])
