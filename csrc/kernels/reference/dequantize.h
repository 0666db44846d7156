// GGUF rows to f32, one weight at a time: the truth that the fast kernels are tested against, and the reader
// of the types that those don't compute with.
#pragma once
#include <cstdint>

#include "core/ggml_types.h"

namespace ef {

bool can_dequantize(GgmlType type);
// n weights (a multiple of the block length); the bits of gguf.quants.dequantize. UnsupportedError for other types.
void dequantize_row(GgmlType type, const uint8_t* src, float* dst, int64_t n);

}  // namespace ef
