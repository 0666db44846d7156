#include <cmath>

#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {
namespace {

// What is left of a number stored in the dtype.
template <class T>
T stored(T x, DType dtype) {
  return dtype == DType::BFloat16  ? T(float(bfloat16(float(x))))
         : dtype == DType::Float16 ? T(float(float16(float(x))))
                                   : x;
}

}  // namespace

void stable_adamw(const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, const Tensors& exp_avg_sqs,
                  const Tensors& kahan_comps, const StableAdamwOptions& o) {
  const auto debiased = [&](double beta) {
    const double power = std::pow(beta, double(o.step));
    return (power - beta) / (power - 1);
  };
  const double beta1 = debiased(o.beta1), beta2 = debiased(o.beta2);
  std::vector<Arrays> all;
  for (size_t i = 0; i < params.size(); i++) all.push_back({params[i], grads[i], exp_avgs[i], exp_avg_sqs[i]});
  // The moments, and of each piece the sum of the squared gradients over the second moments: added up in order.
  std::vector<std::vector<double>> sums(params.size());
  for (size_t i = 0; i < params.size(); i++) sums[i].resize(size_t((params[i].numel() + kPiece - 1) / kPiece));
  for_elements("StableAdamW", all, [&]<class T>(size_t i, int64_t begin, int64_t n, T* const* a) {
    const T* __restrict g = a[1];
    T* __restrict m = a[2];
    T* __restrict v = a[3];
    const T r1 = T(1 - beta1), b2 = T(beta2), r2 = T(1 - beta2), least = T(o.eps * o.eps);
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      m[j] += r1 * (g[j] - m[j]);
      v[j] = b2 * v[j] + r2 * g[j] * g[j];
      sum += double(g[j] * g[j] / std::max(v[j], least));
    }
    sums[i][size_t(begin / kPiece)] = sum;
  });
  std::vector<double> rates;
  for (size_t i = 0; i < params.size(); i++) {
    double total = 0;
    for (const double s : sums[i]) total += s;
    rates.push_back(o.lr / std::max(1.0, std::sqrt(total / double(std::max<int64_t>(1, params[i].numel())))));
    if (!kahan_comps.empty()) all[i].push_back(kahan_comps[i]);
  }
  for_elements("StableAdamW", all, [&]<class T>(size_t i, int64_t, int64_t n, T* const* a) {
    T* __restrict p = a[0];
    const T* __restrict m = a[2];
    const T* __restrict v = a[3];
    const double decay = o.weight_decay * (o.max_lr > 0 ? rates[i] / o.max_lr : rates[i]);
    const T rate = T(rates[i]), keep = T(1 - decay), eps = T(o.eps);
    if (kahan_comps.empty()) {
      for (int64_t j = 0; j < n; j++) p[j] = p[j] * keep - rate * (m[j] / (std::sqrt(v[j]) + eps));
      return;
    }
    T* __restrict lost = a[4];
    const DType dtype = params[i].dtype();
    for (int64_t j = 0; j < n; j++) {
      const T before = stored(p[j] * keep, dtype);
      lost[j] = stored(lost[j] - rate * (m[j] / (std::sqrt(v[j]) + eps)), dtype);
      p[j] = stored(before + lost[j], dtype);
      lost[j] += stored(before - p[j], dtype);
    }
  });
}

}  // namespace ef::optim
