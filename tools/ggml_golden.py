"""Record what `gguf` and ggml make of random blocks and weights, and of real files, for the C++ tests.

    python tools/ggml_golden.py tests/cpp/kernels/quant_golden.inc
    python tools/ggml_golden.py tests/cpp/quantizers/ggml_real_golden.inc FOLDER/model.gguf ...

Random inputs come from a generator that the test repeats, so only hashes are stored. NaN is hashed as one pattern. Of a
real file one tensor of each block type is recorded, its first rows only; the test looks for FOLDER/model.gguf among the
assets and skips without it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, quants

BLOCKS = 320
MASK = (1 << 64) - 1
ENCODED = (
    "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS",
    "TQ1_0", "TQ2_0", "MXFP4", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_S", "IQ1_M",
)  # fmt: skip


def splitmix(seed: int, count: int) -> np.ndarray:
    """`count` 64-bit numbers of the SplitMix64 generator."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def floats(seed: int, count: int) -> np.ndarray:
    """Weights of blocks of 32 with magnitudes 2^-9 … 2^6; every 16th block is zero, every 17th constant."""
    r = splitmix(seed, count)
    value = ((r >> np.uint64(40)).astype(np.float32) - np.float32(2**23)) * np.float32(2.0**-23)
    block = np.arange(count) // 32
    value = value * np.exp2((block % 16 - 9).astype(np.float32)).astype(np.float32)
    value[block % 16 == 5] = 0
    value[block % 17 == 3] = np.float32(0.75)
    return value.astype(np.float32)


def fnv(data: bytes) -> int:
    h = 0xCBF29CE484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def record_random() -> list[str]:
    lines = [
        "// Made by tools/ggml_golden.py with the gguf package: {type, hash of f32 from random blocks}.",
        f"constexpr int kGoldenBlocks = {BLOCKS};",
        "constexpr Golden kDequantized[] = {",
    ]
    types = sorted(quants._type_traits)
    for qtype in types:
        size = GGML_QUANT_SIZES[qtype][1] * BLOCKS
        raw = splitmix(int(qtype) + 1, -(-size // 8)).view(np.uint8)[:size]
        with np.errstate(all="ignore"):
            out = quants.dequantize(raw.reshape(BLOCKS, -1), qtype).astype(np.float32).reshape(-1)
        bits = np.where(np.isnan(out), np.uint32(0x7FC00000), out.view(np.uint32))
        lines.append(f"    {{{int(qtype)}, {fnv(bits.tobytes()):#018x}}},  // {qtype.name}")
    lines += ["};", "// {type, hash of the bytes from random weights}", "constexpr Golden kQuantized[] = {"]
    for qtype in types:
        if qtype.name in ("BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"):
            with np.errstate(all="ignore"):
                out = quants.quantize(floats(int(qtype) + 100, BLOCKS * 32).reshape(BLOCKS, 32), qtype)
            lines.append(f"    {{{int(qtype)}, {fnv(out.tobytes()):#018x}}},  // {qtype.name}")
    lines += ["};", "// {type, hash of ggml's bytes without importance, with it; 0: not done without}",
              "constexpr GoldenEncoded kEncoded[] = {"]  # fmt: skip
    return [*lines, *record_encoded(), "};"]


def record_encoded() -> list[str]:
    """What ggml_quantize_chunk of llama-cpp-python gives for 20 rows of 512 weights."""
    import ctypes

    import llama_cpp

    library = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-base.so"))
    chunk = library.ggml_quantize_chunk
    chunk.restype, pointer, long = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int64
    chunk.argtypes = [ctypes.c_int, pointer, pointer, long, long, long, pointer]
    rows, k, lines = 20, 512, []
    for name in ENCODED:
        qtype, hashes = GGMLQuantizationType[name], []
        block, size = GGML_QUANT_SIZES[qtype]
        x = floats(int(qtype) + 200, rows * k)
        if name == "IQ3_S":  # ggml misplaces what follows 32 zeros
            x[x == 0] = np.float32(0.5)
        columns = ((splitmix(7, k) >> np.uint64(40)).astype(np.float32) + np.float32(1000)) * np.float32(2.0**-24)
        for importance in (None, columns):
            if importance is None and name in ("IQ2_XXS", "IQ2_XS", "IQ1_S"):
                hashes.append(0)
                continue
            out = np.zeros(rows * k // block * size, np.uint8)
            given = None if importance is None else importance.ctypes.data
            chunk(int(qtype), x.ctypes.data, out.ctypes.data, 0, rows, k, given)
            hashes.append(fnv(out.tobytes()))
        lines.append(f"    {{{int(qtype)}, {hashes[0]:#018x}, {hashes[1]:#018x}}},  // {name}")
    return lines


def record_files(paths: list[Path]) -> list[str]:
    lines = [
        "// Made by tools/ggml_golden.py: {file, tensor, type, rows, hash of their f32}.",
        "constexpr RealTensor kRealTensors[] = {",
    ]
    for path in paths:
        seen = set()
        for tensor in GGUFReader(path).tensors:
            qtype = tensor.tensor_type
            if qtype in seen or qtype not in quants._type_traits or qtype.name == "BF16":
                continue
            seen.add(qtype)
            rows = min(len(tensor.data), 65536 // int(tensor.shape[0]))
            out = quants.dequantize(tensor.data[:rows], qtype)
            name = f"{path.parent.name}/{path.name}"
            lines.append(f'    {{"{name}", "{tensor.name}", {int(qtype)}, {rows}, {fnv(out.tobytes()):#018x}}},')
    return [*lines, "};"]


def main() -> None:
    lines = record_files([Path(p) for p in sys.argv[2:]]) if len(sys.argv) > 2 else record_random()
    with open(sys.argv[1], "w") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
