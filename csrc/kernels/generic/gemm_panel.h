// Products through packed panels. A chunk is 16 units along k, a unit is what one lane multiplies in one step: one
// float, or a pair of bf16. Packed a: [chunk][row][16 units], a broadcast reads base + constant. Packed b:
// [unit][vector][lane]. Included inside an instruction set's namespace after its vocabulary.
#include "kernels/generic/operands.h"

struct FormF32 {
  using T = float;
  using V = F;
  static constexpr int kUnit = 1;
  static V vector(const T* p) { return load(p); }
  static V broadcast(const T* p) { return set(*p); }
  static F mac(F c, V a, V b) { return fma(a, b, c); }
};
#ifdef EF_BF16_DOT
struct FormBf16 {
  using T = bfloat16;
  using V = P;
  static constexpr int kUnit = 2;
  static V vector(const T* p) { return load_pairs(p); }
  static V broadcast(const T* p) { return set_pair(p); }
  static F mac(F c, V a, V b) { return dot_pairs(c, a, b); }
};
#endif

inline F load_part(const float* p, int64_t n) { return n >= kW ? load(p) : load_n(p, n); }
inline void store_part(float* p, F v, int64_t n) { n >= kW ? store(p, v) : store_n(p, v, n); }

// One accumulator per element and vectors along n: each element is a sum along k in order, the same for every tile.
// ldb: from one unit of b to the next.
template <class Form, int MR, int NV>
void panel_tile(int64_t columns, int64_t chunks, const void* packed_a, const void* packed_b, int64_t ldb, float* out,
                int64_t ldc, bool add) {
  using T = typename Form::T;
  constexpr int kU = Form::kUnit;
  const T* a = static_cast<const T*>(packed_a);
  const T* b = static_cast<const T*>(packed_b);
  const int64_t last = columns - (NV - 1) * kW;
  F c[MR][NV];  // stays in registers only because every loop over it is unrolled
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) c[i][v] = add ? load_part(out + i * ldc + v * kW, v == NV - 1 ? last : kW) : zero();
  for (int64_t q = 0; q < chunks; q++) {
    for (int s = 0; s < 4; s++) {
#pragma GCC unroll 4
      for (int u = 0; u < 4; u++) {
        typename Form::V bv[NV];
#pragma GCC unroll 4
        for (int v = 0; v < NV; v++) bv[v] = Form::vector(b + u * ldb + v * kW * kU);
#pragma GCC unroll 8
        for (int i = 0; i < MR; i++) {
          const typename Form::V av = Form::broadcast(a + (i * 16 + u) * kU);
#pragma GCC unroll 4
          for (int v = 0; v < NV; v++) c[i][v] = Form::mac(c[i][v], av, bv[v]);
        }
      }
      a += 4 * kU;
      b += 4 * ldb;
    }
    a += (MR - 1) * 16 * kU;
  }
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) store_part(out + i * ldc + v * kW, c[i][v], v == NV - 1 ? last : kW);
}

// Run-time shape -> compiled tile.
template <class Form, int MR, int NV>
void panel_rows(int64_t rows, int64_t columns, int64_t chunks, const void* a, const void* b, int64_t ldb, float* c,
                int64_t ldc, bool add) {
  if (rows == MR) return panel_tile<Form, MR, NV>(columns, chunks, a, b, ldb, c, ldc, add);
  if constexpr (MR > 1) panel_rows<Form, MR - 1, NV>(rows, columns, chunks, a, b, ldb, c, ldc, add);
}
template <class Form, int NV = kWideVectors>
void panel_any(int64_t rows, int64_t columns, int64_t chunks, const void* a, const void* b, int64_t ldb, float* c,
               int64_t ldc, bool add) {
  if (columns > (NV - 1) * kW)
    return panel_rows<Form, (NV > kTileVectors ? kWideRows : kTileRows), NV>(
        rows, columns, chunks, a, b, ldb ? ldb : NV * kW * Form::kUnit, c, ldc, add);
  if constexpr (NV > 1) panel_any<Form, NV - 1>(rows, columns, chunks, a, b, ldb, c, ldc, add);
}

inline F rounded(F v) {  // to bf16 and back
  bfloat16 t[kW];
  store(t, v);
  return load(static_cast<const bfloat16*>(t));
}

template <class T>
void pack_a_f32(int64_t rows, int64_t k, const T* a, int64_t ld, bool transposed, bool round, float* dst) {
  for (int64_t k0 = 0; k0 < k; k0 += 16, dst += rows * 16)
    for (int64_t s = 0; s < 16; s += kW) {
      const int64_t n = clamp_lanes(k - k0 - s);
      if (!transposed) {
        for (int64_t i = 0; i < rows; i++) {
          const F v = n == kW ? load(a + i * ld + k0 + s) : n ? load_n(a + i * ld + k0 + s, n) : zero();
          store(dst + i * 16 + s, round ? rounded(v) : v);
        }
      } else {
        for (int64_t i0 = 0; i0 < rows; i0 += kW) {
          F r[kW];
          for (int64_t p = 0; p < kW; p++)
            r[p] = p < n ? load_n(a + (k0 + s + p) * ld + i0, clamp_lanes(rows - i0)) : zero();
          transpose(r);
          for (int64_t i = i0; i < rows && i < i0 + kW; i++)
            store(dst + i * 16 + s, round ? rounded(r[i - i0]) : r[i - i0]);
        }
      }
    }
}
void pack_a(int64_t rows, int64_t k, const void* a, DType dtype, int64_t ld, bool transposed, bool round, void* dst) {
  with_type(a, dtype, [=](auto* p) { pack_a_f32(rows, k, p, ld, transposed, round, static_cast<float*>(dst)); });
}

