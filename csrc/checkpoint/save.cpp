#include "checkpoint/save.h"

#include <cstdio>
#include <functional>
#include <unordered_set>

#include "autograd/autograd.h"
#include "io/safetensors.h"
#include "io/shard_index.h"

namespace ef {
namespace {

std::vector<SaveItem> collect(const std::vector<std::pair<std::string, ParameterSlot*>>& slots,
                              const NamedTensors& tensors) {
  std::vector<SaveItem> items;
  if (!tensors.empty()) {
    for (auto& [name, value] : tensors)
      items.push_back({name, value.dtype(), value.shape(), [held = value] { return held; }});
    return items;
  }
  std::unordered_set<const void*> seen;
  for (auto& [name, slot] : slots) {
    if (!slot->is_persistent() || !slot->defined() || !seen.insert(slot->identity()).second) continue;
    const auto* matrix = dynamic_cast<const WeightSlot*>(slot);
    if (matrix && matrix->weight()->saved_packed()) {
      const std::string layer = name.substr(0, name.size() - slot->name().size());
      const NamedTensors parts = matrix->weight()->state();
      for (size_t i = 0; i < parts.size(); i++) {
        const Tensor& part = parts[i].second;
        items.push_back({layer + (parts[i].first.empty() ? slot->name() : parts[i].first), part.dtype(), part.shape(),
                         [matrix, i] { return matrix->weight()->state()[i].second; }});
      }
      continue;
    }
    const Tensor own = slot->tensor();
    items.push_back(
        {name, own.defined() ? own.dtype() : DType::BFloat16, slot->shape(), [slot = slot] { return slot->state(); }});
  }
  return items;
}

TensorInfo info_of(const SaveItem& item) {
  TensorInfo info;
  info.name = item.name, info.dtype = item.dtype, info.shape = item.shape;
  check<ConfigError>(checked_nbytes(item.shape, item.dtype, info.nbytes), "save: tensor '", item.name,
                     "' has an impossible shape ", item.shape);
  return info;
}

}  // namespace

SaveResult save_safetensors(const std::vector<std::pair<std::string, ParameterSlot*>>& slots,
                            const NamedTensors& tensors, const std::string& folder, const std::string& stem,
                            const std::string& index_name, uint64_t max_shard_bytes, const SaveMetadata& metadata) {
  return save_safetensors(collect(slots, tensors), folder, stem, index_name, max_shard_bytes, metadata);
}

SaveResult save_safetensors(const std::vector<SaveItem>& items, const std::string& folder, const std::string& stem,
                            const std::string& index_name, uint64_t max_shard_bytes, const SaveMetadata& metadata) {
  NoGradGuard no_grad;
  SafetensorsMetadata header = {{"format", "pt"}};
  header.insert(metadata.begin(), metadata.end());
  SaveResult result;
  std::vector<std::vector<const SaveItem*>> shards(1);
  uint64_t filled = 0;
  for (const SaveItem& item : items) {
    const uint64_t nbytes = info_of(item).nbytes;
    if (filled && filled + nbytes > max_shard_bytes) {
      shards.emplace_back();
      filled = 0;
    }
    shards.back().push_back(&item);
    filled += nbytes;
    result.total_bytes += nbytes;
    result.total_parameters += numel(item.shape);
  }
  for (size_t i = 0; i < shards.size(); i++) {
    char number[48] = "";
    if (shards.size() > 1) std::snprintf(number, sizeof number, "-%05zu-of-%05zu", i + 1, shards.size());
    const std::string file = stem + number + ".safetensors";
    std::vector<TensorInfo> infos;
    for (const SaveItem* item : shards[i]) infos.push_back(info_of(*item));
    SafetensorsWriter writer(folder + "/" + file, infos, header);
    for (const SaveItem* item : shards[i]) {
      const Tensor value = item->tensor().detach().contiguous();
      writer.write(item->name, {static_cast<const std::byte*>(value.data_ptr()), value.nbytes()});
      result.weight_map[item->name] = file;
    }
    writer.commit();
    result.files.push_back(file);
  }
  if (shards.size() > 1)
    write_shard_index(folder + "/" + index_name,
                      {{"total_parameters", result.total_parameters}, {"total_size", result.total_bytes}},
                      result.weight_map);
  return result;
}

}  // namespace ef
