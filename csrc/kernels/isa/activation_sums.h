// What products need to know of a group's codes, with the instructions that all x86 levels have.
#pragma once
#include <cstddef>

#include "kernels/quant_format.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ef {
namespace {

// The rest of a group whose codes are there.
inline void put_sums(float scale, ActivationGroup& out) {
#ifdef __SSE2__
  static_assert(offsetof(ActivationGroup, scaled_half) == offsetof(ActivationGroup, scale) + 8 &&
                offsetof(ActivationGroup, unused) == offsetof(ActivationGroup, negative_sum) + 12);
  const auto moved = [&](int at) {  // sums of eight codes and 8 * 128, in 64 bits each
    const __m128i codes = _mm_load_si128(reinterpret_cast<const __m128i*>(out.code + at));
    return _mm_sad_epu8(_mm_xor_si128(codes, _mm_set1_epi8(char(0x80))), _mm_setzero_si128());
  };
  const __m128i low = moved(0), high = moved(16);
  const __m128i halves = _mm_add_epi32(_mm_unpacklo_epi64(low, high), _mm_unpackhi_epi64(low, high));
  // 1 and the sums: of all, of each half
  const __m128i twice = _mm_shuffle_epi32(halves, _MM_SHUFFLE(2, 0, 0, 1));
  const __m128i other = _mm_shuffle_epi32(halves, _MM_SHUFFLE(1, 1, 2, 1));
  const __m128i sums = _mm_add_epi32(_mm_add_epi32(twice, other), _mm_setr_epi32(1, -4096, -2048, -2048));
  _mm_store_ps(&out.scale, _mm_mul_ps(_mm_cvtepi32_ps(sums), _mm_set1_ps(scale)));
  const __m128i last = _mm_setr_epi32(0, 0, 0, 1), turned = _mm_shuffle_epi32(sums, _MM_SHUFFLE(0, 3, 2, 1));
  _mm_store_si128(reinterpret_cast<__m128i*>(&out.negative_sum), _mm_sub_epi32(last, turned));
#else
  int32_t sums[2] = {};
  for (int i = 0; i < kGroup; i++) sums[i / 16] += out.code[i];
  for (int h = 0; h < 2; h++) out.scaled_half[h] = scale * float(sums[h]), out.negative_half[h] = -sums[h];
  out.scale = scale;
  out.scaled_sum = scale * float(sums[0] + sums[1]);
  out.negative_sum = -sums[0] - sums[1];
  out.unused = 0;
#endif
}

}  // namespace
}  // namespace ef
