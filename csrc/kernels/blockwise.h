// Rounding to the entries of a map, block by block: value = map[code] * absmax of the block.
#pragma once
#include <cstdint>
#include <span>

namespace ef {

// Four bits, two codes to a byte, the first in the high nibble. Scaled by 1 / absmax, a value takes code order[i] with
// the number i of bounds (ascending) below it. absmax: one for each block; the last may be short, and there values are
// divided by absmax instead. out: (n + 1) / 2 bytes.
void quantize_4bit(std::span<const float> x, int64_t block, const float (&bounds)[15], const uint8_t (&order)[16],
                   float* absmax, uint8_t* out);

// Eight bits: x / absmax, rounded to one of 65536 equal steps of [-1, 1], to the nearest entry of an ascending map.
void quantize_8bit(std::span<const float> x, int64_t block, const float (&map)[256], float* absmax, uint8_t* out);

// Eight bits, a scale for the row: round(x * (1 / absmax * 127)), ties to even. Returns absmax.
float quantize_row_int8(std::span<const float> x, int8_t* out);

}  // namespace ef
