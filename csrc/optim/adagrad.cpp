#include <cmath>

#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {

void adagrad(const Tensors& params, const Tensors& grads, const Tensors& sums, const AdagradOptions& o) {
  std::vector<Arrays> all;
  for (size_t i = 0; i < params.size(); i++) all.push_back({params[i], grads[i], sums[i]});
  for_elements("Adagrad", all, [&]<class T>(size_t, int64_t, int64_t n, T* const* a) {
    T* __restrict p = a[0];
    const T* __restrict g = a[1];
    T* __restrict sum = a[2];
    const T sign = T(o.maximize ? -1 : 1), l2 = T(o.weight_decay), lr = T(o.lr), eps = T(o.eps);
    for (int64_t j = 0; j < n; j++) {
      const T d = sign * g[j] + l2 * p[j];
      sum[j] += d * d;
      p[j] -= lr * (d / (std::sqrt(sum[j]) + eps));
    }
  });
}

}  // namespace ef::optim
