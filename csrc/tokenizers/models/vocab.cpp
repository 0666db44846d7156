#include "tokenizers/models/vocab.h"

#include <algorithm>
#include <bit>

#include "core/error.h"

namespace ef::tokenizers {

Vocab::Slot& Vocab::free_slot(uint64_t hash) {
  size_t i = hash >> shift_;
  while (slots_[i].entry) i = (i + 1) & mask_;
  return slots_[i];
}
Vocab::Slot* Vocab::find_slot(std::string_view token, const WordKey& key) {
  if (slots_.empty()) return nullptr;
  for (size_t i = key.hash() >> shift_; slots_[i].entry; i = (i + 1) & mask_)
    if (slots_[i].holds(key) && (key.is_short() || text(entries_[slots_[i].entry - 1]) == token)) return &slots_[i];
  return nullptr;
}

void Vocab::rehash(size_t tokens) {
  const size_t size = std::bit_ceil(std::max<size_t>(tokens + tokens / 2, 64));
  if (size <= slots_.size()) return;
  std::vector<Slot> old(size);
  std::swap(old, slots_);
  mask_ = size - 1;
  shift_ = 64 - std::countr_zero(size);
  for (const Slot& s : old)
    if (s.entry) free_slot(WordKey(text(entries_[s.entry - 1])).hash()) = s;
}

void Vocab::add(std::string_view token, uint32_t id) {
  const WordKey key(token);
  if (Slot* slot = find_slot(token, key))
    entries_[slot->entry - 1].id = slot->id = id;
  else
    insert(token, id, key, nullptr);
}
void Vocab::add_listed(std::string_view token, uint32_t id) {
  const WordKey key(token);
  insert(token, id, key, find_slot(token, key));
}

void Vocab::insert(std::string_view token, uint32_t id, const WordKey& key, Slot* slot) {
  check<TokenizerError>(pool_.size() + token.size() < UINT32_MAX / 2, "vocabulary: more than 2 GB of text");
  if (!slot && (entries_.size() + 1) * 3 / 2 > slots_.size()) rehash(entries_.size() * 2 + 64);
  entries_.push_back({uint32_t(pool_.size()), uint32_t(token.size()), id});
  pool_ += token;
  longest_ = std::max(longest_, token.size());
  if (!slot) slot = &free_slot(key.hash());
  *slot = {key.low, key.high, key.length, uint32_t(entries_.size()), id};
}

void Vocab::finish(const std::string& where) {
  // A table by id is the fast way back; a wild id must not make it huge.
  const uint64_t limit = entries_.size() * 16ull + (1 << 20);
  uint32_t count = 0;
  for (const Entry& e : entries_) {
    check<TokenizerError>(e.id < limit, where, ": token '", text(e), "' has id ", e.id, " in a vocabulary of ",
                          entries_.size(), "; damaged file?");
    count = std::max(count, e.id + 1);
  }
  by_id_.assign(count, {});
  for (const Entry& e : entries_) by_id_[e.id] = {e.offset, e.length, 1};
}
void Vocab::prepare_rare() {
  maybe_.assign(std::bit_ceil(entries_.size() / 4 + 1), 0);
  for (const Entry& e : entries_) {
    const size_t i = bit(WordKey(text(e)).hash());
    maybe_[i >> 6] |= 1ull << (i & 63);
  }
}

}  // namespace ef::tokenizers
