// A checkpoint whose matrices come packed: those stored in parts are put together, dense ones are packed when asked
// for.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "checkpoint/reader.h"
#include "core/error.h"

namespace ef {
namespace {

class QuantizedReader : public CheckpointReader {
 public:
  QuantizedReader(std::shared_ptr<CheckpointReader> inner, std::vector<PackedEntry> entries)
      : inner_(std::move(inner)), entries_(std::move(entries)) {
    std::unordered_set<std::string> parts;
    for (size_t i = 0; i < entries_.size(); i++) {
      const PackedEntry& e = entries_[i];
      index_[e.name] = i;
      for (auto& [part, source] : e.parts) parts.insert(source);
    }
    for (const std::string& name : inner_->names())
      if (!parts.count(name) && !index_.count(name)) names_.push_back(name);
    for (const PackedEntry& e : entries_) names_.push_back(e.name);
  }
  std::vector<std::string> names() const override { return names_; }
  std::vector<std::pair<std::string, std::string>> others() const override { return inner_->others(); }
  bool has(const std::string& name) const override {
    return index_.count(name) || std::find(names_.begin(), names_.end(), name) != names_.end();
  }
  Info info(const std::string& name) const override {
    const PackedEntry* e = entry(name);
    return e ? Info{e->shape, e->spec.dtype, e->format} : inner_->info(name);
  }
  Tensor tensor(const std::string& name) const override {
    if (!entry(name)) return inner_->tensor(name);
    const auto weight = packed(name);
    return weight->dense(0, weight->shape()[0]).to(weight->dtype());
  }
  bool packs(const std::string& name) const override { return entry(name) || inner_->packs(name); }
  std::shared_ptr<Weight> packed(const std::string& name) const override {
    const PackedEntry* e = entry(name);
    if (!e) return inner_->packed(name);
    try {
      if (e->parts.empty()) {
        const Tensor dense = inner_->tensor(name).to(e->spec.dtype);
        return pack_weight(e->format, e->transposed ? dense.t() : dense, e->spec);
      }
      Parts parts;
      for (auto& [part, source] : e->parts) parts.emplace(part, inner_->tensor(source));
      return restore_weight(e->format, parts, e->shape, e->spec);
    } catch (const UnsupportedError& error) {
      fail<UnsupportedError>(name, ": ", error.what());
    } catch (const ConfigError& error) {
      fail<ConfigError>(name, ": ", error.what());
    } catch (const Error& error) {
      fail<CheckpointError>(name, ": ", error.what());
    }
  }

 private:
  const PackedEntry* entry(const std::string& name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &entries_[found->second];
  }
  std::shared_ptr<CheckpointReader> inner_;
  std::vector<PackedEntry> entries_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<CheckpointReader> quantized(std::shared_ptr<CheckpointReader> inner, std::vector<PackedEntry> entries) {
  return std::make_unique<QuantizedReader>(std::move(inner), std::move(entries));
}

}  // namespace ef
