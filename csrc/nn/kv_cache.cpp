#include "nn/kv_cache.h"

#include <algorithm>
#include <cstring>

#include "autograd/autograd.h"
#include "core/thread_pool.h"
#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"
#include "ops/helpers.h"
#include "ops/ops.h"
#include "tensor/huge_pages.h"

namespace ef {
namespace {

constexpr int64_t kSlack = 256;  // positions beyond the window that may pile up before they are dropped together

// Numbers from which on keys and values are written by two threads, and from which on all threads share each.
constexpr int64_t kApart = 1024, kTogether = 16384;

// Of memory for layers: the first bytes of a cache and large pieces are tensors like others, the rest comes in blocks.
constexpr int64_t kFirst = 1 << 20, kLarge = 4 << 20, kBlock = 16 << 20;

}  // namespace

Tensor KvMemory::take(const Shape& shape, DType dtype) {
  constexpr auto kUnit = int64_t(Storage::kAlignment);
  const int64_t bytes = (numel(shape) * int64_t(item_size(dtype)) + kUnit - 1) / kUnit * kUnit;
  taken_ += bytes;
  const bool more = !block_.defined() || used_ + bytes > block_.numel();
  if (taken_ <= kFirst || bytes >= kLarge || (more && !huge_pages_are_quick())) return Tensor::empty(shape, dtype);
  if (more) {
    block_ = Tensor::empty({kBlock}, DType::UInt8);
    make_huge_page(static_cast<char*>(block_.mutable_data_ptr()));  // which shows whether they are quick
    used_ = 0;
  }
  char* at = static_cast<char*>(block_.mutable_data_ptr()) + used_;
  used_ += bytes;
  return Tensor::external(at, shape, dtype, block_.storage(), false);
}

namespace {

// Of `kept` positions the last `count` go to the front.
void keep_last(Tensor& rows, int64_t kept, int64_t count) {
  const int64_t room = rows.size(2), number = rows.size(3) * int64_t(item_size(rows.dtype()));
  auto* all = static_cast<char*>(rows.mutable_data_ptr());
  parallel_for(rows.size(0) * rows.size(1), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      char* at = all + i * room * number;
      std::memmove(at, at + (kept - count) * number, size_t(count * number));
    }
  });
}

}  // namespace

bool DynamicCache::drops(int layer) const { return window(layer) && !record_past_ && !batch_invariant(); }

bool DynamicCache::has_room(int layer, int64_t added) const {
  const Layer& at = layers_[size_t(layer)];
  return at.keys.defined() && at.kept + added <= at.keys.size(2) &&
         !(drops(layer) && at.kept > window(layer) - 1 + kSlack);
}

