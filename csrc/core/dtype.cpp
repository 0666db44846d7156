#include "core/dtype.h"

#include <array>
#include <utility>

namespace ef {
namespace {

struct Info {
  const char* name;
  size_t size;
};
constexpr std::array<Info, kDTypeCount> kInfo{{
    {"float32", 4},
    {"float64", 8},
    {"float16", 2},
    {"bfloat16", 2},
    {"int64", 8},
    {"int32", 4},
    {"int16", 2},
    {"int8", 1},
    {"uint8", 1},
    {"bool", 1},
    {"uint16", 2},
    {"uint32", 4},
    {"uint64", 8},
    {"float8_e4m3fn", 1},
    {"float8_e5m2", 1},
    {"float8_e8m0fnu", 1},
    {"complex64", 8},
}};
constexpr std::pair<const char*, DType> kAliases[] = {
    {"f32", DType::Float32},    {"fp32", DType::Float32}, {"float", DType::Float32}, {"f64", DType::Float64},
    {"double", DType::Float64}, {"f16", DType::Float16},  {"fp16", DType::Float16},  {"half", DType::Float16},
    {"bf16", DType::BFloat16},  {"long", DType::Int64},   {"int", DType::Int32},     {"short", DType::Int16},
    {"i64", DType::Int64},      {"i32", DType::Int32},    {"i16", DType::Int16},     {"i8", DType::Int8},
    {"u8", DType::UInt8},
};

}  // namespace

size_t item_size(DType dtype) { return kInfo[size_t(dtype)].size; }
const char* dtype_name(DType dtype) { return kInfo[size_t(dtype)].name; }

DType dtype_from_name(std::string_view name) {
  const std::string_view given = name;
  for (std::string_view prefix : {"torch.", "eigenformers."})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  for (int i = 0; i < kDTypeCount; i++)
    if (name == kInfo[i].name) return DType(i);
  for (auto& [alias, dtype] : kAliases)
    if (name == alias) return dtype;
  std::string known;
  for (auto& info : kInfo) known += str(known.empty() ? "" : ", ", info.name);
  fail<ConfigError>("dtype: unknown name '", given, "', needed one of ", known);
}

DType promote_types(DType a, DType b) {
  if (a == b) return a;
  const bool fa = is_floating(a), fb = is_floating(b);
  if (fa != fb) return fa ? a : b;
  if (fa) {
    if (a == DType::Float64 || b == DType::Float64) return DType::Float64;
    return DType::Float32;  // f32 with a 16-bit type, or f16 with bf16
  }
  if (a == DType::Bool) return b;
  if (b == DType::Bool) return a;
  if (a == DType::UInt8 || b == DType::UInt8) {  // u8 with i8 needs i16; wider signed types hold u8
    const DType other = a == DType::UInt8 ? b : a;
    return other == DType::Int8 ? DType::Int16 : other;
  }
  return item_size(a) >= item_size(b) ? a : b;
}

}  // namespace ef
