"""Write csrc/kernels/reference/quant_grids.inc: the lattices of the IQ formats, taken from the `gguf` package.

A lattice is a sorted list of vectors of small digits. Read as a number (first digit least significant) the vectors
ascend, so a lattice is the set of its numbers: one bit for each of the base**length possible ones.
"""

from __future__ import annotations

import sys

import numpy as np
from gguf import GGMLQuantizationType, quants

LATTICES = {
    "IQ1": ("IQ1_S", 3),
    "IQ2XXS": ("IQ2_XXS", 3),
    "IQ2XS": ("IQ2_XS", 3),
    "IQ2S": ("IQ2_S", 3),
    "IQ3XXS": ("IQ3_XXS", 8),
    "IQ3S": ("IQ3_S", 8),
}


def words(name: str, base: int) -> list[int]:
    """The lattice's numbers as a bit set of 64-bit words."""
    traits = quants._type_traits[GGMLQuantizationType[name]]
    traits.init_grid()
    vectors = traits.grid.reshape(-1, traits.grid.shape[-1])
    digits = np.searchsorted(np.array(traits.grid_map), vectors)
    numbers = (digits * base ** np.arange(digits.shape[1])).sum(axis=1)
    assert (np.diff(numbers) > 0).all()
    out = [0] * -(-(base ** digits.shape[1]) // 64)
    for number in numbers.tolist():
        out[number // 64] |= 1 << number % 64
    return out


def main() -> None:
    with open(sys.argv[1], "w") as out:
        out.write("// Made by tools/ggml_grids.py; quant_grids.cpp says what it means.\n")
        for label, (name, base) in LATTICES.items():
            values = [f"{word:#x}" for word in words(name, base)]
            out.write(f"constexpr uint64_t k{label}Bits[] = {{\n")
            line = "   "
            for value in values:
                if len(line) + len(value) > 117:
                    out.write(line + "\n")
                    line = "   "
                line += f" {value},"
            out.write(line + "\n};\n")


if __name__ == "__main__":
    main()
