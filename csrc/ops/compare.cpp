// Comparisons, logic and bits. Nothing here has a gradient.
#include "ops/elementwise.h"
#include "ops/helpers.h"

namespace ef {
namespace {

template <class F>
Tensor compare(const char* name, const Tensor& a, const Tensor& b, F f) {
  const Shape shape = broadcast_shapes(a.shape(), b.shape());
  return visit_compute(result_type(a, b), name, [&](auto tag) {
    return map<typename decltype(tag)::type>(DType::Bool, shape, kGrain, f, a, b);
  });
}
template <class F>
Tensor compare(const char* name, const Tensor& a, Scalar b, F f) {
  return visit_compute(result_type(a, b), name, [&](auto tag) {
    using C = typename decltype(tag)::type;
    // A 16-bit tensor compares with the number as its own dtype can hold it, as in torch.
    C value = b.to<C>();
    if (a.dtype() == DType::BFloat16) value = C(float(bfloat16(float(value))));
    if (a.dtype() == DType::Float16) value = C(float(float16(float(value))));
    return map<C>(
        DType::Bool, a.shape(), kGrain, [f, value](C v) { return f(v, value); }, a);
  });
}
template <class F>
Tensor logic(const Tensor& a, const Tensor& b, F f) {
  const Shape shape = broadcast_shapes(a.shape(), b.shape());
  return map<int64_t>(DType::Bool, shape, kGrain, f, ne(a, 0), ne(b, 0));
}
template <class F>
Tensor bits(const char* name, const Tensor& a, const Tensor& b, F f) {
  const DType out = result_type(a, b);
  check<DtypeError>(!is_floating(out), "\"", name, "_cpu\" not implemented for '", scalar_name(out), "'");
  return map<int64_t>(out, broadcast_shapes(a.shape(), b.shape()), kGrain, f, a, b);
}
template <class F>
Tensor classify(const Tensor& x, bool otherwise, F f) {
  if (!is_floating(x.dtype())) return Tensor::full(x.shape(), otherwise, DType::Bool);
  return visit_real(x.dtype(),
                    [&](auto tag) { return map<typename decltype(tag)::type>(DType::Bool, x.shape(), kGrain, f, x); });
}

}  // namespace

const char* scalar_name(DType dtype) {
  static constexpr const char* names[] = {"Float", "Double", "Half", "BFloat16", "Long",
                                          "Int",   "Short",  "Char", "Byte",     "Bool"};
  return is_computable(dtype) ? names[int(dtype)] : dtype_name(dtype);
}

Tensor eq(const Tensor& a, const Tensor& b) {
  return compare("eq", a, b, [](auto u, auto v) { return u == v; });
}
Tensor ne(const Tensor& a, const Tensor& b) {
  return compare("ne", a, b, [](auto u, auto v) { return u != v; });
}
Tensor lt(const Tensor& a, const Tensor& b) {
  return compare("lt", a, b, [](auto u, auto v) { return u < v; });
}
Tensor le(const Tensor& a, const Tensor& b) {
  return compare("le", a, b, [](auto u, auto v) { return u <= v; });
}
Tensor gt(const Tensor& a, const Tensor& b) {
  return compare("gt", a, b, [](auto u, auto v) { return u > v; });
}
Tensor ge(const Tensor& a, const Tensor& b) {
  return compare("ge", a, b, [](auto u, auto v) { return u >= v; });
}
Tensor eq(const Tensor& a, Scalar b) {
  return compare("eq", a, b, [](auto u, auto v) { return u == v; });
}
Tensor ne(const Tensor& a, Scalar b) {
  return compare("ne", a, b, [](auto u, auto v) { return u != v; });
}
Tensor lt(const Tensor& a, Scalar b) {
  return compare("lt", a, b, [](auto u, auto v) { return u < v; });
}
Tensor le(const Tensor& a, Scalar b) {
  return compare("le", a, b, [](auto u, auto v) { return u <= v; });
}
Tensor gt(const Tensor& a, Scalar b) {
  return compare("gt", a, b, [](auto u, auto v) { return u > v; });
}
Tensor ge(const Tensor& a, Scalar b) {
  return compare("ge", a, b, [](auto u, auto v) { return u >= v; });
}

Tensor logical_and(const Tensor& a, const Tensor& b) {
  return logic(a, b, [](auto u, auto v) { return u & v; });
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  return logic(a, b, [](auto u, auto v) { return u | v; });
}
Tensor logical_xor(const Tensor& a, const Tensor& b) {
  return logic(a, b, [](auto u, auto v) { return u ^ v; });
}
Tensor logical_not(const Tensor& x) { return eq(x, 0); }

Tensor bitwise_and(const Tensor& a, const Tensor& b) {
  return bits("bitwise_and", a, b, [](auto u, auto v) { return u & v; });
}
Tensor bitwise_or(const Tensor& a, const Tensor& b) {
  return bits("bitwise_or", a, b, [](auto u, auto v) { return u | v; });
}
Tensor bitwise_xor(const Tensor& a, const Tensor& b) {
  return bits("bitwise_xor", a, b, [](auto u, auto v) { return u ^ v; });
}
Tensor bitwise_not(const Tensor& x) {
  if (x.dtype() == DType::Bool) return logical_not(x);
  check<DtypeError>(!is_floating(x.dtype()), "\"bitwise_not_cpu\" not implemented for '", scalar_name(x.dtype()), "'");
  return map<int64_t>(
      x.dtype(), x.shape(), kGrain, [](int64_t v) { return ~v; }, x);
}
Tensor shift_left(const Tensor& a, const Tensor& b) {
  return bits("lshift", a, b, [](int64_t u, int64_t v) { return v < 0 || v > 63 ? 0 : int64_t(uint64_t(u) << v); });
}
Tensor shift_right(const Tensor& a, const Tensor& b) {
  return bits("rshift", a, b, [](int64_t u, int64_t v) { return u >> (v < 0 || v > 63 ? 63 : v); });
}

Tensor isnan(const Tensor& x) {
  return classify(x, false, [](auto v) { return v != v; });
}
Tensor isinf(const Tensor& x) {
  return classify(x, false, [](auto v) { return std::isinf(v); });
}
Tensor isfinite(const Tensor& x) {
  return classify(x, true, [](auto v) { return std::isfinite(v); });
}

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  check<DtypeError>(a.dtype() == b.dtype(), scalar_name(a.dtype()), " did not match ", scalar_name(b.dtype()));
  return map<double>(
      DType::Bool, broadcast_shapes(a.shape(), b.shape()), kGrain,
      [=](double u, double v) {
        if (u == v) return true;
        if (u != u || v != v) return equal_nan && u != u && v != v;
        return std::isfinite(u) && std::abs(u - v) <= atol + rtol * std::abs(v);
      },
      a, b);
}
namespace {
bool all_true(const Tensor& x) {  // contiguous bools
  const auto* bytes = static_cast<const uint8_t*>(x.data_ptr());
  return std::all_of(bytes, bytes + x.numel(), [](uint8_t v) { return v != 0; });
}
}  // namespace
bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  return all_true(isclose(a, b, rtol, atol, equal_nan));
}
bool equal(const Tensor& a, const Tensor& b) { return a.shape() == b.shape() && all_true(eq(a, b)); }

}  // namespace ef
