"""Tensors beside numpy, Python and (where it is installed) torch: memory is shared, nothing outlives its owner."""

from __future__ import annotations

import copy
import gc
import pickle
import sys

import eigenformers as ef
import numpy as np
import pytest

NUMPY_DTYPES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


@pytest.mark.parametrize("name", NUMPY_DTYPES)
def test_numpy_shares_memory_both_ways(name):
    array = np.arange(6).reshape(2, 3).astype(name)
    tensor = ef.from_numpy(array)
    assert str(tensor.dtype) == f"eigenformers.{name}" and tensor.dtype == name and tensor.dtype == np.dtype(name)
    array[0, 1] = 0
    assert tensor[0, 1].item() == 0
    back = tensor.numpy()
    assert back.dtype == array.dtype and np.shares_memory(back, array)
    assert np.asarray(tensor).base is not None and np.array_equal(np.asarray(tensor), array)
    back[1, 1] = 1
    assert tensor[1, 1] == 1


def test_strided_and_empty_arrays():
    array = np.arange(24.0).reshape(4, 6)
    assert np.array_equal(ef.from_numpy(array[1:, ::2]).numpy(), array[1:, ::2])
    assert np.array_equal(ef.from_numpy(array.T).numpy(), array.T)
    assert ef.from_numpy(np.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match="negative"):
        ef.from_numpy(array[::-1])
    assert np.array_equal(ef.tensor(array[::-1]).numpy(), array[::-1])
    with pytest.raises(TypeError, match="can't convert np.ndarray of type"):
        ef.from_numpy(np.array(["a"]))
    with pytest.raises(ValueError, match="byte order"):
        ef.from_numpy(np.arange(3, dtype=">i4"))
    with pytest.raises(TypeError, match="expected np.ndarray"):
        ef.from_numpy([1])


def test_owners_live_as_long_as_their_borrowers():
    array = np.ones(1000)
    count = sys.getrefcount(array)
    tensor = ef.from_numpy(array)
    view = tensor[10:]
    del tensor
    gc.collect()
    assert sys.getrefcount(array) > count
    del view
    gc.collect()
    assert sys.getrefcount(array) == count
    lent = ef.full((100,), 7.0).numpy()  # the tensor itself is gone
    gc.collect()
    assert lent.sum() == 700


def test_read_only_memory_is_not_written():
    array = np.ones(3)
    array.flags.writeable = False
    tensor = ef.from_numpy(array)
    for write in (lambda: tensor.add_(1), lambda: tensor.fill_(0), lambda: tensor.__setitem__(0, 5)):
        with pytest.raises(RuntimeError, match="read-only"):
            write()
    assert not tensor.numpy().flags.writeable
    assert tensor.clone().add_(1).sum().item() == 6
    assert np.array_equal(array, np.ones(3))


def test_refusals_name_the_way_out():
    with pytest.raises(TypeError, match="Got unsupported ScalarType BFloat16"):
        ef.zeros(2).bfloat16().numpy()
    with pytest.raises(RuntimeError, match="Use tensor.detach"):
        ef.zeros(2, requires_grad=True).numpy()
    assert ef.zeros(2, requires_grad=True).numpy(force=True).sum() == 0
    for call in (
        lambda: ef.zeros(2).cuda(),
        lambda: ef.zeros(2).to("cuda"),
        lambda: ef.zeros(2, device="cuda"),
        lambda: ef.device("mps"),
    ):
        with pytest.raises(NotImplementedError, match="CPU"):
            call()
    assert ef.zeros(2).to("cpu").device == ef.device("cpu") and str(ef.zeros(1).device) == "cpu"


