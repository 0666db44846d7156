#include "checkpoint/save.h"

#include <cstdio>
#include <functional>
#include <unordered_set>

#include "autograd/autograd.h"
#include "io/safetensors.h"
#include "io/shard_index.h"

namespace ef {
namespace {

struct Item {
  TensorInfo info;                 // name, dtype, shape
  std::function<Tensor()> tensor;  // made when it is written: a packed model is never dense as a whole
};

std::vector<Item> collect(const std::vector<std::pair<std::string, ParameterSlot*>>& slots,
                          const NamedTensors& tensors) {
  std::vector<Item> items;
  auto add = [&](const std::string& name, DType dtype, const Shape& shape, std::function<Tensor()> get) {
    Item item;
    item.info.name = name;
    item.info.dtype = dtype;
    item.info.shape = shape;
    check<ConfigError>(checked_nbytes(shape, dtype, item.info.nbytes), "save: tensor '", name,
                       "' has an impossible shape ", shape);
    item.tensor = std::move(get);
    items.push_back(std::move(item));
  };
  if (!tensors.empty()) {
    for (auto& [name, value] : tensors) add(name, value.dtype(), value.shape(), [value] { return value; });
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
        add(layer + (parts[i].first.empty() ? slot->name() : parts[i].first), part.dtype(), part.shape(),
            [matrix, i] { return matrix->weight()->state()[i].second; });
      }
      continue;
    }
    const Tensor own = slot->tensor();
    add(name, own.defined() ? own.dtype() : DType::BFloat16, slot->shape(), [slot] { return slot->state(); });
  }
  return items;
}

}  // namespace

SaveResult save_safetensors(const std::vector<std::pair<std::string, ParameterSlot*>>& slots,
                            const NamedTensors& tensors, const std::string& folder, const std::string& stem,
                            const std::string& index_name, uint64_t max_shard_bytes) {
  NoGradGuard no_grad;
  SaveResult result;
  const std::vector<Item> items = collect(slots, tensors);
  std::vector<std::vector<const Item*>> shards(1);
  uint64_t filled = 0;
  for (const Item& item : items) {
    if (filled && filled + item.info.nbytes > max_shard_bytes) {
      shards.emplace_back();
      filled = 0;
    }
    shards.back().push_back(&item);
    filled += item.info.nbytes;
    result.total_bytes += item.info.nbytes;
    result.total_parameters += numel(item.info.shape);
  }
  for (size_t i = 0; i < shards.size(); i++) {
    char number[48] = "";
    if (shards.size() > 1) std::snprintf(number, sizeof number, "-%05zu-of-%05zu", i + 1, shards.size());
    const std::string file = stem + number + ".safetensors";
    std::vector<TensorInfo> infos;
    for (const Item* item : shards[i]) infos.push_back(item->info);
    SafetensorsWriter writer(folder + "/" + file, infos);
    for (const Item* item : shards[i]) {
      const Tensor value = item->tensor().detach().contiguous();
      writer.write(item->info.name, {static_cast<const std::byte*>(value.data_ptr()), value.nbytes()});
      result.weight_map[item->info.name] = file;
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