void DynamicCache::make_room(int layer, const Tensor& k, const Tensor& v) {
  Layer& at = layers_[size_t(layer)];
  const int64_t added = k.size(2), capacity = at.keys.defined() ? at.keys.size(2) : 0;
  const int64_t enough = window(layer) - 1 + std::max(kSlack, added);  // a prompt's next piece is as long
  if (has_room(layer, added)) return;
  const int64_t length = at.length();
  const int64_t first = drops(layer) ? std::max(at.first, (length - window(layer) + 1) / kKeyBlock * kKeyBlock)
                                     : at.first;  // what is kept sums up to the same bits as if all of it were
  const int64_t past = length - first;
  if (at.kept > past && past + added <= capacity && unshared(at.keys) && unshared(at.values)) {
    keep_last(at.keys, at.kept, past);
    keep_last(at.values, at.kept, past);
    at.first = first;
    at.kept = past;
    return;
  }
  const int64_t wanted = drops(layer) ? std::max(past + added, std::min(enough, std::max(reserve_, capacity * 2)))
                                      : std::max({past + added, reserve_, std::min(capacity * 2, capacity + 4096)});
  const int64_t rounded = (wanted + 63) / 64 * 64;
  suggest_dtype(DType::Float32);  // nobody did
  // The kept positions go to the front of fresh memory.
  const auto moved = [&](const Tensor& old, const Tensor& like) {
    Tensor fresh = memory_.take({like.size(0), like.size(1), rounded, like.size(3)}, *dtype_);
    if (past) fresh.narrow(2, 0, past).copy_(old.narrow(2, at.kept - past, past));
    return fresh;
  };
  Tensor keys = moved(at.keys, k), values = moved(at.values, v);  // either may find no memory
  at.keys = std::move(keys);
  at.values = std::move(values);
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
  const auto put = [&](bool value) {
    (value ? at.values : at.keys).narrow(2, at.kept, added).copy_((value ? v : k).detach());
  };
  if (k.numel() >= kApart && k.numel() < kTogether) {  // of many sequences: rows far apart, each a wait for memory
    parallel_for(2, 1, [&](int64_t begin, int64_t end) {
      NoGradGuard no_grad;
      for (int64_t i = begin; i < end; i++) put(i);
    });
  } else {
    put(false);
    put(true);
  }
  at.kept += added;
  if (at.live_keys.defined()) return {at.live_keys, at.live_values, at.length() - at.live_keys.size(2)};
  return {at.keys.narrow(2, 0, at.kept), at.values.narrow(2, 0, at.kept), at.first, {}, {}};
}

std::optional<KeptRows> DynamicCache::extend(int layer, const NewRows& rows) {
  const std::lock_guard lock(lock_);
  if (layer < 0 || layer >= stored() || !has_room(layer, rows.positions)) return {};
  Layer& at = layers_[size_t(layer)];
  const Shape& shape = at.keys.shape();
  if (grad_enabled() || shape[0] != rows.batch || shape[1] != rows.heads || shape[3] != rows.head_dim ||
      at.values.shape() != shape || (limit_ && at.length() + rows.positions > limit_) ||
      at.keys.dtype() == DType::Float64)
    return {};
  at.live_keys = at.live_values = {};
  at.kept += rows.positions;
  return KeptRows{at.keys, at.values, at.first, at.kept, {}, {}};
}

void KeptRows::put(const NewRows& rows, int64_t sequence) const {
  const DType dtype = keys.dtype();
  const int64_t capacity = keys.size(2), dim = rows.head_dim, heads = rows.heads, each = rows.batch * heads;
  const int64_t bytes = dim * int64_t(item_size(dtype)), past = kept - rows.positions;
  Tensor all[2] = {keys, values};
  char* to[2];
  for (int i = 0; i < 2; i++)
    to[i] = static_cast<char*>(all[i].mutable_data_ptr()) + (sequence * heads * capacity + past) * bytes;
  const float* from[2] = {rows.keys, rows.values};
  parallel_for(2 * each, std::max<int64_t>(1, kApart / (rows.positions * dim)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t value = i / each, head = i % each, b = head / heads, h = head % heads;
      for (int64_t p = 0; p < rows.positions; p++) {
        const float* x = from[value] + (b * rows.positions + p) * rows.stride + h * dim;
        char* y = to[value] + (head * capacity + p) * bytes;
        if (dtype == DType::Float32)
          std::copy_n(x, dim, reinterpret_cast<float*>(y));
        else
          kernels().convert(dim, x, DType::Float32, y, dtype);
      }
    }
  });
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
  return {at.keys.narrow(2, from, kept), at.values.narrow(2, from, kept), at.first + from, {}, {}};
}

namespace {

// Which positions of which row a row is made of.
struct Move {
  int64_t from, to, first, count;
};

void copy_rows(const Tensor& source, Tensor& target, const std::vector<Move>& moves) {
  const int64_t heads = source.size(1), number = source.size(3) * int64_t(item_size(source.dtype()));
  const int64_t from_room = source.size(2), to_room = target.size(2);
  const auto* from = static_cast<const char*>(source.data_ptr());
  auto* to = static_cast<char*>(target.mutable_data_ptr());
  parallel_for(int64_t(moves.size()) * heads, heads, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const Move& m = moves[size_t(i / heads)];
      const int64_t h = i % heads;
      std::memcpy(to + ((m.to * heads + h) * to_room + m.first) * number,
                  from + ((m.from * heads + h) * from_room + m.first) * number, size_t(m.count * number));
    }
  });
}

