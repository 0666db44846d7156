#include "checkpoint/load.h"

#include <algorithm>
#include <cstring>
#include <regex>
#include <unordered_map>
#include <unordered_set>

#include "autograd/autograd.h"
#include "core/ggml_types.h"
#include "tensor/weight_memory.h"

namespace ef {
namespace {

std::string modern(const std::string& name) {  // LayerNorm.gamma and .beta of the first BERT checkpoints
  auto renamed = [&](const char* from, const char* to) {
    const std::string end = from;
    return name.ends_with(end) ? name.substr(0, name.size() - end.size()) + to : std::string();
  };
  if (std::string n = renamed("LayerNorm.gamma", "LayerNorm.weight"); !n.empty()) return n;
  if (std::string n = renamed("LayerNorm.beta", "LayerNorm.bias"); !n.empty()) return n;
  return name;
}

bool matches_any(const std::string& name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& p) { return std::regex_search(name, std::regex(p)); });
}

// An encoder's head over words that is not tied to the embeddings adds its matrix's own bias, not the one beside it.
constexpr std::string_view kOwnBias = ".decoder.bias";

// Name in the tree → name in the checkpoint.
std::unordered_map<std::string, std::string> match_names(
    const std::vector<std::pair<std::string, ParameterSlot*>>& slots, const CheckpointReader& reader,
    const std::string& base) {
  std::unordered_map<std::string, std::string> from;
  for (const std::string& name : reader.names()) from.emplace(modern(name), name);
  for (auto& [name, what] : reader.others()) from.emplace(modern(name), name);
  const std::string prefix = base + ".";
  auto begins = [&](const std::string& n) { return !base.empty() && n.starts_with(prefix); };
  const bool file_has = std::any_of(from.begin(), from.end(), [&](auto& e) { return begins(e.first); });
  const bool tree_has = std::any_of(slots.begin(), slots.end(), [&](auto& s) { return begins(s.first); });
  std::unordered_map<std::string, std::string> out;
  for (auto& [name, slot] : slots) {
    if (name.ends_with(".bias"))
      if (auto own = from.find(name.substr(0, name.size() - 5) + std::string(kOwnBias)); own != from.end()) {
        out.emplace(name, own->second);
        continue;
      }
    std::string wanted = name;
    if (tree_has && !file_has && begins(name)) wanted = name.substr(prefix.size());
    if (!tree_has && file_has) wanted = prefix + name;
    if (auto found = from.find(wanted); found != from.end())
      out.emplace(name, found->second);
    else if (found = from.find(name); found != from.end())
      out.emplace(name, found->second);
  }
  return out;
}

// Whether the checkpoint holds both of two dense tensors and they differ: they were never one.
bool differ(const CheckpointReader& reader, const std::string& a, const std::string& b) {
  const CheckpointReader::Info one = reader.info(a), other = reader.info(b);
  const auto dense = [](const CheckpointReader::Info& i) {
    return i.storage == dtype_name(i.dtype) || i.dtype != DType::BFloat16 || i.storage == "BF16";
  };
  const auto block = [](const CheckpointReader::Info& i) { return find_ggml_type(std::string_view(i.storage)); };
  if (block(one) && block(other) && one.storage != other.storage) return true;
  if ((!dense(one) || !dense(other)) && !(block(one) && block(other))) return false;
  if (one.shape != other.shape || one.dtype != other.dtype) return true;
  const Tensor x = reader.tensor(a).contiguous(), y = reader.tensor(b).contiguous();
  return x.data_ptr() != y.data_ptr() && std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) != 0;
}

// Whole numbers become floating in a parameter that is, as transformers casts them.
Tensor dense(const CheckpointReader& reader, const std::string& name, const CheckpointReader::Info& info,
             std::optional<DType> dtype, bool blocks, bool floating) {
  const bool matrix = info.shape.size() > 1 && numel(info.shape) > 0;
  if (blocks && matrix) return reader.matrix(name, dtype.value_or(info.dtype));
  Tensor value = reader.tensor(name);
  DType to = value.dtype();
  if (is_floating(to))
    to = dtype.value_or(blocks ? info.dtype : to);
  else if (floating)
    to = dtype.value_or(DType::Float32);
  if (to == value.dtype()) return value;
  return matrix ? in_weight_memory(value, to) : value.to(to);
}

