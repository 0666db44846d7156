#include <bit>
#include <cmath>

#include "kernels/reference/block_bytes.h"
#include "kernels/reference/quant_blocks.h"
#include "kernels/reference/quant_codebooks.h"

namespace ef {
namespace {

// Half of 2^(e-127): the code book has doubled values.
float half_exponent(uint8_t e) { return std::bit_cast<float>(e < 2 ? 0x00200000u << e : uint32_t(e - 1) << 23); }
// Half of an unsigned E4M3; 0x7f, its NaN, counts as zero.
float half_ue4m3(uint8_t v) {
  if (v == 0x7f) return 0;
  const int exponent = v >> 3 & 15, mantissa = v & 7;
  return exponent ? std::ldexp(float(8 + mantissa), exponent - 11) : std::ldexp(float(mantissa), -10);
}
void look_up(const int8_t* book, const uint8_t* q, int bytes, int8_t* value) {
  for (int i = 0; i < bytes; i++) value[i] = book[q[i] & 15], value[i + bytes] = book[q[i] >> 4];
}

}  // namespace

bool read_codebook_block(GgmlType type, const uint8_t* src, QuantBlock& block) {
  switch (type) {
    case GgmlType::IQ4_NL:
      block.scale = load_f16(src);
      look_up(kNonLinear4, src + 2, 16, block.value);
      return true;
    case GgmlType::IQ4_XS:
      block.scale = load_f16(src);
      for (int j = 0; j < 8; j++) {
        const int low = src[4 + j / 2] >> j % 2 * 4 & 15, high = load_u16(src + 2) >> 2 * j & 3;
        block.sub_scale[2 * j] = block.sub_scale[2 * j + 1] = float((low | high << 4) - 32);
        look_up(kNonLinear4, src + 8 + 16 * j, 16, block.value + 32 * j);
      }
      return true;
    case GgmlType::MXFP4:
      block.scale = half_exponent(src[0]);
      look_up(kFloat4, src + 1, 16, block.value);
      return true;
    case GgmlType::NVFP4:
      for (int j = 0; j < 4; j++) {
        block.sub_scale[j] = half_ue4m3(src[j]);
        look_up(kFloat4, src + 4 + 8 * j, 8, block.value + 16 * j);
      }
      return true;
    default:
      return false;
  }
}

}  // namespace ef
