// Any CPU: four lanes through the compiler's own vector types (SSE2 on x86-64). See README.md for the vocabulary.
#pragma once
#include <cmath>
#include <cstdint>

#include "core/half.h"

namespace ef {
namespace {

constexpr int kW = 4;
constexpr int kTileRows = 4, kTileVectors = 2, kWideRows = 4, kWideVectors = 2, kDotAccs = 8;  // 16 registers
typedef float F __attribute__((vector_size(16)));
typedef int32_t I __attribute__((vector_size(16)));

inline F zero() { return F{}; }
inline F set(float x) { return F{x, x, x, x}; }
inline F bits_f(I v) { return reinterpret_cast<F>(v); }
inline I bits_i(F v) { return reinterpret_cast<I>(v); }

inline F load_n(const float* p, int64_t n) {
  F v{};
  __builtin_memcpy(&v, p, size_t(n) * 4);
  return v;
}
inline void store_n(float* p, F v, int64_t n) { __builtin_memcpy(p, &v, size_t(n) * 4); }
inline F load(const float* p) { return load_n(p, 4); }
inline void store(float* p, F v) { store_n(p, v, 4); }

template <class H>
inline F load16_n(const H* p, int64_t n) {
  F v{};
  for (int i = 0; i < n; i++) v[i] = float(p[i]);
  return v;
}
template <class H>
inline void store16_n(H* p, F v, int64_t n) {
  for (int i = 0; i < n; i++) p[i] = H(v[i]);
}
inline F load(const bfloat16* p) {
  uint64_t u;
  __builtin_memcpy(&u, p, 8);
  return bits_f(I{int32_t(u << 16), int32_t(u & 0xffff0000), int32_t(u >> 32 << 16), int32_t(u >> 32 & 0xffff0000)});
}
inline F load_n(const bfloat16* p, int64_t n) { return load16_n(p, n); }
inline F load(const float16* p) { return load16_n(p, 4); }
inline F load_n(const float16* p, int64_t n) { return load16_n(p, n); }
inline void store(bfloat16* p, F v) { store16_n(p, v, 4); }
inline void store(float16* p, F v) { store16_n(p, v, 4); }
inline void store_n(bfloat16* p, F v, int64_t n) { store16_n(p, v, n); }
inline void store_n(float16* p, F v, int64_t n) { store16_n(p, v, n); }

inline F choose(I mask, F x, F y) { return bits_f((mask & bits_i(x)) | (~mask & bits_i(y))); }
inline F fma(F a, F b, F c) { return a * b + c; }
inline F vmax(F a, F b) { return choose(a > b, a, b); }
inline F vmin(F a, F b) { return choose(a < b, a, b); }
inline F vsqrt(F v) { return F{std::sqrt(v[0]), std::sqrt(v[1]), std::sqrt(v[2]), std::sqrt(v[3])}; }
inline F vabs(F v) { return bits_f(bits_i(v) & 0x7fffffff); }
inline F copysign(F magnitude, F sign) { return bits_f((bits_i(magnitude) & 0x7fffffff) | (bits_i(sign) & INT32_MIN)); }
inline F round_even(F v) {  // |v| < 2^22, which is all that callers need
  const F magic = set(0x1.8p23f);
  return (v + magic) - magic;
}
inline F pow2_scale(F v,
                    F n) {  // in two steps, so that results below the normal range round once and the range suffices
  const I e = __builtin_convertvector(n, I), h = e >> 1;
  return v * bits_f((h + 127) << 23) * bits_f((e - h + 127) << 23);
}
inline F select_lt(F a, F b, F x, F y) { return choose(a < b, x, y); }
inline F select_nan(F v, F x, F y) { return choose(v != v, x, y); }
inline float hsum(F v) { return (v[0] + v[2]) + (v[1] + v[3]); }
inline float hmax(F v) {
  const float a = v[0] > v[2] ? v[0] : v[2], b = v[1] > v[3] ? v[1] : v[3];
  return a > b ? a : b;
}

inline void transpose(F (&r)[4]) {
  const F a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const F c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5), r[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5), r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
inline F sum_quads(F v0, F v1, F v2, F v3) {
  F r[4] = {v0, v1, v2, v3};
  transpose(r);
  return (r[0] + r[2]) + (r[1] + r[3]);
}
inline F join_quads(const F (&s)[1]) { return s[0]; }

inline I dot4(I acc, I u8, I s8) {
  const uint8_t* u = reinterpret_cast<const uint8_t*>(&u8);
  const int8_t* s = reinterpret_cast<const int8_t*>(&s8);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) acc[i] += int(u[4 * i + j]) * int(s[4 * i + j]);
  return acc;
}

}  // namespace
}  // namespace ef
