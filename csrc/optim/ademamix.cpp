#include <cmath>

#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {

void ademamix(const Tensors& params, const Tensors& grads, const Tensors& fast, const Tensors& slow,
              const Tensors& exp_avg_sqs, const AdemamixOptions& o) {
  std::vector<Arrays> all;
  for (size_t i = 0; i < params.size(); i++) all.push_back({params[i], grads[i], fast[i], slow[i], exp_avg_sqs[i]});
  const double first = 1 - std::pow(o.beta1, double(o.step)), second = std::sqrt(1 - std::pow(o.beta2, double(o.step)));
  for_elements("AdEMAMix", all, [&]<class T>(size_t, int64_t, int64_t n, T* const* a) {
    T* __restrict p = a[0];
    const T* __restrict g = a[1];
    T* __restrict m1 = a[2];
    T* __restrict m2 = a[3];
    T* __restrict v = a[4];
    const T lr = T(o.lr), decay = T(o.weight_decay), eps = T(o.eps), alpha = T(o.alpha), c1 = T(first), c2 = T(second);
    const T b1 = T(o.beta1), r1 = T(1 - o.beta1), b2 = T(o.beta2), r2 = T(1 - o.beta2), b3 = T(o.beta3),
            r3 = T(1 - o.beta3);
    for (int64_t j = 0; j < n; j++) {
      m1[j] = b1 * m1[j] + r1 * g[j];
      m2[j] = b3 * m2[j] + r3 * g[j];
      v[j] = b2 * v[j] + r2 * g[j] * g[j];
      const T update = (m1[j] / c1 + alpha * m2[j]) / (std::sqrt(v[j]) / c2 + eps);
      p[j] -= lr * (update + decay * p[j]);
    }
  });
}

}  // namespace ef::optim
