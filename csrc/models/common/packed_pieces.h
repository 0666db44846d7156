// Sequences that stand behind one another in a row, in pieces that each pass through all layers on one thread: what a
// layer gives is still in that core's cache when the next one takes it, and nobody waits for another between products.
#pragma once
#include <functional>
#include <vector>

#include "models/model.h"

namespace ef {

// Whole sequences, in order, some 400 tokens a piece. One piece where that brings nothing, or where something has to
// see the row at once: gradients, weights, hooks and Python code in `model` or below.
std::vector<ModelInput> packed_pieces(const ModelInput& input, Module& model);

// `run` for each of them, and its results in one row again.
ModelOutput run_pieces(const std::vector<ModelInput>& pieces, const std::function<ModelOutput(const ModelInput&)>& run);

}  // namespace ef
