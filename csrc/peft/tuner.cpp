#include "peft/tuner.h"

#include <utility>

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

Tensor TunerLayer::original_weight(const Tensor& weight) {
  if (packed_) return packed_->dense(0, packed_->shape()[0]);
  Tensor out = weight;
  const Names names = merged();
  for (auto name = names.rbegin(); name != names.rend(); ++name)
    if (has(*name)) out = unmerged_weight(*name, out);
  return out;
}

void TunerLayer::merge(const std::string& adapter, bool safe) {
  if (!has(adapter)) return;
  const NoGradGuard no_grad;
  BaseMatrix base = base_matrix();
  const WeightPtr packed = base.packed();
  const Tensor result = merged_weight(adapter, base.value()), bias = delta_bias(adapter);
  check<Error>(!bias.defined() || base.bias().defined(),
               "Impossible to merge LoRA with `lora_bias=True` because the base layer has no bias.");
  const auto finite = [](const Tensor& x) { return !x.defined() || all(isfinite(x)).item<bool>(); };
  check<ConfigError>(!safe || (finite(result) && finite(bias)), "NaNs detected in the merged weights. The adapter ",
                     adapter, " seems to be broken");
  base.write(result);
  if (bias.defined()) base.add_to_bias(bias);
  if (packed) packed_ = packed;
  Names names = merged();
  names.push_back(adapter);
  set_merged(std::move(names));
}

void TunerLayer::unmerge() {
  const NoGradGuard no_grad;
  BaseMatrix base = base_matrix();
  Names names = merged();
  const WeightPtr packed = std::exchange(packed_, nullptr);
  if (packed) base.restore(packed);
  while (!names.empty()) {
    const std::string adapter = names.back();
    names.pop_back();
    if (!has(adapter)) continue;
    if (!packed) base.write(unmerged_weight(adapter, base.value()));
    if (const Tensor bias = delta_bias(adapter); bias.defined()) base.add_to_bias(neg(bias));
  }
  set_merged({});
}

Tensor TunerLayer::base_output(const Tensor& x, Names& contributing) {
  if (disabled() && !merged().empty()) unmerge();
  Tensor y = (*base_layer)(x);
  contributing.clear();
  if (disabled() || !merged().empty()) return y;
  for (std::string& name : active())
    if (has(name)) contributing.push_back(std::move(name));
  return y;
}

}  // namespace ef
