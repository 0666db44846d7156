// One layer of a stack, and gradient checkpointing (Chen et al., "Training Deep Nets with Sublinear Memory Cost",
// 2016).
#pragma once
#include "models/model.h"
#include "nn/attention.h"

namespace ef {

// Whether this pass keeps no inner values of `layers`. Weights and router logits that it returns would be kept anyway.
bool checkpoints(const ModelInput& input, const Module& layers);

// A layer's hidden states; `path` is its name in messages. checkpointed: backward computes its inner values again, and
// finds what the pass holds now.
Tensor run_layer(const ModulePtr& layer, const std::string& path, const Tensor& x, Pass& pass, bool checkpointed);

}  // namespace ef
