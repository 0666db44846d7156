// Keys and values of most past positions as integers of 8 or 4 bits.
#pragma once
#include "nn/kv_cache.h"

namespace ef {

struct QuantizedCacheOptions {
  int bits = 4;
  int64_t group = 64;      // numbers of a position that share a range
  int64_t residual = 128;  // newest positions that stay f32 before they are packed together
};

// The first pass over a prompt sees its own keys and values as they are; later ones see the packed form. What is packed
// stays packed: nothing is rounded twice. Attention of few queries computes with the integers, that of many unpacks a
// block at a time.
// After Liu et al., "KIVI" (2024), with the ranges over the numbers of a position.
class QuantizedCache : public KvCache {
 public:
  explicit QuantizedCache(const QuantizedCacheOptions& options);
  const char* kind() const override { return "quantized"; }
  KvView append(int layer, const Tensor& k, const Tensor& v) override;
  std::optional<KeptRows> extend(int layer, const NewRows& rows) override;
  int64_t length(int layer = 0) const override;
  int layers() const override { return int(layers_.size()); }
  KvView view(int layer) const override;  // unpacked
  int64_t window(int) const override { return 0; }
  int64_t max_length(std::optional<int>) const override { return -1; }
  void reorder(const Tensor& rows) override;
  void crop(int64_t length) override;
  void reset() override { layers_.clear(); }
  void reserve(int64_t positions) override { reserve_ = positions; }
  std::shared_ptr<KvCache> clone() const override;
  int64_t nbytes() const;

 private:
  struct Layer {
    PackedRows keys, values;
    Tensor recent_keys, recent_values;  // f32 [batch, kv_heads, residual, head_dim]
    int64_t recent = 0;
    int64_t length() const { return keys.count + recent; }
  };
  void pack(PackedRows& to, const Tensor& x) const;
  void pack_recent(Layer& at) const;
  KvView append_many(Layer& at, const Tensor& keys, const Tensor& values) const;
  QuantizedCacheOptions options_;
  int64_t reserve_ = 0;
  std::vector<Layer> layers_;
};

}  // namespace ef