def test_numpy_operators_and_functions():
    tensor, array = ef.tensor([1.0, 2.0]), np.array([3.0, 4.0], dtype=np.float32)
    for result in (tensor + array, array + tensor, tensor * array, array * tensor):
        assert isinstance(result, ef.Tensor)
    assert (array - tensor).tolist() == [2.0, 2.0]
    assert np.allclose(np.exp(tensor), np.exp(np.array([1.0, 2.0])))
    assert (tensor * np.float32(2)).dtype == ef.float32 and (tensor + np.int64(1)).tolist() == [2.0, 3.0]
    assert ef.tensor(np.float64(1.5)).dtype == ef.tensor([2, np.float64(1)]).dtype == ef.float64
    assert ef.tensor(np.int32(3)).dtype == ef.int32
    assert ef.tensor([np.float32(1.5), 2]).tolist() == [1.5, 2.0]
    assert ef.tensor([ef.tensor(1), ef.tensor(2)]).tolist() == [1, 2]
    assert ef.tensor([np.arange(2), np.arange(2)]).shape == (2, 2)
    assert memoryview(ef.arange(3)).tolist() == [0, 1, 2]
    assert bytes(ef.tensor([1, 2], dtype=ef.uint8)) == b"\x01\x02"


@pytest.mark.parametrize("name", NUMPY_DTYPES)
def test_dlpack_with_numpy(name):
    tensor = ef.arange(6).reshape(2, 3).to(getattr(ef, name)).t()
    array = np.from_dlpack(tensor)
    assert array.dtype == name and array.shape == (3, 2) and array.tolist() == tensor.tolist()
    assert np.shares_memory(array, tensor.numpy())
    again = ef.from_dlpack(np.arange(4).astype(name))
    assert again.dtype == name and again.tolist() == np.arange(4).astype(name).tolist()


def test_dlpack_capsules():
    tensor = ef.arange(3)
    assert tensor.__dlpack_device__() == (1, 0)
    capsule = tensor.__dlpack__()
    assert '"dltensor"' in repr(capsule) and '"dltensor_versioned"' in repr(tensor.__dlpack__(max_version=(1, 0)))
    assert ef.from_dlpack(capsule).tolist() == [0, 1, 2]
    with pytest.raises(RuntimeError, match="only once"):
        ef.from_dlpack(capsule)
    with pytest.raises(BufferError, match="require gradient"):
        ef.zeros(2, requires_grad=True).__dlpack__()
    with pytest.raises(TypeError, match="__dlpack__"):
        ef.from_dlpack([1])
    copied = ef.from_dlpack(tensor.__dlpack__(copy=True))
    copied.fill_(9)
    assert tensor.tolist() == [0, 1, 2]
    array = np.ones(2)
    array.flags.writeable = False
    locked = ef.from_numpy(array)
    free = ef.from_dlpack(locked.__dlpack__())  # the old capsule can't say "read-only": it holds a copy
    free.fill_(5)
    assert array.tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="read-only"):
        ef.from_dlpack(locked.__dlpack__(max_version=(1, 0))).fill_(5)


def test_pickle_and_copies():
    tensor = ef.tensor([[1.5, -2.0]], requires_grad=True)
    for made in (pickle.loads(pickle.dumps(tensor)), copy.deepcopy(tensor)):
        assert made.requires_grad and made.tolist() == tensor.tolist() and made.data_ptr() != tensor.data_ptr()
    half = ef.tensor([1.0, 3.0]).bfloat16()
    assert pickle.loads(pickle.dumps(half)).dtype is ef.bfloat16 and pickle.loads(pickle.dumps(half[1:])).tolist() == [
        3.0
    ]
    shared = copy.deepcopy([tensor, tensor])
    assert shared[0] is shared[1]
    assert copy.copy(tensor).data_ptr() == tensor.data_ptr()
    for dtype in (ef.float32, ef.bfloat16, ef.int8):
        assert pickle.loads(pickle.dumps(dtype)) is dtype
    with pytest.raises(RuntimeError, match="graph"):
        copy.deepcopy(tensor * 2)


def test_identity_hash_and_attributes():
    tensor = ef.zeros(2, requires_grad=True)
    table = {tensor: 1}
    assert table[tensor] == 1 and tensor.requires_grad_() is tensor and tensor.add is not None
    tensor.note = "kept"
    assert tensor.note == "kept"
    assert (tensor == None) is False and (tensor != None) is True  # noqa: E711
    (tensor * 1).sum().backward()
    assert tensor.grad is tensor.grad


