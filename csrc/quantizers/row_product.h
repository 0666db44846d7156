// Products in plain memory, for passes of few rows: there the handles of tensors would cost as much as small products.
#pragma once
#include <optional>

#include "kernels/gemm.h"
#include "kernels/rowwise.h"
#include "quantizers/weight.h"

namespace ef {

class GgmlWeight;

// y = x·W_iᵀ + bias_i of all terms side by side, with the bits of linear_terms(). It records nothing.
class RowProduct {
 public:
  // Nothing where a weight is stored in a way that has no such product, or where an adapter stands beside it.
  static std::optional<RowProduct> of(const std::vector<LinearTerm>& terms);
  int64_t inputs() const { return k_; }
  int64_t outputs() const { return n_; }
  size_t nbytes() const;             // of the weights
  bool row_by_row(int64_t m) const;  // whether each of m rows has the bits that it has alone
  bool packed() const;               // whether weights that are packed once are so already
  size_t room(int64_t m) const;      // bytes that a product of m rows works in, aligned to 64
  // x [m, inputs], y [m, outputs], both without gaps
  void operator()(int64_t m, const float* x, float* y, void* room) const;

 private:
  std::vector<LinearTerm> terms_;  // keeps what the targets point to
  std::vector<const GgmlWeight*> packed_;
  std::vector<GemmTarget> dense_;  // or these, without the place of their results
  std::vector<int64_t> columns_;   // of y, where each begins
  struct Bias {
    int64_t column, n;
    rowwise::Gain gain;
  };
  std::vector<Bias> biases_;
  int64_t k_ = 0, n_ = 0;
};

}  // namespace ef
