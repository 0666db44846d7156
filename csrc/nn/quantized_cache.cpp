#include "nn/quantized_cache.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "core/thread_pool.h"
#include "kernels/attention.h"
#include "ops/ops.h"

namespace ef {
QuantizedCache::QuantizedCache(const QuantizedCacheOptions& options) : options_(options) {
  check<UnsupportedError>(options.bits == 4 || options.bits == 8, "QuantizedCache: found nbits=", options.bits,
                          ", here are 4 and 8");
  check<ConfigError>(options.group > 0 && options.group % 2 == 0, "QuantizedCache: found q_group_size=", options.group,
                     ", needed an even number");
  check<ConfigError>(options.residual > 0, "QuantizedCache: found residual_length=", options.residual,
                     ", needed at least 1");
}

void QuantizedCache::pack(PackedRows& to, const Tensor& x) const {
  const int64_t batch = x.size(0), heads = x.size(1), added = x.size(2), dim = x.size(3);
  if (!to.codes.defined()) {
    check<UnsupportedError>(dim % 2 == 0, "QuantizedCache: found heads of ", dim, " numbers, needed an even number");
    to.bits = options_.bits;
    to.group = std::min(options_.group, dim);
    to.dim = dim;
  }
  const int64_t capacity = to.codes.defined() ? to.codes.size(2) : 0, groups = (dim + to.group - 1) / to.group;
  if (to.count + added > capacity) {
    const int64_t wanted = std::max({to.count + added, reserve_, std::min(capacity * 2, capacity + 4096)});
    const int64_t rounded = (wanted + 63) / 64 * 64;
    Tensor codes = Tensor::empty({batch, heads, rounded, dim * to.bits / 8}, DType::UInt8),
           ranges = Tensor::empty({batch, heads, 2 * groups, rounded}, DType::Float32);
    if (to.count) {
      codes.narrow(2, 0, to.count).copy_(to.codes.narrow(2, 0, to.count));
      ranges.narrow(3, 0, to.count).copy_(to.ranges.narrow(3, 0, to.count));
    }
    to.codes = codes;
    to.ranges = ranges;
  }
  const Tensor from = x.contiguous();
  auto* codes = static_cast<uint8_t*>(to.codes.mutable_data_ptr());
  float* ranges = to.ranges.mutable_data<float>();
  parallel_for(batch * heads * added, 1 + 16384 / dim, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t room = to.codes.size(2), head = i / added, at = to.count + i % added;
      pack_kv(from.data<float>() + i * dim, dim, to.bits, to.group, codes + (head * room + at) * to.codes.size(3),
              ranges + head * 2 * groups * room + at, room);
    }
  });
  to.count += added;
}

void QuantizedCache::pack_recent(Layer& at) const {
  pack(at.keys, at.recent_keys.narrow(2, 0, at.recent));
  pack(at.values, at.recent_values.narrow(2, 0, at.recent));
  at.recent = 0;
}

// More positions than stay f32 are packed at once, and only whoever attends to them now sees them as they are.
KvView QuantizedCache::append_many(Layer& at, const Tensor& keys, const Tensor& values) const {
  KvView seen{keys, values, 0, at.keys, at.values};
  if (at.recent) {
    seen.keys = cat({at.recent_keys.narrow(2, 0, at.recent), keys}, 2);
    seen.values = cat({at.recent_values.narrow(2, 0, at.recent), values}, 2);
  }
  pack(at.keys, seen.keys);
  pack(at.values, seen.values);
  at.recent = 0;
  return seen;
}

