#include "kernels/reference/block_bytes.h"
#include "kernels/reference/quant_blocks.h"

namespace ef {
namespace {

// 16 bytes: the low nibbles are weights 0…15, the high nibbles 16…31.
void nibbles(const uint8_t* q, int bias, int8_t* value) {
  for (int i = 0; i < 16; i++) value[i] = int8_t((q[i] & 15) - bias);
  for (int i = 0; i < 16; i++) value[i + 16] = int8_t((q[i] >> 4) - bias);
}
// The fifth bit of 32 weights.
void fifth_bits(uint32_t bits, int8_t* value) {
  for (int i = 0; i < 32; i++) value[i] = int8_t(value[i] + ((bits >> i & 1) << 4));
}
// Five (or four) base-3 digits a byte, kept as a fraction of 256: multiplying by 3 brings the next digit above the
// byte.
void trits(const uint8_t* q, int bytes, int digits, int8_t* value) {
  static constexpr uint8_t kPower[] = {1, 3, 9, 27, 81};
  for (int t = 0; t < digits; t++)
    for (int i = 0; i < bytes; i++) value[t * bytes + i] = int8_t((uint8_t(q[i] * kPower[t]) * 3 >> 8) - 1);
}

}  // namespace

bool read_simple_block(GgmlType type, const uint8_t* src, QuantBlock& block) {
  int8_t* value = block.value;
  const auto scale = [&](const uint8_t* p) { block.scale = load_f16(p); };
  const auto offset = [&](const uint8_t* p) {
    block.min = -load_f16(p);
    block.sub_min[0] = block.sub_min[1] = 1;
  };
  switch (type) {
    case GgmlType::Q4_0:
      scale(src), nibbles(src + 2, 8, value);
      return true;
    case GgmlType::Q4_1:
      scale(src), offset(src + 2), nibbles(src + 4, 0, value);
      return true;
    case GgmlType::Q5_0:
      scale(src), nibbles(src + 6, 16, value), fifth_bits(load_u32(src + 2), value);
      return true;
    case GgmlType::Q5_1:
      scale(src), offset(src + 2), nibbles(src + 8, 0, value), fifth_bits(load_u32(src + 4), value);
      return true;
    case GgmlType::Q8_0:
      scale(src);
      for (int i = 0; i < 32; i++) value[i] = int8_t(src[2 + i]);
      return true;
    case GgmlType::TQ1_0:
      trits(src, 32, 5, value), trits(src + 32, 16, 5, value + 160), trits(src + 48, 4, 4, value + 240);
      scale(src + 52);
      return true;
    case GgmlType::TQ2_0:
      for (int i = 0; i < 256; i++) value[i] = int8_t((src[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3) - 1);
      scale(src + 64);
      return true;
    default:
      return false;
  }
}

}  // namespace ef
