// Layers that are a product with a matrix and products of few ranks beside it, so that several on one input become one
// operation.
#pragma once
#include <optional>

#include "nn/module.h"
#include "quantizers/weight.h"

namespace ef {

struct AdaptedLinear {
  virtual ~AdaptedLinear() = default;
  // The layer as linear_terms() takes it; nothing when something else has to run (dropout, DoRA, hooks inside).
  virtual std::optional<LinearTerm> term() = 0;
};
// Of a Linear or an AdaptedLinear that has no hooks and no forward in Python.
std::optional<LinearTerm> linear_term(Module& layer);

}  // namespace ef
