// Strips of an f32 product in AMX tiles. Each number is the sum of three bf16, x = x0 + x1 + x2 exactly, each at most
// 2⁻⁸ of the one before. Of the nine products of parts six are computed; what is left out is under 2⁻²⁶ of a·b, less
// than a rounding of the product. The five small ones are summed before the large one, step by step along k, so that
// their roundings are small too. Chunks of 32 along k: lane u holds the pair (u, u + 16).
#include "kernels/isa/amx_strip.h"

namespace ef {
namespace {

constexpr int64_t kLine = 64, kParts = 3;

inline I magnitude(F v) { return _mm512_and_si512(bits_i(v), _mm512_set1_epi32(INT32_MAX)); }
inline I largest(I m, F low, F high) { return _mm512_max_epu32(_mm512_max_epu32(m, magnitude(low)), magnitude(high)); }
inline void note(StripRange& r, uint32_t m) {
  if (!m || m == ~0u) return;  // no element but zeros
  r.low = m < r.low ? m : r.low;
  r.high = m > r.high ? m : r.high;
}
inline void note_lanes(StripRange& r, I m) {
  note(r, _mm512_reduce_max_epu32(m));
  note(r, _mm512_mask_reduce_min_epu32(_mm512_test_epi32_mask(m, m), m));
}

// The three parts of 16 pairs, `step` bytes apart.
inline void store_parts(char* to, int64_t step, F low, F high) {
  const I top = _mm512_set1_epi32(INT32_MIN >> 15), half = _mm512_set1_epi32(0x8000);
  for (int64_t p = 0; p < kParts - 1; p++, to += step) {
    const I l = _mm512_and_si512(_mm512_add_epi32(bits_i(low), half), top),
            h = _mm512_and_si512(_mm512_add_epi32(bits_i(high), half), top);
    _mm512_storeu_si512(to, _mm512_or_si512(_mm512_srli_epi32(l, 16), h));
    low -= bits_f(l);
    high -= bits_f(h);
  }
  const I h = _mm512_and_si512(bits_i(high), top);  // what is left fits a bf16, unless it is subnormal
  _mm512_storeu_si512(to, _mm512_or_si512(_mm512_srli_epi32(bits_i(low), 16), h));
}

template <class T>
inline F load_some(const T* p, int64_t n) {
  return n >= kW ? load(p) : n > 0 ? load_n(p, n) : zero();
}
// r[i] = row i of 16 rows by n values along k; `lanes` of the rows (or columns) exist.
template <class T>
inline void load_rows(const T* p, int64_t ld, int64_t lanes, int64_t n, F (&r)[kW]) {
#pragma GCC unroll 16
  for (int64_t i = 0; i < kW; i++) r[i] = i < lanes ? load_some(p + i * ld, n) : zero();
}

template <class T>
void pack_rows(int64_t rows, int64_t k, const T* a, int64_t ld, char* dst, StripRange& range) {
  for (int64_t i = 0; i < rows; i++, a += ld, dst += kLine) {
    I most = _mm512_setzero_si512();
    char* to = dst;
    for (int64_t p = 0; p < k; p += 2 * kW, to += rows * kParts * kLine) {
      const F low = load_some(a + p, k - p), high = load_some(a + p + kW, k - p - kW);
      most = largest(most, low, high);
      store_parts(to, rows * kLine, low, high);
    }
    note(range, _mm512_reduce_max_epu32(most));
  }
}
// a[k, rows]
template <class T>
void pack_columns(int64_t rows, int64_t k, const T* a, int64_t ld, char* dst, StripRange& range) {
  for (int64_t i0 = 0; i0 < rows; i0 += kW) {
    I most = _mm512_setzero_si512();
    const int64_t lanes = clamp_lanes(rows - i0);
    char* to = dst + i0 * kLine;
    for (int64_t p = 0; p < k; p += 2 * kW, to += rows * kParts * kLine) {
      F low[kW], high[kW];
      load_rows(a + p * ld + i0, ld, k - p, lanes, low);
      load_rows(a + (p + kW) * ld + i0, ld, k - p - kW, lanes, high);
      for (int64_t u = 0; u < kW; u++) most = largest(most, low[u], high[u]);
      transpose(low);
      transpose(high);
      for (int64_t i = 0; i < lanes; i++) store_parts(to + i * kLine, rows * kLine, low[i], high[i]);
    }
    note_lanes(range, most);
  }
}

template <class T>
void pack_panel(int64_t columns, int64_t k, const T* b, int64_t ld, bool transposed, char* dst, StripRange& range) {
  const int64_t line = columns > kW ? 2 * kLine : kLine, part = kW * line;
  for (int64_t v = 0; v < columns; v += kW, dst += kLine) {
    I most = _mm512_setzero_si512();
    const int64_t lanes = clamp_lanes(columns - v);
    char* to = dst;
    for (int64_t p = 0; p < k; p += 2 * kW, to += kParts * part) {
      F low[kW], high[kW];
      if (transposed) {
        load_rows(b + p * ld + v, ld, k - p, lanes, low);
        load_rows(b + (p + kW) * ld + v, ld, k - p - kW, lanes, high);
      } else {
        const T* rows = b + v * ld + p;
        if (sizeof(T) == sizeof(float) && lanes == kW && k - p >= 2 * kW) {
          load_transposed(rows, ld * int64_t(sizeof(T)), low);
          load_transposed(rows + kW, ld * int64_t(sizeof(T)), high);
        } else {
          load_rows(rows, ld, lanes, k - p, low);
          load_rows(rows + kW, ld, lanes, k - p - kW, high);
          transpose(low);
          transpose(high);
        }
      }
#pragma GCC unroll 16
      for (int64_t u = 0; u < kW; u++) {
        most = largest(most, low[u], high[u]);
        store_parts(to + u * line, part, low[u], high[u]);
      }
    }
    note_lanes(range, most);
  }
}

void split_pack_a(int64_t rows, int64_t k, const void* a, DType dtype, int64_t ld, bool transposed, void* dst,
                  StripRange& range) {
  with_type(a, dtype, [&](auto* p) {
    if (transposed)
      pack_columns(rows, k, p, ld, static_cast<char*>(dst), range);
    else
      pack_rows(rows, k, p, ld, static_cast<char*>(dst), range);
  });
}
void split_pack_b(int64_t columns, int64_t k, const void* b, DType dtype, int64_t ld, bool transposed, void* dst,
                  StripRange& range) {
  with_type(b, dtype, [&](auto* p) { pack_panel(columns, k, p, ld, transposed, static_cast<char*>(dst), range); });
}

// 2 x 2 blocks of 16 x 16: sums in 0-3, a in 4-5, b in 6-7.
template <bool kTwoRows, bool kTwoColumns>
struct Block {
  static constexpr int64_t kStrideB = kTwoColumns ? 2 * kLine : kLine, kPartB = kW * kStrideB;
  int64_t part_a;  // bytes
  __attribute__((always_inline)) void load_a(const char* a) const {
    _tile_stream_loadd(4, a, kLine);
    if constexpr (kTwoRows) _tile_stream_loadd(5, a + kW * kLine, kLine);
  }
  __attribute__((always_inline)) void load_b(const char* b) const {
    _tile_loadd(6, b, kStrideB);
    if constexpr (kTwoColumns) _tile_loadd(7, b + kLine, kStrideB);
  }
  __attribute__((always_inline)) void multiply() const {
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kTwoRows) _tile_dpbf16ps(2, 5, 6);
    if constexpr (kTwoColumns) _tile_dpbf16ps(1, 4, 7);
    if constexpr (kTwoRows && kTwoColumns) _tile_dpbf16ps(3, 5, 7);
  }
};
template <bool kTwoRows, bool kTwoColumns>
void block(int64_t chunks, int64_t rows, const char* a, const char* b, float* out, Copy<true> copy, Ahead& ahead,
           Ahead& ahead_a) {
  using B = Block<kTwoRows, kTwoColumns>;
  const B t{rows * kLine};
  const int64_t step_a = kParts * t.part_a, step_b = kParts * B::kPartB;
  const int64_t rows_a_step = (copy.rows + 2 * chunks - 1) / (2 * chunks);
  written();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t q = 0; q < chunks; q++) {
    const char *aq = a + q * step_a, *bq = b + q * step_b;
    t.load_a(aq + 2 * t.part_a);
    t.load_b(bq);
    t.multiply();
    for (int64_t i = 0; i < rows_a_step && copy.rows; i++) copy.row();
    t.load_a(aq + t.part_a);
    t.multiply();
    ahead.some();
    ahead_a.some();
    t.load_b(bq + B::kPartB);
    t.multiply();
    for (int64_t i = 0; i < rows_a_step && copy.rows; i++) copy.row();
    t.load_a(aq);
    t.multiply();
    t.load_b(bq + 2 * B::kPartB);
    t.multiply();
  }
  for (int64_t q = 0; q < chunks; q++, a += step_a, b += step_b) {
    t.load_a(a);
    t.load_b(b);
    t.multiply();
  }
  store_sums<kTwoRows, kTwoColumns>(out, kStripColumns);
  written();
}

