// Running sums, products and maxima along a dimension.
#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/index.h"
#include "ops/reduce.h"
#include "ops/rows.h"
#include "ops/shape_ops.h"

namespace ef {
namespace {

// f(in, out, n) over each row along dim, computed in C.
template <class C, class F>
Tensor along(const Tensor& x, int dim, DType out, F f) {
  if (x.dim() == 0) return along<C>(x.reshape({1}), 0, out, f).reshape({});
  const Reduced r(x, {dim});
  const Tensor rows = r.rows(x.detach()).to(dtype_of<C>).contiguous();
  Tensor y = like(rows);
  const C* in = rows.data<C>();
  C* to = y.mutable_data<C>();
  parallel_for(r.outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, r.n)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) f(in + i * r.n, to + i * r.n, r.n);
  });
  return r.restore(y).to(out).contiguous();
}

// dx_i = sum of dy_j, j ≥ i
Tensor sum_from_end(const Tensor& dy, int dim) {
  return along<double>(dy, dim, dy.dtype(), [](const double* v, double* out, int64_t n) {
    double total = 0;
    for (int64_t i = n; i-- > 0;) out[i] = total += v[i];
  });
}

DType scan_type(const Tensor& x, std::optional<DType> dtype) {
  return dtype.value_or(is_floating(x.dtype()) ? x.dtype() : DType::Int64);
}

}  // namespace

Tensor cumsum(const Tensor& x, int dim, std::optional<DType> dtype) {
  const DType out = scan_type(x, dtype);
  x.wrap_dim(dim);
  const auto add_up = [](const auto* v, auto* to, int64_t n) {
    std::remove_reference_t<decltype(*to)> total = 0;
    for (int64_t i = 0; i < n; i++) to[i] = total += v[i];
  };
  Tensor y = is_floating(out) ? along<double>(x, dim, out, add_up) : along<int64_t>(x, dim, out, add_up);
  record("CumsumBackward0", y, {x}, [dim](const Tensor& dy) { return Grads{sum_from_end(dy, dim)}; });
  return y;
}

Tensor cumprod(const Tensor& x, int dim, std::optional<DType> dtype) {
  const DType out = scan_type(x, dtype);
  x.wrap_dim(dim);
  const auto multiply = [](const auto* v, auto* to, int64_t n) {
    std::remove_reference_t<decltype(*to)> total = 1;
    for (int64_t i = 0; i < n; i++) to[i] = total *= v[i];
  };
  Tensor y = is_floating(out) ? along<double>(x, dim, out, multiply) : along<int64_t>(x, dim, out, multiply);
  record("CumprodBackward0", y, {x}, [dim, x = save(x)](const Tensor& dy) {
    // dx_i = sum over j ≥ i of dy_j · product of x_k, k ≤ j, k ≠ i. One pass from the end per i keeps zeros exact.
    const Tensor v = x.get().dim() ? x.get() : x.get().reshape({1}), g = dy.reshape(v.shape());
    const Reduced r(v, {dim});
    const Tensor rows = r.rows(v).to(DType::Float64).contiguous(), d = r.rows(g).to(DType::Float64).contiguous();
    Tensor dx = Tensor::zeros({r.outer, r.n}, DType::Float64);
    const double *px = rows.data<double>(), *pd = d.data<double>();
    double* out = dx.mutable_data<double>();
    for (int64_t row = 0; row < r.outer; row++, px += r.n, pd += r.n, out += r.n) {
      double before = 1, tail = 0;
      // tail_i = dy_i + x_{i+1}·tail_{i+1}, so dx_i = (product before i) · tail_i
      for (int64_t i = r.n; i-- > 0;) out[i] = tail = pd[i] + (i + 1 < r.n ? px[i + 1] * tail : 0);
      for (int64_t i = 0; i < r.n; i++) {
        out[i] *= before;
        before *= px[i];
      }
    }
    return Grads{r.restore(dx).reshape(dy.shape())};
  });
  return y;
}

std::pair<Tensor, Tensor> cummax(const Tensor& x, int dim) {
  const Tensor index = visit_compute(x.dtype(), "cummax", [&](auto tag) {
    using C = typename decltype(tag)::type;
    return along<C>(x, dim, DType::Int64, [](const C* v, C* to, int64_t n) {
      int64_t best = 0;  // of equal values the last, as in torch
      for (int64_t i = 0; i < n; i++) {
        if (v[i] >= v[best] || v[i] != v[i]) best = i;
        to[i] = C(best);
      }
    });
  });
  return {x.dim() ? gather(x, dim, index) : x.clone(), index};
}

}  // namespace ef
