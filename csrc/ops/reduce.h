// Reductions. `dims` empty means all; negative dims count from the end.
#pragma once
#include <optional>
#include <utility>

#include "tensor/tensor.h"

namespace ef {

Tensor sum(const Tensor& x, const Dims& dims = {}, bool keepdim = false, std::optional<DType> dtype = {});
Tensor mean(const Tensor& x, const Dims& dims = {}, bool keepdim = false, std::optional<DType> dtype = {});
Tensor prod(const Tensor& x, std::optional<int> dim = {}, bool keepdim = false, std::optional<DType> dtype = {});
Tensor var(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);
Tensor std_dev(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);  // torch.std
Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);  // p may be ±infinity
Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim = false);
Tensor amax(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
std::pair<Tensor, Tensor> max(const Tensor& x, int dim, bool keepdim = false);  // values, indices (int64)
std::pair<Tensor, Tensor> min(const Tensor& x, int dim, bool keepdim = false);
Tensor argmax(const Tensor& x, std::optional<int> dim = {}, bool keepdim = false);  // the first of equal values
Tensor argmin(const Tensor& x, std::optional<int> dim = {}, bool keepdim = false);
Tensor any(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor count_nonzero(const Tensor& x, const Dims& dims = {});
Tensor cumsum(const Tensor& x, int dim, std::optional<DType> dtype = {});
Tensor cumprod(const Tensor& x, int dim, std::optional<DType> dtype = {});
std::pair<Tensor, Tensor> cummax(const Tensor& x, int dim);

}  // namespace ef
