#include "ops/reduce.h"

#include <limits>

#include "kernels/rowwise.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/index.h"
#include "ops/rows.h"

namespace ef {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

DType sum_type(const Tensor& x, std::optional<DType> dtype) {
  return dtype.value_or(is_floating(x.dtype()) ? x.dtype() : DType::Int64);
}
// dy of a reduction, shaped so that it broadcasts against x.
Tensor widen(const Tensor& dy, const Reduced& r) { return dy.reshape(r.keep); }
Tensor shaped(const Tensor& y, const Reduced& r, bool keepdim) { return y.view(keepdim ? r.keep : r.kept); }

// f(row, n) -> C for each row of the reduced dimensions.
template <class C, class F>
Tensor fold(const Tensor& x, const Reduced& r, DType out, F f) {
  const Tensor rows = r.rows(x).to(dtype_of<C>).contiguous();
  Tensor y = Tensor::empty({r.outer}, dtype_of<C>);
  const C* in = rows.data<C>();
  C* to = y.mutable_data<C>();
  parallel_for(r.outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, r.n)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) to[i] = f(in + i * r.n, r.n);
  });
  return y.to(out);
}

// f sums in double over float or double rows.
template <class F>
Tensor fold_real(const Tensor& x, const Reduced& r, F f) {
  return visit_real(x.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    return fold<C>(x.detach(), r, x.dtype(), [&f](const C* v, int64_t n) { return C(f(v, n)); });
  });
}

void check_real(const char* name, const Tensor& x) {
  check<DtypeError>(is_floating(x.dtype()), name,
                    "(): could not infer output dtype. Input dtype must be either a floating "
                    "point or complex dtype. Got: ",
                    scalar_name(x.dtype()));
}

}  // namespace

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  const Reduced r(x, dims);
  const DType out = sum_type(x, dtype);
  Tensor y = sum_to(x.detach().to(out), r.keep);
  if (y.shares_storage(x)) y = y.clone();  // nothing to add up
  y = shaped(y, r, keepdim);
  record("SumBackward0", y, {x}, [r, from = x.shape()](const Tensor& dy) { return Grads{widen(dy, r).expand(from)}; });
  return y;
}

Tensor mean(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  const DType out = dtype.value_or(x.dtype());
  check<DtypeError>(is_floating(out),
                    "mean(): could not infer output dtype. Input dtype must be either a floating point or "
                    "complex dtype. Got: ",
                    scalar_name(out));
  const Reduced r(x, dims);
  // The sum of 16-bit values may not fit them.
  const Tensor total = sum(x, dims, keepdim, real_compute(out));
  return div(total, double(r.n)).to(out);
}

Tensor prod(const Tensor& x, std::optional<int> dim, bool keepdim, std::optional<DType> dtype) {
  const Reduced r(x, dim ? Dims{*dim} : Dims{});
  const DType out = sum_type(x, dtype);
  Tensor y = visit_compute(out, "prod", [&](auto tag) {
    using C = typename decltype(tag)::type;
    using W = std::conditional_t<std::is_same_v<C, int64_t>, uint64_t, double>;
    return fold<C>(x.detach(), r, out, [](const C* v, int64_t n) {
      W p = 1;
      for (int64_t i = 0; i < n; i++) p *= W(v[i]);
      return C(p);
    });
  });
  y = shaped(y, r, dim && keepdim);
  record("ProdBackward0", y, {x}, [r, x = save(x)](const Tensor& dy) {
    // Products of all the others, from both sides: right also where elements are 0.
    const Tensor rows = r.rows(x.get()).to(DType::Float64).contiguous(), d = dy.to(DType::Float64).contiguous();
    Tensor dx = like(rows);
    const double *v = rows.data<double>(), *g = d.data<double>();
    double* out = dx.mutable_data<double>();
    for (int64_t i = 0; i < r.outer; i++) {
      double left = g[i], right = 1;
      for (int64_t j = 0; j < r.n; j++) {
        out[i * r.n + j] = left;
        left *= v[i * r.n + j];
      }
      for (int64_t j = r.n; j-- > 0;) {
        out[i * r.n + j] *= right;
        right *= v[i * r.n + j];
      }
    }
    return Grads{r.restore(dx)};
  });
  return y;
}

