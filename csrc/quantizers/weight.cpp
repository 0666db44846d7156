#include "quantizers/weight.h"

#include "autograd/autograd.h"
#include "kernels/gemm.h"
#include "kernels/quant.h"
#include "ops/ops.h"

namespace ef {

Activation::Activation(const Tensor& x) {
  check<ShapeError>(x.dim() >= 1, "linear: the input has no dimension to multiply");
  Tensor rows = x.detach();
  if (rows.dtype() != DType::Float64) rows = rows.to(DType::Float32);
  const int64_t k = x.size(-1);
  rows_ = rows.contiguous().view({k ? x.numel() / k : 0, k});
}

const uint8_t* Activation::quantized() const {
  if (!quantized_.defined()) {
    check<DtypeError>(rows_.dtype() == DType::Float32, "packed weights take float32 input, found ",
                      dtype_name(rows_.dtype()));
    quantized_ = Tensor::empty({int64_t(quant_activation_bytes(m(), k()))}, DType::UInt8);
    quant_activations(m(), k(), rows_.data<float>(), k(), quantized_.mutable_data<uint8_t>());
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

// Adds bias in place and records the gradients of y [m, n], then gives it x's leading shape.
Tensor finish(Tensor y, const Tensor& x, const WeightPtr& weight, const Tensor& bias) {
  const Tensor leaf = weight->parameter();
  if (bias.defined()) y = add(y, bias.detach().to(y.dtype()));
  y = y.view(with_last(x, weight->shape()[0]));
  if (!needs_grad(x) && !needs_grad(leaf) && !needs_grad(bias)) return y;
  const bool want_x = needs_grad(x), want_w = needs_grad(leaf), want_b = needs_grad(bias);
  record("linear", y, {x, leaf, bias},
         [weight, saved_w = save(leaf), saved_x = want_w ? save(x) : Saved(), shape = x.shape(), want_x, want_w,
          want_b](const Tensor& dy) {
           const Tensor d = flat(dy);
           Tensor dx, dw, db;
           if (saved_w.defined()) saved_w.get();
           if (want_x) dx = weight->matmul_grad(d).view(shape);
           if (want_w) {
             const Tensor rows = flat(saved_x.get());
             const int64_t m = d.size(0), n = d.size(1), k = rows.size(1);
             dw = Tensor::empty({n, k}, d.dtype());
             if (d.dtype() == DType::Float64)
               gemm_tn(n, k, m, d.data<double>(), n, rows.to(DType::Float64).data<double>(), k,
                       dw.mutable_data<double>(), k);
             else
               gemm_tn(n, k, m, d.data<float>(), DType::Float32, n, rows.data<float>(), DType::Float32, k,
                       dw.mutable_data<float>(), k);
           }
           if (want_b) db = sum(d, {0});
           return Grads{dx, dw, db};
         });
  return y;
}

}  // namespace

Tensor linear(const Tensor& x, const WeightPtr& weight, const Tensor& bias) {
  check_input(x, *weight);
  return finish(weight->matmul(Activation(x)), x, weight, bias);
}

std::vector<Tensor> linear_many(const Tensor& x, const std::vector<WeightPtr>& weights,
                                const std::vector<Tensor>& biases) {
  std::vector<const Weight*> all;
  for (const WeightPtr& w : weights) {
    check_input(x, *w);
    all.push_back(w.get());
  }
  std::vector<Tensor> ys = weights[0]->matmul_many(Activation(x), all);
  for (size_t i = 0; i < ys.size(); i++) ys[i] = finish(std::move(ys[i]), x, weights[i], biases[i]);
  return ys;
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