// In place: what moves is put aside first, since rows may change places.
void move_rows(Tensor& rows, const std::vector<Move>& moves) {
  int64_t last = 0;
  for (const Move& m : moves) last = std::max(last, m.first + m.count);
  Tensor aside = Tensor::empty({int64_t(moves.size()), rows.size(1), last, rows.size(3)}, rows.dtype());
  std::vector<Move> out = moves, back = moves;
  for (size_t i = 0; i < moves.size(); i++) out[i].to = back[i].from = int64_t(i);
  copy_rows(rows, aside, out);
  copy_rows(aside, rows, back);
}

}  // namespace

// Of rows [2, batch] the second line says how many first positions are those of the row that is replaced: only the
// others are copied, in place.
void DynamicCache::reorder(const Tensor& rows) {
  const std::lock_guard lock(lock_);
  NoGradGuard no_grad;
  const bool shared = rows.dim() == 2;
  check<ShapeError>(shared ? rows.size(0) == 2 : rows.dim() == 1, "cache: found rows of shape ", rows.shape(),
                    ", needed [rows]");
  const std::vector<int64_t> values = rows.to(DType::Int64).to_vector<int64_t>();
  const int64_t count = rows.size(-1);
  std::vector<Layer> fresh = layers_;  // an error below leaves the cache as it was
  std::vector<std::vector<Move>> moves(fresh.size());
  for (size_t l = 0; l < fresh.size(); l++) {
    const Layer& at = fresh[l];
    const int64_t batch = at.keys.size(0);
    check<ShapeError>(!shared || count == batch, "cache: found ", count, " rows, the cache has ", batch);
    for (int64_t i = 0; i < count; i++) {
      const int64_t from = values[size_t(i)];
      check<IndexError>(from >= 0 && from < batch, "cache: index out of range: found row ", from, ", the cache has ",
                        batch);
      const int64_t same = shared ? std::clamp<int64_t>(values[size_t(count + i)] - at.first, 0, at.kept) : 0;
      if (!shared || (from != i && same < at.kept)) moves[l].push_back({from, i, same, at.kept - same});
    }
  }
  for (size_t l = 0; l < fresh.size(); l++) {
    for (Tensor* t : {&fresh[l].keys, &fresh[l].values}) {
      if (shared) {
        if (!moves[l].empty()) move_rows(*t, moves[l]);
        continue;
      }
      Tensor other = Tensor::empty({count, t->size(1), t->size(2), t->size(3)}, t->dtype());
      copy_rows(*t, other, moves[l]);
      *t = other;
    }
    fresh[l].live_keys = fresh[l].live_values = {};
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

DynamicCache::Content DynamicCache::content() const {
  const std::lock_guard lock(lock_);
  Content out{windows_, dtype_, limit_, record_past_, {}};
  for (const Layer& at : layers_)
    out.layers.push_back({at.keys.narrow(2, 0, at.kept), at.values.narrow(2, 0, at.kept), at.first, {}, {}});
  return out;
}

void DynamicCache::set_content(const Content& content) {
  const std::lock_guard lock(lock_);
  windows_ = content.windows;
  dtype_ = content.dtype;
  limit_ = reserve_ = content.limit;
  record_past_ = content.records_past;
  layers_.clear();
  for (const KvView& from : content.layers) {
    Layer at;
    at.keys = from.keys.contiguous();
    at.values = from.values.contiguous();
    at.first = from.first;
    at.kept = at.keys.size(2);
    layers_.push_back(std::move(at));
  }
}

void DynamicCache::own_layers() {
  NoGradGuard no_grad;
  memory_ = {};
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
