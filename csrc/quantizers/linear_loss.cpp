#include "quantizers/linear_loss.h"

#include <cstring>

#include "autograd/autograd.h"
#include "kernels/gemm.h"
#include "kernels/rowwise.h"
#include "ops/helpers.h"
#include "ops/ops.h"
#include "quantizers/products.h"

namespace ef {
namespace {

constexpr int64_t kLogitBytes = 48 << 20;  // of a chunk of rows; a weight is packed anew for each

// What the loss leaves for backward, for a loss gradient of one.
struct Parts {
  Tensor loss, dx, dw, db;
};

template <class T>
class Head {
 public:
  Head(const Tensor& x, const WeightPtr& weight, const Tensor& bias, const CrossEntropyOptions& o, double scale)
      : weight_(weight), options_(o), scale_(scale), rows_(x), n_(weight->shape()[0]), k_(weight->shape()[1]) {
    if (bias.defined()) bias_ = kernel_input(bias, dtype_of<T>);
  }

  // kept: the rows that count, and their targets
  Parts run(const std::vector<int64_t>& kept, const std::vector<int64_t>& targets, double divisor, bool want_x,
            bool want_w, bool want_b) {
    Parts out;
    if (want_x) out.dx = Tensor::zeros({rows_.size(0), k_}, dtype_of<T>);
    if (want_w) out.dw = Tensor::zeros({n_, k_}, dtype_of<T>);
    if (want_b) out.db = Tensor::zeros({n_}, dtype_of<T>);
    double total = 0;
    const int64_t count = int64_t(kept.size());
    const int64_t most = std::max<int64_t>(32, kLogitBytes / (std::max<int64_t>(1, n_) * int64_t(sizeof(T))));
    const int64_t chunks = (count + most - 1) / most;
    for (int64_t c = 0; c < chunks; c++) {
      const int64_t begin = count * c / chunks, end = count * (c + 1) / chunks;
      total += chunk(std::span(kept).subspan(size_t(begin), size_t(end - begin)), targets.data() + begin, divisor, out);
    }
    out.loss = Tensor::scalar(total / divisor, dtype_of<T>);
    return out;
  }

 private:
  double chunk(std::span<const int64_t> kept, const int64_t* targets, double divisor, Parts& out) {
    const int64_t m = int64_t(kept.size());
    Tensor x = Tensor::empty({m, k_}, dtype_of<T>);
    const T* from = rows_.data<T>();
    T* to = x.mutable_data<T>();
    for (int64_t i = 0; i < m; i++) std::memcpy(to + i * k_, from + kept[size_t(i)] * k_, size_t(k_) * sizeof(T));
    Tensor logits = weight_->matmul(Activation(x));
    if (bias_.defined()) logits = add(logits, bias_);
    if (scale_ != 1) logits = mul(logits, Scalar(scale_));
    T* z = logits.mutable_data<T>();
    Tensor loss = Tensor::empty({m}, dtype_of<T>), lse = Tensor::empty({m}, dtype_of<T>);
    rowwise::cross_entropy<T>(m, n_, z, n_, targets, options_.ignore_index, options_.label_smoothing,
                              loss.mutable_data<T>(), lse.mutable_data<T>());
    const double total = rowwise::sum(m, loss.data<T>());
    if (!out.dx.defined() && !out.dw.defined() && !out.db.defined()) return total;
    const Tensor each = Tensor::full({m}, Scalar(scale_ / divisor), dtype_of<T>);
    rowwise::cross_entropy_backward<T>(m, n_, z, n_, targets, options_.ignore_index, options_.label_smoothing,
                                       lse.data<T>(), each.data<T>(), z, n_);
    if (out.dx.defined()) {
      const Tensor dx = weight_->matmul_grad(logits);
      const T* d = dx.data<T>();
      T* all = out.dx.mutable_data<T>();
      for (int64_t i = 0; i < m; i++) std::memcpy(all + kept[size_t(i)] * k_, d + i * k_, size_t(k_) * sizeof(T));
    }
    if (out.dw.defined()) add_product(m, z, x, out.dw.mutable_data<T>());
    if (out.db.defined()) rowwise::column_sum<T>(m, n_, z, n_, out.db.mutable_data<T>(), true);
    return total;
  }
  void add_product(int64_t m, const float* dz, const Tensor& x, float* dw) const {
    const Tensor in = weight_->dtype() == DType::BFloat16 ? x.to(DType::BFloat16) : x;
    gemm_tn(n_, k_, m, dz, DType::Float32, n_, in.data_ptr(), in.dtype(), k_, dw, k_, true);
  }
  void add_product(int64_t m, const double* dz, const Tensor& x, double* dw) const {
    gemm_tn(n_, k_, m, dz, n_, x.data<double>(), k_, dw, k_, true);
  }

  const WeightPtr& weight_;
  const CrossEntropyOptions& options_;
  const double scale_;
  const Tensor rows_;
  const int64_t n_, k_;
  Tensor bias_;
};

}  // namespace

Tensor linear_cross_entropy(const Tensor& x, const WeightPtr& weight, const Tensor& bias, const Tensor& target,
                            const CrossEntropyOptions& o, double scale) {
  const Shape w = weight->shape();
  check<ShapeError>(x.dim() >= 1 && x.size(-1) == w[1], "linear_cross_entropy: found x ", x.shape(), " and a weight ",
                    w, ", needed x [..., ", w[1], "]");
  check<ShapeError>(target.numel() * w[1] == x.numel(), "linear_cross_entropy: found target ", target.shape(),
                    ", needed a class for each row of x ", x.shape());
  check<DtypeError>(!is_floating(target.dtype()) && target.dtype() != DType::Bool,
                    "expected scalar type Long but found ", scalar_name(target.dtype()));
  check<UnsupportedError>(!o.weight.defined() && o.reduction != Reduction::None,
                          "linear_cross_entropy: class weights and reduction 'none' are not supported");
  const Tensor ids = target.to(DType::Int64).contiguous();
  std::vector<int64_t> kept, targets;
  for (int64_t i = 0; i < ids.numel(); i++) {
    const int64_t id = ids.data<int64_t>()[i];
    if (id == o.ignore_index) continue;
    check<IndexError>(id >= 0 && id < w[0], "Target ", id, " is out of bounds.");
    kept.push_back(i);
    targets.push_back(id);
  }
  const double divisor = o.reduction == Reduction::Sum ? 1 : o.divisor.value_or(double(kept.size()));
  const Tensor leaf = weight->parameter();
  const Tensor rows = kernel_input(x).view({-1, w[1]});
  const bool want_x = needs_grad(x), want_w = needs_grad(leaf), want_b = needs_grad(bias);
  Parts parts;
  visit_real(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const WeightPtr used = product_weight(weight);
    parts = Head<T>(rows, used, bias, o, scale).run(kept, targets, divisor, want_x, want_w, want_b);
  });
  Tensor loss = parts.loss;
  record("LinearCrossEntropyBackward", loss, {x, leaf, bias},
         [parts, saved_w = save(leaf), shape = x.shape()](const Tensor& dy) {
           if (saved_w.defined()) saved_w.get();
           const double factor = dy.item<double>();
           const auto scaled = [&](const Tensor& g) {
             return !g.defined() || factor == 1 ? g : mul(g, Scalar(factor));
           };
           const Tensor dx = scaled(parts.dx);
           return Grads{dx.defined() ? dx.view(shape) : dx, scaled(parts.dw), scaled(parts.db)};
         });
  return loss;
}

}  // namespace ef
