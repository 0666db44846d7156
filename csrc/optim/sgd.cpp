#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {

void sgd(const Tensors& params, const Tensors& grads, const Tensors& momentum_buffers, const std::vector<bool>& first,
         const SgdOptions& o) {
  std::vector<Arrays> all;
  for (size_t i = 0; i < params.size(); i++) {
    all.push_back({params[i], grads[i]});
    if (!momentum_buffers.empty()) all.back().push_back(momentum_buffers[i]);
  }
  for_elements("SGD", all, [&]<class T>(size_t i, int64_t, int64_t n, T* const* a) {
    T* __restrict p = a[0];
    const T* __restrict g = a[1];
    T* __restrict buffer = a[2];
    const T sign = T(o.maximize ? -1 : 1), l2 = T(o.weight_decay), lr = T(o.lr), momentum = T(o.momentum);
    if (!buffer) {
      for (int64_t j = 0; j < n; j++) p[j] -= lr * (sign * g[j] + l2 * p[j]);
      return;
    }
    const T keep = first[i] ? T(0) : momentum, take = first[i] ? T(1) : T(1 - o.dampening);
    if (first[i]) std::fill(buffer, buffer + n, T(0));
    const T ahead = o.nesterov ? momentum : T(1), direct = o.nesterov ? T(1) : T(0);
    for (int64_t j = 0; j < n; j++) {
      const T d = sign * g[j] + l2 * p[j];
      buffer[j] = keep * buffer[j] + take * d;
      p[j] -= lr * (direct * d + ahead * buffer[j]);
    }
  });
}

}  // namespace ef::optim
