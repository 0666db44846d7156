// Additions to vec_avx512.h for codes with group scales; see README.md.
#pragma once
#include "kernels/isa/vec_avx512.h"

namespace ef {
namespace {

constexpr int kGroupRows = 8;
using Table = F;

inline I load_lanes(const uint8_t* p) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline I load_signed_lanes(const uint8_t* p) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline I high_nibbles(I v) { return _mm512_srli_epi32(v, 4); }
inline Table load_floats16(const float* p) { return load(p); }
inline F look_up16(Table t, I codes) { return _mm512_permutexvar_ps(codes, t); }
inline F lanes_to_float(I v) { return _mm512_cvtepi32_ps(v); }
inline void split_pairs(const float* p, F& even, F& odd) {
  const F a = load(p), b = load(p + 16);
  const I first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  even = _mm512_permutex2var_ps(a, first, b);
  odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(first, _mm512_set1_epi32(1)), b);
}
inline void store_mixed(float* p, F even, F odd) {
  const I low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  store(p, _mm512_permutex2var_ps(even, low, odd));
  store(p + 16, _mm512_permutex2var_ps(even, _mm512_add_epi32(low, _mm512_set1_epi32(8)), odd));
}
inline void store_mixed(bfloat16* p, F even, F odd) {
  const auto rounded = [](F v) {
    const I u = bits_i(v), tie = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    return _mm512_add_epi32(u, _mm512_add_epi32(tie, _mm512_set1_epi32(0x7fff)));
  };
  _mm512_storeu_si512(p, _mm512_mask_mov_epi16(_mm512_srli_epi32(rounded(even), 16), 0xaaaaaaaa, rounded(odd)));
}

}  // namespace
}  // namespace ef
