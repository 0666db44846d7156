#include <cmath>

#include "optim/elements.h"
#include "optim/optim.h"

namespace ef::optim {

void rmsprop(const Tensors& params, const Tensors& grads, const Tensors& square_avgs, const Tensors& grad_avgs,
             const Tensors& momentum_buffers, const RmspropOptions& o) {
  const bool centered = !grad_avgs.empty(), moving = !momentum_buffers.empty();
  std::vector<Arrays> all;
  for (size_t i = 0; i < params.size(); i++) {
    all.push_back({params[i], grads[i], square_avgs[i]});
    if (centered) all.back().push_back(grad_avgs[i]);
    if (moving) all.back().push_back(momentum_buffers[i]);
  }
  for_elements("RMSprop", all, [&]<class T>(size_t, int64_t, int64_t n, T* const* a) {
    T* __restrict p = a[0];
    const T* __restrict g = a[1];
    T* __restrict square = a[2];
    T* __restrict mean = centered ? a[3] : nullptr;
    T* __restrict buffer = moving ? a[centered ? 4 : 3] : nullptr;
    const T sign = T(o.maximize ? -1 : 1), l2 = T(o.weight_decay), lr = T(o.lr), eps = T(o.eps);
    const T alpha = T(o.alpha), rest = T(1 - o.alpha), momentum = T(o.momentum);
    for (int64_t j = 0; j < n; j++) {
      const T d = sign * g[j] + l2 * p[j];
      square[j] = alpha * square[j] + rest * d * d;
      T variance = square[j];
      if (mean) {
        mean[j] += rest * (d - mean[j]);
        variance -= mean[j] * mean[j];
      }
      T step = d / (std::sqrt(variance) + eps);
      if (buffer) step = buffer[j] = momentum * buffer[j] + step;
      p[j] -= lr * step;
    }
  });
}

}  // namespace ef::optim
