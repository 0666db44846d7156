// Blocks of 256 weights with scales of their own inside: Q2_K … Q6_K. Sixteen sub-blocks at a time: one block of
// sixteen sub-blocks of 16, or two blocks of eight of 32.
#pragma once
#include "kernels/generic/encode_simple.h"

namespace ef {
namespace {

constexpr int kLong = 256;

// d (and the minimum m) of every lane are known: the final codes. Lanes with d = 0 keep what the fit found.
template <int N>
inline void final_codes(const F16* x, F16 d, F16 m, float low, float high, F16* codes) {
  for (int i = 0; i < N; i++) codes[i] = pick(d != 0, code((x[i] + m) / d, low, high) - low, codes[i]);
}
inline float sum_of_squares(const float* x) {
  float sum = 0;
  for (int i = 0; i < kLong; i++) sum += x[i] * x[i];
  return sum;
}
template <int N>
inline F16 sum(const F16* w) {
  F16 total{};
  for (int i = 0; i < N; i++) total += w[i];
  return total;
}
// The lanes of one block as entries of lane 0, for fits over its scales.
template <int N>
inline void as_entries(F16 v, int first, F16* out) {
  for (int i = 0; i < N; i++) out[i] = all(v[first + i]);
}

// Two bits a weight: 32 bytes for each half, four runs of 32 sharing a byte. Sub-block i/16, entry i%16.
inline void put_two_bits(const uint8_t (*c)[kBlocks], uint8_t* q) {
  const auto at = [c](int i) { return c[i % 16][i / 16] & 3; };
  for (int h = 0; h < 2; h++)
    for (int i = 0; i < 32; i++) {
      const int b = 128 * h + i;
      q[32 * h + i] = uint8_t(at(b) | at(b + 32) << 2 | at(b + 64) << 4 | at(b + 96) << 6);
    }
}

void encode_q2_k(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  for (int64_t b = 0, blocks = rows * k / kLong; b < blocks; b++, x += kLong, out += 84) {
    F16 v[16], w[16], codes[16], mins, scales, d, m;
    gather<16>(x, 16, 16, v);
    alignas(64) int32_t ls[16] = {}, lm[16] = {};
    float block_d = 0, block_m = 0;
    if (importance) {
      F16 cols[16];
      gather<16>(importance + b % (k / kLong) * kLong, 16, 16, cols);
      weights_of(v, cols, all(sum_of_squares(x) / kLong), 16, w);
      scales = fit_affine<16>(v, w, 3, {-0.9f, 0.05f, 36, false}, codes, mins);
      F16 entries[16], totals[16], found[16];
      as_entries<16>(sum<16>(w), 0, totals);
      as_entries<16>(scales, 0, entries);
      block_d = fit_positive<16>(entries, totals, 15, found)[0];
      for (int j = 0; j < 16; j++) ls[j] = int32_t(found[j][0]);
      as_entries<16>(mins, 0, entries);
      block_m = fit_positive<16>(entries, totals, 15, found)[0];
      for (int j = 0; j < 16; j++) lm[j] = int32_t(found[j][0]);
    } else {
      for (int i = 0; i < 16; i++) w[i] = magnitude(v[i]);
      scales = fit_affine<16>(v, w, 3, {-0.5f, 0.1f, 15, true}, codes, mins);
      float max_scale = 0, max_min = 0;
      for (int j = 0; j < 16; j++) {
        if (scales[j] > max_scale) max_scale = scales[j];
        if (mins[j] > max_min) max_min = mins[j];
      }
      const I16 s = nearest(15.f / max_scale * scales), t = nearest(15.f / max_min * mins);
      for (int j = 0; j < 16; j++) ls[j] = max_scale > 0 ? s[j] : 0, lm[j] = max_min > 0 ? t[j] : 0;
      if (max_scale > 0) block_d = max_scale / 15.f;
      if (max_min > 0) block_m = max_min / 15.f;
    }
    put_half(out + 80, block_d), put_half(out + 82, block_m);
    for (int j = 0; j < 16; j++) {
      out[j] = uint8_t(ls[j] | lm[j] << 4);
      d[j] = halved(block_d) * float(out[j] & 15), m[j] = halved(block_m) * float(out[j] >> 4);
    }
    final_codes<16>(v, d, m, 0, 3, codes);
    uint8_t bytes[16][kBlocks];
    to_bytes<16>(codes, bytes);
    put_two_bits(bytes, out + 16);
  }
}

void encode_q3_k(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  for (int64_t b = 0, blocks = rows * k / kLong; b < blocks; b++, x += kLong, out += 110) {
    F16 v[16], codes[16], scales, d;
    gather<16>(x, 16, 16, v);
    int l[16] = {};
    float block_d = 0;
    if (importance) {
      F16 w[16], cols[16], entries[16], totals[16], found[16];
      gather<16>(importance + b % (k / kLong) * kLong, 16, 16, cols);
      weights_of(v, cols, all(2 * sum_of_squares(x) / kLong), 16, w);
      scales = fit_signed<16>(v, w, 4, codes);
      as_entries<16>(scales, 0, entries);
      as_entries<16>(sum<16>(w), 0, totals);
      block_d = fit_signed<16>(entries, totals, 32, found)[0];
      for (int j = 0; j < 16; j++) l[j] = int(found[j][0]);
    } else {
      scales = fit_signed_stepwise<16>(v, 4, codes);
      float greatest = 0, found = 0;
      for (int j = 0; j < 16; j++)
        if (__builtin_fabsf(scales[j]) > greatest) greatest = __builtin_fabsf(scales[j]), found = scales[j];
      if (found != 0) {
        const float inverse = -32.f / found;
        const F16 c = code(inverse * scales, -32, 31);
        for (int j = 0; j < 16; j++) l[j] = int(c[j]) + 32;
        block_d = 1 / inverse;
      }
    }
    uint8_t* packed = out + 96;  // low four bits of two scales a byte, then the high two of four
    std::memset(packed, 0, 12);
    for (int j = 0; j < 16; j++) {
      packed[j % 8] = uint8_t(packed[j % 8] | (l[j] & 15) << j / 8 * 4);
      packed[8 + j % 4] = uint8_t(packed[8 + j % 4] | l[j] >> 4 << j / 4 * 2);
      d[j] = halved(block_d) * float(l[j] - 32);
    }
    put_half(out + 108, block_d);
    final_codes<16>(v, d, F16{}, -4, 3, codes);
    uint8_t bytes[16][kBlocks];
    to_bytes<16>(codes, bytes);
    put_two_bits(bytes, out + 32);
    for (int i = 0; i < 32; i++) {
      int high = 0;
      for (int run = 0; run < 8; run++) high |= (bytes[i % 16][2 * run + i / 16] >> 2 & 1) << run;
      out[i] = uint8_t(high);
    }
  }
}

// Q4_K and Q5_K: eight 6-bit scales and minima, two blocks at a time.
template <bool kFive>
void encode_q45_k(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  constexpr int kBytes = kFive ? 176 : 144;
  constexpr float kTop = kFive ? 31 : 15;
  const int64_t blocks = rows * k / kLong;
  for (int64_t b = 0; b < blocks; b += 2, x += 2 * kLong) {
    const int count = blocks - b > 1 ? 2 : 1;
    F16 v[kShort], w[kShort], codes[kShort], mins, scales, d, m;
    gather<kShort>(x, kShort, 8 * count, v);
    if (importance) {
      F16 cols[kShort], mean;
      alignas(64) float both[2 * kLong];
      for (int h = 0; h < count; h++) {
        std::memcpy(both + h * kLong, importance + (b + h) % (k / kLong) * kLong, sizeof(float) * kLong);
        const float square = 2 * sum_of_squares(x + h * kLong) / kLong;
        for (int j = 0; j < 8; j++) mean[8 * h + j] = square;
      }
      if (count == 1)
        for (int j = 0; j < 8; j++) mean[8 + j] = mean[0];
      gather<kShort>(both, kShort, 8 * count, cols);
      weights_of(v, cols, mean, kShort, w);
    } else {
      const F16 mean = root(squares<kShort>(v) / 32);
      for (int i = 0; i < kShort; i++) w[i] = mean + magnitude(v[i]);
    }
    const Search search = importance ? Search{-0.9f, 0.05f, 36, false}
                          : kFive    ? Search{-0.5f, 0.1f, 15, false}
                                     : Search{-1.f, 0.1f, 20, false};
    scales = fit_affine<kShort>(v, w, kTop, search, codes, mins);
    for (int h = 0; h < count; h++) {
      uint8_t ls[8], lm[8], *block = out + h * kBytes, *packed = block + 4;
      float block_d = 0, block_m = 0;
      if (importance) {
        F16 entries[8], totals[8], found[8];
        as_entries<8>(sum<kShort>(w), 8 * h, totals);
        as_entries<8>(scales, 8 * h, entries);
        block_d = fit_positive<8>(entries, totals, 63, found)[0];
        for (int j = 0; j < 8; j++) ls[j] = uint8_t(found[j][0]);
        as_entries<8>(mins, 8 * h, entries);
        block_m = fit_positive<8>(entries, totals, 63, found)[0];
        for (int j = 0; j < 8; j++) lm[j] = uint8_t(found[j][0]);
      } else {
        float max_scale = 0, max_min = 0;
        for (int j = 8 * h; j < 8 * h + 8; j++) {
          if (scales[j] > max_scale) max_scale = scales[j];
          if (mins[j] > max_min) max_min = mins[j];
        }
        const I16 s = nearest((max_scale > 0 ? 63.f / max_scale : 0.f) * scales),
                  t = nearest((max_min > 0 ? 63.f / max_min : 0.f) * mins);
        for (int j = 0; j < 8; j++) ls[j] = uint8_t(s[8 * h + j]), lm[j] = uint8_t(t[8 * h + j]);
        block_d = max_scale / 63.f, block_m = max_min / 63.f;
      }
      for (int j = 0; j < 8; j++) ls[j] = ls[j] < 63 ? ls[j] : 63, lm[j] = lm[j] < 63 ? lm[j] : 63;
      for (int j = 0; j < 4; j++) {
        packed[j] = uint8_t(ls[j] | ls[j + 4] >> 4 << 6), packed[j + 4] = uint8_t(lm[j] | lm[j + 4] >> 4 << 6);
        packed[j + 8] = uint8_t((ls[j + 4] & 15) | (lm[j + 4] & 15) << 4);
      }
      put_half(block, block_d), put_half(block + 2, block_m);
      for (int j = 0; j < 8; j++)
        d[8 * h + j] = halved(block_d) * float(ls[j]), m[8 * h + j] = halved(block_m) * float(lm[j]);
    }
    if (count == 1)
      for (int j = 8; j < 16; j++) d[j] = m[j] = 0;
    final_codes<kShort>(v, d, m, 0, kTop, codes);
    uint8_t bytes[kShort][kBlocks];
    to_bytes<kShort>(codes, bytes);
    for (int h = 0; h < count; h++, out += kBytes) {
      uint8_t* q = out + (kFive ? 48 : 16);
      for (int run = 0; run < 4; run++)
        for (int i = 0; i < 32; i++)
          q[32 * run + i] = uint8_t((bytes[i][8 * h + 2 * run] & 15) | bytes[i][8 * h + 2 * run + 1] << 4);
      for (int i = 0; kFive && i < 32; i++) {
        int high = 0;
        for (int run = 0; run < 8; run++) high |= (bytes[i][8 * h + run] >> 4 & 1) << run;
        out[16 + i] = uint8_t(high);
      }
    }
  }
}

void encode_q6_k(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  for (int64_t b = 0, blocks = rows * k / kLong; b < blocks; b++, x += kLong, out += 210) {
    F16 v[16], w[16], codes[16], d{};
    gather<16>(x, 16, 16, v);
    if (importance)
      gather<16>(importance + b % (k / kLong) * kLong, 16, 16, w);
    else
      for (int i = 0; i < 16; i++) w[i] = v[i] * v[i];
    const F16 scales = fit_signed<16>(v, w, 32, codes);
    float greatest = 0, found = 0;
    for (int j = 0; j < 16; j++)
      if (__builtin_fabsf(scales[j]) > greatest) greatest = __builtin_fabsf(scales[j]), found = scales[j];
    std::memset(out, 0, 210);
    if (greatest < kTiny) continue;
    const float inverse = -128.f / found, block_d = 1 / inverse;
    const I16 l = nearest(inverse * scales);
    put_half(out + 208, block_d);
    for (int j = 0; j < 16; j++) {
      const int8_t s = int8_t(l[j] < 127 ? l[j] : 127);
      out[192 + j] = uint8_t(s);
      d[j] = halved(block_d) * float(s);
    }
    final_codes<16>(v, d, F16{}, -32, 31, codes);
    uint8_t bytes[16][kBlocks];
    to_bytes<16>(codes, bytes);
    const auto at = [&bytes](int i) { return bytes[i % 16][i / 16]; };
    for (int h = 0; h < 2; h++)
      for (int i = 0; i < 32; i++) {
        const int c[] = {at(128 * h + i), at(128 * h + i + 32), at(128 * h + i + 64), at(128 * h + i + 96)};
        out[64 * h + i] = uint8_t((c[0] & 15) | (c[2] & 15) << 4);
        out[64 * h + 32 + i] = uint8_t((c[1] & 15) | (c[3] & 15) << 4);
        out[128 + 32 * h + i] = uint8_t(c[0] >> 4 | c[1] >> 4 << 2 | c[2] >> 4 << 4 | c[3] >> 4 << 6);
      }
  }
}

EncodeRows find_encoder(GgmlType type) {
  switch (type) {
    case GgmlType::Q4_0:
      return encode_simple<false, false>;
    case GgmlType::Q4_1:
      return encode_simple<true, false>;
    case GgmlType::Q5_0:
      return encode_simple<false, true>;
    case GgmlType::Q5_1:
      return encode_simple<true, true>;
    case GgmlType::Q8_0:
      return encode_q8_0;
    case GgmlType::Q2_K:
      return encode_q2_k;
    case GgmlType::Q3_K:
      return encode_q3_k;
    case GgmlType::Q4_K:
      return encode_q45_k<false>;
    case GgmlType::Q5_K:
      return encode_q45_k<true>;
    case GgmlType::Q6_K:
      return encode_q6_k;
    default:
      return nullptr;
  }
}

}  // namespace
}  // namespace ef
