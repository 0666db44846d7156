// A matrix in one of the block formats of GGUF files, computed on as it is packed.
#pragma once
#include <atomic>
#include <mutex>

#include "core/ggml_types.h"
#include "io/mapped_file.h"
#include "kernels/quant.h"
#include "quantizers/quantizer.h"

namespace ef {

class GgmlWeight : public Weight {
 public:
  // file_rows: n rows of blocks as the file holds them; they are repacked, not referenced. UnsupportedError for a type
  // that quant_computes() refuses, ShapeError when k does not end on a block.
  GgmlWeight(GgmlType type, int64_t n, int64_t k, const uint8_t* file_rows);
  // The same, packed at its second product: the first one and rows() read the mapped file, whose pages are then
  // dropped. So the first token waits for neither. order: row i is the file's order[i]-th; empty: as they are.
  GgmlWeight(GgmlType type, int64_t n, int64_t k, const uint8_t* file_rows, FilePtr file, std::vector<int64_t> order);
  const char* kind() const override { return "ggml"; }
  GgmlType type() const { return type_; }
  // The matrix in a product, without the place of the result; `file` holds what it points to. This counts as one.
  struct Operand {
    QuantTarget target;
    std::shared_ptr<const void> file;
  };
  Operand operand() const;
  bool is_packed() const { return data_.load(std::memory_order_acquire); }
  Shape shape() const override { return {n_, k_}; }
  DType dtype() const override { return DType::Float32; }
  size_t nbytes() const override { return quant_packed_bytes(type_, n_, k_); }
  Tensor matmul(const Activation& x) const override;
  Tensor matmul_grad(const Tensor& dy) const override;
  bool finds_largest() const override;
  Tensor matmul_largest(const Activation& x) const override;
  Tensor rows(const Tensor& ids) const override;
  Tensor dense(int64_t begin, int64_t end) const override;
  NamedTensors state() const override { return {{"", packed()}}; }
  std::vector<Tensor> matmul_many(const Activation& x, const std::vector<const Weight*>& all) const override;

 private:
  struct InFile {
    FilePtr file;
    const uint8_t* data;
    std::vector<int64_t> order;
    FileRows rows() const { return {data, order.empty() ? nullptr : order.data()}; }
  };
  using InFilePtr = std::shared_ptr<const InFile>;

  void check_shape() const;
  const Tensor& packed() const;
  void pack(const FileRows& rows, const MappedFile* file) const;
  InFilePtr in_file() const;  // null once it is packed

  GgmlType type_;
  int64_t n_, k_;
  mutable std::atomic<const uint8_t*> data_ = nullptr;  // of packed_, once it is there
  mutable std::atomic<bool> used_ = false;
  mutable std::atomic<int> plain_ = 0;  // products to come for which estimates did not pay last time
  mutable std::mutex lock_;             // of what follows, until it is packed
  mutable InFilePtr in_file_;           // not packed yet
  mutable Tensor packed_;               // uint8, the layout of kernels/quant.h
};

// Packs at load: torchao's Int8DynamicActivationInt8WeightConfig.
Quantizer int8_dynamic_format();

}  // namespace ef