bool is_floating_parameter(const ParameterSlot& slot) {
  if (slot.is_buffer()) return false;
  const Tensor now = slot.tensor();
  return !now.defined() || is_floating(now.dtype());
}

}  // namespace

Tensor CheckpointReader::matrix(const std::string& name, DType to) const {
  const Tensor value = tensor(name);
  return value.dtype() == to ? value : in_weight_memory(value, to);
}

void tie(Module& model, const std::string& target, const std::string& source) {
  WeightSlot* slots[2] = {};
  const std::string* names[2] = {&target, &source};
  for (int i = 0; i < 2; i++) {
    const size_t dot = names[i]->rfind('.');
    Module* owner = &model;
    ModulePtr keep;
    if (dot != std::string::npos) owner = (keep = model.get_submodule(names[i]->substr(0, dot))).get();
    slots[i] = dynamic_cast<WeightSlot*>(
        owner->find_parameter(dot == std::string::npos ? *names[i] : names[i]->substr(dot + 1)));
    check<AttributeError>(slots[i] != nullptr, owner->class_name(), " has no weight `", *names[i], "` to tie");
  }
  slots[0]->set_weight(slots[1]->weight());
}

LoadReport load_checkpoint(Module& model, const CheckpointReader& reader, const LoadOptions& options) {
  NoGradGuard no_grad;
  LoadReport report;
  const auto slots = model.named_slots();
  const auto source = match_names(slots, reader, options.base_prefix);
  const auto listed = reader.others();
  const std::unordered_map<std::string, std::string> others(listed.begin(), listed.end());
  for (auto& [name, slot] : slots)
    if (auto found = source.find(name); found != source.end() && others.count(found->second))
      fail<CheckpointError>("tensor '", found->second, "': the checkpoint holds a ", others.at(found->second),
                            " under this name, needed a dense tensor");
  std::unordered_set<std::string> used, tied;
  for (auto& [target, from] : options.ties)
    if (auto there = source.find(from); there != source.end()) {
      const auto own = source.find(target);
      if (own != source.end() && own->second != there->second && differ(reader, own->second, there->second))
        report.untied.push_back(target);
      else
        tied.insert(target);
    }
  size_t done = 0;
  for (auto& [name, slot] : slots) {
    auto found = source.find(name);
    if (found != source.end()) used.insert(found->second);
    if (found != source.end() && found->second.ends_with(kOwnBias)) used.insert(name);
    if (tied.count(name) || !slot->is_persistent()) continue;
    if (found == source.end()) {
      if (!matches_any(name, options.ignore_missing)) report.missing.push_back(name);
      continue;
    }
    const CheckpointReader::Info info = reader.info(found->second);
    if (info.shape != slot->shape()) {
      report.mismatched.push_back({name, info.shape, slot->shape()});
      continue;
    }
    auto* matrix = dynamic_cast<WeightSlot*>(slot);
    std::shared_ptr<Weight> packed;
    if (matrix && !options.dequantize && (!options.dtype || reader.packs(found->second)))
      packed = reader.packed(found->second);
    if (packed) {
      matrix->set_weight(std::move(packed));
    } else {
      const bool blocks =
          info.storage != dtype_name(info.dtype) && info.dtype == DType::BFloat16 && info.storage != "BF16";
      if (blocks && !options.dtype && !options.dequantize) report.dequantized.emplace_back(name, info.storage);
      Tensor value = dense(reader, found->second, info, options.dtype, blocks, is_floating_parameter(*slot));
      if (is_floating(value.dtype()) && is_computable(value.dtype()) && !slot->is_buffer()) set_requires_grad(value);
      slot->set(std::move(value));
    }
    if (options.progress) options.progress(++done, source.size());
  }
  for (auto& [target, from] : options.ties) {
    if (tied.count(target))
      tie(model, target, from);
    else if (source.count(target) && source.count(from))
      continue;
    else if (source.count(target)) {  // only the tied copy was saved
      tie(model, from, target);
      std::erase(report.missing, from);
    } else {
      std::erase(report.missing, target);
    }
  }
  for (const std::string& name : reader.names())
    if (!used.count(name) && !matches_any(name, options.ignore_unexpected)) report.unexpected.push_back(name);
  for (auto& [name, what] : listed)
    if (!matches_any(name, options.ignore_unexpected)) report.unexpected.push_back(name);
  return report;
}

}  // namespace ef
