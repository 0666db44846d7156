#include "kernels/reference/encode_codebook.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/half.h"
#include "kernels/reference/quant_codebooks.h"

namespace ef {
namespace {

void put_u16(uint8_t* p, uint16_t v) { p[0] = uint8_t(v), p[1] = uint8_t(v >> 8); }
void put_nibbles(const uint8_t* code, int pairs, uint8_t* out) {  // entry i low, entry i + pairs high
  for (int i = 0; i < pairs; i++) out[i] = uint8_t(code[i] | code[i + pairs] << 4);
}

// The nearest value of the ascending codebook; the upper one of two as near.
int nearest_value(float x) {
  const int8_t* book = kNonLinear4;
  if (x <= book[0]) return 0;
  if (x >= book[15]) return 15;
  int above = 1;
  while (above < 15 && !(x < book[above])) above++;  // NaN: the last
  return x - book[above - 1] < book[above] - x ? above - 1 : above;
}

// The scale of 32 weights: the best of fifteen that put the largest weight near one end of the book.
float codebook_scale(const float* x, const float* w) {
  float greatest = 0, found = 0;
  for (int i = 0; i < 32; i++)
    if (std::fabs(x[i]) > greatest) greatest = std::fabs(x[i]), found = x[i];
  if (greatest < 1e-15f) return 0;
  float scale = 0, best = 0;
  const auto consider = [&](float inverse, bool first) {
    float sum_xq = 0, sum_q2 = 0;
    for (int i = 0; i < 32; i++) {
      const float q = kNonLinear4[nearest_value(inverse * x[i])], wq = w[i] * q;
      sum_xq += wq * x[i], sum_q2 += wq * q;
    }
    if (first) {
      scale = sum_q2 > 0 ? sum_xq / sum_q2 : 0.f;
      best = scale * sum_xq;
    } else if (sum_q2 > 0 && sum_xq * sum_xq > best * sum_q2) {
      scale = sum_xq / sum_q2;
      best = scale * sum_xq;
    }
  };
  consider(1 / (-found / float(kNonLinear4[0])), true);
  for (int s = -7; s <= 7; s++) consider(float(s + kNonLinear4[0]) / found, false);
  return scale;
}
void codebook_weights(const float* x, const float* importance, float mean, float* w) {
  for (int i = 0; i < 32; i++) w[i] = importance ? importance[i] * std::sqrt(mean + x[i] * x[i]) : x[i] * x[i];
}
float mean_square(const float* x, int n) {
  float sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * x[i];
  return sum * (2.f / float(n));
}

void encode_iq4_nl(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  for (int64_t b = 0; b < rows * k / 32; b++, x += 32, out += 18) {
    float w[32];
    codebook_weights(x, importance ? importance + b % (k / 32) * 32 : nullptr, mean_square(x, 32), w);
    const float d = codebook_scale(x, w), inverse = d != 0 ? 1 / d : 0;
    uint8_t code[32];
    for (int i = 0; i < 32; i++) code[i] = uint8_t(nearest_value(inverse * x[i]));
    put_u16(out, to_f16(d));
    put_nibbles(code, 16, out + 2);
  }
}

void encode_iq4_xs(int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  for (int64_t b = 0; b < rows * k / 256; b++, x += 256, out += 136) {
    const float mean = mean_square(x, 256);
    float scales[8], greatest = 0, found = 0;
    for (int j = 0; j < 8; j++) {
      float w[32];
      codebook_weights(x + 32 * j, importance ? importance + b % (k / 256) * 256 + 32 * j : nullptr, mean, w);
      scales[j] = codebook_scale(x + 32 * j, w);
      if (std::fabs(scales[j]) > greatest) greatest = std::fabs(scales[j]), found = scales[j];
    }
    const float d = -found / 32, inverse = d != 0 ? 1 / d : 0;
    uint32_t high = 0, low[8];
    for (int j = 0; j < 8; j++) {
      const float rounded = (inverse * scales[j] + 12582912.f) - 12582912.f;  // ties to even
      const int l = int(rounded < -32 ? -32 : rounded > 31 ? 31 : rounded);
      const float step = d * float(l), inverse_step = step != 0 ? 1 / step : 0;
      uint8_t code[32];
      for (int i = 0; i < 32; i++) code[i] = uint8_t(nearest_value(inverse_step * x[32 * j + i]));
      put_nibbles(code, 16, out + 8 + 16 * j);
      low[j] = uint32_t(l + 32) & 15, high |= uint32_t(l + 32) >> 4 << 2 * j;
    }
    put_u16(out, to_f16(d));
    put_u16(out + 2, uint16_t(high));
    for (int j = 0; j < 4; j++) out[4 + j] = uint8_t(low[2 * j] | low[2 * j + 1] << 4);
  }
}

int nearest_float4(float x, float scale) {
  int best = 0;
  float error = std::fabs(float(kFloat4[0]) * scale - x);
  for (int i = 1; i < 16; i++)
    if (const float e = std::fabs(float(kFloat4[i]) * scale - x); e < error) best = i, error = e;
  return best;
}

void encode_mxfp4(int64_t rows, int64_t k, const float* x, const float*, uint8_t* out) {
  for (int64_t b = 0; b < rows * k / 32; b++, x += 32, out += 17) {
    float greatest = 0;
    for (int i = 0; i < 32; i++) greatest = std::max(greatest, std::fabs(x[i]));
    const auto exponent = uint8_t(greatest > 0 ? int(std::floor(std::log2(greatest))) - 2 + 127 : 0);
    // Half of 2^(exponent - 127): the codebook holds twice the numbers.
    const float scale =
        exponent < 2 ? std::ldexp(1.f, exponent - 128) : std::bit_cast<float>(uint32_t(exponent - 1) << 23);
    uint8_t code[32];
    for (int i = 0; i < 32; i++) code[i] = uint8_t(nearest_float4(x[i], scale));
    out[0] = exponent;
    put_nibbles(code, 16, out + 1);
  }
}

int ternary(float v) { return int(std::lround(v)) + 1; }
float ternary_inverse(const float* x, float& d) {
  d = 0;
  for (int i = 0; i < 256; i++) d = std::max(d, std::fabs(x[i]));
  return d != 0 ? 1 / d : 0;
}
void encode_tq1_0(int64_t rows, int64_t k, const float* x, const float*, uint8_t* out) {
  for (int64_t b = 0; b < rows * k / 256; b++, x += 256, out += 54) {
    float d;
    const float inverse = ternary_inverse(x, d);
    const auto byte = [&](const float* from, int stride, int digits) {  // five base-3 digits as a fraction of 256
      int q = 0;
      for (int n = 0; n < 5; n++) q = 3 * q + (n < digits ? ternary(from[n * stride] * inverse) : 0);
      return uint8_t((q * 256 + 242) / 243);
    };
    for (int m = 0; m < 32; m++) out[m] = byte(x + m, 32, 5);
    for (int m = 0; m < 16; m++) out[32 + m] = byte(x + 160 + m, 16, 5);
    for (int m = 0; m < 4; m++) out[48 + m] = byte(x + 240 + m, 4, 4);
    put_u16(out + 52, to_f16(d));
  }
}
void encode_tq2_0(int64_t rows, int64_t k, const float* x, const float*, uint8_t* out) {
  for (int64_t b = 0; b < rows * k / 256; b++, x += 256, out += 66) {
    float d;
    const float inverse = ternary_inverse(x, d);
    for (int h = 0; h < 2; h++)
      for (int m = 0; m < 32; m++) {
        int q = 0;
        for (int n = 0; n < 4; n++) q |= ternary(x[128 * h + 32 * n + m] * inverse) << 2 * n;
        out[32 * h + m] = uint8_t(q);
      }
    put_u16(out + 64, to_f16(d));
  }
}

void encode_q1_0(int64_t rows, int64_t k, const float* x, const float*, uint8_t* out) {
  for (int64_t b = 0; b < rows * k / 128; b++, x += 128, out += 18) {
    float sum = 0;
    for (int i = 0; i < 128; i++) sum += std::fabs(x[i]);
    put_u16(out, to_f16(sum / 128));
    std::memset(out + 2, 0, 16);
    for (int i = 0; i < 128; i++)
      if (x[i] >= 0) out[2 + i / 8] = uint8_t(out[2 + i / 8] | 1 << i % 8);
  }
}

}  // namespace

EncodeRows find_codebook_encoder(GgmlType type) {
  switch (type) {
    case GgmlType::IQ4_NL:
      return encode_iq4_nl;
    case GgmlType::IQ4_XS:
      return encode_iq4_xs;
    case GgmlType::MXFP4:
      return encode_mxfp4;
    case GgmlType::TQ1_0:
      return encode_tq1_0;
    case GgmlType::TQ2_0:
      return encode_tq2_0;
    case GgmlType::Q1_0:
      return encode_q1_0;
    default:
      return nullptr;
  }
}

}  // namespace ef
