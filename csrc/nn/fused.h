// A linear layer and what stands behind it in one pass over the product. It runs step by step, with the same bits,
// where something is recorded or somebody looks in between: gradients, hooks, forwards in Python, adapters.
#pragma once
#include <optional>

#include "kernels/rowwise.h"
#include "nn/layers.h"

namespace ef {

// The loop that an activation is, where it is a single one.
std::optional<rowwise::Unary> activation_kernel(const std::string& name);
Tensor linear_act(const Tensor& x, const Child<Module>& layer, const ActivationFn& act, const std::string& act_name);
// norm(layer(x) + residual)
Tensor linear_add_norm(const Tensor& x, const Child<Module>& layer, const Tensor& residual, const Child<Module>& norm);

}  // namespace ef
