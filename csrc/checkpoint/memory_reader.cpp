// Checkpoints that are no files: tensors in memory, and another checkpoint under other names.
#include <unordered_map>

#include "checkpoint/reader.h"

namespace ef {
namespace {

class MemoryReader : public CheckpointReader {
 public:
  explicit MemoryReader(std::vector<std::pair<std::string, Tensor>> tensors) : tensors_(std::move(tensors)) {
    for (size_t i = 0; i < tensors_.size(); i++) index_[tensors_[i].first] = i;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (auto& [name, tensor] : tensors_) all.push_back(name);
    return all;
  }
  bool has(const std::string& name) const override { return index_.count(name); }
  Info info(const std::string& name) const override {
    const Tensor t = tensor(name);
    return {t.shape(), t.dtype(), dtype_name(t.dtype())};
  }
  Tensor tensor(const std::string& name) const override {
    const auto found = index_.find(name);
    check<KeyError>(found != index_.end(), "state_dict: no tensor '", name, "'");
    return tensors_[found->second].second;
  }

 private:
  std::vector<std::pair<std::string, Tensor>> tensors_;
  std::unordered_map<std::string, size_t> index_;
};

class RenamedReader : public CheckpointReader {
 public:
  RenamedReader(std::shared_ptr<CheckpointReader> inner, const std::vector<std::pair<std::string, std::string>>& names)
      : inner_(std::move(inner)) {
    for (auto& [old, fresh] : names) {
      const auto [at, is_new] = old_.emplace(fresh, old);
      check<ConfigError>(is_new, "key_mapping: tensors '", at->second, "' and '", old,
                         "' of the checkpoint would both be called '", fresh, "'");
      names_.push_back(fresh);
    }
  }
  std::vector<std::string> names() const override { return names_; }
  std::vector<std::pair<std::string, std::string>> others() const override { return inner_->others(); }
  bool has(const std::string& name) const override { return old_.count(name); }
  Info info(const std::string& name) const override { return inner_->info(old(name)); }
  Tensor tensor(const std::string& name) const override { return inner_->tensor(old(name)); }
  Tensor matrix(const std::string& name, DType to) const override { return inner_->matrix(old(name), to); }
  std::shared_ptr<Weight> packed(const std::string& name) const override { return inner_->packed(old(name)); }
  bool packs(const std::string& name) const override { return inner_->packs(old(name)); }

 private:
  const std::string& old(const std::string& name) const {
    const auto found = old_.find(name);
    check<KeyError>(found != old_.end(), "checkpoint: no tensor '", name, "'");
    return found->second;
  }
  std::shared_ptr<CheckpointReader> inner_;
  std::unordered_map<std::string, std::string> old_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<CheckpointReader> tensors_in_memory(std::vector<std::pair<std::string, Tensor>> tensors) {
  return std::make_unique<MemoryReader>(std::move(tensors));
}

std::unique_ptr<CheckpointReader> renamed(std::shared_ptr<CheckpointReader> inner,
                                          const std::vector<std::pair<std::string, std::string>>& names) {
  return std::make_unique<RenamedReader>(std::move(inner), names);
}

}  // namespace ef