KvView QuantizedCache::append(int layer, const Tensor& k, const Tensor& v) {
  check<IndexError>(layer >= 0 && layer <= layers(), "cache: layer ", layer, ", the cache has ", layers());
  check<ShapeError>(
      k.dim() == 4 && v.dim() == 4 && k.size(0) == v.size(0) && k.size(1) == v.size(1) && k.size(2) == v.size(2),
      "cache: found keys ", k.shape(), " and values ", v.shape(), ", needed [batch, heads, new positions, head_dim]");
  check<UnsupportedError>(!needs_grad(k, v), "QuantizedCache: gradients do not pass through it; use DynamicCache");
  NoGradGuard no_grad;
  if (layer == layers()) layers_.emplace_back();
  Layer& at = layers_[size_t(layer)];
  const Tensor keys = k.detach().to(DType::Float32), values = v.detach().to(DType::Float32);
  const int64_t added = k.size(2);
  if (at.length() == 0) {
    at = {};  // after crop(0) it may have been of other shapes
    pack(at.keys, keys);
    pack(at.values, values);
    return {k, v};
  }
  check<ShapeError>(at.keys.codes.size(0) == k.size(0) && at.keys.codes.size(1) == k.size(1) &&
                        at.keys.dim == k.size(3) && at.values.dim == v.size(3),
                    "cache: found keys ", k.shape(), " and values ", v.shape(), ", the cache holds ",
                    at.keys.codes.size(0), " sequences of ", at.keys.codes.size(1), " heads of ", at.keys.dim, " and ",
                    at.values.dim, " numbers");
  if (at.recent >= options_.residual) pack_recent(at);
  if (at.recent + added > options_.residual) return append_many(at, keys, values);
  if (!at.recent_keys.defined()) {
    const auto room = [&](const Tensor& x) {
      return Tensor::empty({x.size(0), x.size(1), options_.residual, x.size(3)}, DType::Float32);
    };
    at.recent_keys = room(keys);
    at.recent_values = room(values);
  }
  at.recent_keys.narrow(2, at.recent, added).copy_(keys);
  at.recent_values.narrow(2, at.recent, added).copy_(values);
  at.recent += added;
  return {at.recent_keys.narrow(2, 0, at.recent), at.recent_values.narrow(2, 0, at.recent), 0, at.keys, at.values};
}

std::optional<KeptRows> QuantizedCache::extend(int layer, const NewRows& rows) {
  if (layer < 0 || layer >= layers() || grad_enabled()) return {};
  Layer& at = layers_[size_t(layer)];
  if (!at.keys.count || !at.recent_keys.defined() || at.recent >= options_.residual) return {};
  const Shape& shape = at.recent_keys.shape();
  if (shape[0] != rows.batch || shape[1] != rows.heads || shape[3] != rows.head_dim ||
      at.recent_values.shape() != shape || at.recent + rows.positions > shape[2])
    return {};
  at.recent += rows.positions;
  return KeptRows{at.recent_keys, at.recent_values, 0, at.recent, at.keys, at.values};
}

int64_t QuantizedCache::length(int layer) const {
  return layer >= 0 && layer < layers() ? layers_[size_t(layer)].length() : 0;
}

KvView QuantizedCache::view(int layer) const {
  check<IndexError>(layer >= 0 && layer < layers(), "cache: layer ", layer, ", the cache has ", layers());
  const Layer& at = layers_[size_t(layer)];
  const auto whole = [&](const PackedRows& packed, const Tensor& recent) {
    return at.recent ? cat({packed.unpacked(), recent.narrow(2, 0, at.recent)}, 2) : packed.unpacked();
  };
  return {whole(at.keys, at.recent_keys), whole(at.values, at.recent_values)};
}

void QuantizedCache::reorder(const Tensor& rows) {
  NoGradGuard no_grad;
  for (Layer& at : layers_)
    for (Tensor* t :
         {&at.keys.codes, &at.keys.ranges, &at.values.codes, &at.values.ranges, &at.recent_keys, &at.recent_values})
      if (t->defined()) *t = index_select(*t, 0, rows);
}

void QuantizedCache::crop(int64_t length) {
  for (Layer& at : layers_) {
    const int64_t target = std::min(at.length(), length < 0 ? std::max<int64_t>(0, at.length() + length) : length);
    at.recent = std::max<int64_t>(0, target - at.keys.count);
    at.keys.count = at.values.count = std::min(at.keys.count, target);
  }
}

std::shared_ptr<KvCache> QuantizedCache::clone() const {
  auto copy = std::make_shared<QuantizedCache>(*this);
  NoGradGuard no_grad;
  for (Layer& at : copy->layers_)
    for (Tensor* t :
         {&at.keys.codes, &at.keys.ranges, &at.values.codes, &at.values.ranges, &at.recent_keys, &at.recent_values})
      if (t->defined()) *t = t->clone();
  return copy;
}

int64_t QuantizedCache::nbytes() const {
  int64_t total = 0;
  for (const Layer& at : layers_)
    for (const Tensor* t :
         {&at.keys.codes, &at.keys.ranges, &at.values.codes, &at.values.ranges, &at.recent_keys, &at.recent_values})
      if (t->defined()) total += t->numel() * int64_t(item_size(t->dtype()));
  return total;
}

}  // namespace ef
