#include "ops/norm.h"

#include "autograd/memory.h"
#include "kernels/rowwise.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/reduce.h"

namespace ef {
namespace {

rowwise::Gain gain(const Tensor& w) { return w.defined() ? rowwise::Gain{w.data_ptr(), w.dtype()} : rowwise::Gain{}; }
Tensor plain(const Tensor& w) { return w.defined() ? w.detach().contiguous() : w; }

// Softmax and its logarithm run over the last dimension; another one is moved there and back.
template <class Forward, class Backward>
Tensor over_dim(const char* name, const Tensor& given, int dim, std::optional<DType> dtype, Forward forward,
                Backward backward) {
  const Tensor x = dtype ? given.to(*dtype) : given;
  check<DtypeError>(is_floating(x.dtype()), "\"", name, "\" not implemented for '", scalar_name(x.dtype()), "'");
  const int d = x.wrap_dim(dim);
  const bool scalar = x.dim() == 0;
  const auto to_rows = [d, scalar](const Tensor& t) { return scalar ? t.reshape({1}) : t.transpose(d, -1); };
  const Tensor in = kernel_input(to_rows(x));
  const int64_t n = in.size(-1), rows = n ? in.numel() / n : 0;
  Tensor rows_y = like(in);
  visit_real(in.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    forward(tag, rows, n, in.data<C>(), rows_y.template mutable_data<C>());
  });
  const auto back = [d, scalar](const Tensor& t) { return scalar ? t.reshape({}) : t.transpose(d, -1).contiguous(); };
  Tensor y = back(rows_y).to(x.dtype());
  record(name, y, {x}, [=, y = save(y)](const Tensor& dy) {
    const Tensor v = kernel_input(to_rows(y)), g = kernel_input(to_rows(dy), v.dtype());
    Tensor dx = like(v);
    visit_real(v.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      backward(tag, rows, n, v.data<C>(), g.data<C>(), dx.template mutable_data<C>());
    });
    return Grads{back(dx)};
  });
  return y;
}

}  // namespace

Tensor softmax(const Tensor& x, int dim, std::optional<DType> dtype) {
  return over_dim(
      "SoftmaxBackward0", x, dim, dtype,
      []<class C>(TypeTag<C>, int64_t rows, int64_t n, const C* x, C* y) { rowwise::softmax<C>(rows, n, x, n, y, n); },
      []<class C>(TypeTag<C>, int64_t rows, int64_t n, const C* y, const C* dy, C* dx) {
        rowwise::softmax_backward<C>(rows, n, y, dy, dx);
      });
}
Tensor log_softmax(const Tensor& x, int dim, std::optional<DType> dtype) {
  return over_dim(
      "LogSoftmaxBackward0", x, dim, dtype,
      []<class C>(TypeTag<C>, int64_t rows, int64_t n, const C* x, C* y) {
        rowwise::log_softmax<C>(rows, n, x, n, y, n);
      },
      []<class C>(TypeTag<C>, int64_t rows, int64_t n, const C* y, const C* dy, C* dx) {
        rowwise::log_softmax_backward<C>(rows, n, y, dy, dx);
      });
}

namespace {
void check_gain(const char* where, const Tensor& x, const Tensor& w) {
  check<ShapeError>(x.dim() >= 1, where, ": the input has no dimensions");
  check<ShapeError>(!w.defined() || (w.dim() == 1 && w.size(0) == x.size(-1)), "Given normalized_shape=[",
                    w.defined() && w.dim() ? w.size(-1) : 0, "], expected input with shape [*, ",
                    w.defined() && w.dim() ? w.size(-1) : 0, "], but got input of size", x.shape());
}
}  // namespace

namespace {
Tensor rms_norm_forward(const Tensor& x, const Tensor& weight, double eps, bool unit_offset, Tensor* rstd) {
  const Tensor in = kernel_input(x), w = plain(weight);
  const int64_t n = in.size(-1), rows = n ? in.numel() / n : 0;
  Tensor y = like(in);
  if (rstd) *rstd = Tensor::empty({rows}, in.dtype());
  visit_real(in.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    rowwise::rms_norm<C>(rows, n, in.data<C>(), n, gain(w), eps, unit_offset, y.mutable_data<C>(), n,
                         rstd ? rstd->mutable_data<C>() : nullptr);
  });
  return y;
}
}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps, bool unit_offset) {
  check_gain("rms_norm", x, weight);
  const bool tracked = needs_grad(x, weight);
  Tensor rstd;
  Tensor y = rms_norm_forward(x, weight, eps, unit_offset, tracked ? &rstd : nullptr).to(x.dtype());
  if (!tracked) return y;
  const Saved kept = save_activation(x), w = save(weight);
  record("RmsNormBackward", y, {x, weight}, [=, rstd = save(rstd), dweight = needs_grad(weight)](const Tensor& dy) {
    const Tensor in = kernel_input(kept), g = kernel_input(dy, in.dtype()), gains = plain(w);
    const int64_t n = in.size(-1), rows = n ? in.numel() / n : 0;
    Tensor dx = like(in), dw = dweight ? Tensor::zeros({n}, in.dtype()) : Tensor();
    visit_real(in.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      rowwise::rms_norm_backward<C>(rows, n, in.data<C>(), n, gain(gains), unit_offset, rstd.get().data<C>(),
                                    g.data<C>(), n, dx.mutable_data<C>(), n, dweight ? dw.mutable_data<C>() : nullptr);
    });
    return Grads{dx, dw};
  });
  set_recipe(y, [=, dtype = x.dtype()] { return rms_norm_forward(kept, w, eps, unit_offset, nullptr).to(dtype); });
  return y;
}

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  check_gain("layer_norm", x, weight);
  check_gain("layer_norm", x, bias);
  const Tensor in = kernel_input(x), w = plain(weight), b = plain(bias);
  const int64_t n = in.size(-1), rows = n ? in.numel() / n : 0;
  Tensor y = like(in), mean = Tensor::empty({rows}, in.dtype()), rstd = Tensor::empty({rows}, in.dtype());
  visit_real(in.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    rowwise::layer_norm<C>(rows, n, in.data<C>(), n, gain(w), gain(b), eps, y.mutable_data<C>(), n,
                           mean.mutable_data<C>(), rstd.mutable_data<C>());
  });
  y = y.to(x.dtype());
  if (needs_grad(x, weight, bias))
    record("NativeLayerNormBackward0", y, {x, weight, bias},
           [=, x = save(x), w = save(weight), mean = save(mean), rstd = save(rstd), dweight = needs_grad(weight),
            dbias = needs_grad(bias)](const Tensor& dy) {
             const Tensor in = kernel_input(x), g = kernel_input(dy, in.dtype()), gains = plain(w);
             Tensor dx = like(in), dw = dweight ? Tensor::zeros({n}, in.dtype()) : Tensor();
             Tensor db = dbias ? Tensor::zeros({n}, in.dtype()) : Tensor();
             visit_real(in.dtype(), [&](auto tag) {
               using C = typename decltype(tag)::type;
               rowwise::layer_norm_backward<C>(rows, n, in.data<C>(), n, gain(gains), mean.get().data<C>(),
                                               rstd.get().data<C>(), g.data<C>(), n, dx.mutable_data<C>(), n,
                                               dweight ? dw.mutable_data<C>() : nullptr,
                                               dbias ? db.mutable_data<C>() : nullptr);
             });
             return Grads{dx, dw, db};
           });
  return y;
}

Tensor normalize(const Tensor& x, double p, int dim, double eps) {
  return div(x, clamp(norm(x, p, {dim}, true), Scalar(eps), std::nullopt));
}

}  // namespace ef
