#include <cmath>

#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {

void schedule_free(const Tensors& params, const Tensors& grads, const Tensors& zs, const Tensors& exp_avg_sqs,
                   const ScheduleFreeOptions& o) {
  const bool moments = !exp_avg_sqs.empty();
  std::vector<Arrays> all;
  for (size_t i = 0; i < params.size(); i++) {
    all.push_back({params[i], grads[i], zs[i]});
    if (moments) all.back().push_back(exp_avg_sqs[i]);
  }
  for_elements("ScheduleFree", all, [&]<class T>(size_t, int64_t, int64_t n, T* const* a) {
    T* __restrict y = a[0];
    const T* __restrict g = a[1];
    T* __restrict z = a[2];
    T* __restrict v = a[3];
    const T b2 = T(o.beta2), r2 = T(1 - o.beta2), correction = T(o.correction), eps = T(o.eps), lr = T(o.lr);
    const T decay = T(o.weight_decay), weight = T(o.weight), ahead = T(o.lr * (o.beta1 * (1 - o.weight) - 1));
    const auto move = [&](int64_t j, T d) {
      d += decay * y[j];
      y[j] += weight * (z[j] - y[j]) + ahead * d;
      z[j] -= lr * d;
    };
    if (!moments) {
      for (int64_t j = 0; j < n; j++) move(j, g[j]);
      return;
    }
    for (int64_t j = 0; j < n; j++) v[j] = b2 * v[j] + r2 * g[j] * g[j];
    if (o.adaptive)
      for (int64_t j = 0; j < n; j++) move(j, g[j] / (std::sqrt(v[j] / correction) + eps));
    else
      for (int64_t j = 0; j < n; j++) move(j, g[j]);
  });
}

}  // namespace ef::optim
