"""Behaviour of Tensor that the golden cases (cases/tensor.py) can't show: dtypes, errors, hostile subscripts."""

# ruff: noqa: E501
from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest


def test_dtypes_are_objects():
    assert (
        repr(ef.bfloat16) == "eigenformers.bfloat16"
        and ef.float is ef.float32
        and ef.long is ef.int64
        and ef.half is ef.float16
    )
    assert (
        ef.float32 == "float32"
        and ef.float32 == "torch.float32"
        and ef.float32 != "float64"
        and ef.float32 != 3
        and ef.float32 != "nonsense"
    )
    assert (
        ef.bfloat16.itemsize == 2
        and ef.bfloat16.is_floating_point
        and not ef.int8.is_floating_point
        and not ef.uint8.is_signed
    )
    assert {ef.float32: 1}[ef.float32] == 1
    assert ef.finfo(ef.float32).max == float(np.finfo(np.float32).max) and ef.finfo(ef.float16).min == -65504
    assert ef.finfo(ef.bfloat16).eps == 0.0078125 and ef.iinfo(ef.int8).min == -128 and ef.iinfo(ef.uint8).max == 255
    assert ef.iinfo(ef.int64).max == 2**63 - 1
    with pytest.raises(TypeError, match="iinfo"):
        ef.finfo(ef.int8)
    with pytest.raises(TypeError):
        ef.iinfo(ef.float32)


def test_to():
    x = ef.arange(3)
    assert (
        x.to(ef.float32).dtype is ef.float32
        and x.to("cpu", ef.float16).dtype is ef.float16
        and x.to(device="cpu", dtype="int8").dtype is ef.int8
    )
    assert x.to(ef.int64) is x and x.to(ef.int64, copy=True) is not x and x.to(ef.zeros(1)).dtype is ef.float32
    assert (
        x.type() == "eigenformers.LongTensor"
        and x.type_as(ef.zeros(1)).dtype is ef.float32
        and x.float().long().tolist() == [0, 1, 2]
    )
    with pytest.raises(TypeError, match="unexpected keyword"):
        x.to(colour="red")


def test_errors_are_both_kinds():
    for action in (lambda: ef.zeros(2) + ef.zeros(3), lambda: ef.zeros(2, 3) @ ef.zeros(2, 3)):
        for kind in (ValueError, RuntimeError, ef.ShapeError, ef.Error):
            with pytest.raises(kind):
                action()
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 0 with size 2"):
        ef.zeros(2)[7]
    with pytest.raises(IndexError, match="too many indices for tensor of dimension 1"):
        ef.zeros(2)[0, 0]


@pytest.mark.parametrize(
    "key",
    [2**70, "a", 1.5, slice(None, None, -1), (Ellipsis, Ellipsis), [0.5], object(), (0, 0, 0), [[0, 1], [2]], {}, -4],
)
def test_hostile_subscripts(key):
    x = ef.zeros(3, 3)
    with pytest.raises((IndexError, TypeError, ValueError, OverflowError)):
        x[key]
    with pytest.raises((IndexError, TypeError, ValueError, OverflowError)):
        x[key] = 1
    assert x.sum().item() == 0


@pytest.mark.parametrize("call", [
    lambda x: x.view(2**40, 2**40), lambda x: x.expand(2**62, 3, 3), lambda x: x.reshape(-1, -1), lambda x: x.permute(0, 0), lambda x: x.narrow(0, 2**62, 2**62),
    lambda x: x.unfold(0, 5, 1), lambda x: x.unfold(0, 2, 0), lambda x: x.as_strided((9, 9), (2**40, 1)), lambda x: x.gather(0, ef.full((1, 1), -1)),
    lambda x: x.scatter(0, ef.full((1, 1), 3), 1.0), lambda x: x.index_select(0, ef.tensor([3])), lambda x: x.repeat(2), lambda x: x.split([1, 1]),
    lambda x: x.split(-1), lambda x: x.chunk(0), lambda x: x.topk(-1), lambda x: x.sum(5), lambda x: x.squeeze(9), lambda x: x.transpose(0, 9), lambda x: x.tril("a"),
    lambda x: x.repeat_interleave(-1), lambda x: x.masked_fill(x, 0), lambda x: x.sum((0, 0)), lambda x: ef.cat([]), lambda x: ef.cat([x, ef.zeros(2, 2, 2)]),
    lambda x: ef.einsum("ij,jk", x), lambda x: ef.einsum("ij->ii", x), lambda x: ef.einsum("i", x), lambda x: ef.einsum("i%->i", x), lambda x: ef.nn.functional.one_hot(ef.tensor([-1])),
    lambda x: ef.nn.functional.pad(x, (1,)), lambda x: ef.nn.functional.pad(x, (-9, 0)), lambda x: ef.multinomial(x, 1), lambda x: ef.randint(5, 5, (1,)), lambda x: x.view(ef.float64),
    lambda x: ef.arange(0, 1e30, 1), lambda x: ef.arange(0, float("inf")), lambda x: ef.set_rng_state(ef.zeros(3, dtype=ef.uint8)), lambda x: x.softmax(4), lambda x: ef.bincount(ef.tensor([-1])),
    lambda x: x.movedim((0, 1), 0), lambda x: x.sum(dtype="nonsense"), lambda x: ef.zeros(2, dtype=object), lambda x: ef.from_dlpack(5), lambda x: x.long() << x, lambda x: ef.linspace(0, 1, -1),
    lambda x: ef.nn.functional.cross_entropy(x, ef.tensor([0, 1, 7])), lambda x: ef.nn.functional.embedding(ef.tensor([-1]), x), lambda x: ef.nn.functional.layer_norm(x, (4,)),
    lambda x: ef.nn.functional.scaled_dot_product_attention(x[None], x[None], x[None, :2, :2]), lambda x: ef.broadcast_shapes((2,), (3,)), lambda x: x.clamp(),
])  # fmt: skip
def test_bad_arguments_give_python_errors(call):
    with pytest.raises((IndexError, TypeError, ValueError, RuntimeError, NotImplementedError)):
        call(ef.zeros(3, 3))


