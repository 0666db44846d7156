#include <bit>

#include "kernels/reference/block_bytes.h"
#include "kernels/reference/quant_blocks.h"
#include "kernels/reference/quant_grids.h"

namespace ef {
namespace {

// Seven stored sign bits; the eighth makes their number even.
int even_signs(uint32_t seven) { return int(seven | uint32_t(std::popcount(seven) & 1) << 7); }
void put_signed(const int8_t* vector, int length, int signs, int8_t* out) {
  for (int i = 0; i < length; i++) out[i] = int8_t(signs >> i & 1 ? -vector[i] : vector[i]);
}
float odd(uint32_t code) { return float(2 * code + 1); }

void read_iq2_xxs(const uint8_t* src, QuantBlock& b) {
  const int8_t* grid = quant_grid(QuantGrid::IQ2XXS);
  b.scale = load_f16(src) * 0.125f;
  for (int j = 0; j < 8; j++) {
    const uint8_t* index = src + 2 + 8 * j;
    const uint32_t rest = load_u32(index + 4);
    b.sub_scale[2 * j] = b.sub_scale[2 * j + 1] = odd(rest >> 28);
    for (int v = 0; v < 4; v++)
      put_signed(grid + 8 * index[v], 8, even_signs(rest >> 7 * v & 127), b.value + 32 * j + 8 * v);
  }
}
void read_iq2_xs(const uint8_t* src, QuantBlock& b) {
  const int8_t* grid = quant_grid(QuantGrid::IQ2XS);
  b.scale = load_f16(src) * 0.125f;
  for (int v = 0; v < 32; v++) {
    const uint16_t code = load_u16(src + 2 + 2 * v);
    put_signed(grid + 8 * (code & 511), 8, even_signs(code >> 9), b.value + 8 * v);
  }
  for (int j = 0; j < 16; j++) b.sub_scale[j] = odd(src[66 + j / 2] >> j % 2 * 4 & 15);
}
void read_iq2_s(const uint8_t* src, QuantBlock& b) {
  const int8_t* grid = quant_grid(QuantGrid::IQ2S);
  b.scale = load_f16(src) * 0.125f;
  for (int v = 0; v < 32; v++) {
    const int index = src[2 + v] | (src[66 + v / 4] >> v % 4 * 2 & 3) << 8;
    put_signed(grid + 8 * index, 8, src[34 + v], b.value + 8 * v);
  }
  for (int j = 0; j < 16; j++) b.sub_scale[j] = odd(src[74 + j / 2] >> j % 2 * 4 & 15);
}
void read_iq3_xxs(const uint8_t* src, QuantBlock& b) {
  const int8_t* grid = quant_grid(QuantGrid::IQ3XXS);
  b.scale = load_f16(src) * 0.25f;
  for (int j = 0; j < 8; j++) {
    const uint32_t rest = load_u32(src + 66 + 4 * j);
    b.sub_scale[2 * j] = b.sub_scale[2 * j + 1] = odd(rest >> 28);
    for (int v = 0; v < 8; v++)
      put_signed(grid + 4 * src[2 + 8 * j + v], 4, even_signs(rest >> 7 * (v / 2) & 127) >> v % 2 * 4,
                 b.value + 32 * j + 4 * v);
  }
}
void read_iq3_s(const uint8_t* src, QuantBlock& b) {
  const int8_t* grid = quant_grid(QuantGrid::IQ3S);
  b.scale = load_f16(src);
  for (int v = 0; v < 64; v++) {
    const int index = src[2 + v] | (src[66 + v / 8] >> v % 8 & 1) << 8;
    put_signed(grid + 4 * index, 4, src[74 + v / 2] >> v % 2 * 4, b.value + 4 * v);
  }
  for (int j = 0; j < 16; j++) b.sub_scale[j] = odd(src[106 + j / 4] >> j / 2 % 2 * 4 & 15);
}

// IQ1: digit ± 1/8, kept in eighths.
void put_shifted(const int8_t* vector, bool down, int8_t* out) {
  for (int i = 0; i < 8; i++) out[i] = int8_t(8 * vector[i] + (down ? -1 : 1));
}
void read_iq1_s(const uint8_t* src, QuantBlock& b) {
  const int8_t* grid = quant_grid(QuantGrid::IQ1);
  b.scale = load_f16(src) * 0.125f;
  for (int j = 0; j < 8; j++) {
    const uint32_t high = load_u16(src + 34 + 2 * j);
    b.sub_scale[2 * j] = b.sub_scale[2 * j + 1] = odd(high >> 12 & 7);
    for (int v = 0; v < 4; v++) {
      const int index = src[2 + 4 * j + v] | int(high >> 3 * v & 7) << 8;
      put_shifted(grid + 8 * index, high >> 15, b.value + 32 * j + 8 * v);
    }
  }
}
void read_iq1_m(const uint8_t* src, QuantBlock& b) {
  const int8_t* grid = quant_grid(QuantGrid::IQ1);
  const uint8_t* scales = src + 48;  // four words of 4 · 3 bits; their top nibbles make up the f16 scale
  uint32_t d = 0;
  for (int w = 0; w < 4; w++) d |= uint32_t(load_u16(scales + 2 * w) >> 12) << 4 * w;
  b.scale = from_f16(uint16_t(d)) * 0.125f;
  for (int j = 0; j < 16; j++) b.sub_scale[j] = odd(load_u16(scales + j / 4 * 2) >> 3 * (j % 4) & 7);
  for (int v = 0; v < 32; v++) {
    const int high = src[32 + v / 2] >> v % 2 * 4;
    put_shifted(grid + 8 * (src[v] | (high & 7) << 8), high & 8, b.value + 8 * v);
  }
}

}  // namespace

bool read_grid_block(GgmlType type, const uint8_t* src, QuantBlock& block) {
  switch (type) {
    case GgmlType::IQ1_S:
      read_iq1_s(src, block);
      return true;
    case GgmlType::IQ1_M:
      read_iq1_m(src, block);
      return true;
    case GgmlType::IQ2_XXS:
      read_iq2_xxs(src, block);
      return true;
    case GgmlType::IQ2_XS:
      read_iq2_xs(src, block);
      return true;
    case GgmlType::IQ2_S:
      read_iq2_s(src, block);
      return true;
    case GgmlType::IQ3_XXS:
      read_iq3_xxs(src, block);
      return true;
    case GgmlType::IQ3_S:
      read_iq3_s(src, block);
      return true;
    default:
      return false;
  }
}

}  // namespace ef
