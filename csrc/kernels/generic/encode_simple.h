// Blocks of 32 weights with one scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0. Sixteen blocks at a time.
#pragma once
#include "kernels/generic/encode_fit.h"

namespace ef {
namespace {

constexpr int kShort = 32;

inline void put_half(uint8_t* p, float v) {
  const uint16_t h = half_bits(v);
  p[0] = uint8_t(h), p[1] = uint8_t(h >> 8);
}
// Bytes of `count` blocks: bytes[i][j] is code i of block j.
template <int N>
inline void to_bytes(const F16* codes, uint8_t (*bytes)[kBlocks]) {
  for (int i = 0; i < N; i++) {
    const I16 c = whole(codes[i]);
    for (int j = 0; j < kBlocks; j++) bytes[i][j] = uint8_t(c[j]);
  }
}
// Codes 0 … 15 as nibbles, or 0 … 31 with the fifth bits in a word before them.
inline void put_codes(const uint8_t (*code)[kBlocks], int block, bool five, uint8_t* out) {
  if (five) {
    uint32_t high = 0;
    for (int i = 0; i < kShort; i++) high |= uint32_t(code[i][block] >> 4) << i;
    for (int i = 0; i < 4; i++) *out++ = uint8_t(high >> 8 * i);
  }
  for (int i = 0; i < 16; i++) out[i] = uint8_t((code[i][block] & 15) | code[i + 16][block] << 4);
}

// How much each weight counts: by its column, and more the larger it is beside the row's mean square.
inline void weights_of(const F16* x, const F16* importance, F16 mean_square, int n, F16* w) {
  for (int i = 0; i < n; i++) w[i] = importance[i] * root(mean_square + x[i] * x[i]);
}
inline F16 truncated(F16 v, float top) {
  const F16 below = number(whole(v));
  return pick(below < top, below, all(top));
}

// x [32] of lane j: block j. What one call leaves: codes, scale d and (affine) the smallest value m.
template <bool kAffine>
inline void simple_codes(const F16* x, const F16* importance, F16 mean_square, float top, F16* codes, F16& d, F16& m) {
  F16 w[kShort];
  if (importance) weights_of(x, importance, mean_square, kShort, w);
  if constexpr (kAffine) {
    if (importance) {
      d = fit_affine<kShort>(x, w, top, {-0.9f, 0.05f, 36, false}, codes, m);
      m = -m;
      return;
    }
    F16 low = x[0], high = x[0];
    for (int i = 1; i < kShort; i++) {
      low = pick(x[i] < low, x[i], low), high = pick(x[i] > high, x[i], high);
    }
    d = (high - low) / top, m = low;
    const F16 inverse = pick(d != 0, 1 / d, F16{});
    for (int i = 0; i < kShort; i++) codes[i] = truncated((x[i] - low) * inverse + 0.5f, top);
  } else {
    const float half = (top + 1) / 2;
    if (importance) {
      d = fit_signed<kShort>(x, w, half, codes);
      return;
    }
    F16 greatest;
    d = extreme<kShort>(x, greatest) / -half;
    const F16 inverse = pick(d != 0, 1 / d, F16{});
    for (int i = 0; i < kShort; i++) codes[i] = truncated(x[i] * inverse + (half + 0.5f), top);
  }
}

template <bool kAffine, bool kFive>
void encode_simple(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  constexpr int kHead = kAffine ? 4 : 2, kBytes = kHead + 16 + (kFive ? 4 : 0);
  const int64_t run = importance ? k / kShort : rows * k / kShort;  // blocks that may share a vector
  F16 v[kShort], cols[kShort], codes[kShort], d{}, m{};
  uint8_t bytes[kShort][kBlocks];
  for (int64_t r = 0; r < (importance ? rows : 1); r++) {
    float square = 0;
    if (importance)
      for (int64_t i = 0; i < k; i++) square += x[i] * x[i];
    for (int64_t b = 0; b < run; b += kBlocks) {
      const int count = run - b < kBlocks ? int(run - b) : kBlocks;
      gather<kShort>(x + b * kShort, kShort, count, v);
      if (importance) gather<kShort>(importance + b * kShort, kShort, count, cols);
      simple_codes<kAffine>(v, importance ? cols : nullptr, all(square / float(k)), kFive ? 31 : 15, codes, d, m);
      to_bytes<kShort>(codes, bytes);
      for (int j = 0; j < count; j++, out += kBytes) {
        put_half(out, d[j]);
        if (kAffine) put_half(out + 2, m[j]);
        put_codes(bytes, j, kFive, out + kHead);
      }
    }
    x += k;
  }
}

// Whole numbers of halves away from zero.
inline F16 rounded(F16 v) {
  const F16 below = number(whole(v)), rest = v - below;
  return pick(rest >= 0.5f, below + 1, pick(rest <= -0.5f, below - 1, below));
}
void encode_q8_0(int64_t rows, int64_t k, const float* x, const float*, uint8_t* out) {
  F16 v[kShort];
  for (int64_t b = 0, blocks = rows * k / kShort; b < blocks; b += kBlocks) {
    const int count = blocks - b < kBlocks ? int(blocks - b) : kBlocks;
    gather<kShort>(x + b * kShort, kShort, count, v);
    F16 greatest;
    extreme<kShort>(v, greatest);
    const F16 d = greatest / 127, inverse = pick(d != 0, 1 / d, F16{});
    uint8_t bytes[kShort][kBlocks];
    for (int i = 0; i < kShort; i++) v[i] = rounded(v[i] * inverse);
    to_bytes<kShort>(v, bytes);
    for (int j = 0; j < count; j++, out += 34) {
      put_half(out, d[j]);
      for (int i = 0; i < kShort; i++) out[2 + i] = bytes[i][j];
    }
  }
}

}  // namespace
}  // namespace ef