def test_extreme_integers():
    x, huge = ef.arange(6).reshape(2, 3), 2**63 - 1
    assert x[::huge].tolist() == [[0, 1, 2]] and x[-huge:huge].shape == (2, 3) and x[:-huge].shape == (0, 3)
    assert x.unfold(0, 2, huge).shape == (1, 3, 2) and len(x.chunk(huge)) == 2 and len(x.split(huge)) == 1
    assert x.roll(-huge - 1, 1).shape == (2, 3) and x.tril(huge).equal(x) and x.triu(huge).sum().item() == 0
    assert x.diagonal(huge).shape == (0,) and x.diagonal(-huge - 1).shape == (0,)
    for call in (
        lambda: ef.nn.functional.pad(x, (huge, 0)),
        lambda: ef.nn.functional.pad(x, (-huge - 1, 0)),
        lambda: x.repeat(huge, huge),
        lambda: x.repeat_interleave(huge),
        lambda: ef.diag(x[0], huge),
        lambda: x.narrow(0, huge, huge),
        lambda: x.as_strided((2,), (huge,), huge),
        lambda: x.topk(huge),
        lambda: ef.randperm(huge),
        lambda: ef.arange(-huge, huge),
        lambda: ef.eye(huge),
        lambda: ef.full((huge,), 0),
        lambda: ef.nn.functional.one_hot(ef.tensor([huge - 1])),
        lambda: x.select(0, huge),
        lambda: x.expand(huge, huge, 2, 3),
    ):
        with pytest.raises((ValueError, RuntimeError, IndexError)):
            call()
    big = ef.tensor([huge])
    assert (
        (big + 1).item() == -huge - 1 and (big * 2).item() == -2 and (-big - 1).abs().item() == -huge - 1
    )  # wraps, as in torch
    assert big.cumsum(0).item() == huge and ef.cat([big, big]).sum().item() == -2


def test_results_have_names():
    values, indices = ef.tensor([3.0, 1.0, 2.0]).sort()
    assert values.tolist() == [1.0, 2.0, 3.0] and indices.tolist() == [1, 2, 0]
    best = ef.tensor([[1.0, 5.0], [7.0, 2.0]]).max(dim=1)
    assert best.values.tolist() == [5.0, 7.0] and best.indices.tolist() == [1, 0]


def test_format_and_containers():
    x = ef.tensor(3.14159)
    assert f"{x:.2f}" == "3.14" and "tensor" in f"{ef.zeros(2)}"
    assert [t.item() for t in ef.arange(3)] == [0, 1, 2] and 2 in ef.arange(3) and 5 not in ef.arange(3)
    assert list(range(10))[ef.tensor(3)] == 3 and [1, 2, 3][ef.tensor(-1)] == 3
    with pytest.raises(TypeError):
        [1, 2][ef.tensor(0.5)]
    a, b = ef.zeros(2, 3)
    assert a.shape == (3,)
    assert max(ef.tensor([1, 5, 2])).item() == 5 and sum(ef.arange(4)).item() == 6


def test_assignment_to_shared_memory():
    x = ef.arange(6.0).reshape(2, 3)
    x[0] = x[1]
    x[:, 1:] = x[:, :-1]  # overlapping
    assert x.tolist() == [[3.0, 3.0, 4.0], [3.0, 3.0, 4.0]]
    with pytest.raises(RuntimeError, match="single memory location"):
        ef.zeros(1).expand(3).fill_(1)
    big = ef.zeros(1000, 1000)
    big[5:7, ::100] = 1
    assert big.sum().item() == 20
