#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {

void lion(const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, double lr, double beta1, double beta2,
          double weight_decay) {
  std::vector<Arrays> all;
  for (size_t i = 0; i < params.size(); i++) all.push_back({params[i], grads[i], exp_avgs[i]});
  for_elements("Lion", all, [&]<class T>(size_t, int64_t, int64_t n, T* const* a) {
    T* __restrict p = a[0];
    const T* __restrict g = a[1];
    T* __restrict m = a[2];
    const T rate = T(lr), keep = T(1 - lr * weight_decay), b1 = T(beta1), r1 = T(1 - beta1), b2 = T(beta2),
            r2 = T(1 - beta2);
    for (int64_t j = 0; j < n; j++) {
      const T u = b1 * m[j] + r1 * g[j];
      p[j] = p[j] * keep - rate * T((u > 0) - (u < 0));
      m[j] = b2 * m[j] + r2 * g[j];
    }
  });
}

}  // namespace ef::optim
