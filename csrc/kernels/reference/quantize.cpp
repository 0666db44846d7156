#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/half.h"
#include "kernels/reference/dequantize.h"

namespace ef {
namespace {

constexpr int kBlock = 32;
float inverse(float d) { return d == 0 ? 0.f : 1.f / d; }
void put_u16(uint8_t* p, uint16_t v) { p[0] = uint8_t(v), p[1] = uint8_t(v >> 8); }
uint8_t truncate(float v, int top) { return uint8_t(v > 0 ? std::min(v, float(top)) : 0.f); }  // NaN gives 0

// Codes 0 … top; the lower four bits as nibbles, the fifth in a word of its own.
void put_codes(const uint8_t* code, int top, uint8_t* dst) {
  if (top > 15) {
    uint32_t high = 0;
    for (int i = 0; i < kBlock; i++) high |= uint32_t(code[i] >> 4) << i;
    for (int i = 0; i < 4; i++) *dst++ = uint8_t(high >> 8 * i);
  }
  for (int i = 0; i < 16; i++) dst[i] = uint8_t((code[i] & 15) | code[i + 16] << 4);
}

// The weight of greatest magnitude becomes code 0, the negative end of the range.
void symmetric_block(const float* x, int top, uint8_t* dst) {
  const float* extreme = std::max_element(x, x + kBlock, [](float a, float b) { return std::fabs(a) < std::fabs(b); });
  const int half = (top + 1) / 2;
  const float d = *extreme / float(-half), inv = inverse(d);
  uint8_t code[kBlock];
  for (int i = 0; i < kBlock; i++) code[i] = truncate(x[i] * inv + (float(half) + 0.5f), top);
  put_u16(dst, to_f16(d));
  put_codes(code, top, dst + 2);
}
// From the least weight (code 0) to the greatest.
void affine_block(const float* x, int top, uint8_t* dst) {
  const auto [low, high] = std::minmax_element(x, x + kBlock);
  const float d = (*high - *low) / float(top), inv = inverse(d);
  uint8_t code[kBlock];
  for (int i = 0; i < kBlock; i++) code[i] = truncate((x[i] - *low) * inv + 0.5f, top);
  put_u16(dst, to_f16(d));
  put_u16(dst + 2, to_f16(*low));
  put_codes(code, top, dst + 4);
}
void byte_block(const float* x, uint8_t* dst) {
  float extreme = 0;
  for (int i = 0; i < kBlock; i++) extreme = std::max(extreme, std::fabs(x[i]));
  const float d = extreme / 127, inv = inverse(d);
  put_u16(dst, to_f16(d));
  for (int i = 0; i < kBlock; i++) {
    const float q = std::round(x[i] * inv);  // halves away from zero
    dst[2 + i] = uint8_t(std::fabs(q) <= 127 ? int8_t(q) : 0);
  }
}

}  // namespace

bool can_quantize_reference(GgmlType type) {
  switch (type) {
    case GgmlType::F32:
    case GgmlType::F16:
    case GgmlType::BF16:
    case GgmlType::Q4_0:
    case GgmlType::Q4_1:
    case GgmlType::Q5_0:
    case GgmlType::Q5_1:
    case GgmlType::Q8_0:
      return true;
    default:
      return false;
  }
}

void quantize_row_reference(GgmlType type, const float* src, uint8_t* dst, int64_t n) {
  check<UnsupportedError>(can_quantize_reference(type), "quantize_row_reference: no encoder for GGUF type ",
                          uint32_t(type), "; needed F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1 or Q8_0");
  if (type == GgmlType::F32) {
    std::memcpy(dst, src, size_t(n) * 4);
    return;
  }
  const GgmlTypeInfo& info = ggml_type_info(type);
  for (; n > 0; n -= info.block_length, src += info.block_length, dst += info.block_bytes) {
    switch (type) {
      case GgmlType::F16:
        put_u16(dst, to_f16(*src));
        break;
      case GgmlType::BF16:
        put_u16(dst, to_bf16(*src));
        break;
      case GgmlType::Q4_0:
        symmetric_block(src, 15, dst);
        break;
      case GgmlType::Q4_1:
        affine_block(src, 15, dst);
        break;
      case GgmlType::Q5_0:
        symmetric_block(src, 31, dst);
        break;
      case GgmlType::Q5_1:
        affine_block(src, 31, dst);
        break;
      default:
        byte_block(src, dst);
        break;
    }
  }
}

}  // namespace ef
