// Arithmetic of two arguments.
#include "kernels/rowwise.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"

namespace ef {
namespace {

using Rowwise = void (*)(int64_t, const float*, const float*, float*);

template <class F>
Tensor apply(const char* name, DType out, const Tensor& a, const Tensor& b, F f) {
  const Shape shape = broadcast_shapes(a.shape(), b.shape());
  return visit_compute(out, name,
                       [&](auto tag) { return map<typename decltype(tag)::type>(out, shape, kGrain, f, a, b); });
}
template <class F>
Tensor apply(const char* name, DType out, const Tensor& a, F f) {
  return visit_compute(out, name,
                       [&](auto tag) { return map<typename decltype(tag)::type>(out, a.shape(), kGrain, f, a); });
}
Tensor fast(Rowwise kernel, const Tensor& a, const Tensor& b) {
  Tensor y = like(a);
  kernel(a.numel(), a.data<float>(), b.data<float>(), y.mutable_data<float>());
  return y;
}
Tensor scaled(const Tensor& x, double factor) {
  if (!fast_f32(x)) return apply("mul", x.dtype(), x, [factor](auto v) { return v * decltype(v)(factor); });
  Tensor y = like(x);
  rowwise::scale<float>(x.numel(), float(factor), x.data<float>(), y.mutable_data<float>());
  return y;
}
// Helpers for closures, where nothing is recorded.
Tensor times(const Tensor& a, const Tensor& b) { return mul(a, b); }

void check_no_bool_sub(DType a, DType b) {
  check<DtypeError>(
      a != DType::Bool || b != DType::Bool,
      "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
      "operator instead.");
  check<DtypeError>(a != DType::Bool && b != DType::Bool,
                    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a "
                    "mask, use the `~` or `logical_not()` operator instead.");
}

template <class C>
C floor_div(C a, C b) {
  if constexpr (std::is_floating_point_v<C>) {
    if (b == 0) return a / b;
    const C r = std::fmod(a, b);
    C q = (a - r) / b;
    if (r != 0 && (b < 0) != (r < 0)) q -= 1;
    if (q == 0) return std::copysign(C(0), a / b);
    const C whole = std::floor(q);
    return q - whole > C(0.5) ? whole + 1 : whole;
  } else {
    check<Error>(b != 0, "ZeroDivisionError");
    if (b == -1) return C(0 - uint64_t(a));
    const C q = a / b;
    return q - ((a % b != 0) && ((a < 0) != (b < 0)));
  }
}
template <class C>
C modulo(C a, C b) {  // the divisor's sign
  if constexpr (std::is_floating_point_v<C>) {
    const C r = std::fmod(a, b);
    return r != 0 && (b < 0) != (r < 0) ? r + b : r;
  } else {
    check<Error>(b != 0, "ZeroDivisionError");
    if (b == -1) return 0;
    const C r = a % b;
    return r != 0 && (b < 0) != (r < 0) ? r + b : r;
  }
}
template <class C>
C power(C a, C b) {
  if constexpr (std::is_floating_point_v<C>) {
    return std::pow(a, b);
  } else {
    check<Error>(b >= 0 || a == 1 || a == -1, "Integers to negative integer powers are not allowed.");
    uint64_t base = uint64_t(a), out = 1;
    for (uint64_t e = b < 0 ? uint64_t(-b) : uint64_t(b); e; e >>= 1, base *= base)
      if (e & 1) out *= base;
    return C(out);
  }
}

// Two's complement wraps; signed overflow would be undefined.
template <class C>
C plus(C a, C b) {
  if constexpr (std::is_floating_point_v<C>)
    return a + b;
  else
    return C(uint64_t(a) + uint64_t(b));
}
template <class C>
C product(C a, C b) {
  if constexpr (std::is_floating_point_v<C>)
    return a * b;
  else
    return C(uint64_t(a) * uint64_t(b));
}

void check_alpha(DType dtype, Scalar alpha) {
  check<DtypeError>(!alpha.is_float() || is_floating(dtype),
                    "For integral input tensors, argument alpha must not be a floating point number.");
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b, Scalar alpha) {
  const DType out = result_type(a, b);
  check_alpha(out, alpha);
  const bool plain = alpha.to_double() == 1;
  Tensor y = plain && fast_f32(a, b) ? fast(rowwise::add<float>, a, b)
             : plain                 ? apply("add", out, a, b, [](auto u, auto v) { return plus(u, v); })
                                     : apply("add", out, a, b,
                                             [alpha](auto u, auto v) { return plus(u, product(v, alpha.to<decltype(v)>())); });
  record("AddBackward0", y, {a, b}, [db = b.requires_grad(), alpha, plain](const Tensor& dy) {
    return Grads{dy, !db ? Tensor() : plain ? dy : scaled(dy, alpha.to_double())};
  });
  return y;
}

Tensor sub(const Tensor& a, const Tensor& b, Scalar alpha) {
  check_no_bool_sub(a.dtype(), b.dtype());
  const DType out = result_type(a, b);
  check_alpha(out, alpha);
  Tensor y = alpha.to_double() == 1 && fast_f32(a, b) ? fast(rowwise::sub<float>, a, b)
                                                      : apply("sub", out, a, b, [alpha](auto u, auto v) {
                                                          using C = decltype(v);
                                                          return plus(u, product(C(-1), product(v, alpha.to<C>())));
                                                        });
  record("SubBackward0", y, {a, b}, [db = b.requires_grad(), alpha](const Tensor& dy) {
    return Grads{dy, db ? scaled(dy, -alpha.to_double()) : Tensor()};
  });
  return y;
}

Tensor mul(const Tensor& a, const Tensor& b) {
  Tensor y = fast_f32(a, b) ? fast(rowwise::mul<float>, a, b)
                            : apply("mul", result_type(a, b), a, b, [](auto u, auto v) { return product(u, v); });
  if (needs_grad(a, b)) {
    const bool da = a.requires_grad(), db = b.requires_grad();
    record("MulBackward0", y, {a, b},
           [da, db, a = db ? save(a) : Saved(), b = da ? save(b) : Saved()](const Tensor& dy) {
             return Grads{da ? times(dy, b) : Tensor(), db ? times(dy, a) : Tensor()};
           });
  }
  return y;
}

Tensor div(const Tensor& a, const Tensor& b) {
  Tensor y = apply("div", real_type(result_type(a, b)), a, b, [](auto u, auto v) { return u / v; });
  if (needs_grad(a, b)) {
    const bool da = a.requires_grad(), db = b.requires_grad();
    record("DivBackward0", y, {a, b}, [da, db, b = save(b), y = db ? save(y) : Saved()](const Tensor& dy) {
      const Tensor dividend = div(dy, b);
      return Grads{da ? dividend : Tensor(), db ? neg(mul(dividend, y)) : Tensor()};
    });
  }
  return y;
}

Tensor add(const Tensor& x, Scalar b, Scalar alpha) {
  const DType out = result_type(x, b);
  check_alpha(out, alpha);
  const bool exact = !b.is_float() && !alpha.is_float();
  const Scalar shift = exact ? Scalar(product(b.to_int(), alpha.to_int())) : Scalar(b.to_double() * alpha.to_double());
  Tensor y = apply("add", out, x, [shift](auto v) { return plus(v, shift.to<decltype(v)>()); });
  record("AddBackward0", y, {x}, [](const Tensor& dy) { return Grads{dy}; });
  return y;
}
Tensor sub(const Tensor& x, Scalar b, Scalar alpha) {
  check_no_bool_sub(x.dtype(), b.is_bool() ? DType::Bool : DType::Float32);
  return alpha.is_float() ? add(x, b, -alpha.to_double()) : add(x, b, -alpha.to_int());
}
Tensor rsub(const Tensor& x, Scalar b) {
  check_no_bool_sub(x.dtype(), b.is_bool() ? DType::Bool : DType::Float32);
  Tensor y = apply("rsub", result_type(x, b), x,
                   [b](auto v) { return plus(b.to<decltype(v)>(), product(v, decltype(v)(-1))); });
  record("RsubBackward1", y, {x}, [](const Tensor& dy) { return Grads{neg(dy)}; });
  return y;
}
Tensor mul(const Tensor& x, Scalar b) {
  const DType out = result_type(x, b);
  Tensor y = out == x.dtype() && is_floating(out)
                 ? scaled(x.detach(), b.to_double())
                 : apply("mul", out, x, [b](auto v) { return product(v, b.to<decltype(v)>()); });
  record("MulBackward0", y, {x}, [b](const Tensor& dy) { return Grads{scaled(dy, b.to_double())}; });
  return y;
}
Tensor div(const Tensor& x, Scalar b) {
  Tensor y = apply("div", real_type(result_type(x, b)), x, [b](auto v) { return v / b.to<decltype(v)>(); });
  record("DivBackward0", y, {x}, [b](const Tensor& dy) { return Grads{div(dy, b)}; });
  return y;
}
Tensor rdiv(Scalar a, const Tensor& x) {
  Tensor y = apply("div", real_type(result_type(x, a)), x, [a](auto v) { return a.to<decltype(v)>() / v; });
  record("DivBackward0", y, {x},
         [x = save(x), y = save(y)](const Tensor& dy) { return Grads{neg(mul(dy, div(y.get(), x.get())))}; });
  return y;
}

Tensor floor_divide(const Tensor& a, const Tensor& b) {
  return apply("floor_divide", result_type(a, b), a.detach(), b.detach(),
               [](auto u, auto v) { return floor_div(u, v); });
}
Tensor trunc_divide(const Tensor& a, const Tensor& b) {
  return apply("div", result_type(a, b), a.detach(), b.detach(), [](auto u, auto v) {
    using C = decltype(u);
    if constexpr (std::is_floating_point_v<C>) {
      return std::trunc(u / v);
    } else {
      check<Error>(v != 0, "ZeroDivisionError");
      return v == -1 ? C(0 - uint64_t(u)) : C(u / v);
    }
  });
}
Tensor remainder(const Tensor& a, const Tensor& b) {
  Tensor y = apply("remainder", result_type(a, b), a, b, [](auto u, auto v) { return modulo(u, v); });
  record("RemainderBackward1", y, {a, b}, [db = b.requires_grad(), a = save(a), b = save(b)](const Tensor& dy) {
    return Grads{dy, db ? neg(mul(dy, floor_divide(a, b))) : Tensor()};
  });
  return y;
}
Tensor fmod(const Tensor& a, const Tensor& b) {
  Tensor y = apply("fmod", result_type(a, b), a, b, [](auto u, auto v) {
    using C = decltype(u);
    if constexpr (std::is_floating_point_v<C>)
      return std::fmod(u, v);
    else {
      check<Error>(v != 0, "ZeroDivisionError");
      return v == -1 ? C(0) : C(u % v);
    }
  });
  record("FmodBackward1", y, {a, b}, [db = b.requires_grad(), a = save(a), b = save(b)](const Tensor& dy) {
    return Grads{dy, db ? neg(mul(dy, trunc_divide(a, b))) : Tensor()};
  });
  return y;
}

namespace {
// d a^b / db = y·ln a, and 0 where a = 0 (there y does not move for b > 0).
Tensor pow_grad_exponent(const Tensor& a, const Tensor& y, const Tensor& dy) {
  return visit_real(dy.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        dy.dtype(), dy.shape(), kGrain, [](C a, C y, C d) { return a == 0 ? C(0) : d * y * std::log(a); }, a, y, dy);
  });
}
Tensor pow_grad_base(const Tensor& a, const Tensor& b, const Tensor& dy) {
  return visit_real(dy.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        dy.dtype(), dy.shape(), kGrain, [](C a, C b, C d) { return b == 0 ? C(0) : d * b * std::pow(a, b - 1); }, a, b,
        dy);
  });
}
}  // namespace

