#include "nn/kv_cache.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "ops/ops.h"

namespace ef {
namespace {

Tensor grown(const Tensor& old, const Tensor& like, int64_t length, int64_t capacity, DType dtype) {
  Tensor fresh = Tensor::empty({like.size(0), like.size(1), capacity, like.size(3)}, dtype);
  if (length) fresh.narrow(2, 0, length).copy_(old.narrow(2, 0, length));
  return fresh;
}

}  // namespace

KvView DynamicCache::append(int layer, const Tensor& k, const Tensor& v) {
  check<IndexError>(layer >= 0 && layer <= layers(), "cache: layer ", layer, ", the cache has ", layers());
  if (layer == layers()) layers_.emplace_back();
  Layer& at = layers_[size_t(layer)];
  const int64_t added = k.size(2), total = at.length + added;
  if (at.keys.defined())
    check<ShapeError>(at.keys.size(0) == k.size(0) && at.keys.size(1) == k.size(1), "cache: found keys for ", k.size(0),
                      " sequences of ", k.size(1), " heads, the cache holds ", at.keys.size(0), " of ",
                      at.keys.size(1));
  if (needs_grad(k, v)) {  // training through a cache: keep the history instead of copying it away
    const bool first = at.length == 0;
    auto past = [&](const Tensor& live, const Tensor& stored) {
      return live.defined() ? live : stored.narrow(2, 0, at.length);
    };
    at.live_keys = first ? k : cat({past(at.live_keys, at.keys), k}, 2);
    at.live_values = first ? v : cat({past(at.live_values, at.values), v}, 2);
  } else {
    at.live_keys = at.live_values = {};
  }
  NoGradGuard no_grad;
  const int64_t capacity = at.keys.defined() ? at.keys.size(2) : 0;
  if (total > capacity) {
    const int64_t wanted = std::max({total, reserve_, std::min(capacity * 2, capacity + 4096)});
    const int64_t rounded = (wanted + 63) / 64 * 64;
    at.keys = grown(at.keys, k, at.length, rounded, dtype_);
    at.values = grown(at.values, v, at.length, rounded, dtype_);
  }
  at.keys.narrow(2, at.length, added).copy_(k.detach());
  at.values.narrow(2, at.length, added).copy_(v.detach());
  at.length = total;
  if (at.live_keys.defined()) return {at.live_keys, at.live_values};
  return view(layer);
}

int64_t DynamicCache::length(int layer) const { return layer < layers() ? layers_[size_t(layer)].length : 0; }

KvView DynamicCache::view(int layer) const {
  check<IndexError>(layer >= 0 && layer < layers(), "cache: layer ", layer, ", the cache has ", layers());
  const Layer& at = layers_[size_t(layer)];
  return {at.keys.narrow(2, 0, at.length), at.values.narrow(2, 0, at.length)};
}

void DynamicCache::reorder(const Tensor& rows) {
  NoGradGuard no_grad;
  for (Layer& at : layers_) {
    at.keys = index_select(at.keys, 0, rows);
    at.values = index_select(at.values, 0, rows);
    at.live_keys = at.live_values = {};
  }
}

void DynamicCache::crop(int64_t length) {
  for (Layer& at : layers_) {
    const int64_t kept = length < 0 ? std::max<int64_t>(0, at.length + length) : length;
    at.length = std::min(at.length, kept);
    at.live_keys = at.live_values = {};
  }
}

std::shared_ptr<KvCache> DynamicCache::clone() const {
  NoGradGuard no_grad;
  auto copy = std::make_shared<DynamicCache>(dtype_);
  copy->reserve_ = reserve_;
  for (const Layer& at : layers_) copy->layers_.push_back({at.keys.clone(), at.values.clone(), at.length, {}, {}});
  return copy;
}

}  // namespace ef