template <class T>
void pack_b_f32(int64_t columns, int64_t k, const T* b, int64_t ld, bool transposed, float* dst) {
  const int64_t nv = (columns + kW - 1) / kW;
  const int64_t padded = (k + 15) / 16 * 16;
  if (transposed) {
    for (int64_t p = 0; p < padded; p++)
      for (int64_t v = 0; v < nv; v++, dst += kW) {
        const int64_t n = clamp_lanes(columns - v * kW);
        store(dst, p >= k ? zero() : n == kW ? load(b + p * ld + v * kW) : load_n(b + p * ld + v * kW, n));
      }
    return;
  }
  for (int64_t v = 0; v < nv; v++)
    for (int64_t p = 0; p < padded; p += kW) {
      const int64_t n = clamp_lanes(k - p), cols = clamp_lanes(columns - v * kW);
      const T* src = b + v * kW * ld + p;
      F r[kW];
      if (n == kW && cols == kW) {
#pragma GCC unroll 16
        for (int64_t j = 0; j < kW; j++) {
          __builtin_prefetch(src + (kW + j) * ld, 0,
                             2);  // the next rows: short ones end before the hardware sees a stream
          r[j] = load(src + j * ld);
        }
      } else {
        for (int64_t j = 0; j < kW; j++) r[j] = j < cols && n ? load_n(src + j * ld, n) : zero();
      }
      transpose(r);
#pragma GCC unroll 16
      for (int64_t j = 0; j < kW; j++) store(dst + ((p + j) * nv + v) * kW, r[j]);
    }
}
void pack_b(int64_t columns, int64_t k, const void* b, DType dtype, int64_t ld, bool transposed, void* dst) {
  with_type(b, dtype, [=](auto* p) { pack_b_f32(columns, k, p, ld, transposed, static_cast<float*>(dst)); });
}

#ifdef EF_BF16_DOT
static_assert(kW == 16, "a chunk of 16 pairs is one vector");
template <class T>
inline void store_chunk(bfloat16* dst, const T* p, int64_t low, int64_t high) {
  store_pairs(dst, load_n(p, low), high ? load_n(p + kW, high) : zero());
}
inline void store_chunk(bfloat16* dst, const bfloat16* p, int64_t low, int64_t high) {
  store(reinterpret_cast<float*>(dst), reinterpret_cast<F>(load_pairs_n(p, low + high)));
}
template <class T>
void pack_a_pairs(int64_t rows, int64_t k, const T* a, int64_t ld, bool transposed, bfloat16* dst) {
  for (int64_t k0 = 0; k0 < k; k0 += 32, dst += rows * 32) {
    if (!transposed) {
      const int64_t n = clamp_lanes(k - k0), m = clamp_lanes(k - k0 - kW);
      for (int64_t i = 0; i < rows; i++) store_chunk(dst + i * 32, a + i * ld + k0, n, m);
      continue;
    }
    for (int64_t i0 = 0; i0 < rows; i0 += kW) {
      const int64_t n = clamp_lanes(rows - i0);
      F r[kW];
      for (int64_t u = 0; u < kW; u++) {
        const int64_t p = k0 + 2 * u;
        const T* even = a + p * ld + i0;
        r[u] = p < k ? interleave_n(even, p + 1 < k ? even + ld : even, n, p + 1 < k ? n : 0) : zero();
      }
      transpose(r);
      for (int64_t i = 0; i < n; i++) store(reinterpret_cast<float*>(dst + (i0 + i) * 32), r[i]);
    }
  }
}
void pack_a_bf16(int64_t rows, int64_t k, const void* a, DType dtype, int64_t ld, bool transposed, bool, void* dst) {
  with_type(a, dtype, [=](auto* p) { pack_a_pairs(rows, k, p, ld, transposed, static_cast<bfloat16*>(dst)); });
}
void pack_b_bf16(int64_t columns, int64_t k, const void* bv, DType, int64_t ld, bool transposed, void* out) {
  const bfloat16* b = static_cast<const bfloat16*>(bv);
  float* dst = static_cast<float*>(out);  // a float stands for a pair
  const int64_t nv = (columns + kW - 1) / kW, padded = (k + 31) / 32 * 32;
  if (transposed) {
    for (int64_t p = 0; p < padded; p += 2)
      for (int64_t v = 0; v < nv; v++, dst += kW) {
        const int64_t n = clamp_lanes(columns - v * kW);
        const bfloat16* even = b + p * ld + v * kW;
        store(dst, p < k ? interleave_n(even, p + 1 < k ? even + ld : even, n, p + 1 < k ? n : 0) : zero());
      }
    return;
  }
  for (int64_t v = 0; v < nv; v++)
    for (int64_t p = 0; p < padded; p += 32) {
      const int64_t n = k - p < 32 ? k - p : 32, cols = clamp_lanes(columns - v * kW);
      const bfloat16* src = b + v * kW * ld + p;
      F r[kW];
      if (n == 32 && cols == kW) {
#pragma GCC unroll 16
        for (int64_t j = 0; j < kW; j++)
          __builtin_prefetch(src + (kW + j) * ld, 0,
                             2);  // the next rows: short ones end before the hardware sees a stream
        load_transposed(src, ld * 2, r);
      } else {
        for (int64_t j = 0; j < kW; j++) r[j] = j < cols ? reinterpret_cast<F>(load_pairs_n(src + j * ld, n)) : zero();
        transpose(r);
      }
#pragma GCC unroll 16
      for (int64_t j = 0; j < kW; j++) store(dst + ((p / 2 + j) * nv + v) * kW, r[j]);
    }
}
#endif
