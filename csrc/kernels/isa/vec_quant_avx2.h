// Whole-number additions to vec_avx2.h for quantized weights; see README.md.
#pragma once
#include "kernels/isa/vec_avx2.h"

namespace ef {
namespace {

constexpr int kQuantRows = 4, kSplitRows = 4, kQuantSide = 1, kGradRows = 6;

inline I load_line(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline void store_line(uint8_t* p, I v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
inline I load_table(const uint8_t* p) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline I look_up(I table, I codes) { return _mm256_shuffle_epi8(table, codes); }
inline I join(I a, I b) { return _mm256_or_si256(a, b); }
inline I join_nibbles(I high, I low) { return join(bits(high, 0, 0xf0), bits(low, 0, 15)); }

inline __m128i eight(const uint8_t* p) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)); }
inline F load_u8(const uint8_t* p) { return to_float(_mm256_cvtepu8_epi32(eight(p))); }
inline F load_s8(const uint8_t* p) { return to_float(_mm256_cvtepi8_epi32(eight(p))); }
inline F load_exponent(const uint8_t* p) {  // 2^(e-128)
  const I e = _mm256_cvtepu8_epi32(eight(p)), normal = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
  const I tiny = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), e);
  return bits_f(_mm256_blendv_epi8(normal, tiny, _mm256_cmpgt_epi32(_mm256_set1_epi32(2), e)));
}
inline F max_bits(F a, F b) {
  return _mm256_castsi256_ps(_mm256_max_epu32(_mm256_castps_si256(a), _mm256_castps_si256(b)));
}
inline float hmax_bits(F v) {
  const __m256i bits = _mm256_castps_si256(v);
  __m128i most = _mm_max_epu32(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
  most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0x4e));
  return std::bit_cast<float>(_mm_cvtsi128_si32(_mm_max_epu32(most, _mm_shuffle_epi32(most, 0xb1))));
}

// Σ (code - bias)·x over kCount dwords; negative_sum is -Σ x. Pairs of products are added in 16 bits (vpmaddubsw),
// which must not saturate: kCalm such sums of codes below 2^kCodeBits and |x| <= 127 fit. Eight-bit codes have bias 128
// and go as |code - 128| with the sign moved to x.
template <int kCodeBits, int kBiasShift, int kCount>
inline I dot(const I* codes, const int8_t* x, int32_t negative_sum) {
  constexpr int kPair = 2 * 127 * ((1 << kCodeBits) - 1), kCalm = kCodeBits == 8 ? 1 : 32767 / kPair;
  constexpr int kRun = kCalm < kCount ? kCalm : kCount;
  static_assert(kCodeBits < 8 || kBiasShift == 7);
  I sum = _mm256_setzero_si256(), pairs = sum;
#pragma GCC unroll 8
  for (int g = 0; g < kCount; g++) {
    int32_t four;
    __builtin_memcpy(&four, x + 4 * g, 4);
    const I s = _mm256_set1_epi32(four);
    I p;
    if constexpr (kCodeBits == 8) {
      const I w = _mm256_xor_si256(codes[g], _mm256_set1_epi8(char(0x80)));
      p = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(s, w));
    } else {
      p = _mm256_maddubs_epi16(codes[g], s);
    }
    pairs = g % kRun ? _mm256_add_epi16(pairs, p) : p;
    if (g % kRun == kRun - 1 || g == kCount - 1)
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  if constexpr (kBiasShift >= 0 && kCodeBits < 8)
    sum = _mm256_add_epi32(sum, _mm256_slli_epi32(_mm256_set1_epi32(negative_sum), kBiasShift));
  return sum;
}

template <int kCodeBits, int kBiasShift, int kCount>
inline void dots(const I* codes, const int8_t* const (&x)[1], const int32_t (&negative_sum)[1], I (&sum)[1]) {
  sum[0] = dot<kCodeBits, kBiasShift, kCount>(codes, x[0], negative_sum[0]);
}

}  // namespace
}  // namespace ef
