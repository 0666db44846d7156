// Random tensors and dropout, with torch's CPU streams. A null generator means default_generator().
#pragma once
#include "core/random.h"
#include "tensor/tensor.h"

namespace ef {

Tensor dropout(const Tensor& x, double p, bool training = true, Generator* generator = nullptr);
Tensor rand(const Shape& shape, DType dtype = DType::Float32, Generator* generator = nullptr);
Tensor randn(const Shape& shape, DType dtype = DType::Float32, Generator* generator = nullptr);
Tensor randint(int64_t low, int64_t high, const Shape& shape, DType dtype = DType::Int64,
               Generator* generator = nullptr);
Tensor randperm(int64_t n, DType dtype = DType::Int64, Generator* generator = nullptr);
Tensor bernoulli(const Tensor& p, Generator* generator = nullptr);
Tensor multinomial(const Tensor& weights, int64_t samples, bool replacement = false, Generator* generator = nullptr);
Tensor& uniform_(Tensor& x, double low = 0, double high = 1, Generator* generator = nullptr);
Tensor& normal_(Tensor& x, double mean = 0, double std = 1, Generator* generator = nullptr);
Tensor& bernoulli_(Tensor& x, double p = 0.5, Generator* generator = nullptr);
Tensor& exponential_(Tensor& x, double lambda = 1, Generator* generator = nullptr);
Tensor& trunc_normal_(Tensor& x, double mean = 0, double std = 1, double low = -2, double high = 2,
                      Generator* generator = nullptr);

}  // namespace ef
