// Whole-number additions to vec_avx512.h for quantized weights; see README.md.
#pragma once
#include "kernels/isa/vec_avx512.h"

namespace ef {
namespace {

constexpr int kQuantRows = 16, kSplitRows = 12, kQuantSide = 4, kGradRows = 12;

inline I load_line(const uint8_t* p) { return _mm512_loadu_si512(p); }
inline void store_line(uint8_t* p, I v) { _mm512_storeu_si512(p, v); }
inline I load_table(const uint8_t* p) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline I look_up(I table, I codes) { return _mm512_shuffle_epi8(table, codes); }
inline I join(I a, I b) { return _mm512_or_si512(a, b); }
inline I join_nibbles(I high, I low) { return _mm512_ternarylogic_epi32(_mm512_set1_epi8(0x0f), low, high, 0xca); }

inline I bytes16(const uint8_t* p) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline F load_u8(const uint8_t* p) { return to_float(bytes16(p)); }
inline F load_s8(const uint8_t* p) {
  return to_float(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline F load_exponent(const uint8_t* p) {  // 2^(e-128)
  const I e = bytes16(p), normal = _mm512_slli_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), 23);
  const I tiny = _mm512_sllv_epi32(_mm512_set1_epi32(0x00200000), e);
  return bits_f(_mm512_mask_mov_epi32(normal, _mm512_cmplt_epu32_mask(e, _mm512_set1_epi32(2)), tiny));
}
inline F max_bits(F a, F b) {
  return _mm512_castsi512_ps(_mm512_max_epu32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}
inline float hmax_bits(F v) { return std::bit_cast<float>(_mm512_reduce_max_epu32(_mm512_castps_si512(v))); }

// sum + codes times four of x in every lane. GCC would load these by an instruction of their own, half as many again.
inline I dot_four(I sum, I codes, const int8_t* x) {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(codes), "m"(*reinterpret_cast<const int8_t(*)[4]>(x)));
  return sum;
}
// Σ (code - bias)·x over kCount dwords for kRows rows of x; negative_sum is -Σ x.
template <int kCodeBits, int kBiasShift, int kCount, int kRows>
inline void dots(const I* codes, const int8_t* const (&x)[kRows], const int32_t (&negative_sum)[kRows],
                 I (&sum)[kRows]) {
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++)
    sum[r] = kBiasShift < 0 ? _mm512_setzero_si512()
                            : _mm512_slli_epi32(_mm512_set1_epi32(negative_sum[r]), kBiasShift < 0 ? 0 : kBiasShift);
#pragma GCC unroll 8
  for (int g = 0; g < kCount; g++)
#pragma GCC unroll 4
    for (int r = 0; r < kRows; r++) sum[r] = dot_four(sum[r], codes[g], x[r] + 4 * g);
}

}  // namespace
}  // namespace ef
