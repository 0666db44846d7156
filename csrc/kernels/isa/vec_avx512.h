// AVX-512 (F, BW, DQ, VL, VNNI); with __AVX512BF16__ also bf16 dot products. See README.md for the vocabulary.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "core/half.h"

namespace ef {
namespace {

constexpr int kW = 16;
constexpr int kTileRows = 8, kTileVectors = 3, kWideRows = 6, kWideVectors = 4, kDotAccs = 16;  // 32 registers
using F = __m512;
using I = __m512i;

inline F zero() { return _mm512_setzero_ps(); }
inline F set(float x) { return _mm512_set1_ps(x); }
inline __mmask16 first(int64_t n) { return __mmask16((1u << n) - 1); }
inline F bits_f(I v) { return _mm512_castsi512_ps(v); }
inline I bits_i(F v) { return _mm512_castps_si512(v); }

inline F load(const float* p) { return _mm512_loadu_ps(p); }
inline F load_n(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(first(n), p); }
#define EF_REPEAT 1
inline F load_repeated(const float* p) { return _mm512_broadcast_f32x4(_mm_loadu_ps(p)); }
inline void store(float* p, F v) { _mm512_storeu_ps(p, v); }
inline void store_n(float* p, F v, int64_t n) { _mm512_mask_storeu_ps(p, first(n), v); }

inline F widen_bf16(__m256i h) { return bits_f(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16)); }
inline F load(const bfloat16* p) { return widen_bf16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
inline F load_n(const bfloat16* p, int64_t n) { return widen_bf16(_mm256_maskz_loadu_epi16(first(n), p)); }
inline __m256i narrow_bf16(
    F v) {  // to nearest even; NaN stays a quiet NaN; subnormals are kept (vcvtneps2bf16 drops them)
  const I u = bits_i(v), odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
  I r = _mm512_srli_epi32(_mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff))), 16);
  const I quiet = _mm512_or_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(0x40));
  return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(r, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), quiet));
}
inline void store(bfloat16* p, F v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow_bf16(v)); }
inline void store_n(bfloat16* p, F v, int64_t n) { _mm256_mask_storeu_epi16(p, first(n), narrow_bf16(v)); }

inline F load(const float16* p) { return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
inline F load_n(const float16* p, int64_t n) { return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(n), p)); }
inline __m256i narrow_f16(F v) { return _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline void store(float16* p, F v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow_f16(v)); }
inline void store_n(float16* p, F v, int64_t n) { _mm256_mask_storeu_epi16(p, first(n), narrow_f16(v)); }

inline F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
inline F vmax(F a, F b) { return _mm512_max_ps(a, b); }
inline F vmin(F a, F b) { return _mm512_min_ps(a, b); }
inline F vsqrt(F v) { return _mm512_sqrt_ps(v); }
inline F vabs(F v) { return _mm512_abs_ps(v); }
inline F copysign(F magnitude, F sign) {
  return bits_f(_mm512_ternarylogic_epi32(_mm512_set1_epi32(INT32_MIN), bits_i(sign), bits_i(magnitude), 0xca));
}
inline F round_even(F v) { return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline F pow2_scale(F v, F n) { return _mm512_scalef_ps(v, n); }
#define EF_POW2 1
// 2ˣ to 1e-7 relative, 0 below the normal range: the scale takes the integer part itself
inline F pow2(F x) {
  const F r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);  // x - floor(x)
  const F square = r * r;
  const F low = _mm512_fmadd_ps(r, set(6.931530732e-01f), set(9.999999251e-01f)),
          middle = _mm512_fmadd_ps(r, set(5.582631805e-02f), set(2.401536170e-01f)),
          high = _mm512_fmadd_ps(r, set(1.877576675e-03f), set(8.989340091e-03f));
  const F p = _mm512_fmadd_ps(_mm512_fmadd_ps(high, square, middle), square, low);
  return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, set(-126.f), _CMP_NLT_UQ), p, x);
}
inline F select_lt(F a, F b, F x, F y) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x); }
inline F select_nan(F v, F x, F y) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), y, x); }
inline float hsum(F v) { return _mm512_reduce_add_ps(v); }
inline float hmax(F v) { return _mm512_reduce_max_ps(v); }

