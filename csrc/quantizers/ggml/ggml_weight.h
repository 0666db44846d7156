// A matrix in one of the block formats of GGUF files, computed on as it is packed.
#pragma once
#include "core/ggml_types.h"
#include "quantizers/quantizer.h"

namespace ef {

class GgmlWeight : public Weight {
 public:
  // file_rows: n rows of blocks as the file holds them; they are repacked, not referenced. UnsupportedError for a type
  // that quant_computes() refuses, ShapeError when k does not end on a block.
  GgmlWeight(GgmlType type, int64_t n, int64_t k, const uint8_t* file_rows);
  const char* kind() const override { return "ggml"; }
  GgmlType type() const { return type_; }
  Shape shape() const override { return {n_, k_}; }
  DType dtype() const override { return DType::Float32; }
  size_t nbytes() const override { return packed_.nbytes(); }
  Tensor matmul(const Activation& x) const override;
  Tensor matmul_grad(const Tensor& dy) const override;
  Tensor rows(const Tensor& ids) const override;
  Tensor dense(int64_t begin, int64_t end) const override;
  NamedTensors state() const override { return {{"", packed_}}; }
  std::vector<Tensor> matmul_many(const Activation& x, const std::vector<const Weight*>& all) const override;

 private:
  GgmlType type_;
  int64_t n_, k_;
  Tensor packed_;  // uint8, the layout of kernels/quant.h
};

// Packs at load: torchao's Int8DynamicActivationInt8WeightConfig.
Quantizer int8_dynamic_format();

}  // namespace ef
