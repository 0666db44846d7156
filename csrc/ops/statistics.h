// Statistics and small compositions of other ops.
#pragma once
#include <utility>

#include "tensor/tensor.h"

namespace ef {

// q in [0, 1], any shape up to one dimension; linear interpolation between neighbours. dim empty: over all elements.
Tensor quantile(const Tensor& x, const Tensor& q, std::optional<int> dim = {}, bool keepdim = false);
Tensor diff(const Tensor& x, int64_t n = 1, int dim = -1);  // n-th differences
Tensor logit(const Tensor& x, std::optional<double> eps = {});
Tensor logaddexp(const Tensor& a, const Tensor& b);
Tensor xlogy(const Tensor& a, const Tensor& b);  // a·log(b), 0 where a is 0
Tensor cdist(const Tensor& a, const Tensor& b);  // Euclidean distances [.., P, R] of rows [.., P, M] and [.., R, M]

}  // namespace ef
