// Whole-number additions to vec_baseline.h for quantized weights; see README.md.
#pragma once
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "kernels/isa/vec_baseline.h"

namespace ef {
namespace {

constexpr int kQuantRows = 2, kSplitRows = 2, kQuantSide = 1, kGradRows = 4;

inline I load_line(const uint8_t* p) {
  I v;
  __builtin_memcpy(&v, p, 16);
  return v;
}
inline void store_line(uint8_t* p, I v) { __builtin_memcpy(p, &v, 16); }
inline I load_table(const uint8_t* p) { return load_line(p); }
inline I look_up(I table, I codes) {
  return reinterpret_cast<I>(__builtin_shuffle(reinterpret_cast<Bytes>(table), reinterpret_cast<Bytes>(codes)));
}
inline I join(I a, I b) { return a | b; }
inline I join_nibbles(I high, I low) { return join(bits(high, 0, 0xf0), bits(low, 0, 15)); }

inline F load_u8(const uint8_t* p) { return F{float(p[0]), float(p[1]), float(p[2]), float(p[3])}; }
inline F load_s8(const uint8_t* p) {
  return F{float(int8_t(p[0])), float(int8_t(p[1])), float(int8_t(p[2])), float(int8_t(p[3]))};
}
inline F load_exponent(const uint8_t* p) {  // 2^(e-128)
  I v;
  for (int i = 0; i < 4; i++) v[i] = int32_t(p[i] < 2 ? 0x00200000u << p[i] : uint32_t(p[i] - 1) << 23);
  return bits_f(v);
}
inline F max_bits(F a, F b) { return choose(bits_i(a) > bits_i(b), a, b); }
inline float hmax_bits(F v) {
  const I x = bits_i(v);
  int32_t most = x[0];
  for (int i = 1; i < 4; i++) most = x[i] > most ? x[i] : most;
  return std::bit_cast<float>(most);
}

// Four products a lane: even and odd bytes as 16-bit numbers.
inline I pair_products(I codes, I x_even, I x_odd) {
  const U u = reinterpret_cast<U>(codes);
  const I even = reinterpret_cast<I>(u & 0x00ff00ffu), odd = reinterpret_cast<I>(u >> 8 & 0x00ff00ffu);
#ifdef __SSE2__
  const auto m = [](I v) { return reinterpret_cast<__m128i>(v); };
  return reinterpret_cast<I>(_mm_add_epi32(_mm_madd_epi16(m(even), m(x_even)), _mm_madd_epi16(m(odd), m(x_odd))));
#else
  const auto s = [](I v) { return reinterpret_cast<Short>(v); };
  const I p = reinterpret_cast<I>(s(even) * s(x_even)), q = reinterpret_cast<I>(s(odd) * s(x_odd));  // 255·127 fits
  return (p >> 16) + (p << 16 >> 16) + (q >> 16) + (q << 16 >> 16);
#endif
}
// Σ (code - bias)·x over kCount dwords; negative_sum is -Σ x.
template <int kCodeBits, int kBiasShift, int kCount>
inline I dot(const I* codes, const int8_t* x, int32_t negative_sum) {
  I sum = I{} + (kBiasShift < 0 ? 0 : negative_sum * (1 << (kBiasShift < 0 ? 0 : kBiasShift)));
#pragma GCC unroll 8
  for (int g = 0; g < kCount; g++) {
    const int8_t* b = x + 4 * g;
    const int32_t even = (b[0] & 0xffff) | int32_t(uint32_t(b[2]) << 16);
    const int32_t odd = (b[1] & 0xffff) | int32_t(uint32_t(b[3]) << 16);
    sum += pair_products(codes[g], I{} + even, I{} + odd);
  }
  return sum;
}

template <int kCodeBits, int kBiasShift, int kCount>
inline void dots(const I* codes, const int8_t* const (&x)[1], const int32_t (&negative_sum)[1], I (&sum)[1]) {
  sum[0] = dot<kCodeBits, kBiasShift, kCount>(codes, x[0], negative_sum[0]);
}

}  // namespace
}  // namespace ef
