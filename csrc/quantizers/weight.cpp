#include "quantizers/weight.h"

#include "autograd/memory.h"
#include "kernels/gemm.h"
#include "kernels/quant.h"
#include "kernels/rowwise.h"
#include "ops/ops.h"
#include "quantizers/dense/dense_weight.h"
#include "quantizers/products.h"

namespace ef {

Activation::Activation(const Tensor& x) {
  check<ShapeError>(x.dim() >= 1, "linear: the input has no dimension to multiply");
  const int64_t k = x.size(-1);
  const DType d = x.dtype();
  const bool readable = d == DType::Float32 || d == DType::BFloat16 || d == DType::Float16 || d == DType::Float64;
  const Tensor rows = readable ? x.detach() : x.detach().to(DType::Float32);
  operand_ = rows.contiguous().view({k ? x.numel() / k : 0, k});
}

const Tensor& Activation::rows() const {
  if (!rows_.defined()) rows_ = operand_.dtype() == DType::Float64 ? operand_ : operand_.to(DType::Float32);
  return rows_;
}

const uint8_t* Activation::quantized() const {
  if (!quantized_.defined()) {
    check<DtypeError>(rows().dtype() == DType::Float32, "packed weights take float32 input, found ",
                      dtype_name(rows().dtype()));
    quantized_ = Tensor::empty({int64_t(quant_activation_bytes(m(), k()))}, DType::UInt8);
    quant_activations(m(), k(), rows().data<float>(), k(), quantized_.mutable_data<uint8_t>());
  }
  return quantized_.data<uint8_t>();
}

std::vector<Tensor> Weight::matmul_many(const Activation& x, const std::vector<const Weight*>& all) const {
  std::vector<Tensor> out;
  for (const Weight* w : all) out.push_back(w->matmul(x));
  return out;
}

namespace {

void check_input(const Tensor& x, const Weight& weight) {
  const Shape w = weight.shape();
  check<ShapeError>(x.dim() >= 1 && x.size(-1) == w[1], "mat1 and mat2 shapes cannot be multiplied (",
                    x.dim() && x.size(-1) ? x.numel() / x.size(-1) : 0, "x", x.dim() ? x.size(-1) : 0, " and ", w[1],
                    "x", w[0], ")");
}

Shape with_last(const Tensor& x, int64_t n) {
  Shape s = x.shape();
  s.back() = n;
  return s;
}

Tensor flat(const Tensor& dy) {
  const int64_t n = dy.size(-1);
  const Tensor f = dy.dtype() == DType::Float64 ? dy : dy.to(DType::Float32);
  return f.contiguous().view({n ? dy.numel() / n : 0, n});
}

// a·bᵀ, a·b and aᵀ·b of matrices whose rows are contiguous, into c (added to it, if so asked), in c's dtype.
enum class Product { NT, NN, TN };
void multiply(Product kind, const Tensor& a, const Tensor& b, Tensor& c, bool add) {
  const int64_t m = c.size(0), n = c.size(1), k = a.size(kind == Product::TN ? 0 : 1);
  const auto run = [&](auto... operands) {
    kind == Product::NT   ? gemm_nt(m, n, k, operands..., n, add)
    : kind == Product::NN ? gemm_nn(m, n, k, operands..., n, add)
                          : gemm_tn(m, n, k, operands..., n, add);
  };
  if (c.dtype() == DType::Float64) {
    const Tensor wide_a = a.to(DType::Float64), wide_b = b.to(DType::Float64);
    run(wide_a.data<double>(), wide_a.size(1), wide_b.data<double>(), wide_b.size(1), c.mutable_data<double>());
  } else {
    run(a.data_ptr(), a.dtype(), a.size(1), b.data_ptr(), b.dtype(), b.size(1), c.mutable_data<float>());
  }
}
// A factor as the products above take it; beside a matrix in bf16 it is rounded too, for the speed of such products.
Tensor factor(const Tensor& x, DType compute, bool bf16) {
  const Tensor y = x.detach().contiguous();
  if (bf16) return y.to(DType::BFloat16);
  return compute == DType::Float64 || y.dtype() == DType::Float64 ? y.to(compute) : y;
}

// y + bias, in place: y is a product that nobody else has seen.
Tensor biased(Tensor y, const Tensor& bias) {
  const int64_t rows = y.size(0), n = y.size(1);
  if (bias.dim() != 1 || bias.size(0) != n) return add(y, bias);
  const rowwise::Gain gain{bias.data_ptr(), bias.dtype()};
  if (y.dtype() == DType::Float64)
    rowwise::add_bias<double>(rows, n, y.mutable_data<double>(), n, gain);
  else
    rowwise::add_bias<float>(rows, n, y.mutable_data<float>(), n, gain);
  return y;
}

WeightPtr rounded_weight(const WeightPtr& weight) {
  const auto dense = std::dynamic_pointer_cast<DenseWeight>(weight);
  return dense && dense->dtype() == DType::Float32 ? dense->rounded() : weight;
}

struct SavedLow {
  Saved a, b, xa;  // xa = s·x·aᵀ
  double scale;
  bool bf16, want_a, want_b;
};
struct SavedTerm {
  WeightPtr weight;
  bool rounded;  // multiplied in bf16 for the mode's sake: that copy is made again in backward, not kept till then
  Saved leaf;
  bool want_w, want_bias;
  std::vector<SavedLow> low;
};

// Every gradient of one term, appended to `out` in the order of its inputs; its share of dx is added to dx.
void term_backward(const SavedTerm& t, const Tensor& x, const Tensor& dy, bool want_x, Tensor& dx, Grads& out) {
  const DType compute = dy.defined() ? dy.dtype() : DType::Float32;
  if (dy.defined() && want_x) {
    if (t.leaf.defined()) t.leaf.get();
    const WeightPtr used = t.rounded ? rounded_weight(t.weight) : t.weight;
    if (dx.defined())
      used->add_matmul_grad(dy, dx);
    else
      dx = used->matmul_grad(dy);
  }
  out.emplace_back();
  if (dy.defined() && t.want_w) {
    out.back() = Tensor::empty({dy.size(1), x.size(1)}, compute);
    multiply(Product::TN, dy, x, out.back(), false);
  }
  out.push_back(dy.defined() && t.want_bias ? sum(dy, {0}) : Tensor());
  for (const SavedLow& low : t.low) {
    Tensor da, db;
    if (dy.defined()) {
      const Tensor a = factor(low.a, compute, low.bf16), b = factor(low.b, compute, low.bf16);
      if (want_x || low.want_a) {  // dx += s·(dy·b)·a, narrow products first
        Tensor d = Tensor::empty({dy.size(0), b.size(1)}, compute);
        multiply(Product::NN, dy, b, d, false);
        if (low.scale != 1) d = mul(d, Scalar(low.scale));
        if (want_x) multiply(Product::NN, d, a, dx, true);
        if (low.want_a) {
          da = Tensor::empty(a.shape(), compute);
          multiply(Product::TN, d, x, da, false);
        }
      }
      if (low.want_b) {  // as its transpose: few rows, and dy is read where it lies
        Tensor turned = Tensor::empty({b.size(1), b.size(0)}, compute);
        multiply(Product::TN, low.xa, dy, turned, false);
        db = turned.t();
      }
    }
    out.push_back(da);
    out.push_back(db);
  }
}

void check_low(const LowRank& low, const Shape& w) {
  check<ShapeError>(low.a.dim() == 2 && low.b.dim() == 2 && low.a.size(1) == w[1] && low.b.size(0) == w[0] &&
                        low.a.size(0) == low.b.size(1),
                    "low rank: found a ", low.a.shape(), " and b ", low.b.shape(), ", needed [r, ", w[1], "] and [",
                    w[0], ", r]");
}

// x for the gradients of matrices; beside bf16 matrices only, it is kept and multiplied in bf16.
Kept keep_input(const Tensor& x, bool wanted, bool rounded) {
  if (!wanted || !grad_enabled()) return Kept();
  TrainingMode mode = training_mode();
  mode.rounded = mode.rounded || rounded;
  const TrainingModeGuard guard(mode);
  return keep(x);
}
Tensor input_rows(const Tensor& x, bool rounded) {
  return rounded && x.dtype() != DType::Float64 ? x.to(DType::BFloat16).contiguous().view({-1, x.size(-1)}) : flat(x);
}

}  // namespace

// A dense f32 matrix as the mode wants it multiplied.
WeightPtr product_weight(const WeightPtr& weight) {
  return training_mode().bf16_products ? rounded_weight(weight) : weight;
}

void Weight::add_matmul_grad(const Tensor& dy, Tensor& dx) const {
  const Tensor more = matmul_grad(dy);
  dx.copy_(add(dx, more));
}

std::vector<Tensor> linear_terms(const Tensor& x, const std::vector<LinearTerm>& terms) {
  std::vector<const Weight*> all;
  std::vector<Tensor> inputs{x};
  for (const LinearTerm& t : terms) {
    check_input(x, *t.weight);
    all.push_back(t.weight.get());
    inputs.push_back(t.weight->parameter());
    inputs.push_back(t.bias);
    for (const LowRank& low : t.low) {
      check_low(low, t.weight->shape());
      inputs.push_back(low.a);
      inputs.push_back(low.b);
    }
  }
  const Activation activation(x);
  const DType compute = activation.operand().dtype() == DType::Float64 ? DType::Float64 : DType::Float32;
  std::vector<WeightPtr> used;
  for (size_t i = 0; i < terms.size(); i++) {
    used.push_back(product_weight(terms[i].weight));
    all[i] = used.back().get();
  }
  std::vector<Tensor> ys = used[0]->matmul_many(activation, all);
  const bool tracked = any_needs_grad(inputs), want_x = needs_grad(x);
  std::vector<SavedTerm> saved;
  bool keep_x = false, rounded = true;
  for (size_t i = 0; i < terms.size(); i++) {
    const LinearTerm& t = terms[i];
    const Tensor leaf = t.weight->parameter();
    if (t.bias.defined()) ys[i] = biased(ys[i], t.bias.detach().to(compute).contiguous());
    const bool bf16 = compute == DType::Float32 && used[i]->dtype() == DType::BFloat16;
    rounded = rounded && bf16;
    saved.push_back({t.weight, used[i] != t.weight, save(leaf), needs_grad(leaf), needs_grad(t.bias), {}});
    keep_x = keep_x || needs_grad(leaf);
    for (const LowRank& low : t.low) {
      const Tensor a = factor(low.a, compute, bf16), b = factor(low.b, compute, bf16), &rows = activation.rows();
      Tensor xa = Tensor::empty({rows.size(0), a.size(0)}, compute);
      multiply(Product::NT, rows, a, xa, false);
      if (low.scale != 1) xa = mul(xa, Scalar(low.scale));
      multiply(Product::NT, xa, b, ys[i], true);
      keep_x = keep_x || needs_grad(low.a);
      saved.back().low.push_back(
          {save(low.a), save(low.b), save(xa), low.scale, bf16, needs_grad(low.a), needs_grad(low.b)});
    }
    ys[i] = ys[i].view(with_last(x, t.weight->shape()[0]));
  }
  if (tracked)
    record_node("linear", ys, inputs,
                [saved = std::move(saved), kept = keep_input(x, keep_x, rounded), shape = x.shape(), want_x,
                 rounded](const Grads& dys) {
                  const Tensor rows = kept.defined() ? input_rows(kept.get(), rounded) : Tensor();
                  Tensor dx;
                  Grads out(1);
                  for (size_t i = 0; i < saved.size(); i++)
                    term_backward(saved[i], rows, dys[i].defined() ? flat(dys[i]) : dys[i], want_x, dx, out);
                  if (dx.defined()) out[0] = dx.view(shape);
                  return out;
                });
  return ys;
}

Tensor linear(const Tensor& x, const WeightPtr& weight, const Tensor& bias) {
  return linear_terms(x, {{weight, bias, {}}})[0];
}

std::vector<Tensor> linear_many(const Tensor& x, const std::vector<WeightPtr>& weights,
                                const std::vector<Tensor>& biases) {
  std::vector<LinearTerm> terms;
  for (size_t i = 0; i < weights.size(); i++) terms.push_back({weights[i], biases[i], {}});
  return linear_terms(x, terms);
}

Tensor embed(const Tensor& ids, const WeightPtr& weight, int64_t padding_idx) {
  const int64_t n = weight->shape()[0], k = weight->shape()[1];
  check<DtypeError>(is_integral(ids.dtype()), "embedding: ids are ", dtype_name(ids.dtype()),
                    ", needed int64 or int32");
  const Tensor index = ids.to(DType::Int64).contiguous();
  for (int64_t i = 0; i < index.numel(); i++) {
    const int64_t id = index.data<int64_t>()[i];
    check<IndexError>(id >= 0 && id < n, "index out of range in self: id ", id, " at position ", i,
                      ", the vocabulary has ", n, " entries");
  }
  Tensor y = weight->rows(index);
  const Tensor leaf = weight->parameter();
  record("embedding", y, {leaf}, [index, n, k, padding_idx](const Tensor& dy) {
    const Tensor d = flat(dy);
    Tensor dw = Tensor::zeros({n, k}, d.dtype());
    auto add_rows = [&]<class T>(T* out, const T* rows) {
      for (int64_t i = 0; i < index.numel(); i++) {
        const int64_t id = index.data<int64_t>()[i];
        for (int64_t j = 0; j < k && id != padding_idx; j++) out[id * k + j] += rows[i * k + j];
      }
    };
    if (d.dtype() == DType::Float64)
      add_rows(dw.mutable_data<double>(), d.data<double>());
    else
      add_rows(dw.mutable_data<float>(), d.data<float>());
    return Grads{dw};
  });
  return y;
}

}  // namespace ef
