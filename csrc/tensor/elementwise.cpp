#include "tensor/elementwise.h"

#include <cmath>

namespace ef {
namespace {

template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return To(std::abs(value) < From(0x1p63) ? int64_t(value) : INT64_MIN);
  } else if constexpr (std::is_same_v<To, bfloat16> || std::is_same_v<To, float16>) {
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

template <class T>
auto widen(T v) {
  return v;
}
inline float widen(float16 v) { return v; }
inline float widen(bfloat16 v) { return v; }

}  // namespace

template <class C>
void load_row(DType dtype, const char* src, int64_t stride, int64_t n, C* out) {
  visit_dtype(dtype, "load", [&](auto tag) {
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
  visit_dtype(dtype, "store", [&](auto tag) {
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
