// Strips of a bf16 product in AMX tiles. Registers: 0-3 the sums of 2 x 2 blocks of 16 x 16, 4-5 a, 6-7 b. Beside its
// tile products, which leave the vector units idle, a block copies the results of the block before to c: stored at
// once, they would wait for c's lines, and the tiles with them.
#include "kernels/strip.h"
#include "kernels/isa/vec_avx512.h"

namespace ef {
namespace {
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
void begin_tiles() {
  static constexpr TileConfig config;
  _tile_loadconfig(&config);
}
void end_tiles() { _tile_release(); }
inline int64_t clamp_lanes(int64_t n) { return n < 0 ? 0 : n > kW ? kW : n; }
// GCC does not know that tile loads and stores use memory.
inline void written() { asm volatile("" ::: "memory"); }

// Rows of a block of sums to (or, back, from) c.
struct Copy {
  const float* from;
  char* to;
  int64_t rows, stride;
  __mmask16 low, high;
  bool half;
  explicit Copy(const StripDrain& d)
      : from(d.from),
        to(d.to),
        rows(d.rows),
        stride(d.stride),
        low(first(clamp_lanes(d.columns))),
        high(first(clamp_lanes(d.columns - kW))),
        half(d.dtype == DType::BFloat16) {}
  __attribute__((always_inline)) void row() {
    const F v = load(from), w = load(from + kW);
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
void fill(const Strip& s, int64_t rows, const char* c, float* sums) {
  for (int64_t i = 0; i < rows; i++, c += s.c_bytes, sums += kStripColumns) {
    store(sums, load_n(reinterpret_cast<const float*>(c), clamp_lanes(s.columns)));
    store(sums + kW, load_n(reinterpret_cast<const float*>(c) + kW, clamp_lanes(s.columns - kW)));
  }
}

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

template <bool kTwoRows, bool kTwoColumns>
void block(int64_t chunks, int64_t step, int64_t row, const char* a, const char* b, const float* in, float* out,
           Copy copy, Ahead& ahead, Ahead& ahead_a) {
  constexpr int64_t kLine = 64, kStrideB = kTwoColumns ? 2 * kLine : kLine;
  constexpr int64_t kStride = kStripColumns * int64_t(sizeof(float)), kLower = 16 * kStripColumns;
  written();
  if (in) {
    _tile_loadd(0, in, kStride);
    if constexpr (kTwoColumns) _tile_loadd(1, in + 16, kStride);
    if constexpr (kTwoRows) _tile_loadd(2, in + kLower, kStride);
    if constexpr (kTwoRows && kTwoColumns) _tile_loadd(3, in + kLower + 16, kStride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const int64_t rows_a_step = (copy.rows + chunks - 1) / chunks;
  for (int64_t q = 0; q < chunks; q++, a += step, b += 16 * kStrideB) {
    _tile_stream_loadd(4, a, row);
    _tile_loadd(6, b, kStrideB);
    _tile_dpbf16ps(0, 4, 6);
    for (int64_t i = 0; i < rows_a_step && copy.rows; i++) copy.row();
    if constexpr (kTwoColumns) {
      _tile_loadd(7, b + kLine, kStrideB);
      _tile_dpbf16ps(1, 4, 7);
    }
    ahead.some();
    ahead_a.some();
    if constexpr (kTwoRows) {
      _tile_stream_loadd(5, a + 16 * row, row);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoColumns) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, out, kStride);
  if constexpr (kTwoColumns) _tile_stored(1, out + 16, kStride);
  if constexpr (kTwoRows) _tile_stored(2, out + kLower, kStride);
  if constexpr (kTwoRows && kTwoColumns) _tile_stored(3, out + kLower + 16, kStride);
  written();
}

void strip_run(const Strip& s, StripDrain& d) {
  Ahead ahead(s.ahead, s), ahead_a(s.ahead_a, s);
  const bool wide = s.columns > kW;
  const char* a = s.a;
  char* c = s.c;
  for (int64_t r = 0; r < s.rows; r += kStripRows, c += kStripRows * s.c_bytes) {
    const int64_t rows = s.rows - r < kStripRows ? s.rows - r : kStripRows;
    const int64_t row = s.a_bytes ? s.a_bytes : 64, step = s.a_bytes ? 64 : rows * 64;
    float* sums = s.sums ? s.sums + r * kStripColumns : nullptr;
    float* out = s.last ? d.ring[d.turn] : sums;
    const float* in = s.first ? nullptr : sums;
    if (s.first && s.add) fill(s, rows, c, out), in = out;
    const auto run =
        rows > 16 ? (wide ? block<true, true> : block<true, false>) : (wide ? block<false, true> : block<false, false>);
    run(s.chunks, step, row, a, s.b, in, out, Copy(d), ahead, ahead_a);
    a += s.a_bytes ? rows * s.a_bytes : step * s.chunks;
    d.rows = 0;
    if (s.last) {
      d.from = out, d.to = c, d.rows = rows, d.columns = s.columns, d.stride = s.c_bytes, d.dtype = s.cd;
      d.turn ^= 1;
    }
  }
}
void strip_flush(StripDrain& d) {
  for (Copy copy(d); copy.rows;) copy.row();
  d.rows = 0;
}

}  // namespace

constexpr int64_t kDepth = 576;  // 36 KB of a panel: L1
constinit const StripKernels kStripAmx = {kDepth, strip_run, strip_flush, begin_tiles, end_tiles};

}  // namespace ef
