// The matrix of the layer under an adapter, however it is stored: what merging, DoRA and first values ask for.
#pragma once
#include <functional>

#include "nn/module.h"

namespace ef {

class BaseMatrix {
 public:
  explicit BaseMatrix(ModulePtr layer);  // looks below nested adapters; ConfigError when there is no 2-D `weight`
  bool transposed() const { return transposed_; }  // stored as [in, out]
  int64_t out_features() const { return slot_->shape()[transposed_ ? 1 : 0]; }
  int64_t in_features() const { return slot_->shape()[transposed_ ? 0 : 1]; }
  Tensor value() const;                    // as it is stored; packed kinds as dense f32
  Tensor times(const Tensor& rows) const;  // rows [m, in] · Wᵀ → [m, out], without gradients
  // The rows as f32 or f64 [n, in], a block after the other: a packed matrix is never whole in memory.
  void each_block(const std::function<void(int64_t begin, const Tensor& rows)>& look) const;
  Tensor squared_norms() const;           // ‖W[i, :]‖² of each output, [out]
  void write(const Tensor& value);        // in place where it is dense; what was packed becomes dense
  WeightPtr packed() const;               // null when it is dense
  void restore(const WeightPtr& packed);  // puts a packed matrix back
  uint64_t version() const;               // moves with each write
  const void* identity() const { return slot_->identity(); }
  Tensor bias() const;                    // of the layer, or undefined
  void add_to_bias(const Tensor& delta);  // where there is one

 private:
  ModulePtr layer_;
  ParameterSlot* slot_;
  bool transposed_;
};

}  // namespace ef