void split_run(const Strip& s, StripDrain& d) {
  Ahead ahead(s.ahead, s), ahead_a(s.ahead_a, s);
  const bool wide = s.columns > kW;
  const char* a = s.a;
  char* c = s.c;
  for (int64_t r = 0; r < s.rows; r += kStripRows, c += kStripRows * s.c_bytes) {
    const int64_t rows = s.rows - r < kStripRows ? s.rows - r : kStripRows;
    const auto run =
        rows > 16 ? (wide ? block<true, true> : block<true, false>) : (wide ? block<false, true> : block<false, false>);
    float* out = d.ring[d.turn];
    run(s.chunks, rows, a, s.b, out, Copy<true>(d), ahead, ahead_a);
    a += rows * kParts * kLine * s.chunks;
    constexpr int64_t kStride = kStripColumns * int64_t(sizeof(float));
    char* sums = s.sums ? reinterpret_cast<char*>(s.sums + r * kStripColumns) : nullptr;
    d.turn ^= 1;
    d.from = out, d.rows = rows, d.dtype = DType::Float32, d.columns = s.last ? s.columns : kStripColumns;
    d.to = s.last ? c : sums, d.stride = s.last ? s.c_bytes : kStride;
    d.plus = !s.first ? sums : s.add ? c : nullptr, d.plus_stride = s.first ? s.c_bytes : kStride;
  }
}

}  // namespace

constexpr int64_t kDepth = 160;  // 30 KB of a panel: L1
constinit const StripKernels kStripSplit = {
    kDepth, kParts, split_pack_a, split_pack_b, split_run, strip_flush<true>, begin_tiles, end_tiles};

}  // namespace ef
