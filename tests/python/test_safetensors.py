"""eigenformers.safetensors and eigenformers.serialization, on files that the real libraries wrote (tests/data/io)."""

from __future__ import annotations

import doctest
import json
import os
import pathlib

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import _core, serialization
from eigenformers import safetensors as st
from eigenformers.errors import CheckpointError, DtypeError, UnsupportedError
from eigenformers.safetensors import numpy as stn
from eigenformers.safetensors import torch as stt

DATA = pathlib.Path(__file__).parent.parent / "data" / "io"
NUMPY_TYPES = ["bool", "uint8", "int8", "int16", "uint16", "float16", "int32", "uint32", "float32", "complex64",
               "float64", "int64", "uint64"]  # fmt: skip


@pytest.mark.parametrize("module", [st, stn, serialization])
def test_examples(module):
    result = doctest.testmod(module, extraglobs={"numpy": np})
    assert result.attempted > 0 and result.failed == 0


@pytest.mark.parametrize("disable_mmap", [False, True])
def test_reads_what_the_real_library_wrote(disable_mmap):
    with st.safe_open(DATA / "dtypes.safetensors", "np", disable_mmap=disable_mmap) as f:
        assert f.metadata() == {"format": "pt"}
        assert f.keys() == sorted(f.offset_keys()) and f.offset_keys()[0] == "uint64"
        for name in NUMPY_TYPES:
            values = f.get_tensor(name)
            assert values.dtype == name
            assert values.tolist() == ([True] * 3 if name == "bool" else [1, 2, 4])
        assert f.get_tensor('é"\n').shape == (0, 2)
        assert f.get_slice("scalar").get_shape() == [] and f.get_slice("bfloat16").get_dtype() == "BF16"
        assert f.get_slice("a")[1:].tolist() == [1.0, 2.0]
        assert list(f.get_tensors(["a", "int8"])) == ["a", "int8"]


def test_tensors_outlive_the_file_and_never_change_it(tmp_path):
    path = tmp_path / "x.safetensors"
    stn.save_file({"x": np.arange(4.0)}, path)
    before = path.read_bytes()
    with st.safe_open(path, "np") as f:
        x = f.get_tensor("x")
    x[0] = 7
    assert x.tolist() == [7, 1, 2, 3] and path.read_bytes() == before


def test_numpy_round_trip(tmp_path):
    arrays = {name: np.array([[1, 0, 1]]).astype(name) for name in NUMPY_TYPES}
    arrays |= {"scalar": np.array(2.5), "none": np.zeros((0, 3), "f4"), "é": np.zeros(1)}
    path = tmp_path / "x.safetensors"
    stn.save_file(arrays, path, {"k": "v"})
    loaded = stn.load_file(path)
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        assert (
            loaded[name].dtype == array.dtype
            and np.array_equal(loaded[name], array)
            and loaded[name].shape == array.shape
        )
    data = stn.save(arrays, {"k": "v"})
    assert data == path.read_bytes()
    assert set(stn.load(data)) == set(arrays)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["__metadata__"] == {"k": "v"} and int.from_bytes(data[:8], "little") % 8 == 0


def test_arrays_of_any_layout_are_stored_row_major(tmp_path):
    base = np.arange(24.0).reshape(4, 6)
    arrays = {
        "t": base.T,
        "step": base[::2, 1::3],
        "reversed": base[::-1],
        "swapped": base.astype(">f8"),
        "f": np.asfortranarray(base),
    }
    loaded = stn.load(stn.save(arrays))
    for name, array in arrays.items():
        assert np.array_equal(loaded[name], array)


def test_tensor_round_trip(tmp_path):
    loaded = st.load_file(DATA / "dtypes.safetensors")
    assert loaded["bfloat16"].tolist() == [1, 2, 4]
    path = tmp_path / "x.safetensors"
    st.save_file(loaded, path, {"format": "pt"})
    assert path.read_bytes() == (DATA / "dtypes.safetensors").read_bytes()
    assert st.load(stt.save(loaded))["float32"].tolist() == [1, 2, 4]


def test_raw_bytes():
    file = _core.SafetensorsFile(os.fspath(DATA / "dtypes.safetensors"))
    entry = file["bfloat16"]
    del file
    assert bytes(memoryview(entry)) == b"\x80\x3f\x00\x40\x80\x40"
    assert (entry.name, entry.dtype, entry.shape, entry.strides, entry.nbytes) == (
        "bfloat16",
        "bfloat16",
        (3,),
        (1,),
        6,
    )
    assert memoryview(entry).readonly


def test_bad_requests(tmp_path):
    path = DATA / "dtypes.safetensors"
    with st.safe_open(path, "np") as f:
        with pytest.raises(CheckpointError, match="File does not contain tensor x"):
            f.get_tensor("x")
        with pytest.raises(TypeError, match="NumPy has no bfloat16"):
            f.get_tensor("bfloat16")
        with pytest.raises(TypeError, match="NumPy has no float8"):
            f.get_tensor("float8_e4m3fn")
    with pytest.raises(CheckpointError, match="File is closed"):
        f.keys()
    with pytest.raises(UnsupportedError, match="framework='tf'"):
        st.safe_open(path, "tf")
    with pytest.raises(UnsupportedError, match="device='cuda'"):
        st.safe_open(path, "pt", device="cuda")
    with pytest.raises(OSError, match="no such file"):
        st.load_file(tmp_path / "missing")
    with pytest.raises(CheckpointError, match="header length"):
        st.load(b"abc")
    with pytest.raises(DtypeError, match="array of complex128"):
        stn.save_file({"x": np.zeros(2, complex)}, tmp_path / "x")
    with pytest.raises(DtypeError, match="cannot be stored"):
        stn.save_file({"x": np.array(["a"])}, tmp_path / "x")
    with pytest.raises(TypeError, match="tensor 'x' is a list"):
        stn.save_file({"x": [1, 2]}, tmp_path / "x")
    with pytest.raises(CheckpointError, match="cannot be written"):
        stn.save_file({"x": np.zeros(2)}, tmp_path / "no" / "x")
    assert list(tmp_path.iterdir()) == []


