// Element types of tensors. The first ten compute; the rest are only stored, viewed and converted.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/half.h"

namespace ef {

enum class DType : uint8_t {
  Float32,
  Float64,
  Float16,
  BFloat16,
  Int64,
  Int32,
  Int16,
  Int8,
  UInt8,
  Bool,
  UInt16,
  UInt32,
  UInt64,
  Float8E4M3,
  Float8E5M2,
  Float8E8M0,
  Complex64,
};
constexpr int kDTypeCount = 17;

size_t item_size(DType dtype);
const char* dtype_name(DType dtype);  // "float32", "bfloat16", … as in torch and config.json
DType dtype_from_name(
    std::string_view name);  // also "torch.float32", "f32", "fp16", "half"; ConfigError lists the known ones
constexpr bool is_floating(DType d) {
  return d == DType::Float32 || d == DType::Float64 || d == DType::Float16 || d == DType::BFloat16 ||
         d == DType::Float8E4M3 || d == DType::Float8E5M2 || d == DType::Float8E8M0;
}
constexpr bool is_integral(DType d) {  // Bool excluded, as in torch.promote_types' categories
  return (d >= DType::Int64 && d <= DType::UInt8) || (d >= DType::UInt16 && d <= DType::UInt64);
}
constexpr bool is_computable(DType d) { return d <= DType::Bool; }
DType promote_types(DType a, DType b);  // torch's table

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::Float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::Float64;
};
template <>
struct DTypeOf<float16> {
  static constexpr DType value = DType::Float16;
};
template <>
struct DTypeOf<bfloat16> {
  static constexpr DType value = DType::BFloat16;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::Int64;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::Int32;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::Int16;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::Int8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::UInt8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::Bool;
};
template <class T>
constexpr DType dtype_of = DTypeOf<T>::value;

template <class T>
struct TypeTag {
  using type = T;
};

// visit_dtype(dtype, "op", [&](auto tag) { using T = typename decltype(tag)::type; … }) for the ten computing types.
template <class F>
decltype(auto) visit_dtype(DType dtype, const char* where, F&& f) {
  switch (dtype) {
    case DType::Float32:
      return f(TypeTag<float>{});
    case DType::Float64:
      return f(TypeTag<double>{});
    case DType::Float16:
      return f(TypeTag<float16>{});
    case DType::BFloat16:
      return f(TypeTag<bfloat16>{});
    case DType::Int64:
      return f(TypeTag<int64_t>{});
    case DType::Int32:
      return f(TypeTag<int32_t>{});
    case DType::Int16:
      return f(TypeTag<int16_t>{});
    case DType::Int8:
      return f(TypeTag<int8_t>{});
    case DType::UInt8:
      return f(TypeTag<uint8_t>{});
    case DType::Bool:
      return f(TypeTag<bool>{});
    default:
      fail<DtypeError>(where, ": no arithmetic on ", dtype_name(dtype), "; convert it with .to(dtype) first");
  }
}

}  // namespace ef
