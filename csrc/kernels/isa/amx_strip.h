// Shared by products in strips: tiles, and how a thread's results leave beside them.
#pragma once
#include "kernels/strip.h"
#include "kernels/isa/vec_avx512.h"

namespace ef {
namespace {
#include "kernels/generic/operands.h"
#include "kernels/isa/amx_tiles.h"

// Rows of a block of sums to (or, back, from) c.
template <bool kPlus>
struct Copy {
  const float* from;
  const char* plus;
  char* to;
  int64_t rows, stride, plus_stride;
  __mmask16 low, high;
  bool half;
  explicit Copy(const StripDrain& d)
      : from(d.from),
        plus(d.plus),
        to(d.to),
        rows(d.rows),
        stride(d.stride),
        plus_stride(d.plus_stride),
        low(first(clamp_lanes(d.columns))),
        high(first(clamp_lanes(d.columns - kW))),
        half(d.dtype == DType::BFloat16) {}
  __attribute__((always_inline)) void row() {
    F v = load(from), w = load(from + kW);
    if (kPlus && plus) {
      v += _mm512_maskz_loadu_ps(low, plus);
      w += _mm512_maskz_loadu_ps(high, plus + 4 * kW);
      plus += plus_stride;
    }
    if (half) {
      _mm256_mask_storeu_epi16(to, low, narrow_bf16(v));
      _mm256_mask_storeu_epi16(to + 2 * kW, high, narrow_bf16(w));
    } else {
      _mm512_mask_storeu_ps(to, low, v);
      _mm512_mask_storeu_ps(to + 4 * kW, high, w);
    }
    from += kStripColumns, to += stride, rows--;
  }
};
struct Ahead {
  Lines lines;
  int64_t offset = 0, each;  // lines brought near in one step of the tiles
  Ahead(const Lines& l, const Strip& s) : lines(l) {
    const int64_t steps = (s.rows + kStripRows - 1) / kStripRows * s.chunks,
                  total = (lines.bytes + 63) / 64 * lines.count;
    each = (total + steps - 1) / steps;
    if (each > 8) each = 8;
  }
  __attribute__((always_inline)) void some() {
    for (int64_t i = 0; i < each && lines.count; i++) {
      __builtin_prefetch(lines.at + offset, 0, 2);
      if ((offset += 64) >= lines.bytes) offset = 0, lines.at += lines.stride, lines.count--;
    }
  }
};
template <bool kPlus>
void strip_flush(StripDrain& d) {
  for (Copy<kPlus> copy(d); copy.rows;) copy.row();
  d.rows = 0;
}

}  // namespace
}  // namespace ef
