// Filling a module tree from a checkpoint.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/reader.h"
#include "nn/module.h"

namespace ef {

struct LoadOptions {
  std::optional<DType> dtype;  // of dense floating tensors; unset: as stored. Set: packed matrices are dequantized too
  std::string base_prefix;     // "model": added or removed where checkpoint and tree differ by it
  std::vector<std::pair<std::string, std::string>> ties;  // target slot, source slot: one storage
  bool dequantize = false;
  std::vector<std::string> ignore_missing, ignore_unexpected;  // regular expressions
  std::function<void(size_t done, size_t total)> progress;     // after each tensor; may throw
};

struct Mismatch {
  std::string name;
  Shape found, needed;
};
struct LoadReport {
  std::vector<std::string> missing, unexpected;
  std::vector<std::string> untied;   // targets that the checkpoint holds beside their source, with other values
  std::vector<Mismatch> mismatched;  // left as they were
  std::vector<std::pair<std::string, std::string>> dequantized;  // packed types without kernels: name, type
};

LoadReport load_checkpoint(Module& model, const CheckpointReader& reader, const LoadOptions& options);

// target's matrix becomes source's. AttributeError when a name is not in the tree.
void tie(Module& model, const std::string& target, const std::string& source);

}  // namespace ef
