// The loops of a product in strips (gemm_strip.h), for one thread.
#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace ef {

constexpr int64_t kStripRows = 32, kStripColumns = 32, kStripBlock = kStripRows * kStripColumns;

// Memory that will be read soon: `count` runs of `bytes`, `stride` apart.
struct Lines {
  const char* at = nullptr;
  int64_t bytes = 0, stride = 0, count = 0;
};

// One panel times a thread's rows, for a step along k.
struct Strip {
  int64_t rows, columns, chunks;
  const char* a;    // blocks of 32 rows, [chunk][row][32]; or where it lies,
  int64_t a_bytes;  // with so many bytes from row to row, not 0
  const char* b;
  float* sums;       // kStripBlock floats a block, between steps; unused if there is one step
  bool first, last;  // step
  bool add;          // the first step starts from c
  char* c;
  DType cd;
  int64_t c_bytes;       // from one row of c to the next
  Lines ahead, ahead_a;  // brought near while the strip runs: of b, of packed a
};
// A thread's results on their way: a block is copied to c while the next one is computed.
struct StripDrain {
  alignas(64) float ring[2][kStripBlock];
  int turn = 0;
  const float* from = nullptr;
  const char* plus = nullptr;  // what is added on the way, if not null
  char* to = nullptr;
  int64_t rows = 0, columns = 0, stride = 0, plus_stride = 0;
  DType dtype = DType::Float32;
};
// The least and the largest of what the rows of a matrix have as their largest |x|, as its bits (NaN is above
// infinity); rows of zeros do not count.
struct StripRange {
  uint32_t low = ~0u, high = 0;
};
struct StripKernels {
  int64_t depth;  // of a step
  int64_t parts;  // bf16 numbers that an element of a or b becomes
  // rows of a to a block, as panel_bf16.pack_a; of several parts [chunk][part][row][32]
  void (*pack_a)(int64_t rows, int64_t k, const void* a, DType dtype, int64_t ld, bool transposed, void* dst,
                 StripRange& range);
  // columns of b to a panel, [chunk][part][16 pairs][columns, up to a multiple of 16], or null: as panel_bf16.pack_b
  void (*pack_b)(int64_t columns, int64_t k, const void* b, DType dtype, int64_t ld, bool transposed, void* dst,
                 StripRange& range);
  void (*run)(const Strip& strip, StripDrain& drain);
  void (*flush)(StripDrain& drain);  // copies what is still to be copied
  void (*begin)();                   // a thread calls these around its strips
  void (*end)();
};

extern const StripKernels kStripAmx;
// f32 products: each number is the sum of three bf16.
extern const StripKernels kStripSplit;

}  // namespace ef
