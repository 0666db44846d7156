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

// Adagrad (Duchi et al., 2011); lr is that of the step, decayed by the caller.
struct AdagradOptions {
  double lr = 1e-2, weight_decay = 0, eps = 1e-10;
  bool maximize = false;
};
void adagrad(const Tensors& params, const Tensors& grads, const Tensors& sums, const AdagradOptions& options);

// RMSprop (Hinton, 2012); grad_avgs is empty unless centered (Graves, 2013), momentum_buffers without momentum.
struct RmspropOptions {
  double lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0;
  bool maximize = false;
};
void rmsprop(const Tensors& params, const Tensors& grads, const Tensors& square_avgs, const Tensors& grad_avgs,
             const Tensors& momentum_buffers, const RmspropOptions& options);

// Lion (Chen et al., 2023).
void lion(const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, double lr, double beta1, double beta2,
          double weight_decay);

// AdEMAMix (Pagliardini et al., 2024); alpha and beta3 are those of the step. steps: counted by the caller.
struct AdemamixOptions {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, beta3 = 0.9999, alpha = 5, eps = 1e-8, weight_decay = 1e-2;
  int64_t step = 1;
};
void ademamix(const Tensors& params, const Tensors& grads, const Tensors& fast, const Tensors& slow,
              const Tensors& exp_avg_sqs, const AdemamixOptions& options);

// Schedule-free methods (Defazio et al., 2024): params hold y, zs the base iterate; weight is that of this step's z in
// the average. With exp_avg_sqs it is AdamW's form (correction: 1 - beta2^step), without SGD's; adaptive = false counts
// the second moment but does not divide by it (the first steps of RAdam, Liu et al., 2020).
struct ScheduleFreeOptions {
  double lr = 2.5e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0, weight = 1, correction = 1;
  bool adaptive = true;
};
void schedule_free(const Tensors& params, const Tensors& grads, const Tensors& zs, const Tensors& exp_avg_sqs,
                   const ScheduleFreeOptions& options);

// StableAdamW (Wortsman et al., 2023): AdamW whose step shrinks where gradients outgrow their second moment. max_lr >
// 0: weight decay does not follow lr below it. kahan_comps: empty, or what rounding took from parameters of 16 bits.
struct StableAdamwOptions {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.99, eps = 1e-6, weight_decay = 1e-2, max_lr = 0;
  int64_t step = 1;
};
void stable_adamw(const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, const Tensors& exp_avg_sqs,
                  const Tensors& kahan_comps, const StableAdamwOptions& options);

// Optimizers whose moments are bytes: indices into a table of 256 values, scaled in each block of 256 elements by its
// largest magnitude (Dettmers et al., 2022). codes: uint8 of the parameter's shape; absmax: f32, one a block.
struct Moment {
  Tensors codes, absmax;
  bool is_signed = true;
};
std::vector<float> dynamic_map(bool is_signed);  // the table, ascending
void adamw_8bit(const Tensors& params, const Tensors& grads, const Moment& exp_avg, const Moment& exp_avg_sq,
                int64_t step, const AdamOptions& options);
void lion_8bit(const Tensors& params, const Tensors& grads, const Moment& exp_avg, double lr, double beta1,
               double beta2, double weight_decay);
void ademamix_8bit(const Tensors& params, const Tensors& grads, const Moment& fast, const Moment& slow,
                   const Moment& exp_avg_sq, const AdemamixOptions& options);
void rmsprop_8bit(const Tensors& params, const Tensors& grads, const Moment& square_avg, const RmspropOptions& options);

// The norm of all gradients as one vector (p = infinity: the largest magnitude), as a scalar of their dtype.
Tensor total_norm(const Tensors& grads, double p);
void scale_all(const Tensors& grads, double factor);
void clamp_all(const Tensors& grads, double limit);  // to [-limit, limit]

}  // namespace ef::optim
