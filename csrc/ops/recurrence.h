// Recurrences over time that state-space and linear-attention layers run, one node each. In float32, or in float64
// where an input is.
#pragma once
#include "tensor/tensor.h"

namespace ef {

struct Recurrence {
  Tensor y, state;  // state: after the last step, without history
};

// A. Gu and T. Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", 2023:
//   h_t = exp(dt_t · a) · h_(t-1) + dt_t · x_t · b_t,   y_t = Σ over states of c_t · h_t
// x and dt [batch, time, channels], a [channels, states or 1], b and c [batch, time, groups, states]: channel d reads
// group d / (channels / groups). state [batch, channels, states]; undefined: zeros.
Recurrence selective_scan(const Tensor& x, const Tensor& dt, const Tensor& a, const Tensor& b, const Tensor& c,
                          const Tensor& state = {});

// S. Yang et al., "Gated Delta Networks: Improving Mamba2 with Delta Rule", 2024:
//   S' = exp(g_t) · S_(t-1),   S_t = S' + k_t ⊗ (beta_t · (v_t - k_t · S')),   y_t = q_t · S_t
// q and k [batch, time, heads, keys], v [batch, time, heads, values], g and beta [batch, time, heads],
// state [batch, heads, keys, values]; undefined: zeros.
Recurrence gated_delta_rule(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& g, const Tensor& beta,
                            const Tensor& state = {});

// y_t = bias + Σ over taps of weight[:, tap] · x_(t - taps + 1 + tap), each channel on its own.
// x [batch, taps - 1 + time, channels]: what comes before the first step in front; weight [channels, taps].
Tensor causal_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace ef