Tensor pow(const Tensor& a, const Tensor& b) {
  Tensor y = apply("pow", result_type(a, b), a, b, [](auto u, auto v) { return power(u, v); });
  record("PowBackward1", y, {a, b},
         [da = a.requires_grad(), db = b.requires_grad(), a = save(a), b = save(b), y = save(y)](const Tensor& dy) {
           return Grads{da ? pow_grad_base(a, b, dy) : Tensor(), db ? pow_grad_exponent(a, y, dy) : Tensor()};
         });
  return y;
}
Tensor pow(const Tensor& x, Scalar b) {
  const DType out = result_type(x, b);
  const double p = b.to_double();
  check<Error>(is_floating(out) || p >= 0, "Integers to negative integer powers are not allowed.");
  Tensor y = p == 2     ? apply("pow", out, x, [](auto v) { return product(v, v); })
             : p == 0.5 ? apply("pow", out, x, [](auto v) { return decltype(v)(std::sqrt(v)); })
                        : apply("pow", out, x, [b](auto v) { return power(v, b.to<decltype(v)>()); });
  record("PowBackward0", y, {x}, [p, x = save(x)](const Tensor& dy) {
    if (p == 0) return Grads{Tensor::zeros(dy.shape(), dy.dtype())};
    if (p == 2) return Grads{mul(dy, scaled(x, 2))};
    return Grads{visit_real(dy.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      return map<C>(
          dy.dtype(), dy.shape(), kGrain, [p](C v, C d) { return d * C(p) * std::pow(v, C(p - 1)); }, x.get(), dy);
    })};
  });
  return y;
}
Tensor rpow(Scalar a, const Tensor& b) {
  Tensor y = apply("pow", result_type(b, a), b, [a](auto v) { return power(a.to<decltype(v)>(), v); });
  record("PowBackward1", y, {b}, [a, y = save(y)](const Tensor& dy) {
    return Grads{a.to_double() == 0 ? Tensor::zeros(dy.shape(), dy.dtype())
                                    : mul(scaled(dy, std::log(a.to_double())), y)};
  });
  return y;
}

