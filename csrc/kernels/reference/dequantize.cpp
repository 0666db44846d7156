#include "kernels/reference/dequantize.h"

#include <cstring>

#include "kernels/reference/block_bytes.h"
#include "kernels/reference/quant_blocks.h"

namespace ef {

bool can_dequantize(GgmlType type) {
  return type == GgmlType::F32 || type == GgmlType::F16 || type == GgmlType::BF16 || has_quant_blocks(type);
}

void dequantize_row(GgmlType type, const uint8_t* src, float* dst, int64_t n) {
  if (type == GgmlType::F32) {
    std::memcpy(dst, src, size_t(n) * 4);
  } else if (type == GgmlType::F16) {
    for (int64_t i = 0; i < n; i++) dst[i] = load_f16(src + 2 * i);
  } else if (type == GgmlType::BF16) {
    for (int64_t i = 0; i < n; i++) dst[i] = from_bf16(load_u16(src + 2 * i));
  } else {
    const GgmlTypeInfo* info = find_ggml_type(uint32_t(type));
    const int length = info ? info->block_length : 1, bytes = info ? info->block_bytes : 1;
    QuantBlock block;
    for (; n > 0; n -= length, src += bytes, dst += length) {
      read_quant_block(type, src, block);
      for (int i = 0; i < length; i++) {
        const float product = block.scale * block.sub_scale[i / 16] * float(block.value[i]);
        dst[i] = product - block.min * block.sub_min[i / 16];
      }
    }
  }
}

}  // namespace ef
