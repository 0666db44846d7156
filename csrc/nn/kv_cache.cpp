#include "nn/kv_cache.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "ops/ops.h"

namespace ef {
namespace {

constexpr int64_t kSlack = 256;  // positions beyond the window that may pile up before they are dropped together

// The positions [from, from + count) of `old` at the front of fresh memory.
Tensor moved(const Tensor& old, const Tensor& like, int64_t from, int64_t count, int64_t capacity, DType dtype) {
  Tensor fresh = Tensor::empty({like.size(0), like.size(1), capacity, like.size(3)}, dtype);
  if (count) fresh.narrow(2, 0, count).copy_(old.narrow(2, from, count));
  return fresh;
}

}  // namespace

bool DynamicCache::drops(int layer) const { return window(layer) && !record_past_ && !batch_invariant(); }

void DynamicCache::make_room(int layer, const Tensor& k, const Tensor& v) {
  Layer& at = layers_[size_t(layer)];
  const int64_t added = k.size(2), capacity = at.keys.defined() ? at.keys.size(2) : 0;
  const int64_t enough = window(layer) - 1 + kSlack;
  if (at.keys.defined() && at.kept + added <= capacity && !(drops(layer) && at.kept > enough)) return;
  const int64_t length = at.length();
  const int64_t first = drops(layer) ? std::max(at.first, (length - window(layer) + 1) / kKeyBlock * kKeyBlock)
                                     : at.first;  // what is kept sums up to the same bits as if all of it were
  const int64_t past = length - first;
  const int64_t wanted = drops(layer) ? std::max(past + added, std::min(enough, std::max(reserve_, capacity * 2)))
                                      : std::max({past + added, reserve_, std::min(capacity * 2, capacity + 4096)});
  const int64_t rounded = (wanted + 63) / 64 * 64;
  suggest_dtype(DType::Float32);  // nobody did
  at.keys = moved(at.keys, k, at.kept - past, past, rounded, *dtype_);
  at.values = moved(at.values, v, at.kept - past, past, rounded, *dtype_);
  at.first = first;
  at.kept = past;
}

KvView DynamicCache::append(int layer, const Tensor& k, const Tensor& v) {
  const std::lock_guard lock(lock_);
  check<IndexError>(layer >= 0 && layer <= stored(), "cache: layer ", layer, ", the cache has ", stored());
  check<ShapeError>(
      k.dim() == 4 && v.dim() == 4 && k.size(0) == v.size(0) && k.size(1) == v.size(1) && k.size(2) == v.size(2),
      "cache: found keys ", k.shape(), " and values ", v.shape(), ", needed [batch, heads, new positions, head_dim]");
  const int64_t added = k.size(2), past = layer < stored() ? layers_[size_t(layer)].length() : 0;
  check<ShapeError>(!limit_ || past + added <= limit_, "cache: found ", past, " positions and ", added,
                    " new ones, the cache was made for max_cache_len = ", limit_);
  if (layer == stored()) layers_.emplace_back();
  Layer& at = layers_[size_t(layer)];
  if (at.keys.defined())
    check<ShapeError>(at.keys.size(0) == k.size(0) && at.keys.size(1) == k.size(1) && at.keys.size(3) == k.size(3) &&
                          at.values.size(3) == v.size(3),
                      "cache: found keys ", k.shape(), " and values ", v.shape(), ", the cache holds ", at.keys.size(0),
                      " sequences of ", at.keys.size(1), " heads of ", at.keys.size(3), " and ", at.values.size(3),
                      " numbers");
  if (needs_grad(k, v)) {  // training through a cache: keep the history instead of copying it away
    const auto joined = [&](const Tensor& live, const Tensor& stored, const Tensor& fresh) {
      if (at.length() == 0) return fresh;
      return cat({live.defined() ? live : stored.narrow(2, 0, at.kept), fresh}, 2);
    };
    at.live_keys = joined(at.live_keys, at.keys, k);
    at.live_values = joined(at.live_values, at.values, v);
  } else {
    at.live_keys = at.live_values = {};
  }
  NoGradGuard no_grad;
  try {
    make_room(layer, k, v);
  } catch (...) {
    if (!at.keys.defined() || !at.values.defined()) layers_.pop_back();  // a layer without memory is none
    throw;
  }
  at.keys.narrow(2, at.kept, added).copy_(k.detach());
  at.values.narrow(2, at.kept, added).copy_(v.detach());
  at.kept += added;
  if (at.live_keys.defined()) return {at.live_keys, at.live_values, at.length() - at.live_keys.size(2)};
  return {at.keys.narrow(2, 0, at.kept), at.values.narrow(2, 0, at.kept), at.first};
}

int64_t DynamicCache::length(int layer) const {
  const std::lock_guard lock(lock_);
  return layer >= 0 && layer < stored() ? layers_[size_t(layer)].length() : 0;
}

KvView DynamicCache::view(int layer) const {
  const std::lock_guard lock(lock_);
  check<IndexError>(layer >= 0 && layer < stored(), "cache: layer ", layer, ", the cache has ", stored());
  const Layer& at = layers_[size_t(layer)];
  const int64_t kept = drops(layer) ? std::min(at.kept, window(layer) - 1) : at.kept, from = at.kept - kept;
  return {at.keys.narrow(2, from, kept), at.values.narrow(2, from, kept), at.first + from};
}

void DynamicCache::reorder(const Tensor& rows) {
  const std::lock_guard lock(lock_);
  NoGradGuard no_grad;
  std::vector<Layer> fresh = layers_;  // an error below leaves the cache as it was
  for (Layer& at : fresh) {
    at.keys = index_select(at.keys, 0, rows);
    at.values = index_select(at.values, 0, rows);
    at.live_keys = at.live_values = {};
  }
  layers_ = std::move(fresh);
}

void DynamicCache::crop(int64_t length) {
  const std::lock_guard lock(lock_);
  for (int layer = 0; layer < stored(); layer++) {
    Layer& at = layers_[size_t(layer)];
    const int64_t target = std::min(at.length(), length < 0 ? std::max<int64_t>(0, at.length() + length) : length);
    if (target == at.length()) continue;
    check<Error>(at.first <= std::max<int64_t>(0, target - (window(layer) - 1)),
                 "`crop` was called, but the current layer does not track past states, and the sliding window size "
                 "was already reached. Call `activate_past_recording` before `crop` to be able to rollback the cache.");
    at.kept = target - at.first;
    at.live_keys = at.live_values = {};
  }
}

int64_t DynamicCache::max_length(std::optional<int> layer) const {
  const auto of = [&](int i) {
    const int64_t full = limit_ ? limit_ : -1, slides = window(i);
    return slides && (full < 0 || slides < full) ? slides : full;
  };
  if (layer) return *layer < stored() ? of(*layer) : limit_ ? limit_ : -1;
  int64_t most = of(0);
  for (int i = 1; i < std::max(stored(), int(windows_.size())); i++)
    most = of(i) < 0 || most < 0 ? -1 : std::max(most, of(i));
  return most;
}

void DynamicCache::own_layers() {
  NoGradGuard no_grad;
  for (Layer& at : layers_) {
    at.keys = at.keys.clone();
    at.values = at.values.clone();
    at.live_keys = at.live_values = {};
  }
}

StaticCache::StaticCache(std::vector<int64_t> windows, int64_t max_length) : DynamicCache(std::move(windows)) {
  check<ConfigError>(max_length > 0 && max_length < (int64_t(1) << 40),
                     "StaticCache: found max_cache_len = ", max_length, ", needed at least 1");
  limit_ = max_length;
  reserve(max_length);
}

}  // namespace ef
