#include "nn/recurrent_cache.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "ops/ops.h"

namespace ef {

RecurrentCache::RecurrentCache(std::vector<bool> recurrent) : states_(recurrent.size()) {
  int next = 0;
  for (bool keeps_state : recurrent) slots_.push_back(keeps_state ? -1 : next++);
}

RecurrentCache::State& RecurrentCache::of(KvCache* cache, int layer) {
  auto* self = dynamic_cast<RecurrentCache*>(cache);
  check<ConfigError>(self && layer < self->layers() && self->recurrent(layer), "past_key_values: found a ",
                     cache->kind(), " cache that has no state for layer ", layer,
                     "; leave it out, or make it with DynamicCache(config=model.config)");
  return self->states_[size_t(layer)];
}

int RecurrentCache::slot(int layer) const {
  check<IndexError>(layer >= 0 && layer < layers() && slots_[size_t(layer)] >= 0, "cache: layer ", layer,
                    " keeps no keys and values");
  return slots_[size_t(layer)];
}

KvView RecurrentCache::append(int layer, const Tensor& k, const Tensor& v) {
  return DynamicCache::append(slot(layer), k, v);
}

int64_t RecurrentCache::length(int layer) const {
  const auto first = std::find_if(slots_.begin(), slots_.end(), [](int s) { return s >= 0; });
  if (first == slots_.end()) return seen_;
  return DynamicCache::length(layer < layers() && slots_[size_t(layer)] >= 0 ? slots_[size_t(layer)] : 0);
}

KvView RecurrentCache::view(int layer) const { return DynamicCache::view(slot(layer)); }

void RecurrentCache::reorder(const Tensor& rows) {
  NoGradGuard no_grad;
  if (DynamicCache::layers()) DynamicCache::reorder(rows);
  for (State& s : states_)
    for (Tensor* t : {&s.conv, &s.state})
      if (t->defined()) *t = index_select(*t, 0, rows);
}

void RecurrentCache::crop(int64_t target) {
  const int64_t now = length();
  check<UnsupportedError>(target == now || (target < 0 && now == 0),
                          "`crop` was called on a cache with recurrent states, which cannot be taken back (found ", now,
                          " positions, asked for ", target, ")");
}

std::vector<RecurrentCache::State> RecurrentCache::copies(const std::vector<State>& states) {
  NoGradGuard no_grad;
  std::vector<State> out = states;
  for (State& s : out)
    for (Tensor* t : {&s.conv, &s.state})
      if (t->defined()) *t = t->clone();
  return out;
}

void RecurrentCache::mark() {
  marked_ = copies(states_);
  marked_length_ = length();
  marked_seen_ = seen_;
}

void RecurrentCache::rewind() {
  check<Error>(!marked_.empty(), "cache: nothing was marked that recurrent states could go back to");
  DynamicCache::crop(marked_length_);
  states_ = std::move(marked_);
  marked_.clear();
  seen_ = marked_seen_;
}

void RecurrentCache::reset() {
  DynamicCache::reset();
  marked_.clear();
  for (State& s : states_) s = {};
  seen_ = 0;
}

std::shared_ptr<KvCache> RecurrentCache::clone() const {
  auto copy = std::static_pointer_cast<RecurrentCache>(cloned(*this));
  copy->states_ = copies(states_);
  copy->marked_.clear();
  return copy;
}

}  // namespace ef
