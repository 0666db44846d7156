// Order: sort, topk, unique, searches.
#include <algorithm>
#include <numeric>

#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/index.h"
#include "ops/rows.h"

namespace ef {
namespace {

// NaN is the greatest of all, as in torch.
constexpr auto kBefore = [](auto a, auto b) { return a < b || (b != b && a == a); };

// For each row along dim, the positions of its first k elements in order.
Tensor ordered(const Tensor& x, int dim, int64_t k, bool descending) {
  if (x.dim() == 0) return Tensor::zeros({}, DType::Int64);
  const Reduced r(x, {dim});
  Tensor y = Tensor::empty({r.outer, k}, DType::Int64);
  visit_compute(x.dtype(), "sort", [&](auto tag) {
    using C = typename decltype(tag)::type;
    const Tensor rows = r.rows(x.detach()).to(dtype_of<C>).contiguous();
    const C* in = rows.data<C>();
    int64_t* out = y.mutable_data<int64_t>();
    parallel_for(r.outer, std::max<int64_t>(1, kGrain / 8 / std::max<int64_t>(1, r.n)),
                 [&](int64_t begin, int64_t end) {
                   std::vector<int64_t> order(static_cast<size_t>(r.n));
                   for (int64_t i = begin; i < end; i++) {
                     const C* v = in + i * r.n;
                     std::iota(order.begin(), order.end(), int64_t(0));
                     // Equal values keep their order, so that results never depend on the algorithm.
                     const auto less = [v, descending](int64_t a, int64_t b) {
                       if (descending ? kBefore(v[b], v[a]) : kBefore(v[a], v[b])) return true;
                       if (descending ? kBefore(v[a], v[b]) : kBefore(v[b], v[a])) return false;
                       return a < b;
                     };
                     if (k < r.n)
                       std::partial_sort(order.begin(), order.begin() + k, order.end(), less);
                     else
                       std::sort(order.begin(), order.end(), less);
                     std::copy(order.begin(), order.begin() + k, out + i * k);
                   }
                 });
  });
  // The rows' dimension was last; back to its place.
  Shape permuted = r.permuted;
  permuted.back() = k;
  Dims back = r.order;
  for (int d = 0; d < back.size(); d++) back[int(r.order[d])] = d;
  return y.view(permuted).permute(back).contiguous();
}

}  // namespace

std::pair<Tensor, Tensor> topk(const Tensor& x, int64_t k, int dim, bool largest, bool sorted) {
  x.wrap_dim(dim);
  check<Error>(k >= 0 && k <= (x.dim() ? x.size(dim) : 1), "selected index k out of range");
  const Tensor where = ordered(x, dim, k, largest);
  return {x.dim() ? gather(x, dim, where) : x.clone(), where};
}
std::pair<Tensor, Tensor> sort(const Tensor& x, int dim, bool descending, bool stable) {
  x.wrap_dim(dim);
  const Tensor where = ordered(x, dim, x.dim() ? x.size(dim) : 1, descending);
  return {x.dim() ? gather(x, dim, where) : x.clone(), where};
}
Tensor argsort(const Tensor& x, int dim, bool descending, bool stable) {
  x.wrap_dim(dim);
  return ordered(x, dim, x.dim() ? x.size(dim) : 1, descending);
}

UniqueResult unique(const Tensor& x) {
  const Tensor flat = x.detach().reshape({-1});
  const auto [values, where] = sort(flat, 0);
  const int64_t n = flat.numel();
  std::vector<int64_t> firsts, counts, inverse(static_cast<size_t>(n));
  const Tensor differs = n > 1 ? ne(values.slice(0, 1, n), values.slice(0, 0, n - 1)) : Tensor::empty({0}, DType::Bool);
  const auto* fresh = static_cast<const uint8_t*>(differs.data_ptr());
  const int64_t* from = where.data<int64_t>();
  for (int64_t i = 0; i < n; i++) {
    if (i == 0 || fresh[i - 1]) {
      firsts.push_back(i);
      counts.push_back(0);
    }
    counts.back()++;
    inverse[size_t(from[i])] = int64_t(firsts.size()) - 1;
  }
  return {index_select(values, 0, Tensor::from_data(firsts)), Tensor::from_data(inverse).view(x.shape()),
          Tensor::from_data(counts)};
}

Tensor bincount(const Tensor& x, const Tensor& weights, int64_t minlength) {
  check<ShapeError>(x.dim() == 1 && !is_floating(x.dtype()),
                    "bincount only supports 1-d non-negative integral inputs.");
  check<ShapeError>(!weights.defined() || weights.shape() == x.shape(),
                    "weights should be 1-d and have the same length as input");
  const std::vector<int64_t> values = x.to_vector<int64_t>();
  int64_t n = minlength;
  for (int64_t v : values) {
    check<ConfigError>(v >= 0, "bincount only supports 1-d non-negative integral inputs.");
    n = std::max(n, v + 1);
  }
  if (!weights.defined()) {
    Tensor y = Tensor::zeros({n}, DType::Int64);
    int64_t* out = y.mutable_data<int64_t>();
    for (int64_t v : values) out[v]++;
    return y;
  }
  const std::vector<double> w = weights.to_vector<double>();
  Tensor y = Tensor::zeros({n}, DType::Float64);
  double* out = y.mutable_data<double>();
  for (size_t i = 0; i < values.size(); i++) out[values[i]] += w[i];
  return weights.dtype() == DType::Float32 ? y.to(DType::Float32) : y;
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right) {
  check<ShapeError>(sorted.dim() == 1, "searchsorted: boundaries of shape ", sorted.shape(),
                    " are not supported, needed one dimension");
  const std::vector<double> edges = sorted.to_vector<double>(), asked = values.to_vector<double>();
  Tensor y = Tensor::empty(values.shape(), DType::Int64);
  int64_t* out = y.mutable_data<int64_t>();
  for (double v : asked)
    *out++ =
        (right ? std::upper_bound(edges.begin(), edges.end(), v) : std::lower_bound(edges.begin(), edges.end(), v)) -
        edges.begin();
  return y;
}

Tensor isin(const Tensor& x, const Tensor& set) {
  const DType common = result_type(x, set);
  return visit_compute(common, "isin", [&](auto tag) {
    using C = typename decltype(tag)::type;
    const Tensor members = set.detach().to(dtype_of<C>).reshape({-1}).contiguous();
    std::vector<C> sorted(members.data<C>(), members.data<C>() + members.numel());
    std::erase_if(sorted, [](C v) { return v != v; });
    std::sort(sorted.begin(), sorted.end());
    return map<C>(
        DType::Bool, x.shape(), kGrain, [&sorted](C v) { return std::binary_search(sorted.begin(), sorted.end(), v); },
        x.detach());
  });
}

}  // namespace ef
