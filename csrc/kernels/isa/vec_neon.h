// AArch64's base instruction set (Armv8-A Advanced SIMD). See README.md for the vocabulary.
#pragma once
#include <arm_neon.h>

#include <cstdint>

#include "core/half.h"

namespace ef {
namespace {

constexpr int kW = 4;
constexpr int kTileRows = 8, kTileVectors = 3, kWideRows = 6, kWideVectors = 4, kDotAccs = 16;  // 32 registers
using F = float32x4_t;
using I = int32x4_t;

inline F zero() { return vdupq_n_f32(0); }
inline F set(float x) { return vdupq_n_f32(x); }
inline F bits_f(I v) { return vreinterpretq_f32_s32(v); }
inline I bits_i(F v) { return vreinterpretq_s32_f32(v); }

inline F load(const float* p) { return vld1q_f32(p); }
inline void store(float* p, F v) { vst1q_f32(p, v); }
inline F load_n(const float* p, int64_t n) {
  float t[4] = {};
  __builtin_memcpy(t, p, size_t(n) * 4);
  return vld1q_f32(t);
}
inline void store_n(float* p, F v, int64_t n) {
  float t[4];
  vst1q_f32(t, v);
  __builtin_memcpy(p, t, size_t(n) * 4);
}
inline uint16x4_t load16_n(const void* p, int64_t n) {
  uint16_t t[4] = {};
  __builtin_memcpy(t, p, size_t(n) * 2);
  return vld1_u16(t);
}
inline void store16_n(void* p, uint16x4_t v, int64_t n) {
  uint16_t t[4];
  vst1_u16(t, v);
  __builtin_memcpy(p, t, size_t(n) * 2);
}

inline F widen_bf16(uint16x4_t h) { return vreinterpretq_f32_u32(vshll_n_u16(h, 16)); }
inline uint16x4_t narrow_bf16(F v) {  // to nearest even; NaN stays a quiet NaN
  const uint32x4_t u = vreinterpretq_u32_f32(v), odd = vandq_u32(vshrq_n_u32(u, 16), vdupq_n_u32(1));
  const uint32x4_t r = vaddq_u32(u, vaddq_u32(odd, vdupq_n_u32(0x7fff))), quiet = vorrq_u32(u, vdupq_n_u32(0x400000));
  return vshrn_n_u32(vbslq_u32(vceqq_f32(v, v), r, quiet), 16);
}
inline F load(const bfloat16* p) { return widen_bf16(vld1_u16(reinterpret_cast<const uint16_t*>(p))); }
inline F load_n(const bfloat16* p, int64_t n) { return widen_bf16(load16_n(p, n)); }
inline void store(bfloat16* p, F v) { vst1_u16(reinterpret_cast<uint16_t*>(p), narrow_bf16(v)); }
inline void store_n(bfloat16* p, F v, int64_t n) { store16_n(p, narrow_bf16(v), n); }

inline F widen_f16(uint16x4_t h) { return vcvt_f32_f16(vreinterpret_f16_u16(h)); }
inline uint16x4_t narrow_f16(F v) { return vreinterpret_u16_f16(vcvt_f16_f32(v)); }
inline F load(const float16* p) { return widen_f16(vld1_u16(reinterpret_cast<const uint16_t*>(p))); }
inline F load_n(const float16* p, int64_t n) { return widen_f16(load16_n(p, n)); }
inline void store(float16* p, F v) { vst1_u16(reinterpret_cast<uint16_t*>(p), narrow_f16(v)); }
inline void store_n(float16* p, F v, int64_t n) { store16_n(p, narrow_f16(v), n); }

inline F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
inline F vmax(F a, F b) { return vmaxq_f32(a, b); }
inline F vmin(F a, F b) { return vminq_f32(a, b); }
inline F vsqrt(F v) { return vsqrtq_f32(v); }
inline F vabs(F v) { return vabsq_f32(v); }
inline F copysign(F magnitude, F sign) { return vbslq_f32(vdupq_n_u32(0x80000000), sign, magnitude); }
inline F round_even(F v) { return vrndnq_f32(v); }
inline F pow2_scale(F v,
                    F n) {  // in two steps, so that results below the normal range round once and the range suffices
  const I e = vcvtnq_s32_f32(n), h = vshrq_n_s32(e, 1), bias = vdupq_n_s32(127);
  const F a = bits_f(vshlq_n_s32(vaddq_s32(h, bias), 23));
  return vmulq_f32(vmulq_f32(v, a), bits_f(vshlq_n_s32(vaddq_s32(vsubq_s32(e, h), bias), 23)));
}
inline F select_lt(F a, F b, F x, F y) { return vbslq_f32(vcltq_f32(a, b), x, y); }
inline F select_nan(F v, F x, F y) { return vbslq_f32(vceqq_f32(v, v), y, x); }
inline float hsum(F v) { return vaddvq_f32(v); }
inline float hmax(F v) { return vmaxvq_f32(v); }

inline void transpose(F (&r)[4]) {
  const F a = vtrn1q_f32(r[0], r[1]), b = vtrn2q_f32(r[0], r[1]), c = vtrn1q_f32(r[2], r[3]),
          d = vtrn2q_f32(r[2], r[3]);
  const auto low = [](F x, F y) { return vcombine_f32(vget_low_f32(x), vget_low_f32(y)); };
  const auto high = [](F x, F y) { return vcombine_f32(vget_high_f32(x), vget_high_f32(y)); };
  r[0] = low(a, c), r[1] = low(b, d), r[2] = high(a, c), r[3] = high(b, d);
}
inline F sum_quads(F v0, F v1, F v2, F v3) { return vpaddq_f32(vpaddq_f32(v0, v1), vpaddq_f32(v2, v3)); }
inline F join_quads(const F (&s)[1]) { return s[0]; }

inline I dot4(I acc, I u8, I s8) {  // products of a byte each fit 16 bits
  const uint8x16_t u = vreinterpretq_u8_s32(u8);
  const int8x16_t s = vreinterpretq_s8_s32(s8);
  const int16x8_t low = vmulq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(u))), vmovl_s8(vget_low_s8(s)));
  const int16x8_t high = vmulq_s16(vreinterpretq_s16_u16(vmovl_high_u8(u)), vmovl_high_s8(s));
  return vaddq_s32(acc, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
}
inline I repeat4(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return vdupq_n_s32(four);
}
inline I bits(I v, int n, uint8_t mask) {
  const uint32x4_t u = vshlq_u32(vreinterpretq_u32_s32(v), vdupq_n_s32(-n));
  return vreinterpretq_s32_u32(vandq_u32(u, vdupq_n_u32(mask * 0x01010101u)));
}
inline F to_float(I v) { return vcvtq_f32_s32(v); }
inline void store_s8(int8_t* p, F v) {
  const int16x4_t h = vmovn_s32(vcvtnq_s32_f32(v));
  const int8x8_t b = vmovn_s16(vcombine_s16(h, h));
  __builtin_memcpy(p, &b, 4);
}
inline I load_bytes(const uint8_t* p, int64_t) { return vreinterpretq_s32_u8(vld1q_u8(p)); }
inline void load_quads(const char* rows, int64_t stride, F* r) {
  F t[4];
  for (int64_t i = 0; i < 4; i++) t[i] = vld1q_f32(reinterpret_cast<const float*>(rows + i * stride));
  transpose(t);
  for (int i = 0; i < 4; i++) r[i] = t[i];
}
inline void store_quads(float* p, int64_t, int64_t, F v) { store(p, v); }
inline void interleave_bytes(I (&r)[4]) {
  const auto b = [&](int i) { return vreinterpretq_u8_s32(r[i]); };
  const auto h = [](uint8x16_t v) { return vreinterpretq_u16_u8(v); };
  const uint16x8_t p = h(vzip1q_u8(b(0), b(1))), q = h(vzip2q_u8(b(0), b(1))), s = h(vzip1q_u8(b(2), b(3))),
                   t = h(vzip2q_u8(b(2), b(3)));
  r[0] = vreinterpretq_s32_u16(vzip1q_u16(p, s)), r[1] = vreinterpretq_s32_u16(vzip2q_u16(p, s));
  r[2] = vreinterpretq_s32_u16(vzip1q_u16(q, t)), r[3] = vreinterpretq_s32_u16(vzip2q_u16(q, t));
}

}  // namespace
}  // namespace ef
