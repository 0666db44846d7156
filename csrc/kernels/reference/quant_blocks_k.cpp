#include "kernels/reference/block_bytes.h"
#include "kernels/reference/quant_blocks.h"

namespace ef {
namespace {

// Weights come in eight runs of 32. Weight i of a run has its 2 bits in one of 32 bytes that four runs share, lowest
// bits first; its single bit in one of 32 bytes for all eight; its 4 bits in one of 32 bytes for two.
int two_bits(const uint8_t* q, int run, int i) { return q[run / 4 * 32 + i] >> run % 4 * 2 & 3; }
int one_bit(const uint8_t* q, int run, int i) { return q[i] >> run & 1; }
int four_bits(const uint8_t* q, int run, int i) { return q[run / 2 * 32 + i] >> run % 2 * 4 & 15; }

template <class F>
void fill(QuantBlock& b, F value) {
  for (int run = 0; run < 8; run++)
    for (int i = 0; i < 32; i++) b.value[32 * run + i] = int8_t(value(run, i));
}

void read_q2_k(const uint8_t* src, QuantBlock& b) {
  const uint8_t *scales = src, *q = src + 16;
  b.scale = load_f16(src + 80), b.min = load_f16(src + 82);
  for (int j = 0; j < 16; j++) b.sub_scale[j] = float(scales[j] & 15), b.sub_min[j] = float(scales[j] >> 4);
  fill(b, [=](int run, int i) { return two_bits(q, run, i); });
}

void read_q3_k(const uint8_t* src, QuantBlock& b) {
  const uint8_t *high = src, *q = src + 32, *scales = src + 96;
  b.scale = load_f16(src + 108);
  for (int j = 0; j < 16; j++) {  // 4 low bits in bytes 0…7, 2 high bits in bytes 8…11
    const int low = scales[j % 8] >> j / 8 * 4 & 15, top = scales[8 + j % 4] >> j / 4 * 2 & 3;
    b.sub_scale[j] = float((low | top << 4) - 32);
  }
  fill(b, [=](int run, int i) { return (two_bits(q, run, i) | one_bit(high, run, i) << 2) - 4; });
}

// Eight 6-bit scales and eight 6-bit minima in 12 bytes: numbers 0…3 lie whole in bytes 0…7, whose top bits complete
// the nibbles of numbers 4…7 in bytes 8…11.
void read_scales_and_minima(const uint8_t* s, QuantBlock& b) {
  for (int j = 0; j < 8; j++) {
    const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
    const int min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;
    b.sub_scale[2 * j] = b.sub_scale[2 * j + 1] = float(scale);
    b.sub_min[2 * j] = b.sub_min[2 * j + 1] = float(min);
  }
}

void read_q4_k(const uint8_t* src, QuantBlock& b) {
  b.scale = load_f16(src), b.min = load_f16(src + 2);
  read_scales_and_minima(src + 4, b);
  fill(b, [q = src + 16](int run, int i) { return four_bits(q, run, i); });
}

void read_q5_k(const uint8_t* src, QuantBlock& b) {
  b.scale = load_f16(src), b.min = load_f16(src + 2);
  read_scales_and_minima(src + 4, b);
  fill(b, [=](int run, int i) { return four_bits(src + 48, run, i) | one_bit(src + 16, run, i) << 4; });
}

void read_q6_k(const uint8_t* src, QuantBlock& b) {
  const uint8_t *low = src, *high = src + 128, *scales = src + 192;
  b.scale = load_f16(src + 208);
  for (int j = 0; j < 16; j++) b.sub_scale[j] = float(int8_t(scales[j]));
  fill(b, [=](int run, int i) {  // the nibbles of runs 0, 1 and 2, 3 share bytes
    const int nibble = low[run / 4 * 64 + run % 2 * 32 + i] >> run / 2 % 2 * 4 & 15;
    return (nibble | two_bits(high, run, i) << 4) - 32;
  });
}

}  // namespace

bool read_k_block(GgmlType type, const uint8_t* src, QuantBlock& block) {
  switch (type) {
    case GgmlType::Q2_K:
      read_q2_k(src, block);
      return true;
    case GgmlType::Q3_K:
      read_q3_k(src, block);
      return true;
    case GgmlType::Q4_K:
      read_q4_k(src, block);
      return true;
    case GgmlType::Q5_K:
      read_q5_k(src, block);
      return true;
    case GgmlType::Q6_K:
      read_q6_k(src, block);
      return true;
    default:
      return false;
  }
}

}  // namespace ef
