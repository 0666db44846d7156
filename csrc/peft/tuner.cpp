#include "peft/tuner.h"

#include "autograd/autograd.h"
#include "ops/ops.h"

namespace ef {

TunerLayer::TunerLayer(ModulePtr base) {
  check<ConfigError>(bool(base), "adapter: there is no layer to adapt");
  base_layer.set(std::move(base));
}

Tensor TunerLayer::merged_weight(const std::string& adapter, const Tensor& weight) {
  return add(weight, delta_weight(adapter));
}
Tensor TunerLayer::unmerged_weight(const std::string& adapter, const Tensor& weight) {
  return sub(weight, delta_weight(adapter));
}

void TunerLayer::merge(const std::string& adapter, bool safe) {
  if (!has(adapter)) return;
  const NoGradGuard no_grad;
  BaseMatrix base = base_matrix();
  const WeightPtr packed = base.packed();
  const Tensor result = merged_weight(adapter, base.value());
  check<ConfigError>(!safe || all(isfinite(result)).item<bool>(), "NaNs detected in the merged weights. The adapter ",
                     adapter, " seems to be broken");
  base.write(result);
  if (packed) packed_ = packed;
  Names names = merged();
  names.push_back(adapter);
  set_merged(std::move(names));
}

void TunerLayer::unmerge() {
  const NoGradGuard no_grad;
  BaseMatrix base = base_matrix();
  Names names = merged();
  if (packed_) {
    base.restore(packed_);
    packed_ = nullptr;
    names.clear();
  }
  while (!names.empty()) {
    const std::string adapter = names.back();
    names.pop_back();
    if (has(adapter)) base.write(unmerged_weight(adapter, base.value()));
  }
  set_merged({});
}

Tensor TunerLayer::base_output(const Tensor& x, Names& contributing) {
  if (disabled() && !merged().empty()) unmerge();
  const Tensor y = (*base_layer)(x);
  contributing.clear();
  if (disabled() || !merged().empty()) return y;
  for (std::string& name : active())
    if (has(name)) contributing.push_back(std::move(name));
  return y;
}

}  // namespace ef
