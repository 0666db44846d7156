// A matrix stored as it is in the checkpoint: f32, bf16, f16 or f64, row-major, often mapped from the file.
#pragma once
#include <mutex>

#include "quantizers/weight.h"

namespace ef {

class DenseWeight : public Weight {
 public:
  explicit DenseWeight(Tensor parameter);  // [n, k]
  const char* kind() const override { return "dense"; }
  Shape shape() const override { return parameter_.shape(); }
  DType dtype() const override { return parameter_.dtype(); }
  DType cache_dtype() const override { return dtype() == DType::Float64 ? DType::Float32 : dtype(); }
  size_t nbytes() const override { return parameter_.nbytes(); }
  Tensor matmul(const Activation& x) const override;
  Tensor matmul_grad(const Tensor& dy) const override;
  void add_matmul_grad(const Tensor& dy, Tensor& dx) const override;
  Tensor rows(const Tensor& ids) const override;
  Tensor dense(int64_t begin, int64_t end) const override;
  NamedTensors state() const override { return {{"", parameter_}}; }
  std::vector<Tensor> matmul_many(const Activation& x, const std::vector<const Weight*>& all) const override;
  Tensor parameter() const override { return parameter_; }
  // The same matrix in bf16, made once for all who hold it at the same time.
  std::shared_ptr<Weight> rounded() const;

 private:
  void multiply_grad(const Tensor& dy, Tensor& dx, bool add) const;
  Tensor parameter_;
  mutable std::mutex lock_;
  mutable std::weak_ptr<Weight> rounded_;
  mutable uint32_t rounded_version_ = 0;
};

}  // namespace ef
