// Additions to vec_avx2.h for codes with group scales; see README.md.
#pragma once
#include "kernels/isa/vec_avx2.h"

namespace ef {
namespace {

constexpr int kGroupRows = 4;
struct Table {
  F low, high;
};

inline __m128i eight_bytes(const uint8_t* p) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)); }
inline I load_lanes(const uint8_t* p) { return _mm256_cvtepu8_epi32(eight_bytes(p)); }
inline I load_signed_lanes(const uint8_t* p) { return _mm256_cvtepi8_epi32(eight_bytes(p)); }
inline I high_nibbles(I v) { return _mm256_srli_epi32(v, 4); }
inline Table load_floats16(const float* p) { return {load(p), load(p + 8)}; }
inline F look_up16(Table t, I codes) {
  return _mm256_blendv_ps(_mm256_permutevar8x32_ps(t.low, codes), _mm256_permutevar8x32_ps(t.high, codes),
                          bits_f(_mm256_slli_epi32(codes, 28)));
}
inline F lanes_to_float(I v) { return _mm256_cvtepi32_ps(v); }
inline void split_pairs(const float* p, F& even, F& odd) {
  const I order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
  const F a = _mm256_permutevar8x32_ps(load(p), order), b = _mm256_permutevar8x32_ps(load(p + 8), order);
  even = _mm256_permute2f128_ps(a, b, 0x20);
  odd = _mm256_permute2f128_ps(a, b, 0x31);
}
inline void mix(F even, F odd, F& a, F& b) {
  const F low = _mm256_unpacklo_ps(even, odd), high = _mm256_unpackhi_ps(even, odd);
  a = _mm256_permute2f128_ps(low, high, 0x20);
  b = _mm256_permute2f128_ps(low, high, 0x31);
}
template <class T>
inline void store_mixed(T* p, F even, F odd) {
  F a, b;
  mix(even, odd, a, b);
  store(p, a);
  store(p + 8, b);
}

}  // namespace
}  // namespace ef
