// Keys and values of past positions. An argument of forward, never a member of a model.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ops/attention.h"
#include "tensor/tensor.h"

namespace ef {

struct KvView {  // what is kept of the positions so far, [batch, kv_heads, kept, head_dim]
  Tensor keys, values;
  int64_t first = 0;  // position of the first one: more than 0 where a sliding window let go of the oldest
  PackedRows packed_keys = {}, packed_values = {};  // of the positions before those, in a quantized cache
};

// New keys and values in plain memory, [batch, positions, heads, head_dim]: of a sequence's position all heads lie
// together, and the next position `stride` numbers behind it.
struct NewRows {
  const float *keys, *values;  // of no matter to extend()
  int64_t batch, positions, heads, head_dim, stride;
};
// Both as a cache keeps them, [batch, heads, capacity, head_dim], of which `kept` positions from `first` on are in use.
struct KeptRows {
  Tensor keys, values;
  int64_t first, kept;
  PackedRows packed_keys, packed_values;  // as in KvView
  // Writes the last positions, of the sequences from `sequence` on.
  void put(const NewRows& rows, int64_t sequence = 0) const;
};

class KvCache {
 public:
  virtual ~KvCache() = default;
  virtual const char* kind() const = 0;
  // Adds k and v [batch, kv_heads, new, head_dim] and returns everything that the new queries may look at.
  virtual KvView append(int layer, const Tensor& k, const Tensor& v) = 0;
  // The same in the ordinary case, without a tensor for each step of it: room for the new positions, which the caller
  // then puts there. Otherwise nothing, and nothing is done.
  virtual std::optional<KeptRows> extend(int layer, const NewRows& rows) { return {}; }
  virtual int64_t length(int layer = 0) const = 0;
  virtual int layers() const = 0;
  virtual KvView view(int layer) const = 0;
  virtual int64_t window(int layer) const = 0;  // positions that a layer keeps, 0 = all
  // Positions that fit in: of one layer, or the most of all; -1: no limit.
  virtual int64_t max_length(std::optional<int> layer) const = 0;
  virtual void reorder(const Tensor& rows) = 0;  // batch rows by index: beams, kept ones; [2, rows]: see kv_cache.cpp
  virtual void crop(int64_t length) = 0;         // forget positions from `length` on; negative: that many from the end
  virtual void reset() = 0;
  virtual void reserve(int64_t positions) {}  // memory that is taken from now on: for at least this many
  // The dtype that suits the model's weights; a cache that was given one, or that holds something, keeps its own.
  virtual void suggest_dtype(DType) {}
  virtual std::shared_ptr<KvCache> clone() const = 0;
};

// Memory for the layers of a cache. A step reads all of it, so it lies in huge pages as far as it is large: pieces of
// blocks for which the allocator takes them.
class KvMemory {
 public:
  Tensor take(const Shape& shape, DType dtype);  // not initialised

 private:
  Tensor block_;  // bytes, of which `used_` are given away
  int64_t used_ = 0, taken_ = 0;
};

// Grows as needed; memory is linear in the positions kept. A layer with a sliding window of n positions forgets those
// that no later query can see, except while past states are recorded (to be cropped) and in batch-invariant mode, where
// the first kept position must not depend on padding.
class DynamicCache : public KvCache {
 public:
  // windows: of each layer, 0 = everything is kept; empty: so on all layers
  explicit DynamicCache(std::vector<int64_t> windows = {}, std::optional<DType> dtype = {})
      : windows_(std::move(windows)), dtype_(dtype) {}
  const char* kind() const override { return "dynamic"; }
  KvView append(int layer, const Tensor& k, const Tensor& v) override;
  std::optional<KeptRows> extend(int layer, const NewRows& rows) override;
  int64_t length(int layer = 0) const override;
  int layers() const override { return int(layers_.size()); }
  KvView view(int layer) const override;
  int64_t window(int layer) const override { return size_t(layer) < windows_.size() ? windows_[size_t(layer)] : 0; }
  int64_t max_length(std::optional<int> layer) const override;
  void reorder(const Tensor& rows) override;
  void crop(int64_t length) override;
  void reset() override {
    const std::lock_guard lock(lock_);
    layers_.clear();
    memory_ = {};
  }
  void suggest_dtype(DType dtype) override {
    if (!dtype_) dtype_ = dtype;
  }
  std::shared_ptr<KvCache> clone() const override { return cloned(*this); }
  // Everything but the room that nothing uses yet, to be written down and made again.
  struct Content {
    std::vector<int64_t> windows;
    std::optional<DType> dtype;
    int64_t limit = 0;
    bool records_past = false;
    std::vector<KvView> layers;
  };
  Content content() const;
  void set_content(const Content& content);  // of a cache of the same class
  void record_past(bool on = true) { record_past_ = on; }
  bool records_past() const { return record_past_; }
  void reserve(int64_t positions) override { reserve_ = positions; }

 protected:
  template <class C>
  static std::shared_ptr<KvCache> cloned(const C& from) {
    const std::lock_guard lock(static_cast<const DynamicCache&>(from).lock_);
    auto copy = std::make_shared<C>(from);
    copy->own_layers();
    return copy;
  }
  int64_t limit_ = 0;  // positions beyond it are an error; 0: no limit

 private:
  struct Lock : std::mutex {  // two threads may hold one cache; a copy has a lock of its own
    Lock() = default;
    Lock(const Lock&) : std::mutex() {}
  };
  struct Layer {
    Tensor keys, values;            // [batch, kv_heads, capacity, head_dim]
    int64_t first = 0, kept = 0;    // position of the first one, how many are in use
    Tensor live_keys, live_values;  // with their history, while gradients are on
    int64_t length() const { return first + kept; }
  };
  int stored() const { return int(layers_.size()); }
  bool drops(int layer) const;
  void own_layers();
  bool has_room(int layer, int64_t added) const;
  void make_room(int layer, const Tensor& k, const Tensor& v);
  mutable Lock lock_;
  std::vector<Layer> layers_;
  KvMemory memory_;
  std::vector<int64_t> windows_;
  std::optional<DType> dtype_;  // decided by the first model at the latest
  int64_t reserve_ = 0;
  bool record_past_ = false;
};

// Takes its memory at once.
class StaticCache : public DynamicCache {
 public:
  StaticCache(std::vector<int64_t> windows, int64_t max_length);
  const char* kind() const override { return "static"; }
  std::shared_ptr<KvCache> clone() const override { return cloned(*this); }
};

}  // namespace ef
