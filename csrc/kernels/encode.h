// f32 rows to the blocks of GGUF files, byte for byte what ggml's encoders give on a processor without fused
// multiply-add: sums run in the order of the weights, each operation rounded to f32.
//
// Fast and still exact: lanes of a vector hold *different* blocks (generic/encode_fit.h), so no sum changes its order.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/ggml_types.h"

namespace ef {

bool can_encode(GgmlType type);
// These give nothing usable without knowing which columns matter; ggml refuses them too.
bool encode_needs_importance(GgmlType type);

// x: `rows` rows of k weights; k is a multiple of the block length (ShapeError). importance: k positive weights of the
// columns, or nullptr. out: rows * ggml_row_bytes(type, k) bytes. One thread; rows are independent of each other.
// UnsupportedError for a type without an encoder, or one that needs an importance and has none. Weights must be finite.
void encode_rows(GgmlType type, int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out);

// The encoders of one instruction set; nullptr: the type is not one of them.
using EncodeRows = void (*)(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out);
struct EncodeKernels {
  EncodeRows (*find)(GgmlType type);
};
extern const EncodeKernels kEncodeBaseline, kEncodeAvx2, kEncodeAvx512;

}  // namespace ef