Tensor var(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  check_real("var", x);
  const Reduced r(x, dims);
  const double divisor = std::max(0.0, double(r.n) - correction);
  Tensor y = fold_real(x, r, [divisor](const auto* v, int64_t n) {
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) mean += v[i];
    mean /= double(n);
    for (int64_t i = 0; i < n; i++) squares += (v[i] - mean) * (v[i] - mean);
    return squares / divisor;
  });
  y = shaped(y, r, keepdim);
  record("VarBackward0", y, {x}, [r, dims, divisor, x = save(x)](const Tensor& dy) {
    const Tensor centred = sub(x, mean(x, dims, true));
    return Grads{mul(mul(centred, 2 / divisor), widen(dy, r))};
  });
  return y;
}
Tensor std_dev(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  return sqrt(var(x, dims, correction, keepdim));
}

Tensor norm(const Tensor& x, double p, const Dims& dims, bool keepdim) {
  check<DtypeError>(is_floating(x.dtype()),
                    "linalg.vector_norm: Expected a floating point or complex tensor as input. Got ",
                    scalar_name(x.dtype()));
  const Reduced r(x, dims);
  Tensor y = fold_real(x, r, [p](const auto* v, int64_t n) {
    double total = p == -kInfinity ? kInfinity : 0;
    for (int64_t i = 0; i < n; i++) {
      const double a = std::abs(v[i]);
      if (p == kInfinity)
        total = a > total || a != a ? a : total;
      else if (p == -kInfinity)
        total = a < total || a != a ? a : total;
      else
        total += p == 2 ? a * a : p == 1 ? a : p == 0 ? double(a != 0) : std::pow(a, p);
    }
    return p == 2 ? std::sqrt(total) : p == 1 || p == 0 || std::isinf(p) ? total : std::pow(total, 1 / p);
  });
  y = shaped(y, r, keepdim);
  record("LinalgVectorNormBackward0", y, {x}, [r, p, x = save(x), y = save(y)](const Tensor& dy) {
    const Tensor total = widen(y, r), d = widen(dy, r);
    if (p == 0) return Grads{Tensor::zeros(x.get().shape(), dy.dtype())};
    if (std::isinf(p)) {  // equal extremes share
      const Tensor hit = eq(abs(x), total);
      return Grads{mul(mul(sign(x), hit), div(d, sum(hit.to(d.dtype()), r.dims, true)))};
    }
    return Grads{visit_real(dy.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      return map<C>(
          dy.dtype(), x.get().shape(), kGrain,
          [p](C v, C t, C g) {
            if (t == 0 || v == 0) return C(0);
            const C s = v < 0 ? C(-1) : C(1);
            return p == 2 ? g * v / t : p == 1 ? g * s : g * s * C(std::pow(std::abs(v) / t, p - 1));
          },
          x.get(), total, d);
    })};
  });
  return y;
}

Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim) {
  check_real("logsumexp", x);
  const Reduced r(x, dims);
  Tensor y = fold_real(x, r, [](const auto* v, int64_t n) {
    using C = std::remove_cvref_t<decltype(*v)>;
    double most = -kInfinity, total = 0;
    for (int64_t i = 0; i < n; i++) most = v[i] > most || v[i] != v[i] ? v[i] : most;
    if (std::isinf(most)) return most;
    for (int64_t i = 0; i < n; i++) total += std::exp(v[i] - C(most));
    return most + std::log(total);
  });
  y = shaped(y, r, keepdim);
  record("LogsumexpBackward0", y, {x}, [r, x = save(x), y = save(y)](const Tensor& dy) {
    const Tensor most = widen(y, r);
    const Tensor finite = masked_fill(most, isinf(most), 0.0);
    return Grads{mul(exp(sub(x, finite)), widen(dy, r))};
  });
  return y;
}

namespace {
constexpr auto kGreater = [](auto a, auto b) { return a > b; };
constexpr auto kLess = [](auto a, auto b) { return a < b; };

// Better(candidate, best) decides; NaN wins, and of equal values the first.
template <class Better>
Tensor extreme_index(const Tensor& x, const Reduced& r, Better better) {
  if constexpr (std::is_same_v<Better, decltype(kGreater)>) {
    if (x.dtype() == DType::Float32 && r.n > 0) {
      const Tensor rows = r.rows(x.detach()).contiguous();
      Tensor y = Tensor::empty({r.outer}, DType::Int64);
      rowwise::argmax<float>(r.outer, r.n, rows.data<float>(), r.n, y.mutable_data<int64_t>());
      return y;
    }
  }
  check<IndexError>(r.n > 0, "argmax(): Expected reduction dim to have non-zero size.");
  return visit_compute(x.dtype(), "argmax", [&](auto tag) {
    using C = typename decltype(tag)::type;
    const Tensor rows = r.rows(x.detach()).to(dtype_of<C>).contiguous();
    Tensor y = Tensor::empty({r.outer}, DType::Int64);
    const C* in = rows.data<C>();
    int64_t* out = y.mutable_data<int64_t>();
    parallel_for(r.outer, std::max<int64_t>(1, kGrain / r.n), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const C* v = in + i * r.n;
        int64_t best = 0;
        for (int64_t j = 1; j < r.n && v[best] == v[best]; j++)
          if (better(v[j], v[best]) || v[j] != v[j]) best = j;
        out[i] = best;
      }
    });
    return y;
  });
}

