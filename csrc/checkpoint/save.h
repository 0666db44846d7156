// Writing a module tree as safetensors, in shards of bounded size.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "nn/module.h"

namespace ef {

struct SaveResult {
  std::vector<std::string> files;                 // relative to the folder
  std::map<std::string, std::string> weight_map;  // tensor → file
  uint64_t total_bytes = 0;
  int64_t total_parameters = 0;
};

struct SaveItem {
  std::string name;
  DType dtype;
  Shape shape;
  std::function<Tensor()> tensor;  // made when it is written: a packed model is never dense as a whole
};
using SaveMetadata = std::map<std::string, std::string>;  // of each file, beside "format"
SaveResult save_safetensors(const std::vector<SaveItem>& items, const std::string& folder, const std::string& stem,
                            const std::string& index_name, uint64_t max_shard_bytes, const SaveMetadata& metadata = {});

// Writes `<stem>.safetensors`, or `<stem>-0000i-of-0000N.safetensors` and the index. A tied tensor
// is written once, under its first name. Packed matrices are written as
// their format stores them, those of GGUF files as dense bf16. `tensors` replaces the tree's own
// state when it is not empty. Nothing is left half written: each file is renamed into place when it is whole.
SaveResult save_safetensors(const std::vector<std::pair<std::string, ParameterSlot*>>& slots,
                            const NamedTensors& tensors, const std::string& folder, const std::string& stem,
                            const std::string& index_name, uint64_t max_shard_bytes, const SaveMetadata& metadata = {});

}  // namespace ef