// 4x4 lanes of 128 bits.
inline void transpose_quads(F& r0, F& r1, F& r2, F& r3) {
  const F a = _mm512_shuffle_f32x4(r0, r1, 0x88), b = _mm512_shuffle_f32x4(r2, r3, 0x88);
  const F c = _mm512_shuffle_f32x4(r0, r1, 0xdd), d = _mm512_shuffle_f32x4(r2, r3, 0xdd);
  r0 = _mm512_shuffle_f32x4(a, b, 0x88), r2 = _mm512_shuffle_f32x4(a, b, 0xdd);
  r1 = _mm512_shuffle_f32x4(c, d, 0x88), r3 = _mm512_shuffle_f32x4(c, d, 0xdd);
}
// 4x4 blocks inside each 128-bit lane, then the lanes themselves.
inline void transpose(F (&r)[16]) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    const F a = _mm512_unpacklo_ps(r[i], r[i + 1]), b = _mm512_unpackhi_ps(r[i], r[i + 1]);
    const F c = _mm512_unpacklo_ps(r[i + 2], r[i + 3]), d = _mm512_unpackhi_ps(r[i + 2], r[i + 3]);
    r[i] = _mm512_shuffle_ps(a, c, 0x44), r[i + 1] = _mm512_shuffle_ps(a, c, 0xee);
    r[i + 2] = _mm512_shuffle_ps(b, d, 0x44), r[i + 3] = _mm512_shuffle_ps(b, d, 0xee);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; i++) transpose_quads(r[i], r[i + 4], r[i + 8], r[i + 12]);
}
// 16 bytes of each of four places that lie `stride` bytes apart.
inline F load_apart(const void* p, int64_t stride) {
  const auto part = [&](int64_t i) {
    return _mm_loadu_ps(reinterpret_cast<const float*>(static_cast<const char*>(p) + i * stride));
  };
  const F v = _mm512_insertf32x4(_mm512_castps128_ps512(part(0)), part(1), 1);
  return _mm512_insertf32x4(_mm512_insertf32x4(v, part(2), 2), part(3), 3);
}
// r = the transpose of 16 rows of 4 lanes, `stride` bytes apart: the lanes of 128 bits move while they are loaded.
inline void load_quads(const char* rows, int64_t stride, F* r) {
  F t[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) t[i] = load_apart(rows + i * stride, 4 * stride);
  const F a = _mm512_unpacklo_ps(t[0], t[1]), b = _mm512_unpackhi_ps(t[0], t[1]);
  const F c = _mm512_unpacklo_ps(t[2], t[3]), d = _mm512_unpackhi_ps(t[2], t[3]);
  r[0] = _mm512_shuffle_ps(a, c, 0x44), r[1] = _mm512_shuffle_ps(a, c, 0xee);
  r[2] = _mm512_shuffle_ps(b, d, 0x44), r[3] = _mm512_shuffle_ps(b, d, 0xee);
}
// The same for rows of 16 lanes.
inline void load_transposed(const void* p, int64_t stride, F (&r)[16]) {
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++) load_quads(static_cast<const char*>(p) + 16 * q, stride, r + 4 * q);
}
inline F sum_quads(F v0, F v1, F v2, F v3) {
  const F a = _mm512_unpacklo_ps(v0, v1) + _mm512_unpackhi_ps(v0, v1),
          b = _mm512_unpacklo_ps(v2, v3) + _mm512_unpackhi_ps(v2, v3);
  return _mm512_shuffle_ps(a, b, 0x44) + _mm512_shuffle_ps(a, b, 0xee);
}
inline F join_quads(const F (&s)[4]) {
  const F a = _mm512_shuffle_f32x4(s[0], s[1], 0x88) + _mm512_shuffle_f32x4(s[0], s[1], 0xdd);
  const F b = _mm512_shuffle_f32x4(s[2], s[3], 0x88) + _mm512_shuffle_f32x4(s[2], s[3], 0xdd);
  return _mm512_shuffle_f32x4(a, b, 0x88) + _mm512_shuffle_f32x4(a, b, 0xdd);
}

