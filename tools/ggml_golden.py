"""Record what the `gguf` package makes of random blocks and of real files, for the C++ tests.

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
from gguf import GGML_QUANT_SIZES, GGUFReader, quants

BLOCKS = 320
MASK = (1 << 64) - 1


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
    return [*lines, "};"]


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