def test_shared_and_strided_tensors_are_refused(tmp_path):
    loaded = serialization.load(DATA / "state.zip.bin")
    with pytest.raises(RuntimeError, match="Some tensors share memory"):
        st.save_file({"a": loaded["tied"], "b": loaded["tied too"]}, tmp_path / "x")
    with pytest.raises(ValueError, match="non contiguous tensor: `t`"):
        st.save_file({"t": loaded["transposed"]}, tmp_path / "x")
    with pytest.raises(ValueError, match="Expected a dict"):
        st.save_file([loaded["tied"]], tmp_path / "x")


@pytest.mark.parametrize("name", ["state.zip.bin", "state.legacy.bin", "state.protocol4.bin", "state.deflated.bin"])
@pytest.mark.parametrize("mmap", [None, False])
def test_files_of_torch_save(name, mmap):
    state = serialization.load(DATA / name, map_location="cpu", mmap=mmap)
    assert state["transposed"].shape == (6, 4)
    assert state["slice"].tolist() == [3, 7, 11, 15, 19]
    assert state["bf16"].dtype == ef.bfloat16
    assert state["plain"] == {
        "none": None, "yes": True, "no": False, "int": -3, "long": 2**40, "big": -(2**70), "float": 0.25,
        "text": "ünïcode", "bytes": b"\x00\xffA", "no bytes": b"", "list": [1, [2, []]], "tuple": (1, 2, 3, 4),
        "set": {8}, "ordered": {"a": 1}, "size": (2, 3), "dtype": ef.float16,
    }  # fmt: skip


def test_torch_round_trip(tmp_path):
    tensors = serialization.load(DATA / "dtypes.bin")
    serialization.save(tensors, tmp_path / "x.bin")
    again = serialization.load(tmp_path / "x.bin")
    assert list(again) == list(tensors)
    for name, tensor in tensors.items():
        assert again[name].dtype == tensor.dtype and again[name].shape == tensor.shape
    assert again["float64"].tolist() == [1, 2, 4]


def pickled(body: bytes) -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("archive/data.pkl", b"\x80\x02" + body)
    return out.getvalue()


@pytest.mark.parametrize(
    "body, message",
    [
        (b"cposix\nsystem\nX\x04\x00\x00\x00true\x85R.", "posix.system"),
        (b"c__builtin__\neval\n)R.", "__builtin__.eval"),
        (b"ctorch.nn.modules.linear\nLinear\n)\x81.", "torch.nn.modules.linear.Linear"),
        (b"}]Ns.", "cannot be hashed"),
        (b"]q\x00h\x00a.", "holds itself"),
        (b"ccollections\nOrderedDict\n.", "holds the class collections.OrderedDict"),
        (b"\xff.", "opcode 255"),
    ],
)
def test_pickles_that_are_not_data(tmp_path, body, message):
    (tmp_path / "x.bin").write_bytes(pickled(body))
    with pytest.raises(CheckpointError, match=message.replace(".", r"\.")):
        serialization.load(tmp_path / "x.bin")


def test_shared_parts_stay_shared(tmp_path):
    """Forty doublings: 2**40 leaves as a tree, forty lists as they are."""
    body = b"]q\x00" + b"".join(b"h%ch%c\x86q%c" % (i, i, i + 1) for i in range(40))
    (tmp_path / "x.bin").write_bytes(pickled(b"(" + body + b"t."))
    value = serialization.load(tmp_path / "x.bin")
    assert value[-1][0] is value[-1][1]


def test_serialization_refuses_by_name(tmp_path):
    with pytest.raises(UnsupportedError, match="weights_only=False"):
        serialization.load(DATA / "state.zip.bin", weights_only=False)
    with pytest.raises(UnsupportedError, match="map_location='cuda:0'"):
        serialization.load(DATA / "state.zip.bin", map_location="cuda:0")
    with pytest.raises(UnsupportedError, match="'step' is a int"):
        serialization.save({"step": 3}, tmp_path / "x")
    with pytest.raises(UnsupportedError, match="flat dict"):
        serialization.save([1], tmp_path / "x")


def test_hostile_names_give_readable_errors(tmp_path):
    """Control characters and bytes that are no text end in a typed error, not in a decoding error."""
    header = json.dumps({"a\x00b\x1b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 3]}}).encode()
    with pytest.raises(CheckpointError, match=r"a\?b\?"):
        st.load(len(header).to_bytes(8, "little") + header + b"abc")
    (tmp_path / "x.gguf").write_bytes(
        b"GGUF\x03\x00\x00\x00" + bytes(8) + b"\x01" + bytes(7) + b"\x01" + bytes(7) + b"\xff" + bytes(20)
    )
    with pytest.raises(CheckpointError, match="not valid UTF-8"):
        _core.GgufFile(str(tmp_path / "x.gguf"))
