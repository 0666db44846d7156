// Products with and values of rows of small codes that share scales in groups along k:
//
//   weight = (value(code) - zero) * scale + add
//
// where value() is a table of 16 floats (nf4, fp4, mxfp4; 0 … 15 for whole numbers) for codes of 4 bits and the code
// itself for codes of 8. This is what GPTQ, AWQ, bitsandbytes, compressed-tensors, HQQ, quanto and torchao store, once
// each has been put in one order. Four-bit codes lie two to a byte, the first in the high nibble.
#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace ef {

// One row, or a part of one, whose groups are all of `group` weights.
struct GroupRow {
  const uint8_t* codes;
  int bits;            // 4 or 8
  bool is_signed;      // codes of 8 bits
  const float* table;  // of 16 values, for codes of 4 bits
  int64_t k, group;
  const float* scale;  // of each group
};

struct GroupKernels {
  int chunk;  // k and group must be multiples of it for dot()
  int rows;   // at most for dot()
  // x [k] as dot() wants it: for codes of 4 bits the even and odd elements of each chunk stand apart.
  void (*split)(int64_t k, const float* x, float* out);
  // y[r] = the row times x[r]: every element has the same bits whatever `rows`.
  void (*dot)(int rows, const GroupRow& row, const float* x, int64_t ldx, float* y);
  // y[i] = row i times x [k], for n rows that follow `row`, row_bytes and groups apart: the bits are dot()'s. Faster
  // than one after the other: x is loaded once for several rows, whose sums do not wait for one another.
  void (*dot_down)(int64_t n, const GroupRow& row, int64_t row_bytes, int64_t groups, const float* x, float* y);
  // n weights of one group, from an even element on. to_bf16: rounds to nearest even.
  void (*values)(int64_t n, const uint8_t* codes, int bits, bool is_signed, const float* table, float zero, float scale,
                 float add, void* out, bool to_bf16);
};

extern const GroupKernels kGroupBaseline, kGroupAvx2, kGroupAvx512;
const GroupKernels& group_kernels();  // of isa()

}  // namespace ef
