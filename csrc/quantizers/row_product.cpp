#include "quantizers/row_product.h"

#include <algorithm>
#include <array>

#include "quantizers/dense/dense_weight.h"
#include "quantizers/ggml/ggml_weight.h"

namespace ef {
namespace {

constexpr size_t kMost = 4;  // targets of one product

bool readable(DType d) { return d == DType::Float32 || d == DType::BFloat16 || d == DType::Float16; }

}  // namespace

std::optional<RowProduct> RowProduct::of(const std::vector<LinearTerm>& terms) {
  RowProduct out;
  if (terms.empty() || terms.size() > kMost) return {};
  out.k_ = terms[0].weight->shape()[1];
  for (const LinearTerm& t : terms) {
    const int64_t n = t.weight->shape()[0];
    if (!t.low.empty() || t.weight->shape()[1] != out.k_) return {};
    if (auto* packed = dynamic_cast<const GgmlWeight*>(t.weight.get())) {
      out.packed_.push_back(packed);
    } else if (auto* dense = dynamic_cast<const DenseWeight*>(t.weight.get())) {
      const Tensor w = dense->parameter();
      if (!readable(w.dtype()) || w.stride(1) != 1 || out.k_ == 0) return {};
      out.dense_.push_back({w.data_ptr(), w.dtype(), w.stride(0), n, nullptr, 0});
    } else {
      return {};
    }
    if (t.bias.defined()) {
      if (t.bias.dim() != 1 || t.bias.size(0) != n || !readable(t.bias.dtype()) || !t.bias.is_contiguous()) return {};
      out.biases_.push_back({out.n_, n, {t.bias.data_ptr(), t.bias.dtype()}});
    }
    out.columns_.push_back(out.n_);
    out.n_ += n;
  }
  if (!out.packed_.empty() && !out.dense_.empty()) return {};
  for (GemmTarget& t : out.dense_) t.ldc = out.n_;
  out.terms_ = terms;
  return out;
}

size_t RowProduct::nbytes() const {
  size_t sum = 0;
  for (const LinearTerm& t : terms_) sum += t.weight->nbytes();
  return sum;
}

bool RowProduct::row_by_row(int64_t m) const { return !packed_.empty() && !quant_rounds(m); }

bool RowProduct::packed() const {
  return std::all_of(packed_.begin(), packed_.end(), [](const GgmlWeight* weight) { return weight->is_packed(); });
}

size_t RowProduct::room(int64_t m) const { return packed_.empty() ? 0 : quant_activation_bytes(m, k_); }

void RowProduct::operator()(int64_t m, const float* x, float* y, void* room) const {
  if (!packed_.empty()) {
    std::array<QuantTarget, kMost> all;
    std::array<std::shared_ptr<const void>, kMost> files;
    for (size_t i = 0; i < packed_.size(); i++) {
      GgmlWeight::Operand operand = packed_[i]->operand();
      all[i] = operand.target;
      all[i].y = y + columns_[i];
      all[i].ldy = n_;
      files[i] = std::move(operand.file);
    }
    const std::span<const QuantTarget> targets(all.data(), packed_.size());
    if (quant_rounds(m)) {
      quant_matmul_rounded(m, k_, x, DType::Float32, k_, targets);
    } else {
      quant_activations(m, k_, x, k_, static_cast<uint8_t*>(room));
      quant_matmul(m, k_, static_cast<const uint8_t*>(room), targets);
    }
  } else {
    std::array<GemmTarget, kMost> all;
    for (size_t i = 0; i < dense_.size(); i++) {
      all[i] = dense_[i];
      all[i].c = y + columns_[i];
    }
    gemm_nt_many(m, k_, x, DType::Float32, k_, std::span<const GemmTarget>(all.data(), dense_.size()));
  }
  for (const Bias& b : biases_) rowwise::add_bias<float>(m, b.n, y + b.column, n_, b.gain);
}

}  // namespace ef