inline I dot4(I acc, I u8, I s8) { return _mm512_dpbusd_epi32(acc, u8, s8); }
inline I repeat4(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm512_set1_epi32(four);
}
// Bits of every byte, moved right by n (left if negative); only the bits of `mask` stay.
inline I bits(I v, int n, uint8_t mask) {
  using U = uint32_t __attribute__((vector_size(64)));
  const U u = reinterpret_cast<U>(v);
  return _mm512_and_si512(reinterpret_cast<I>(n < 0 ? u << -n : u >> n), _mm512_set1_epi8(char(mask)));
}
inline F to_float(I v) { return _mm512_cvtepi32_ps(v); }
inline void store_s8(int8_t* p, F v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
}
inline I load_bytes(const uint8_t* p, int64_t n) {
  return _mm512_maskz_loadu_epi8(n < 64 ? (uint64_t(1) << n) - 1 : ~uint64_t(0), p);
}
inline void store_quads(float* p, int64_t stride, int64_t count, F v) {
  _mm_storeu_ps(p, _mm512_castps512_ps128(v));
  if (count > 1) _mm_storeu_ps(p + stride, _mm512_extractf32x4_ps(v, 1));
  if (count > 2) _mm_storeu_ps(p + 2 * stride, _mm512_extractf32x4_ps(v, 2));
  if (count > 3) _mm_storeu_ps(p + 3 * stride, _mm512_extractf32x4_ps(v, 3));
}
inline void interleave_bytes(I (&r)[4]) {
  const I a = _mm512_unpacklo_epi8(r[0], r[1]), b = _mm512_unpackhi_epi8(r[0], r[1]);
  const I c = _mm512_unpacklo_epi8(r[2], r[3]), d = _mm512_unpackhi_epi8(r[2], r[3]);
  r[0] = _mm512_unpacklo_epi16(a, c), r[1] = _mm512_unpackhi_epi16(a, c);
  r[2] = _mm512_unpacklo_epi16(b, d), r[3] = _mm512_unpackhi_epi16(b, d);
}

#ifdef __AVX512BF16__
#define EF_BF16_DOT 1
using P = __m512bh;
inline P load_pairs(const bfloat16* p) { return reinterpret_cast<P>(_mm512_loadu_si512(p)); }
inline P load_pairs_n(const bfloat16* p, int64_t n) {
  return reinterpret_cast<P>(_mm512_maskz_loadu_epi16(__mmask32((uint64_t(1) << n) - 1), p));
}
inline P load_pairs_repeated(const bfloat16* p) {
  return reinterpret_cast<P>(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline P set_pair(const bfloat16* p) {
  int pair;
  __builtin_memcpy(&pair, p, 4);
  return reinterpret_cast<P>(_mm512_set1_epi32(pair));
}
inline F dot_pairs(F acc, P a, P b) { return _mm512_dpbf16_ps(acc, a, b); }
inline void store_pairs(bfloat16* p, F low, F high) {  // 2·kW values in order
  _mm512_storeu_si512(p, reinterpret_cast<I>(_mm512_cvtne2ps_pbh(high, low)));
}
// 2ˣ to 8e-5 relative, for what is rounded to bf16 (2e-3)
inline F pow2_bf16(F x) {
  const F r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  F p = _mm512_fmadd_ps(r, set(7.802452e-02f), set(2.2606716e-01f));
  p = _mm512_fmadd_ps(_mm512_fmadd_ps(p, r, set(6.9583354e-01f)), r, set(9.9992522e-01f));
  return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, set(-126.f), _CMP_NLT_UQ), p, x);
}
inline I rounded_lanes(F v) { return _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v))); }
inline I rounded_lanes_n(const bfloat16* p, int64_t n) {
  return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first(n), p));
}
inline I rounded_lanes_n(const float* p, int64_t n) { return rounded_lanes(load_n(p, n)); }
inline I rounded_lanes_n(const float16* p, int64_t n) { return rounded_lanes(load_n(p, n)); }
// lane i = the pair (even[i], odd[i]), rounded to bf16
template <class T>
inline F interleave_n(const T* even, const T* odd, int64_t n_even, int64_t n_odd) {
  return bits_f(_mm512_or_si512(rounded_lanes_n(even, n_even), _mm512_slli_epi32(rounded_lanes_n(odd, n_odd), 16)));
}
#endif

}  // namespace
}  // namespace ef
