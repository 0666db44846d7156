// A model family: how its config becomes a model, and how its GGUF files name things. One folder a family, one line in
// registry.cpp.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/registry.h"
#include "models/model.h"

namespace ef {

// GGUF tensor names of a family. {} stands for the layer number, {e} for that of an expert where all of them share a
// tensor.
struct GgufTable {
  std::vector<std::string> architectures;                  // values of general.architecture
  std::vector<std::pair<std::string, std::string>> names;  // GGUF name → name in the module tree; "a|b": parts of it
  bool permuted_qk = false;  // llama.cpp stores the rows of q and k with rotary pairs side by side
  bool whole_gains = false;  // it stores 1 + weight for norms whose checkpoints hold the gain less one
  bool grouped_qkv = false;  // checkpoints have one matrix of q, k and v, a group of heads after the other
  bool transposed = false;   // checkpoints have the matrices of the layers [in, out]
  // Further names, which count first in files that have the tensor `variant_marker`.
  std::string variant_marker = {};
  std::vector<std::pair<std::string, std::string>> variant = {};
};

struct Family {
  std::function<std::unique_ptr<Body>(Module& owner, const std::string& head, const std::string& config,
                                      std::shared_ptr<PreTrainedModel> base)>
      make;
  GgufTable gguf;
};

const Registry<Family>& families();

}  // namespace ef
