#include "ops/statistics.h"

#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/index.h"
#include "ops/reduce.h"
#include "ops/shape_ops.h"

namespace ef {

Tensor quantile(const Tensor& given, const Tensor& q, std::optional<int> dim, bool keepdim) {
  check<DtypeError>(is_floating(given.dtype()), "quantile() input tensor must be either float or double dtype");
  check<ShapeError>(q.dim() <= 1, "quantile() q must be a scalar or 1D tensor");
  const Tensor x = dim ? given : given.reshape({-1});
  const int d = x.wrap_dim(dim.value_or(0));
  const int64_t n = x.size(d);
  check<ShapeError>(n > 0, "quantile() input tensor must be non-empty");
  const Tensor sorted = sort(x, d).first;
  std::vector<Tensor> out;
  std::vector<double> levels = q.to_vector<double>();
  const bool none = levels.empty();
  if (none) levels.push_back(0);  // for the shape
  for (double p : levels) {
    check<ConfigError>(p >= 0 && p <= 1, "quantile() q values must be in the range [0, 1]");
    const double at = p * double(n - 1);
    const auto low = int64_t(std::floor(at)), high = std::min(low + 1, n - 1);
    const Tensor a = sorted.narrow(d, low, 1), b = sorted.narrow(d, high, 1);
    Tensor y = add(a, mul(sub(b, a), at - double(low)));
    if (!keepdim)
      y = y.squeeze(d);
    else if (!dim)
      y = y.reshape(Shape(std::vector<int64_t>(size_t(given.dim()), 1)));
    out.push_back(y.unsqueeze(0));
  }
  if (q.dim() == 0) return out[0].squeeze(0);
  const Tensor all = cat(out, 0);
  return none ? all.narrow(0, 0, 0) : all;
}

Tensor diff(const Tensor& x, int64_t n, int dim) {
  check<ShapeError>(x.dim() > 0, "diff expects input to be at least one-dimensional");
  check<ConfigError>(n >= 0, "order must be non-negative but got ", n);
  Tensor y = x;
  for (; n > 0; n--) {
    const int64_t extent = y.size(dim);
    if (extent < 2) return y.narrow(dim, 0, 0);
    const Tensor later = y.narrow(dim, 1, extent - 1), before = y.narrow(dim, 0, extent - 1);
    y = y.dtype() == DType::Bool ? logical_xor(later, before) : sub(later, before);
  }
  return y;
}

Tensor logit(const Tensor& given, std::optional<double> eps) {
  const Tensor x = eps ? clamp(given, Scalar(*eps), Scalar(1 - *eps)) : given;
  return log(div(x, rsub(x, 1)));
}

Tensor logaddexp(const Tensor& a, const Tensor& b) {
  // max + log(1 + e^-|a-b|): equal infinities would leave inf - inf
  const Tensor high = maximum(a, b), gap = neg(abs(sub(a, b)));
  return add(high, log1p(exp(masked_fill(gap, isnan(gap), -std::numeric_limits<double>::infinity()))));
}

Tensor xlogy(const Tensor& a, const Tensor& b) {
  const Tensor product = mul(a, log(b));
  const Tensor none = logical_and(eq(a, 0), logical_not(isnan(b)));
  return masked_fill(product, none.expand(product.shape()), 0.0);
}

Tensor cdist(const Tensor& a, const Tensor& b) {
  check<ShapeError>(a.dim() >= 2 && b.dim() >= 2 && a.size(-1) == b.size(-1),
                    "X1 and X2 must have the same number of columns. X1: ", a.shape(), " X2: ", b.shape());
  return norm(sub(a.unsqueeze(-2), b.unsqueeze(-3)), 2, {-1});
}

}  // namespace ef
