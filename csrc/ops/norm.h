// Softmax and normalizations over trailing dimensions. Sums run in f32 (f64 for f64).
#pragma once
#include <optional>

#include "tensor/tensor.h"

namespace ef {

Tensor softmax(const Tensor& x, int dim, std::optional<DType> dtype = {});
Tensor log_softmax(const Tensor& x, int dim, std::optional<DType> dtype = {});
// y = x / sqrt(mean(x²) + eps) · weight over the last dimension; with unit_offset · (1 + weight), as Gemma stores it.
// weight may be undefined.
Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps, bool unit_offset = false);
// weight and bias may be undefined.
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);
Tensor normalize(const Tensor& x, double p = 2, int dim = 1, double eps = 1e-12);  // torch.nn.functional.normalize

}  // namespace ef
