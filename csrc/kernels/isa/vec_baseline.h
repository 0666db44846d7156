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

typedef uint32_t U __attribute__((vector_size(16)));
typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef int16_t Short __attribute__((vector_size(16)));

inline I dot4(I acc, I u8, I s8) {  // products of a byte each fit 16 bits
  const U u = reinterpret_cast<U>(u8);
  const Short s = reinterpret_cast<Short>(s8);
  const I even = reinterpret_cast<I>(reinterpret_cast<Short>(u & 0x00ff00ffu) * (s << 8 >> 8)),
          odd = reinterpret_cast<I>(reinterpret_cast<Short>(u >> 8 & 0x00ff00ffu) * (s >> 8));
  return acc + (even >> 16) + (even << 16 >> 16) + (odd >> 16) + (odd << 16 >> 16);
}
inline I repeat4(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return I{} + four;
}
inline I bits(I v, int n, uint8_t mask) {
  const U u = reinterpret_cast<U>(v), four = U{} + mask * 0x01010101u;
  return reinterpret_cast<I>((n < 0 ? u << -n : u >> n) & four);
}
inline F to_float(I v) { return __builtin_convertvector(v, F); }
inline void store_s8(int8_t* p, F v) {
  const F whole = round_even(v);
  for (int i = 0; i < 4; i++) p[i] = int8_t(int(whole[i]));
}
inline I load_bytes(const uint8_t* p, int64_t) {
  I v;
  __builtin_memcpy(&v, p, 16);
  return v;
}
inline void load_quads(const char* rows, int64_t stride, F* r) {
  F t[4];
  for (int64_t i = 0; i < 4; i++) __builtin_memcpy(&t[i], rows + i * stride, 16);
  transpose(t);
  for (int i = 0; i < 4; i++) r[i] = t[i];
}
inline void store_quads(float* p, int64_t, int64_t, F v) { store(p, v); }
inline void interleave_bytes(I (&r)[4]) {
  const auto b = [&](int i) { return reinterpret_cast<Bytes>(r[i]); };
  const auto first = [](Bytes x, Bytes y) {
    return reinterpret_cast<Short>(
        __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  };
  const auto last = [](Bytes x, Bytes y) {
    return reinterpret_cast<Short>(
        __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
  };
  const Short p = first(b(0), b(1)), q = last(b(0), b(1)), s = first(b(2), b(3)), t = last(b(2), b(3));
  r[0] = reinterpret_cast<I>(__builtin_shufflevector(p, s, 0, 8, 1, 9, 2, 10, 3, 11));
  r[1] = reinterpret_cast<I>(__builtin_shufflevector(p, s, 4, 12, 5, 13, 6, 14, 7, 15));
  r[2] = reinterpret_cast<I>(__builtin_shufflevector(q, t, 0, 8, 1, 9, 2, 10, 3, 11));
  r[3] = reinterpret_cast<I>(__builtin_shufflevector(q, t, 4, 12, 5, 13, 6, 14, 7, 15));
}

}  // namespace
}  // namespace ef
