// Picking and placing elements by index, sorting. Indices are int64 (int32 accepted where torch does).
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace ef {

Tensor gather(const Tensor& x, int dim, const Tensor& index);
Tensor scatter(const Tensor& x, int dim, const Tensor& index, const Tensor& src);
Tensor scatter(const Tensor& x, int dim, const Tensor& index, Scalar value);
Tensor scatter_add(const Tensor& x, int dim, const Tensor& index, const Tensor& src);
Tensor index_select(const Tensor& x, int dim, const Tensor& index);
Tensor index_add(const Tensor& x, int dim, const Tensor& index, const Tensor& src, Scalar alpha = 1);
Tensor index_copy(const Tensor& x, int dim, const Tensor& index, const Tensor& src);
// x[i0, i1, …] with numpy's advanced indexing: one entry a leading dimension, undefined means ':'; bool masks allowed.
Tensor index(const Tensor& x, const std::vector<Tensor>& indices);
// x with x[i0, …] = value (or += value): the result is a new tensor.
Tensor index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& value, bool accumulate = false);
Tensor masked_select(const Tensor& x, const Tensor& mask);
Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& src);
Tensor nonzero(const Tensor& x);  // [n, dim] int64
Tensor take_along_dim(const Tensor& x, const Tensor& index, int dim);
std::pair<Tensor, Tensor> topk(const Tensor& x, int64_t k, int dim = -1, bool largest = true, bool sorted = true);
std::pair<Tensor, Tensor> sort(const Tensor& x, int dim = -1, bool descending = false, bool stable = false);
Tensor argsort(const Tensor& x, int dim = -1, bool descending = false, bool stable = false);
struct UniqueResult {
  Tensor values, inverse, counts;
};
UniqueResult unique(const Tensor& x);  // sorted, flattened
Tensor bincount(const Tensor& x, const Tensor& weights = {}, int64_t minlength = 0);
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right = false);
Tensor isin(const Tensor& x, const Tensor& set);

}  // namespace ef
