#include "kernels/reference/quant_blocks.h"

#include <algorithm>

#include "core/error.h"

namespace ef {

bool has_quant_blocks(GgmlType type) {
  switch (type) {
    case GgmlType::F32:
    case GgmlType::F16:
    case GgmlType::BF16:
    case GgmlType::F64:
    case GgmlType::I8:
    case GgmlType::I16:
    case GgmlType::I32:
    case GgmlType::I64:
    case GgmlType::Q8_1:
    case GgmlType::Q8_K:
    case GgmlType::Q1_0:
      return false;
    default:
      return find_ggml_type(uint32_t(type)) != nullptr;
  }
}

void read_quant_block(GgmlType type, const uint8_t* src, QuantBlock& block) {
  block.scale = 1, block.min = 0;
  std::fill_n(block.sub_scale, kMaxBlock / 16, 1.f);
  std::fill_n(block.sub_min, kMaxBlock / 16, 0.f);
  if (read_simple_block(type, src, block) || read_k_block(type, src, block) || read_codebook_block(type, src, block) ||
      read_grid_block(type, src, block))
    return;
  const GgmlTypeInfo* info = find_ggml_type(uint32_t(type));
  fail<UnsupportedError>("GGUF tensor type ", info ? info->name : "?", " (", uint32_t(type),
                         "): its blocks can't be decoded; convert the file to a type such as Q8_0 or Q4_K");
}

}  // namespace ef
