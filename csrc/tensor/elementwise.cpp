#include "tensor/elementwise.h"

#include <bit>
#include <cmath>

namespace ef {
namespace {

template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return To(std::abs(value) < From(0x1p63) ? int64_t(value) : INT64_MIN);
  } else if constexpr (std::is_class_v<To>) {  // the short floating-point formats
    return To(float(value));
  } else {
    return To(value);
  }
}
// How a value lies in memory: a bool of foreign origin may hold any byte.
template <class T>
struct Stored {
  using type = T;
};
template <>
struct Stored<bool> {
  using type = uint8_t;
};

// The 8-bit floating-point formats, which only convert. A code counts multiples of the smallest subnormal, so that
// rounding carries from the mantissa into the exponent by itself.
struct SmallFloat {
  int mantissa, bias;
  uint8_t largest, overflow, nan;  // codes of the largest finite value, of what exceeds it, of NaN
  float decode(uint8_t code) const {
    const int magnitude = code & 0x7f, exponent = magnitude >> mantissa, fraction = magnitude & ((1 << mantissa) - 1);
    const float sign = code & 0x80 ? -1.f : 1.f;
    if (magnitude > largest) return magnitude == overflow && overflow != nan ? sign * INFINITY : NAN;
    return sign *
           std::ldexp(float(exponent ? fraction + (1 << mantissa) : fraction), std::max(exponent, 1) - bias - mantissa);
  }
  uint8_t encode(float value) const {
    const uint8_t sign = std::signbit(value) ? 0x80 : 0;
    if (value != value) return sign | nan;
    const float a = std::abs(value);
    if (std::isinf(a)) return sign | overflow;
    const int exponent = a == 0 ? 1 - bias : std::max(std::ilogb(a), 1 - bias);
    const int64_t code =
        int64_t(std::nearbyint(std::ldexp(a, mantissa - exponent))) + (int64_t(exponent + bias - 1) << mantissa);
    return sign | (code > largest ? overflow : uint8_t(code));
  }
};
constexpr SmallFloat kE4M3{3, 7, 0x7e, 0x7e, 0x7f};  // saturates: there is no infinity
constexpr SmallFloat kE5M2{2, 15, 0x7b, 0x7c, 0x7f};
struct E4M3 {
  uint8_t bits;
  operator float() const { return kE4M3.decode(bits); }
  explicit E4M3(float f) : bits(kE4M3.encode(f)) {}
};
struct E5M2 {
  uint8_t bits;
  operator float() const { return kE5M2.decode(bits); }
  explicit E5M2(float f) : bits(kE5M2.encode(f)) {}
};
struct E8M0 {  // a power of two
  uint8_t bits;
  operator float() const { return bits == 255 ? NAN : std::ldexp(1.f, bits - 127); }
  explicit E8M0(float f) {
    const uint32_t u = std::bit_cast<uint32_t>(f), exponent = (u >> 23) & 255;
    const bool up = (u & 0x400000) && (exponent || (u & 0x3fffff));  // nearest, ties upwards
    bits = uint8_t(exponent == 255 ? 255 : exponent + (up && exponent < 254));
  }
};

// visit_dtype, and the types that are only converted.
template <class F>
decltype(auto) visit_stored(DType dtype, const char* where, F&& f) {
  switch (dtype) {
    case DType::UInt16:
      return f(TypeTag<uint16_t>{});
    case DType::UInt32:
      return f(TypeTag<uint32_t>{});
    case DType::UInt64:
      return f(TypeTag<uint64_t>{});
    case DType::Float8E4M3:
      return f(TypeTag<E4M3>{});
    case DType::Float8E5M2:
      return f(TypeTag<E5M2>{});
    case DType::Float8E8M0:
      return f(TypeTag<E8M0>{});
    case DType::Complex64:
      fail<UnsupportedError>(where, ": complex numbers are not supported");
    default:
      return visit_dtype(dtype, where, f);
  }
}

template <class T>
auto widen(T v) {
  if constexpr (std::is_class_v<T>)
    return float(v);
  else
    return v;
}

}  // namespace

template <class C>
void load_row(DType dtype, const char* src, int64_t stride, int64_t n, C* out) {
  visit_stored(dtype, "load", [&](auto tag) {
    using T = typename decltype(tag)::type;
    using S = typename Stored<T>::type;
    const auto read = [](const char* p) {
      const S v = *reinterpret_cast<const S*>(p);
      if constexpr (std::is_same_v<T, bool>)
        return C(v != 0);
      else
        return convert<C>(widen(v));
    };
    if (stride == 0)
      std::fill_n(out, n, read(src));
    else if (stride == int64_t(sizeof(S)))
      for (int64_t i = 0; i < n; i++) out[i] = read(src + i * int64_t(sizeof(S)));
    else
      for (int64_t i = 0; i < n; i++) out[i] = read(src + i * stride);
  });
}

template <class C>
void store_row(DType dtype, char* dst, int64_t stride, int64_t n, const C* values) {
  visit_stored(dtype, "store", [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (stride == int64_t(sizeof(T)))
      for (int64_t i = 0; i < n; i++) reinterpret_cast<T*>(dst)[i] = convert<T>(values[i]);
    else
      for (int64_t i = 0; i < n; i++) *reinterpret_cast<T*>(dst + i * stride) = convert<T>(values[i]);
  });
}

template void load_row(DType, const char*, int64_t, int64_t, float*);
template void load_row(DType, const char*, int64_t, int64_t, double*);
template void load_row(DType, const char*, int64_t, int64_t, int64_t*);
template void store_row(DType, char*, int64_t, int64_t, const float*);
template void store_row(DType, char*, int64_t, int64_t, const double*);
template void store_row(DType, char*, int64_t, int64_t, const int64_t*);

Strides broadcast_strides(const Tensor& x, const Shape& shape) {
  Strides out = shape;
  const int shift = shape.size() - x.dim();
  check<ShapeError>(shift >= 0, "The expanded size of the tensor ", shape, " has fewer dimensions than ", x.shape());
  const auto size = int64_t(x.element_size());
  for (int d = 0; d < shape.size(); d++) {
    if (d < shift || (x.shape()[d - shift] == 1 && shape[d] != 1)) {
      out[d] = 0;
      continue;
    }
    check<ShapeError>(x.shape()[d - shift] == shape[d], "The expanded size of the tensor (", shape[d],
                      ") must match the existing size (", x.shape()[d - shift], ") at non-singleton dimension ", d,
                      ".  Target sizes: ", shape, ".  Tensor sizes: ", x.shape());
    out[d] = x.strides()[d - shift] * size;
  }
  return out;
}

}  // namespace ef
