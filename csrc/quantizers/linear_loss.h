// The head of a language model and its loss as one operation: the logits exist for a few hundred rows at a time.
#pragma once
#include "ops/loss.h"
#include "quantizers/weight.h"

namespace ef {

// cross_entropy(scale · linear(x, weight, bias), target) for x [..., k] and class ids [...]: a scalar, f32 (f64 for
// f64). Rows whose target is ignore_index are not multiplied at all. Gradients for x, a dense weight and bias are
// computed with the loss, so that backward only scales them. Reductions: mean and sum; no class weights.
Tensor linear_cross_entropy(const Tensor& x, const WeightPtr& weight, const Tensor& bias, const Tensor& target,
                            const CrossEntropyOptions& options = {}, double scale = 1);

}  // namespace ef
