// Joining, splitting and rearranging.
#pragma once
#include <optional>
#include <vector>

#include "tensor/tensor.h"

namespace ef {

Tensor cat(const std::vector<Tensor>& parts, int dim = 0);
Tensor stack(const std::vector<Tensor>& parts, int dim = 0);
std::vector<Tensor> split(const Tensor& x, int64_t size, int dim = 0);  // views
std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int dim = 0);
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int dim = 0);
std::vector<Tensor> unbind(const Tensor& x, int dim = 0);
Tensor repeat(const Tensor& x, const Dims& repeats);
Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int> dim = {});
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int> dim = {});
Tensor flip(const Tensor& x, const Dims& dims);
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims = {});
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);
// F.pad: pairs (before, after), last dimension first; negative amounts crop.
Tensor pad(const Tensor& x, const std::vector<int64_t>& amounts, Scalar value = 0);
std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors);
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, bool xy_indexing = false);
Tensor eye(int64_t rows, int64_t columns, DType dtype = DType::Float32);
Tensor diag(const Tensor& x, int64_t diagonal = 0);
Tensor linspace(double start, double end, int64_t steps, DType dtype = DType::Float32);

}  // namespace ef
