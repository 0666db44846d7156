#include <cmath>

#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {
namespace {

struct Factors {  // of one parameter in one step
  double step_size, correction, weight;
};

template <class T>
void update(int64_t n, T* const* a, const Factors& f, const AdamOptions& o, bool amsgrad) {
  T* __restrict p = a[0];
  const T* __restrict g = a[1];
  T* __restrict m = a[2];
  T* __restrict v = a[3];
  T* __restrict top = a[4];
  const T sign = T(o.maximize ? -1 : 1), l2 = T(o.decoupled ? 0 : o.weight_decay), keep = T(f.weight);
  const T b1 = T(1 - o.beta1), beta2 = T(o.beta2), b2 = T(1 - o.beta2), eps = T(o.eps);
  const T step_size = T(f.step_size), correction = T(f.correction);
  const auto moments = [&](int64_t i) {
    const T d = sign * g[i] + l2 * p[i];
    m[i] += (d - m[i]) * b1;
    return v[i] = v[i] * beta2 + b2 * d * d;
  };
  if (amsgrad)
    for (int64_t i = 0; i < n; i++) {
      const T second = moments(i);
      top[i] = top[i] > second ? top[i] : second;
      p[i] = p[i] * keep - step_size * (m[i] / (std::sqrt(top[i]) / correction + eps));
    }
  else
    for (int64_t i = 0; i < n; i++) {
      const T second = moments(i);
      p[i] = p[i] * keep - step_size * (m[i] / (std::sqrt(second) / correction + eps));
    }
}

}  // namespace

void adam(const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, const Tensors& exp_avg_sqs,
          const Tensors& max_exp_avg_sqs, Tensors& steps, const AdamOptions& o) {
  const bool amsgrad = !max_exp_avg_sqs.empty();
  std::vector<Arrays> all;
  std::vector<Factors> factors;
  for (size_t i = 0; i < params.size(); i++) {
    all.push_back({params[i], grads[i], exp_avgs[i], exp_avg_sqs[i]});
    if (amsgrad) all.back().push_back(max_exp_avg_sqs[i]);
    const double step = steps[i].item<double>() + 1;
    factors.push_back({o.lr / (1 - std::pow(o.beta1, step)), std::sqrt(1 - std::pow(o.beta2, step)),
                       o.decoupled ? 1 - o.lr * o.weight_decay : 1});
  }
  for_elements("Adam", all,
               [&](size_t i, int64_t, int64_t n, auto* const* arrays) { update(n, arrays, factors[i], o, amsgrad); });
  for (Tensor& step : steps) step.fill_(step.item<double>() + 1);
}

}  // namespace ef::optim
