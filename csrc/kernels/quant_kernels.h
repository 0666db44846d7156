// The quantized loops of one instruction set, for one thread.
#pragma once
#include <cstdint>

#include "kernels/quant_format.h"

namespace ef {

// The rows [row, row + rows) of a panel's 16, and of them the groups [group, group + groups).
struct PanelPart {
  int row, rows;
  int64_t group, groups;
};

// What a group of x adds to an entry that is only estimated: all of it, or what the high nibbles of 8-bit codes say,
// and how far that may be off for a weight's scale of 1.
struct Estimate {
  bool whole;
  float error;
};

struct QuantKernels {
  int row_block;  // rows of x in a block
  // A thread calls these around its tiles of one format (AMX has a configuration register); null = nothing to do.
  void (*begin)(PackedIndex format);
  void (*end)();
  // `rows` (at most row_block) rows of x to one block.
  void (*quantize)(int rows, int64_t groups, const float* x, int64_t ldx, ActivationGroup* out);
  // y [rows, 16] = one block of activations times one panel. May read the 16 rows from x on, whatever lies there.
  void (*tile)(PackedIndex format, const uint8_t* codebook, int rows, int64_t groups, const ActivationGroup* x,
               const Panel& panel, float* y, int64_t ldy);
  // most [16]: what the product of one row of x with a panel of Q8_0 can be at most; the result is the largest entry as
  // it was estimated (any where one is NaN).
  float (*estimate)(int64_t groups, const ActivationGroup* x, const Estimate* estimates, const Panel& panel,
                    float* most);
  // out [rows, 32 * groups], row stride ldo.
  void (*dequantize)(PackedIndex format, const uint8_t* codebook, const Panel& panel, const PanelPart& part, float* out,
                     int64_t ldo);
  // dx [m, 32 * groups] += dy [m, n]·w [n, 32 * groups]; each element sums along n one by one.
  void (*accumulate)(int64_t m, int64_t n, int64_t groups, const float* dy, int64_t lddy, const float* w, float* dx,
                     int64_t lddx);
  // Groups [first, first + groups) of `count` (1 or 2) panels, rounded to bf16, as a packed panel of panel_bf16
  // (kernels.h): of k pair after pair, of a pair panel after panel, its 16 rows. null: the level has no use for it.
  void (*pack_pairs)(PackedIndex format, const uint8_t* codebook, const Panel* panels, int count, int64_t first,
                     int64_t groups, void* out);
};

extern const QuantKernels kQuantBaseline, kQuantAvx2, kQuantAvx512, kQuantAmx;
const QuantKernels& quant_kernels();  // of isa()

}  // namespace ef
