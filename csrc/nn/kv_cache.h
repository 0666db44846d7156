// Keys and values of past positions. An argument of forward, never a member of a model.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace ef {

struct KvView {  // all positions so far, [batch, kv_heads, length, head_dim]
  Tensor keys, values;
};

class KvCache {
 public:
  virtual ~KvCache() = default;
  virtual const char* kind() const = 0;
  // Adds k and v [batch, kv_heads, new, head_dim] and returns everything that the new queries may look at.
  virtual KvView append(int layer, const Tensor& k, const Tensor& v) = 0;
  virtual int64_t length(int layer = 0) const = 0;
  virtual int layers() const = 0;
  virtual KvView view(int layer) const = 0;
  virtual void reorder(const Tensor& rows) = 0;  // batch rows by index: beams, kept or repeated sequences
  virtual void crop(int64_t length) = 0;         // forget positions from `length` on; negative: that many from the end
  virtual void reset() = 0;
  virtual std::shared_ptr<KvCache> clone() const = 0;
};

// Grows as needed; memory is linear in the positions kept.
class DynamicCache : public KvCache {
 public:
  explicit DynamicCache(DType dtype = DType::Float32) : dtype_(dtype) {}
  const char* kind() const override { return "dynamic"; }
  KvView append(int layer, const Tensor& k, const Tensor& v) override;
  int64_t length(int layer = 0) const override;
  int layers() const override { return int(layers_.size()); }
  KvView view(int layer) const override;
  void reorder(const Tensor& rows) override;
  void crop(int64_t length) override;
  void reset() override { layers_.clear(); }
  std::shared_ptr<KvCache> clone() const override;
  void reserve(int64_t positions) { reserve_ = positions; }  // first allocation: at least this many

 private:
  struct Layer {
    Tensor keys, values;  // [batch, kv_heads, capacity, head_dim]
    int64_t length = 0;
    Tensor live_keys, live_values;  // with their history, while gradients are on
  };
  std::vector<Layer> layers_;
  DType dtype_;
  int64_t reserve_ = 0;
};

}  // namespace ef
