"""Writes the small files of this folder with the real libraries (torch, safetensors, gguf, numpy).

The C++ tests in tests/cpp/io read them and know the values from the formulas here. Run it in an environment that has
those libraries: ``python make_fixtures.py``. Nothing here is random, but torch numbers storages by address in its old
layout, so that file differs from run to run.
"""

from __future__ import annotations

import collections
import io
import zipfile
from pathlib import Path

import gguf
import numpy as np
import safetensors.torch
import torch

HERE = Path(__file__).parent
ALL_DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.float8_e5m2, torch.float8_e4m3fn, torch.float8_e8m0fnu, torch.int16,
    torch.uint16, torch.float16, torch.bfloat16, torch.int32, torch.uint32, torch.float32, torch.complex64,
    torch.float64, torch.int64, torch.uint64,
]  # fmt: skip


def one_of_each() -> dict[str, torch.Tensor]:
    """Every dtype: the values 1, 2, 4 (true for bool), named by the dtype."""
    return {str(d).removeprefix("torch."): torch.tensor([1.0, 2.0, 4.0]).to(d) for d in ALL_DTYPES}


def state_dict() -> dict:
    """Views, shared storages, a parameter, a broadcast, plain containers."""
    base = torch.arange(24, dtype=torch.float32)
    shared = torch.tensor([5, 6], dtype=torch.int64)
    return {
        "matrix": base[:6].view(2, 3),
        "transposed": base.view(4, 6).t(),
        "slice": base[3:20:4],
        "parameter": torch.nn.Parameter(torch.tensor([1.5, -2.5])),
        "scalar": torch.tensor(7, dtype=torch.int32),
        "empty": torch.zeros(0, 4),
        "broadcast": torch.tensor([3.0]).expand(2, 5),
        "tied": shared,
        "tied too": shared,
        "bf16": torch.tensor([[1.0], [0.5]], dtype=torch.bfloat16),
        "float8": torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn),
        "é\u4e2d": torch.tensor([True, False]),
        "plain": {
            "none": None, "yes": True, "no": False, "int": -3, "long": 2**40, "big": -(2**70), "float": 0.25,
            "text": "ünïcode", "bytes": b"\x00\xffA", "no bytes": b"", "list": [1, [2, []]], "tuple": (1, 2, 3, 4),
            "set": {8}, "ordered": collections.OrderedDict([("a", 1)]), "size": torch.Size([2, 3]),
            "dtype": torch.float16,
        },
    }  # fmt: skip


def torch_files() -> None:
    torch.save(state_dict(), HERE / "state.zip.bin")
    torch.save(state_dict(), HERE / "state.legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(state_dict(), HERE / "state.protocol4.bin", pickle_protocol=4)
    torch.save(one_of_each(), HERE / "dtypes.bin")
    torch.manual_seed(0)
    torch.save(torch.nn.Linear(3, 2).state_dict(), HERE / "linear.bin")  # an OrderedDict with attributes

    stored = zipfile.ZipFile(HERE / "state.zip.bin")
    with zipfile.ZipFile(HERE / "state.deflated.bin", "w", zipfile.ZIP_DEFLATED) as out:
        for entry in stored.infolist():
            out.writestr(entry.filename, stored.read(entry))

    big_endian = {"f": torch.tensor([1.0, 2.0, 4.0]), "i": torch.tensor([1, 2]), "c": torch.tensor([1 + 2j])}
    buffer = io.BytesIO()
    torch.save(big_endian, buffer)
    widths = {"archive/data/0": 4, "archive/data/1": 8, "archive/data/2": 4}
    with zipfile.ZipFile(buffer) as little, zipfile.ZipFile(HERE / "big_endian.bin", "w") as out:
        for entry in little.infolist():
            data = b"big" if entry.filename == "archive/byteorder" else little.read(entry)
            if width := widths.get(entry.filename):
                data = np.frombuffer(data, f"u{width}").byteswap().tobytes()
            out.writestr(entry.filename, data)
    loaded = torch.load(HERE / "big_endian.bin", weights_only=True)
    assert all(torch.equal(loaded[k], big_endian[k]) for k in big_endian)  # the file is one that torch reads


def write_gguf(path: Path, endian: gguf.GGUFEndian, **options) -> None:
    kind = gguf.GGUFValueType
    w = gguf.GGUFWriter(path, "test", endianess=endian, **options)
    w.add_uint8("t.uint8", 200)
    w.add_int8("t.int8", -100)
    w.add_uint16("t.uint16", 60000)
    w.add_int16("t.int16", -30000)
    w.add_uint32("t.uint32", 4000000000)
    w.add_int32("t.int32", -2000000000)
    w.add_uint64("t.uint64", 2**63 + 1)
    w.add_int64("t.int64", -(2**62))
    w.add_float32("t.float32", 0.15625)
    w.add_float64("t.float64", 1 / 3)
    w.add_bool("t.bool", True)
    w.add_string("t.string", "grüße")
    w.add_array("t.ints", [1, -2, 3])
    w.add_array("t.floats", [0.5, 1.5])
    w.add_array("t.bools", [True, False, True])
    w.add_array("t.strings", ["a", "", "中"])
    w.add_key_value("t.bytes", [1, 2, 255], kind.ARRAY, sub_type=kind.UINT8)
    w.add_array("t.nested", [[1, 2], [3]])
    w.add_tensor("f32", np.arange(6, dtype=np.float32).reshape(2, 3))
    w.add_tensor("f16", np.arange(4, dtype=np.float16).reshape(1, 2, 2))
    w.add_tensor("i32", np.arange(5, dtype=np.int32))
    w.add_tensor("i8", np.arange(3, dtype=np.int8))
    if endian == gguf.GGUFEndian.LITTLE:
        blocks = gguf.quantize(np.arange(64, dtype=np.float32).reshape(2, 32), gguf.GGMLQuantizationType.Q8_0)
        w.add_tensor("q8_0", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def safetensors_files() -> None:
    tensors = one_of_each() | {'é"\n': torch.zeros(0, 2), "scalar": torch.tensor(3.0), "a": torch.arange(3.0)}
    safetensors.torch.save_file(tensors, HERE / "dtypes.safetensors", {"format": "pt"})


if __name__ == "__main__":
    torch_files()
    safetensors_files()
    write_gguf(HERE / "little.gguf", gguf.GGUFEndian.LITTLE)
    write_gguf(HERE / "big.gguf", gguf.GGUFEndian.BIG)
    write_gguf(HERE / "split.gguf", gguf.GGUFEndian.LITTLE, split_max_tensors=2)