namespace {
template <class Pick>
Tensor extremum(const char* name, const Tensor& a, const Tensor& b, Pick pick) {  // pick(u, v): is u the result
  Tensor y = apply(name, result_type(a, b), a, b, [pick](auto u, auto v) {
    if constexpr (std::is_floating_point_v<decltype(u)>)
      if (u != u || v != v) return u + v;  // NaN wins
    return pick(u, v) ? u : v;
  });
  record(name, y, {a, b}, [pick, a = save(a), b = save(b)](const Tensor& dy) {
    const auto share = [&](const Tensor& mine, const Tensor& other) {
      return visit_real(dy.dtype(), [&](auto tag) {
        using C = typename decltype(tag)::type;
        return map<C>(
            dy.dtype(), dy.shape(), kGrain, [pick](C u, C v, C d) { return u == v       ? d / 2
                                                                           : pick(u, v) ? d
                                                                                        : C(0); },
            mine, other, dy);
      });
    };
    return Grads{share(a, b), share(b, a)};
  });
  return y;
}
}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) {
  return extremum("MaximumBackward0", a, b, [](auto u, auto v) { return u > v; });
}
Tensor minimum(const Tensor& a, const Tensor& b) {
  return extremum("MinimumBackward0", a, b, [](auto u, auto v) { return u < v; });
}

Tensor atan2(const Tensor& a, const Tensor& b) {
  Tensor y =
      apply("atan2", real_type(result_type(a, b)), a, b, [](auto u, auto v) { return decltype(u)(std::atan2(u, v)); });
  record("Atan2Backward0", y, {a, b}, [a = save(a), b = save(b)](const Tensor& dy) {
    const Tensor scale = div(dy, add(square(a), square(b)));
    return Grads{mul(scale, b), neg(mul(scale, a))};
  });
  return y;
}
Tensor lerp(const Tensor& a, const Tensor& b, const Tensor& weight) { return add(a, mul(weight, sub(b, a))); }
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) { return add(x, mul(a, b), value); }
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value) { return add(x, div(a, b), value); }

}  // namespace ef
