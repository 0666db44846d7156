"""Checkpoint files beside the real libraries: each reads what the other wrote, and they agree on what is damaged."""

from __future__ import annotations

import os
import pathlib
import random
import struct

import pytest
from eigenformers import _core, safetensors, serialization
from eigenformers.errors import CheckpointError

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch")
gguf = pytest.importorskip("gguf")
real = pytest.importorskip("safetensors")

DATA = pathlib.Path(__file__).parent.parent / "data" / "io"
ASSETS = pathlib.Path(os.environ.get("EF_ASSETS", "~/.cache/eigenformers-assets")).expanduser()


def asset(pattern: str) -> pathlib.Path:
    found = sorted(ASSETS.glob(pattern))
    if not found:
        pytest.skip(f"no asset {pattern} (set EF_ASSETS to the folder that has it)")
    return found[0]


def raw(tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def stored_bytes(path: pathlib.Path, tmp_path: pathlib.Path) -> dict[str, bytes]:
    """The bytes of every tensor of a torch file, by way of our writer of safetensors."""
    state = serialization.load(path)
    _core.write_safetensors(str(tmp_path / "copy"), list(state.items()), {})
    file = _core.SafetensorsFile(str(tmp_path / "copy"))
    return {name: bytes(file[name]) for name in file.keys()}


def test_torch_reads_our_files(tmp_path):
    ours = serialization.load(DATA / "dtypes.bin")
    serialization.save(ours, tmp_path / "x.bin")
    before = torch.load(DATA / "dtypes.bin", weights_only=True)
    for mmap in (False, True):
        after = torch.load(tmp_path / "x.bin", weights_only=True, mmap=mmap)
        assert list(after) == list(before)
        for name, tensor in before.items():
            assert after[name].dtype == tensor.dtype and after[name].shape == tensor.shape
            assert raw(after[name]) == raw(tensor)


@pytest.mark.parametrize("legacy", [False, True])
def test_real_weights_in_torch_files(tmp_path, legacy):
    path = asset("albert-tiny-zh/*.bin")
    state = torch.load(path, weights_only=True, map_location="cpu")
    if legacy:
        path = tmp_path / "legacy.bin"
        torch.save(state, path, _use_new_zipfile_serialization=False)
    ours = stored_bytes(path, tmp_path)
    assert set(ours) == set(state)
    for name, tensor in state.items():
        assert ours[name] == raw(tensor)


def test_real_weights_in_safetensors():
    path = asset("minilm-l6/model.safetensors")
    file = _core.SafetensorsFile(str(path))
    with real.safe_open(path, "pt") as theirs, safetensors.safe_open(path, "np") as ours:
        assert ours.keys() == theirs.keys() and ours.offset_keys() == theirs.offset_keys()
        assert ours.metadata() == theirs.metadata()
        for name in theirs.keys():
            assert bytes(file[name]) == raw(theirs.get_tensor(name))
            assert ours.get_slice(name).get_dtype() == theirs.get_slice(name).get_dtype()
            assert ours.get_slice(name).get_shape() == theirs.get_slice(name).get_shape()


@pytest.mark.parametrize(
    "pattern", ["smollm2-135m/*.gguf", "llama-cpp-vocab/ggml-vocab-llama-spm.gguf", "gemma3-270m/*.gguf"]
)
def test_real_gguf(pattern):
    path = asset(pattern)
    ours, theirs = _core.GgufFile(str(path)), gguf.GGUFReader(path)
    fields = {key: field.contents() for key, field in theirs.fields.items() if not key.startswith("GGUF.")}
    assert ours.metadata == fields
    assert len(ours.tensors) == len(theirs.tensors)
    for (name, shape, kind, nbytes), tensor in zip(ours.tensors, theirs.tensors):
        assert (name, kind, nbytes) == (tensor.name, tensor.tensor_type.name, tensor.n_bytes)
        assert shape == tuple(int(n) for n in reversed(tensor.shape))
        assert bytes(ours[name]) == tensor.data.tobytes()
        assert ours[name].numpy().shape == tensor.data.shape


def test_every_gguf_type_has_the_same_blocks(tmp_path):
    path = tmp_path / "x.gguf"
    for kind, (length, size) in gguf.GGML_QUANT_SIZES.items():
        # version, tensors, values; then of the one tensor: name, dimensions, extent, type, offset
        head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<QcIQIQ", 1, b"t", 1, length, kind, 0)
        path.write_bytes(head.ljust(64, b"\0") + bytes(size))
        assert _core.GgufFile(str(path)).tensors == [("t", (length,), kind.name, size)]


def test_the_same_safetensors_headers_are_damaged():
    """Twenty thousand damaged headers: both libraries accept or both refuse."""
    header = (
        b'{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
        b'"b":{"dtype":"U8","shape":[2,2],"data_offsets":[8,12]}}'
    )
    pieces = [
        b"0", b"1", b"-1", b"2.0", b"1e1", b"null", b"{}", b"[]", b'"x"', b"true", b"18446744073709551615",
        b"18446744073709551616", b'"F16"', b'"a"', b" ", b",", b'"shape"', b"NaN", b"\\u0000", b"\0", b'"more":1,',
    ]  # fmt: skip
    rng = random.Random(1)
    accepted = 0
    for _ in range(20_000):
        text = bytearray(header)
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            at = rng.randrange(len(text) + 1)
            kind = rng.randrange(4)
            if kind == 0:
                text[at : at + 1] = bytes([rng.randrange(32, 127)])
            elif kind == 1:
                text[at:at] = rng.choice(pieces)
            elif kind == 2:
                del text[at : at + rng.randrange(1, 5)]
            else:
                text[at : at + 1] = rng.choice(pieces)
        if not text.startswith(b"{"):
            continue  # the format wants a brace first; the real library lets blanks pass
        data = len(text).to_bytes(8, "little") + bytes(text) + b"x" * 12
        try:
            real.deserialize(data)
            theirs = True
        except Exception:
            theirs = False
        try:
            _core.SafetensorsFile.from_bytes(data)
            ours = True
        except CheckpointError:
            ours = False
        assert ours == theirs, bytes(text)
        accepted += ours
    assert accepted > 100
