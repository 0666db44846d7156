// Element types of GGUF tensors with the size of their blocks. The io layer only needs sizes; what is inside a block is
// the kernels' subject, which has the same numbers under the name GgmlType.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/dtype.h"

namespace ef {

enum class GgufType : uint32_t {
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q5_0 = 6,
  Q5_1 = 7,
  Q8_0 = 8,
  Q8_1 = 9,
  Q2_K = 10,
  Q3_K = 11,
  Q4_K = 12,
  Q5_K = 13,
  Q6_K = 14,
  Q8_K = 15,
  IQ2_XXS = 16,
  IQ2_XS = 17,
  IQ3_XXS = 18,
  IQ1_S = 19,
  IQ4_NL = 20,
  IQ3_S = 21,
  IQ2_S = 22,
  IQ4_XS = 23,
  I8 = 24,
  I16 = 25,
  I32 = 26,
  I64 = 27,
  F64 = 28,
  IQ1_M = 29,
  BF16 = 30,
  TQ1_0 = 34,
  TQ2_0 = 35,
  MXFP4 = 39,
  NVFP4 = 40,
  Q1_0 = 41,
};

struct GgufTypeInfo {
  GgufType type;
  const char* name;
  uint32_t block_length;  // elements a block
  uint32_t block_bytes;
  std::optional<DType> dtype;  // the same as a plain element type, if it is one
};

const GgufTypeInfo* find_gguf_type(uint32_t id);  // nullptr: not a type that is stored in files
const GgufTypeInfo* find_gguf_type(std::string_view name);
const GgufTypeInfo& gguf_type_info(GgufType type);
std::optional<GgufType> gguf_type_of(DType dtype);

}  // namespace ef
