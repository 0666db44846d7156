// What one block of a quantized GGUF row says: whole numbers and their scales.
#pragma once
#include <cstdint>

#include "core/ggml_types.h"

namespace ef {

constexpr int kMaxBlock = 256;

// weight[i] = (scale * sub_scale[i / 16]) * value[i] - min * sub_min[i / 16], each operation rounded to f32.
// Only the last subtraction can round: an f16 scale times these whole numbers fits the 24 bits of a float.
struct QuantBlock {
  float scale, min;
  float sub_scale[kMaxBlock / 16], sub_min[kMaxBlock / 16];  // whole numbers, except for NVFP4
  int8_t value[kMaxBlock];
};

bool has_quant_blocks(GgmlType type);
void read_quant_block(GgmlType type, const uint8_t* src, QuantBlock& block);

// By family; each knows only its own types.
bool read_simple_block(GgmlType type, const uint8_t* src, QuantBlock& block);    // 32 weights, one scale; ternary
bool read_k_block(GgmlType type, const uint8_t* src, QuantBlock& block);         // Q2_K … Q6_K
bool read_codebook_block(GgmlType type, const uint8_t* src, QuantBlock& block);  // IQ4_*, MXFP4, NVFP4
bool read_grid_block(GgmlType type, const uint8_t* src, QuantBlock& block);      // IQ1_*, IQ2_*, IQ3_*

}  // namespace ef
