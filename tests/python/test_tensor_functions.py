"""What the records of tensor functions can't show: errors, exports, pickles, interchange."""

from __future__ import annotations

import copy
import pickle

import eigenformers as ef
import numpy as np
import pytest


def test_every_function_is_a_public_name():
    from eigenformers._tensor.register import FUNCTIONS

    assert [name for name in FUNCTIONS if not hasattr(ef, name)] == []


def test_sizes_pickle_and_slice():
    size = ef.ones(2, 3, 4).shape
    for twin in (pickle.loads(pickle.dumps(size)), copy.deepcopy(size)):
        assert type(twin) is ef.Size and twin == (2, 3, 4)
    assert repr(size) == "eigenformers.Size([2, 3, 4])" and isinstance(size, tuple)
    assert type(size[1:]) is ef.Size and size[1] == 3 and size.numel() == 24
    assert ef.zeros(size).shape == size and ef.Size([]).numel() == 1
    with pytest.raises(ValueError):
        ef.Size([2**40, 2**40]).numel()
    with pytest.raises(TypeError):
        ef.Size(["a"]).numel()


def test_numpy_functions_give_tensors():
    x = ef.tensor([0.0, 1.0])
    assert isinstance(np.exp(x), ef.Tensor)
    assert isinstance(np.ones(2) + x, ef.Tensor) and isinstance(x + np.ones(2), ef.Tensor)


def test_errors():
    with pytest.raises(TypeError, match="unsupported format string passed to Tensor.__format__"):
        f"{ef.ones(2):.2f}"
    with pytest.raises(NotImplementedError, match=r"resize_: found 2 elements, needed at least 6"):
        ef.ones(2).resize_(2, 3)
    with pytest.raises(RuntimeError, match="reduce argument must be either"):
        ef.zeros(2).scatter_reduce(0, ef.tensor([0]), ef.ones(1), "median")
    with pytest.raises(NotImplementedError, match="linalg.svd: no gradient"):
        ef.linalg.svd(ef.ones(2, 2, requires_grad=True))
    with pytest.raises(RuntimeError, match="linalg.inv"):
        ef.linalg.inv(ef.zeros(2, 2))
    with pytest.raises(RuntimeError, match="linalg.cholesky"):
        ef.linalg.cholesky(-ef.eye(2))
    with pytest.raises(NotImplementedError, match="cuda"):
        with ef.autocast("cuda"):
            pass


def test_random_fills():
    ef.manual_seed(0)
    x = ef.zeros(1000)
    assert 0 <= x.random_(0, 10).min() and x.max() == 9
    assert (x.geometric_(0.5) >= 1).all() and abs(float(x.mean()) - 2) < 0.3
    assert (x.log_normal_() > 0).all() and x.cauchy_().shape == (1000,)
    assert ef.normal(ef.zeros(2, 3), 1.0).shape == (2, 3)


def test_context_managers_and_switches():
    with ef.device("cpu"), ef.autocast("cpu", dtype=ef.bfloat16):
        assert ef.ones(1).device.type == "cpu"
    assert ef.compile(len) is len and ef.compile()(len) is len
    ef.backends.cudnn.benchmark = True
    assert not ef.backends.mps.is_available()


@pytest.mark.parametrize("no", [-1e10, -1e30, float(np.finfo("f4").min)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_rows_that_a_mask_closes_with_numbers_look_everywhere(no, dtype):
    """As the softmax of equal scores does; only -inf leaves nothing."""
    ef.manual_seed(0)
    q, k, v = (ef.randn(1, 2, 20, 16).to(getattr(ef, dtype)) for _ in "qkv")
    mask = np.zeros((1, 1, 20, 20), "f4")
    mask[:, :, 3], mask[:, :, 4], mask[:, :, 5, :10] = no, -np.inf, no
    attend = ef.nn.functional.scaled_dot_product_attention
    out = attend(q, k, v, attn_mask=ef.tensor(mask)).float().numpy()
    near = {"atol": 1e-6 if dtype == "float32" else 4e-3, "rtol": 0}
    np.testing.assert_allclose(out[:, :, 3], v.float().mean(2).numpy(), **near)
    np.testing.assert_array_equal(out[:, :, 4], 0)
    few = attend(q[:, :, 5:6], k, v, attn_mask=ef.tensor(mask[:, :, 5:6])).float().numpy()  # by the kernel of few queries
    np.testing.assert_allclose(out[:, :, 5:6], few, **near)
    assert np.isfinite(out).all()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("queries", [1, 40])
def test_attention_of_large_scores_is_that_of_the_best_key(queries, dtype):
    """The best key has it all, forward and backward; an infinite score makes its row NaN, as in torch."""
    ef.manual_seed(0)
    q, k, v = (ef.randn(1, 1, n, 64).to(getattr(ef, dtype)) for n in (queries, 300, 300))
    attend = ef.nn.functional.scaled_dot_product_attention
    # The value itself, after at most two roundings of numbers up to 4 in the dtype.
    near = {"rtol": 0, "atol": 1e-6 if dtype == "float32" else 4e-4 if dtype == "float16" else 2e-2}
    mask = np.zeros((1, 1, queries, 300), "f4")
    mask[..., 5] = 1e10
    out = attend(q, k, v, attn_mask=ef.tensor(mask)).float().numpy()
    np.testing.assert_allclose(out, np.broadcast_to(v.float().numpy()[:, :, 5:6], out.shape), **near)
    far = (q * 1e3 if dtype == "float16" else q * 1e10).requires_grad_()
    scale = 1e7 if dtype == "float16" else None  # float16 holds no such queries
    best = (far.float().detach().numpy().astype("f8") @ k.float().numpy().astype("f8").transpose(0, 1, 3, 2)).argmax(-1)
    out = attend(far, k, v, scale=scale)
    np.testing.assert_allclose(out.detach().float().numpy(), v.float().numpy()[0, 0][best], **near)
    out.float().sum().backward()
    assert np.isfinite(far.grad.float().numpy()).all()
    mask[:, :, 0, 7] = np.inf
    out = attend(q, k, v, attn_mask=ef.tensor(mask)).float().numpy()
    assert np.isnan(out[:, :, 0]).all()
    assert np.isfinite(out[:, :, 1:]).all()
