// A number with the category of its Python type, which decides type promotion: bool < int < float.
#pragma once
#include <concepts>
#include <cstdint>

#include "core/dtype.h"

namespace ef {

class Scalar {
 public:
  enum class Kind : uint8_t { Bool, Int, Float };
  Scalar(bool v) : kind_(Kind::Bool), int_(v) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Scalar(T v) : kind_(Kind::Int), int_(int64_t(v)) {}
  template <std::floating_point T>
  Scalar(T v) : kind_(Kind::Float), float_(double(v)) {}

  Kind kind() const { return kind_; }
  bool is_float() const { return kind_ == Kind::Float; }
  bool is_bool() const { return kind_ == Kind::Bool; }
  double to_double() const { return is_float() ? float_ : double(int_); }
  int64_t to_int() const { return is_float() ? int64_t(float_) : int_; }
  bool to_bool() const { return is_float() ? float_ != 0 : int_ != 0; }
  template <class T>
  T to() const {
    if constexpr (std::same_as<T, bool>)
      return to_bool();
    else if constexpr (std::integral<T>)
      return T(to_int());
    else if constexpr (std::same_as<T, double>)
      return to_double();
    else
      return T(float(to_double()));
  }

 private:
  Kind kind_;
  union {
    int64_t int_;
    double float_;
  };
};

}  // namespace ef
