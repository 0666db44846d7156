// How a matrix is stored. Linear and Embedding hold a shared_ptr to a Weight (a tied head shares it); nobody else looks
// inside. A new storage kind is a folder with one subclass; layers, adapters and loaders stay as they are.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace ef {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// A matrix x [..., k] of f32 rows, and what weights have derived from it: q, k and v quantize their input once.
class Activation {
 public:
  explicit Activation(const Tensor& x);
  const Tensor& operand() const { return operand_; }  // [m, k], contiguous, of the dtype it came in
  const Tensor& rows() const;                         // the same in f32 (f64 stays)
  int64_t m() const { return operand_.size(0); }
  int64_t k() const { return operand_.size(1); }
  const uint8_t* quantized() const;  // int8 in blocks of 32, the layout of kernels/quant.h; made at first use

 private:
  Tensor operand_;
  mutable Tensor rows_, quantized_;
};

class Weight {
 public:
  virtual ~Weight() = default;
  virtual const char* kind() const = 0;  // "dense", "ggml", …
  virtual Shape shape() const = 0;       // [n, k] = [out_features, in_features]
  virtual DType dtype() const = 0;       // of dense()
  virtual size_t nbytes() const = 0;
  // What a model of such weights keeps keys and values in: no coarser than what the weights themselves are rounded to.
  virtual DType cache_dtype() const { return DType::Float16; }
  // y [m, n] f32 = x · Wᵀ and dx [m, k] f32 = dy · W. Neither records gradients: linear() below does.
  virtual Tensor matmul(const Activation& x) const = 0;
  virtual Tensor matmul_grad(const Tensor& dy) const = 0;
  // Whether there is a quicker product of one row where only its largest entries matter; that product: others may be
  // anything below them.
  virtual bool finds_largest() const { return false; }
  virtual Tensor matmul_largest(const Activation& x) const { return matmul(x); }
  virtual void add_matmul_grad(const Tensor& dy, Tensor& dx) const;  // dx += dy · W
  virtual Tensor rows(const Tensor& ids) const = 0;                  // [..., k] f32 for int64 ids [...]
  virtual Tensor dense(int64_t begin, int64_t end) const = 0;        // rows as a dense tensor: merge, export, tests
  virtual NamedTensors state() const = 0;  // what a checkpoint stores, by name in the layer; "" = "weight"
  // Whether a checkpoint keeps state(); else it gets the dense matrix in bf16.
  virtual bool saved_packed() const { return false; }
  // The products of several weights of one kind with one input, in one parallel region.
  virtual std::vector<Tensor> matmul_many(const Activation& x, const std::vector<const Weight*>& all) const;
  // The trainable tensor of the dense kind; undefined for packed kinds, which only pass gradients through.
  virtual Tensor parameter() const { return {}; }
};

using WeightPtr = std::shared_ptr<Weight>;

// An update of few ranks beside a matrix W [n, k]: W + scale·b·a, with a [r, k] and b [n, r].
struct LowRank {
  Tensor a, b;
  double scale = 1;
};
struct LinearTerm {
  WeightPtr weight;
  Tensor bias;               // [n] or undefined
  std::vector<LowRank> low;  // adapters on the same input
};
// y_i = x·W_iᵀ + bias_i + Σ scale·(x·aᵀ)·bᵀ, with gradients for x, dense weights, biases, a and b: one node, one dx,
// and narrow products first (b·a is never formed). x [..., k] → [..., n_i]. LoRA, Hu et al. 2021, arXiv:2106.09685.
std::vector<Tensor> linear_terms(const Tensor& x, const std::vector<LinearTerm>& terms);

// y = x · Wᵀ + bias with gradients for x, a dense weight and bias. x [..., k] → [..., n]; bias may be undefined.
Tensor linear(const Tensor& x, const WeightPtr& weight, const Tensor& bias);
// The same for several weights on one input; biases may be undefined.
std::vector<Tensor> linear_many(const Tensor& x, const std::vector<WeightPtr>& weights,
                                const std::vector<Tensor>& biases);
// Rows of W for ids [...] → [..., k], with a gradient for a dense weight; IndexError for an id outside [0, n).
Tensor embed(const Tensor& ids, const WeightPtr& weight, int64_t padding_idx = -1);  // a row without gradient

}  // namespace ef
