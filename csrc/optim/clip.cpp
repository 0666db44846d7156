// Norms of gradients, and gradients cut to one.
#include <cmath>

#include "kernels/rowwise.h"
#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {
namespace {

// Of one gradient; sums are kept in double and run in a fixed order.
double norm(const Tensor& g, double p) {
  Tensor x = g.detach().contiguous();
  if (x.dtype() != DType::Float64) x = x.to(DType::Float32);
  const auto of = [&]<class T>(const T* v) -> double {
    const int64_t n = x.numel();
    if (p == 2) return std::sqrt(rowwise::sum_squares(n, v));
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
      const double a = std::fabs(double(v[i]));
      if (std::isinf(p))
        total = i == 0 ? a : std::isnan(a) || std::isnan(total) ? NAN : p > 0 ? std::max(total, a) : std::min(total, a);
      else
        total += p == 0 ? double(a != 0) : std::pow(a, p);
    }
    return std::isinf(p) || p == 0 ? total : std::pow(total, 1 / p);
  };
  return x.dtype() == DType::Float64 ? of(x.data<double>()) : of(x.data<float>());
}

template <class F>
void change(const char* where, const Tensors& grads, F&& f) {
  std::vector<Arrays> all;
  for (const Tensor& g : grads) all.push_back({g, g});
  for_elements(where, all, [&](size_t, int64_t, int64_t n, auto* const* a) {
    for (int64_t j = 0; j < n; j++) a[0][j] = f(a[0][j]);
  });
}

}  // namespace

Tensor total_norm(const Tensors& grads, double p) {
  if (grads.empty()) return Tensor::scalar(0., DType::Float32);
  std::vector<double> norms;
  for (const Tensor& g : grads) {
    check<DtypeError>(is_floating(g.dtype()), "get_total_norm: found a tensor of ", dtype_name(g.dtype()),
                      ", needed a floating dtype");
    if (g.numel()) norms.push_back(norm(g, p));
  }
  DType dtype = grads[0].dtype();
  for (const Tensor& g : grads)
    if (g.dtype() == DType::Float64) dtype = DType::Float64;
  return Tensor::scalar(norms.empty() ? 0. : norm(Tensor::from_data(norms), p), dtype);
}

void scale_all(const Tensors& grads, double factor) {
  change("clip_grad_norm_", grads, [&]<class T>(T x) { return x * T(factor); });
}

void clamp_all(const Tensors& grads, double limit) {
  change("clip_grad_value_", grads,
         [&]<class T>(T x) { return std::isnan(x) ? x : std::min(std::max(x, T(-limit)), T(limit)); });
}

}  // namespace ef::optim