def test_making_tensors():
    assert ef.tensor([1, 2.5]).dtype == ef.float32 and ef.tensor(True).dtype == ef.bool and ef.tensor([]).shape == (0,)
    assert ef.tensor([2**60]).item() == 2**60 and ef.tensor([2**60, 1.0]).dtype == ef.float32
    assert ef.tensor((1, (2))).tolist() == [1, 2] and ef.tensor(range(3)).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"expected sequence of length 2 at dim 1 \(got 3\)"):
        ef.tensor([[1, 2], [1, 2, 3]])
    with pytest.raises(TypeError, match="not a sequence"):
        ef.tensor([[1, 2], 3])
    with pytest.raises(TypeError, match="invalid data type 'str'"):
        ef.tensor("a")
    with pytest.raises(ValueError, match="Overflow"):
        ef.tensor(2**70)
    with pytest.raises(ValueError, match="unknown name 'float31'"):
        ef.zeros(2, dtype="float31")
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        ef.empty(2**46)
    with pytest.raises(ValueError, match="dimensions"):
        ef.zeros(*[1] * 9)
    nested = []
    nested.append(nested)
    with pytest.raises((ValueError, RecursionError)):
        ef.tensor(nested)
    assert ef.frombuffer(bytearray(b"\x01\x00\x02\x00"), dtype=ef.int16).tolist() == [1, 2]
    assert ef.as_tensor(array := np.ones(2)).data_ptr() == array.ctypes.data
    for like in ("float32", np.float32, np.dtype("float32"), float, ef.float32, "torch.float32"):
        assert ef.zeros(1, dtype=like).dtype is ef.float32


def test_threads():
    before = ef.get_num_threads()
    x = ef.rand(300, 700)
    one = {}
    for n in (1, 2, 3):
        ef.set_num_threads(n)
        assert ef.get_num_threads() == n
        one[n] = [(x @ x.t()).sum().item(), x.softmax(0).sum(1).tolist(), x.exp().mean().item()]
    ef.set_num_threads(before)
    assert one[1] == one[2] == one[3]  # bits do not depend on the number of threads
    with pytest.raises(ValueError):
        ef.set_num_threads(0)


@pytest.mark.parity
class TestTorch:
    """Both ways through DLPack, and real torch accepting our tensors."""

    torch = None

    def setup_method(self):
        self.torch = pytest.importorskip("torch")

    @pytest.mark.parametrize("name", [*NUMPY_DTYPES, "bfloat16"])
    def test_dlpack_with_torch(self, name):
        torch = self.torch
        ours = ef.arange(6).reshape(2, 3).to(getattr(ef, name))
        theirs = torch.from_dlpack(ours)
        assert theirs.dtype == getattr(torch, name) and theirs.tolist() == ours.tolist()
        assert theirs.data_ptr() == ours.data_ptr()
        back = ef.from_dlpack(theirs.t())
        assert back.dtype == name and back.tolist() == ours.t().tolist() and back.data_ptr() == ours.data_ptr()
        assert ef.tensor(theirs).tolist() == ours.tolist() and ef.as_tensor(theirs).data_ptr() == theirs.data_ptr()

    def test_mixed_arithmetic_and_dtypes(self):
        torch = self.torch
        assert (ef.ones(2) + torch.ones(2)).tolist() == [2.0, 2.0]
        assert ef.zeros(1, dtype=torch.bfloat16).dtype is ef.bfloat16 and ef.float16 == torch.float16
        torch.manual_seed(4)
        ef.manual_seed(4)
        assert ef.allclose(ef.from_dlpack(torch.randn(100)), ef.randn(100), atol=1e-6)
        assert (
            torch.nn.functional.dropout(torch.ones(1000), 0.4).tolist()
            == ef.nn.functional.dropout(ef.ones(1000), 0.4).tolist()
        )