template <class Better>
Tensor arg_extreme(const Tensor& x, std::optional<int> dim, bool keepdim, Better better) {
  const Reduced r(x, dim ? Dims{*dim} : Dims{});
  return shaped(extreme_index(x, r, better), r, keepdim);
}

template <class Better>
std::pair<Tensor, Tensor> extreme(const Tensor& x, int dim, bool keepdim, Better better) {
  const Reduced r(x, {dim});
  const Tensor where = extreme_index(x, r, better).view(r.keep);
  const Tensor values = x.dim() ? gather(x, dim, where) : x.clone();
  const int d = x.wrap_dim(dim);
  if (keepdim || !x.dim()) return {values, where};
  return {values.squeeze(d), where.squeeze(d)};
}

template <class Better>
Tensor all_extremes(const char* name, const Tensor& x, const Dims& dims, bool keepdim, Better better) {
  const Reduced r(x, dims);
  check<IndexError>(r.n > 0, name,
                    "(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                    "dim with the 'dim' argument.");
  Tensor y = visit_compute(x.dtype(), name, [&](auto tag) {
    using C = typename decltype(tag)::type;
    return fold<C>(x.detach(), r, x.dtype(), [better](const C* v, int64_t n) {
      C best = v[0];
      for (int64_t i = 1; i < n; i++) best = better(v[i], best) || v[i] != v[i] ? v[i] : best;
      return best;
    });
  });
  y = shaped(y, r, keepdim);
  record(name, y, {x}, [r, x = save(x), y = save(y)](const Tensor& dy) {
    const Tensor hit = eq(x, widen(y, r)).to(dy.dtype());  // equal extremes share the gradient
    return Grads{mul(hit, div(widen(dy, r), sum(hit, r.dims, true)))};
  });
  return y;
}
}  // namespace

Tensor amax(const Tensor& x, const Dims& dims, bool keepdim) {
  return all_extremes("amax", x, dims, keepdim, kGreater);
}
Tensor amin(const Tensor& x, const Dims& dims, bool keepdim) { return all_extremes("amin", x, dims, keepdim, kLess); }
Tensor max(const Tensor& x) { return all_extremes("max", x, {}, false, kGreater); }
Tensor min(const Tensor& x) { return all_extremes("min", x, {}, false, kLess); }
std::pair<Tensor, Tensor> max(const Tensor& x, int dim, bool keepdim) { return extreme(x, dim, keepdim, kGreater); }
std::pair<Tensor, Tensor> min(const Tensor& x, int dim, bool keepdim) { return extreme(x, dim, keepdim, kLess); }
Tensor argmax(const Tensor& x, std::optional<int> dim, bool keepdim) { return arg_extreme(x, dim, keepdim, kGreater); }
Tensor argmin(const Tensor& x, std::optional<int> dim, bool keepdim) { return arg_extreme(x, dim, keepdim, kLess); }

namespace {
template <class F>
Tensor fold_bool(const Tensor& x, const Dims& dims, bool keepdim, F f) {  // f(first, last) over bytes
  const Reduced r(x, dims);
  const Tensor rows = r.rows(x.dtype() == DType::Bool ? x : ne(x, 0)).contiguous();
  Tensor y = Tensor::empty({r.outer}, DType::Bool);
  const auto* in = static_cast<const uint8_t*>(rows.data_ptr());
  auto* out = static_cast<uint8_t*>(y.mutable_data_ptr());
  parallel_for(r.outer, std::max<int64_t>(1, 4 * kGrain / std::max<int64_t>(1, r.n)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) out[i] = f(in + i * r.n, in + (i + 1) * r.n);
  });
  return shaped(y, r, keepdim);
}
}  // namespace

Tensor any(const Tensor& x, const Dims& dims, bool keepdim) {
  return fold_bool(x, dims, keepdim,
                   [](auto first, auto last) { return std::any_of(first, last, [](uint8_t v) { return v != 0; }); });
}
Tensor all(const Tensor& x, const Dims& dims, bool keepdim) {
  return fold_bool(x, dims, keepdim,
                   [](auto first, auto last) { return std::all_of(first, last, [](uint8_t v) { return v != 0; }); });
}
Tensor count_nonzero(const Tensor& x, const Dims& dims) { return sum(ne(x, 0), dims); }

}  // namespace ef
