#include "peft/base_matrix.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "nn/layers.h"
#include "ops/ops.h"

namespace ef {

namespace {

// In place where the slot's tensor can be written.
void put(ParameterSlot& slot, const Tensor& value) {
  const NoGradGuard no_grad;
  const Tensor dense = slot.tensor();
  if (dense.defined() && !dense.read_only()) {
    dense.detach().copy_(value);
    return;
  }
  Tensor fresh = value.detach().clone();
  if (dense.defined()) {
    fresh = fresh.to(dense.dtype());
    set_requires_grad(fresh, dense.requires_grad());
  }
  slot.set(fresh);
}

}  // namespace

BaseMatrix::BaseMatrix(ModulePtr layer) : layer_(std::move(layer)) {
  for (ChildSlot* below = nullptr; layer_ && (below = layer_->find_child("base_layer"));) layer_ = below->get();
  check<AttributeError>(bool(layer_), "adapter: found no base layer, needed a layer with a matrix `weight`");
  slot_ = layer_->find_parameter("weight");
  check<ConfigError>(slot_ && slot_->shape().size() == 2, "adapter: found ", layer_->class_name(),
                     ", needed a layer with a matrix `weight`");
  transposed_ = dynamic_cast<Conv1D*>(layer_.get()) != nullptr;
}

WeightPtr BaseMatrix::packed() const {
  const auto* slot = dynamic_cast<WeightSlot*>(slot_);
  const WeightPtr weight = slot ? slot->get() : nullptr;
  return weight && !weight->parameter().defined() ? weight : nullptr;
}

Tensor BaseMatrix::value() const {
  if (const WeightPtr weight = packed()) return weight->dense(0, weight->shape()[0]);
  const Tensor dense = slot_->tensor();
  check<ConfigError>(dense.defined(), "adapter: the weight of the ", layer_->class_name(), " has no value yet");
  return dense.detach();
}

Tensor BaseMatrix::times(const Tensor& rows) const {
  const NoGradGuard no_grad;
  if (const WeightPtr weight = packed()) return weight->matmul(Activation(rows));
  const Tensor w = value().to(rows.dtype());
  return matmul(rows.detach(), transposed_ ? w : w.t());
}

void BaseMatrix::each_block(const std::function<void(int64_t, const Tensor&)>& look) const {
  constexpr int64_t kRows = 256;
  const NoGradGuard no_grad;
  const WeightPtr weight = packed();
  const Tensor all = weight ? Tensor() : transposed_ ? value().t() : value();
  for (int64_t begin = 0, n = out_features(); begin < n; begin += kRows) {
    const int64_t end = std::min(n, begin + kRows);
    const Tensor rows = weight ? weight->dense(begin, end) : all.narrow(0, begin, end - begin);
    look(begin, rows.dtype() == DType::Float64 ? rows : rows.to(DType::Float32));
  }
}

Tensor BaseMatrix::squared_norms() const {
  std::vector<Tensor> parts;
  each_block([&](int64_t, const Tensor& rows) { parts.push_back(sum(mul(rows, rows), {1})); });
  return cat(parts);
}

void BaseMatrix::write(const Tensor& value) { put(*slot_, value); }

void BaseMatrix::restore(const WeightPtr& packed) { dynamic_cast<WeightSlot&>(*slot_).set_weight(packed); }

uint64_t BaseMatrix::version() const {
  const Tensor dense = slot_->tensor();
  return dense.defined() ? dense.storage()->version() : 0;
}

Tensor BaseMatrix::bias() const {
  ParameterSlot* slot = layer_->find_parameter("bias");
  return slot ? slot->tensor() : Tensor();
}

void BaseMatrix::add_to_bias(const Tensor& delta) {
  const NoGradGuard no_grad;
  put(*layer_->find_parameter("bias"), add(bias().detach(), delta));
}

}  // namespace ef
