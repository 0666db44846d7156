// AVX2 with FMA and F16C. See README.md for the vocabulary.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "core/half.h"

namespace ef {
namespace {

constexpr int kW = 8;
constexpr int kTileRows = 6, kTileVectors = 2, kWideRows = 6, kWideVectors = 2, kDotAccs = 8;  // 16 registers
using F = __m256;
using I = __m256i;

inline F zero() { return _mm256_setzero_ps(); }
inline F set(float x) { return _mm256_set1_ps(x); }
inline I first(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline F bits_f(I v) { return _mm256_castsi256_ps(v); }
inline I bits_i(F v) { return _mm256_castps_si256(v); }

inline F load(const float* p) { return _mm256_loadu_ps(p); }
inline F load_n(const float* p, int64_t n) { return _mm256_maskload_ps(p, first(n)); }
inline void store(float* p, F v) { _mm256_storeu_ps(p, v); }
inline void store_n(float* p, F v, int64_t n) { _mm256_maskstore_ps(p, first(n), v); }

// There are no masked 16-bit accesses: tails pass through a small buffer.
inline __m128i load16_n(const void* p, int64_t n) {
  alignas(16) uint16_t t[8] = {};
  __builtin_memcpy(t, p, size_t(n) * 2);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(t));
}
inline void store16_n(void* p, __m128i v, int64_t n) {
  alignas(16) uint16_t t[8];
  _mm_store_si128(reinterpret_cast<__m128i*>(t), v);
  __builtin_memcpy(p, t, size_t(n) * 2);
}
inline F widen_bf16(__m128i h) { return bits_f(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16)); }
inline F load(const bfloat16* p) { return widen_bf16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
inline F load_n(const bfloat16* p, int64_t n) { return widen_bf16(load16_n(p, n)); }
inline __m128i narrow_bf16(F v) {  // to nearest even; NaN stays a quiet NaN
  const I u = bits_i(v), odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
  const I r = _mm256_srli_epi32(_mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
  const I quiet = _mm256_or_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(0x40));
  const I n = bits_i(_mm256_blendv_ps(bits_f(r), bits_f(quiet), _mm256_cmp_ps(v, v, _CMP_UNORD_Q)));
  return _mm_packus_epi32(_mm256_castsi256_si128(n), _mm256_extracti128_si256(n, 1));
}
inline void store(bfloat16* p, F v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow_bf16(v)); }
inline void store_n(bfloat16* p, F v, int64_t n) { store16_n(p, narrow_bf16(v), n); }

inline F load(const float16* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
inline F load_n(const float16* p, int64_t n) { return _mm256_cvtph_ps(load16_n(p, n)); }
inline __m128i narrow_f16(F v) { return _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline void store(float16* p, F v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow_f16(v)); }
inline void store_n(float16* p, F v, int64_t n) { store16_n(p, narrow_f16(v), n); }

inline F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
inline F vmax(F a, F b) { return _mm256_max_ps(a, b); }
inline F vmin(F a, F b) { return _mm256_min_ps(a, b); }
inline F vsqrt(F v) { return _mm256_sqrt_ps(v); }
inline F vabs(F v) { return _mm256_andnot_ps(set(-0.f), v); }
inline F copysign(F magnitude, F sign) {
  return _mm256_or_ps(_mm256_andnot_ps(set(-0.f), magnitude), _mm256_and_ps(set(-0.f), sign));
}
inline F round_even(F v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline F pow2_scale(F v,
                    F n) {  // in two steps, so that results below the normal range round once and the range suffices
  const I e = _mm256_cvtps_epi32(n), h = _mm256_srai_epi32(e, 1), bias = _mm256_set1_epi32(127);
  const F a = bits_f(_mm256_slli_epi32(_mm256_add_epi32(h, bias), 23));
  return v * a * bits_f(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(e, h), bias), 23));
}
inline F select_lt(F a, F b, F x, F y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ)); }
inline F select_nan(F v, F x, F y) { return _mm256_blendv_ps(y, x, _mm256_cmp_ps(v, v, _CMP_UNORD_Q)); }
inline float hsum(F v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float hmax(F v) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

inline void transpose(F (&r)[8]) {
  F t[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 4) {
    const F a = _mm256_unpacklo_ps(r[i], r[i + 1]), b = _mm256_unpackhi_ps(r[i], r[i + 1]);
    const F c = _mm256_unpacklo_ps(r[i + 2], r[i + 3]), d = _mm256_unpackhi_ps(r[i + 2], r[i + 3]);
    t[i] = _mm256_shuffle_ps(a, c, 0x44), t[i + 1] = _mm256_shuffle_ps(a, c, 0xee);
    t[i + 2] = _mm256_shuffle_ps(b, d, 0x44), t[i + 3] = _mm256_shuffle_ps(b, d, 0xee);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 4; i++) {
    r[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
  }
}
inline F sum_quads(F v0, F v1, F v2, F v3) {
  const F a = _mm256_unpacklo_ps(v0, v1) + _mm256_unpackhi_ps(v0, v1),
          b = _mm256_unpacklo_ps(v2, v3) + _mm256_unpackhi_ps(v2, v3);
  return _mm256_shuffle_ps(a, b, 0x44) + _mm256_shuffle_ps(a, b, 0xee);
}
inline F join_quads(const F (&s)[2]) {
  return _mm256_permute2f128_ps(s[0], s[1], 0x20) + _mm256_permute2f128_ps(s[0], s[1], 0x31);
}

// vpmaddubsw would saturate: even and odd bytes go through 16-bit products instead.
inline I dot4(I acc, I u8, I s8) {
  const I low = _mm256_set1_epi16(0xff);
  const I even = _mm256_madd_epi16(_mm256_and_si256(u8, low), _mm256_srai_epi16(_mm256_slli_epi16(s8, 8), 8));
  const I odd = _mm256_madd_epi16(_mm256_srli_epi16(u8, 8), _mm256_srai_epi16(s8, 8));
  return _mm256_add_epi32(acc, _mm256_add_epi32(even, odd));
}
inline I repeat4(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}
inline I bits(I v, int n, uint8_t mask) {
  using U = uint32_t __attribute__((vector_size(32)));
  const U u = reinterpret_cast<U>(v);
  return _mm256_and_si256(reinterpret_cast<I>(n < 0 ? u << -n : u >> n), _mm256_set1_epi8(char(mask)));
}
inline F to_float(I v) { return _mm256_cvtepi32_ps(v); }
inline void store_s8(int8_t* p, F v) {
  const I i = _mm256_cvtps_epi32(v);
  const __m128i h = _mm_packs_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(h, h));
}
inline I load_bytes(const uint8_t* p, int64_t n) {
  if (n == 32) return _mm256_loadu_si256(reinterpret_cast<const I*>(p));
  return _mm256_zextsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline void load_quads(const char* rows, int64_t stride, F* r) {
  F t[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const auto part = [&](int64_t row) { return _mm_loadu_ps(reinterpret_cast<const float*>(rows + row * stride)); };
    t[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(part(i)), part(i + 4), 1);
  }
  const F a = _mm256_unpacklo_ps(t[0], t[1]), b = _mm256_unpackhi_ps(t[0], t[1]);
  const F c = _mm256_unpacklo_ps(t[2], t[3]), d = _mm256_unpackhi_ps(t[2], t[3]);
  r[0] = _mm256_shuffle_ps(a, c, 0x44), r[1] = _mm256_shuffle_ps(a, c, 0xee);
  r[2] = _mm256_shuffle_ps(b, d, 0x44), r[3] = _mm256_shuffle_ps(b, d, 0xee);
}
inline void store_quads(float* p, int64_t stride, int64_t count, F v) {
  _mm_storeu_ps(p, _mm256_castps256_ps128(v));
  if (count > 1) _mm_storeu_ps(p + stride, _mm256_extractf128_ps(v, 1));
}
inline void interleave_bytes(I (&r)[4]) {
  const I a = _mm256_unpacklo_epi8(r[0], r[1]), b = _mm256_unpackhi_epi8(r[0], r[1]);
  const I c = _mm256_unpacklo_epi8(r[2], r[3]), d = _mm256_unpackhi_epi8(r[2], r[3]);
  r[0] = _mm256_unpacklo_epi16(a, c), r[1] = _mm256_unpackhi_epi16(a, c);
  r[2] = _mm256_unpacklo_epi16(b, d), r[3] = _mm256_unpackhi_epi16(b, d);
}

}  // namespace
}  // namespace ef
