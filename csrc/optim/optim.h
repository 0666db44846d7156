// One step of each optimizer, in place: params, their gradients and their state are lists of one length. Formulas and
// the order of operations are those of torch.optim, so that trajectories agree.
#pragma once
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace ef::optim {

using Tensors = std::vector<Tensor>;

// Adam (Kingma & Ba, 2015); decoupled: AdamW (Loshchilov & Hutter, 2019). steps: scalars, moved by one.
struct AdamOptions {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  bool decoupled = false, maximize = false;
};
// max_exp_avg_sqs is empty, or (AMSGrad) the largest second moment so far.
void adam(const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, const Tensors& exp_avg_sqs,
          const Tensors& max_exp_avg_sqs, Tensors& steps, const AdamOptions& options);

// Stochastic gradient descent; momentum_buffers is empty without momentum. first[i]: the buffer is to be set to the
// gradient.
struct SgdOptions {
  double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
  bool nesterov = false, maximize = false;
};
void sgd(const Tensors& params, const Tensors& grads, const Tensors& momentum_buffers, const std::vector<bool>& first,
         const SgdOptions& options);

// The norm of all gradients as one vector (p = infinity: the largest magnitude), as a scalar of their dtype.
Tensor total_norm(const Tensors& grads, double p);
void scale_all(const Tensors& grads, double factor);
void clamp_all(const Tensors& grads, double limit);  // to [-limit, limit]

}  // namespace ef::optim
