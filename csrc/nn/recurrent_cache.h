// The memory of models whose layers, all or some, keep a state of fixed size instead of keys and values.
#pragma once
#include "nn/kv_cache.h"

namespace ef {

class RecurrentCache : public DynamicCache {
 public:
  // recurrent: of each layer, whether it keeps a state
  explicit RecurrentCache(std::vector<bool> recurrent);
  struct State {
    Tensor conv;   // [batch, taps - 1, channels]: the last inputs of a convolution
    Tensor state;  // of the recurrence
  };
  // ConfigError when the cache is of another kind of model.
  static State& of(KvCache* cache, int layer);
  void advance(int64_t positions) { seen_ += positions; }  // a model without attention counts its own

  const char* kind() const override { return "recurrent"; }
  KvView append(int layer, const Tensor& k, const Tensor& v) override;
  std::optional<KeptRows> extend(int layer, const NewRows& rows) override {
    return DynamicCache::extend(slot(layer), rows);
  }
  int64_t length(int layer = 0) const override;
  int layers() const override { return int(slots_.size()); }
  KvView view(int layer) const override;
  int64_t window(int) const override { return 0; }
  int64_t max_length(std::optional<int>) const override { return -1; }
  void reorder(const Tensor& rows) override;
  void crop(int64_t length) override;  // UnsupportedError: a state can't be taken back
  void mark();                         // remembers the states as they are
  void rewind();                       // and goes back to what they were
  void reset() override;
  std::shared_ptr<KvCache> clone() const override;
  bool recurrent(int layer) const { return slots_[size_t(layer)] < 0; }
  const State& state(int layer) const { return states_[size_t(layer)]; }
  const std::vector<State>& states() const { return states_; }
  int64_t seen() const { return seen_; }
  void set_states(std::vector<State> states, int64_t seen) { states_ = std::move(states), seen_ = seen; }

 private:
  int slot(int layer) const;
  std::vector<int> slots_;  // where a layer's keys and values are; negative: it keeps a state
  static std::vector<State> copies(const std::vector<State>& states);
  std::vector<State> states_, marked_;
  int64_t marked_length_ = 0, marked_seen_ = 0;
  int64_t seen_ = 0;
};

}  // namespace ef
