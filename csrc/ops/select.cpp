// Selection by mask or bound, and writing in place.
#include <cmath>

#include "kernels/rowwise.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"

namespace ef {
namespace {

// dy where the mask is `on`, else 0
Tensor masked(const Tensor& dy, const Tensor& mask, bool on) {
  return visit_real(dy.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        dy.dtype(), dy.shape(), kGrain, [on](C m, C d) { return (m != 0) == on ? d : C(0); }, mask, dy);
  });
}
void check_mask(const char* where, const Tensor& mask) {
  check<DtypeError>(mask.dtype() == DType::Bool || mask.dtype() == DType::UInt8, where,
                    " expected condition to be a boolean tensor, but got a tensor with dtype ",
                    scalar_name(mask.dtype()));
}

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  check_mask("where", condition);
  const DType out = result_type(a, b);
  const Shape shape = broadcast_shapes(condition.shape(), broadcast_shapes(a.shape(), b.shape()));
  Tensor y = visit_compute(out, "where", [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        out, shape, kGrain, [](C m, C u, C v) { return m != 0 ? u : v; }, condition, a, b);
  });
  if (needs_grad(a, b))
    record("WhereBackward0", y, {a, b},
           [m = save(condition), da = a.requires_grad(), db = b.requires_grad()](const Tensor& dy) {
             return Grads{da ? masked(dy, m, true) : Tensor(), db ? masked(dy, m, false) : Tensor()};
           });
  return y;
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value) {
  check<DtypeError>(mask.dtype() == DType::Bool, "masked_fill_ only supports boolean masks, but got mask with dtype ",
                    scalar_name(mask.dtype()));
  check<DtypeError>(!value.is_float() || is_floating(x.dtype()) || std::abs(value.to_double()) < 0x1p63,
                    "value cannot be converted to type ", dtype_name(x.dtype()), " without overflow");
  Tensor y = visit_compute(x.dtype(), "masked_fill", [&](auto tag) {
    using C = typename decltype(tag)::type;
    const C v = value.to<C>();
    return map<C>(
        x.dtype(), broadcast_shapes(x.shape(), mask.shape()), kGrain, [v](C a, C m) { return m != 0 ? v : a; }, x,
        mask);
  });
  if (needs_grad(x))
    record("MaskedFillBackward0", y, {x}, [m = save(mask)](const Tensor& dy) { return Grads{masked(dy, m, false)}; });
  return y;
}

Tensor clamp(const Tensor& x, std::optional<Scalar> low, std::optional<Scalar> high) {
  check<ConfigError>(low || high, "torch.clamp: At least one of 'min' or 'max' must not be None");
  DType out = x.dtype();
  for (auto& bound : {low, high})
    if (bound) out = promote_types(out, result_type(x, *bound));
  const auto bounds = [low, high]<class C>(TypeTag<C>) {
    using Limits = std::numeric_limits<C>;
    const C least = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    const C most = Limits::has_infinity ? Limits::infinity() : Limits::max();
    return std::pair<C, C>(low ? low->template to<C>() : least, high ? high->template to<C>() : most);
  };
  Tensor y = visit_compute(out, "clamp", [&](auto tag) {
    using C = typename decltype(tag)::type;
    const auto [lo, hi] = bounds(tag);
    return map<C>(
        out, x.shape(), kGrain, [lo = lo, hi = hi](C v) { return v != v ? v : std::min(std::max(v, lo), hi); }, x);
  });
  record("ClampBackward1", y, {x}, [bounds, x = save(x)](const Tensor& dy) {
    return Grads{visit_real(dy.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      const auto [lo, hi] = bounds(tag);
      return map<C>(
          dy.dtype(), dy.shape(), kGrain, [lo = lo, hi = hi](C v, C d) { return v >= lo && v <= hi ? d : C(0); },
          x.get(), dy);
    })};
  });
  return y;
}
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high) {
  check<ConfigError>(low.defined() || high.defined(), "torch.clamp: At least one of 'min' or 'max' must not be None");
  Tensor y = low.defined() ? maximum(x, low) : x;
  return high.defined() ? minimum(y, high) : y;
}

Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  if (!is_floating(x.dtype())) return x.clone();
  const double most = x.dtype() == DType::Float64    ? std::numeric_limits<double>::max()
                      : x.dtype() == DType::Float16  ? 65504.0
                      : x.dtype() == DType::BFloat16 ? double(from_bf16(0x7f7f))
                                                     : double(std::numeric_limits<float>::max());
  const double high = posinf.value_or(most), low = neginf.value_or(-most);
  Tensor y = visit_real(x.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        x.dtype(), x.shape(), kGrain,
        [=](C v) { return v != v           ? C(nan)
                          : !std::isinf(v) ? v
                          : v > 0          ? C(high)
                                           : C(low); }, x);
  });
  record("NanToNumBackward0", y, {x}, [x = save(x)](const Tensor& dy) { return Grads{masked(dy, isfinite(x), true)}; });
  return y;
}

Tensor& inplace(Tensor& y, const Tensor& result) {
  check_inplace(y);
  check<ShapeError>(result.shape() == y.shape(), "output with shape ", y.shape(), " doesn't match the broadcast shape ",
                    result.shape());
  const auto rank = [](DType d) { return d == DType::Bool ? 0 : is_floating(d) ? 2 : 1; };
  check<DtypeError>(rank(result.dtype()) <= rank(y.dtype()), "result type ", scalar_name(result.dtype()),
                    " can't be cast to the desired output type ", scalar_name(y.dtype()));
  const Tensor value = result.to(y.dtype());
  copy_data(y, value);
  rebase(y, value);
  return y;
}

void add_into(Tensor& y, const Tensor& x, double alpha) {
  if (fast_f32(y, x)) {
    rowwise::scale_add<float>(y.numel(), float(alpha), x.data<float>(), y.mutable_data<float>());
    return;
  }
  const Tensor before = y.detach();
  visit_real(y.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    map_into<C>(
        y, kGrain, [alpha](C a, C b) { return a + C(alpha) * b; }, before, x);
  });
}
void mul_into(Tensor& y, double factor) {
  if (fast_f32(y)) {
    float* data = y.mutable_data<float>();
    rowwise::scale<float>(y.numel(), float(factor), data, data);
    return;
  }
  const Tensor before = y.detach();
  visit_real(y.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    map_into<C>(
        y, kGrain, [factor](C a) { return a * C(factor); }, before);
  });
}

}  // namespace ef
