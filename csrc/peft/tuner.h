// What every adapter layer is: it holds the layer it adapts, any number of named adapters of which some are active, and
// knows which ones are merged into the base weight. A method is a folder with a subclass; none asks what it wraps.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "nn/module.h"
#include "peft/base_matrix.h"

namespace ef {

using Names = std::vector<std::string>;

class TunerLayer : public Module {
 public:
  explicit TunerLayer(ModulePtr base);
  Child<Module> base_layer{*this, "base_layer"};

  Names active() const { return active_.get(); }
  void set_active(Names names) { active_.set(std::move(names)); }
  bool disabled() const { return disabled_; }
  void set_disabled(bool on) { disabled_ = on; }
  Names merged() const { return merged_.get(); }

  virtual bool has(const std::string& adapter) const = 0;
  virtual Tensor delta_weight(const std::string& adapter) = 0;          // in the layout of the base weight
  virtual Tensor delta_bias(const std::string& adapter) { return {}; }  // likewise of the bias; undefined: nothing
  // Adds an adapter to the base weight, or takes the last merged ones out again. safe: on a copy, and only when the
  // result is finite.
  void merge(const std::string& adapter, bool safe = false);
  void unmerge();
  // For what Python code has done to the base weight itself.
  void set_merged(Names names) { merged_.set(std::move(names)); }
  BaseMatrix base_matrix() const { return BaseMatrix(base_layer.ptr()); }

 protected:
  virtual Tensor merged_weight(const std::string& adapter, const Tensor& weight);
  virtual Tensor unmerged_weight(const std::string& adapter, const Tensor& weight);
  Tensor original_weight(const Tensor& weight);  // as it was before the first merge
  // The base's output, and the adapters whose parts are to be added to it.
  Tensor base_output(const Tensor& x, Names& contributing);

 private:
  Guarded<Names> active_, merged_;
  std::atomic<bool> disabled_{false};
  WeightPtr packed_;  // the base weight before the first merge, when it was packed: unmerging is exact
};

}  // namespace ef
