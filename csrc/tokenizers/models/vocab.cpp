#include "tokenizers/models/vocab.h"

#include <algorithm>
#include <bit>

#include "core/error.h"

namespace ef::tokenizers {

void Vocab::add(std::string_view token, uint32_t id) {
  check<TokenizerError>(pool_.size() + token.size() < UINT32_MAX / 2, "vocabulary: more than 2 GB of text");
  entries_.push_back({uint32_t(pool_.size()), uint32_t(token.size()), id});
  pool_ += token;
  longest_ = std::max(longest_, token.size());
}

void Vocab::index(Equal equal) {
  const size_t size = std::bit_ceil(std::max<size_t>(entries_.size() + entries_.size() / 2, 64));
  slots_.assign(size, {});
  mask_ = size - 1;
  shift_ = 64 - std::countr_zero(size);
  // In blocks: all places of a block are on their way from memory before the first one is needed.
  constexpr size_t kBlock = 32;
  WordKey keys[kBlock];
  uint64_t hashes[kBlock];
  size_t kept = 0;
  for (size_t begin = 0; begin < entries_.size(); begin += kBlock) {
    const size_t n = std::min(kBlock, entries_.size() - begin);
    for (size_t k = 0; k < n; k++) {
      keys[k] = WordKey::within(pool_, text(entries_[begin + k]));
      hashes[k] = keys[k].hash();
      __builtin_prefetch(&slots_[hashes[k] >> shift_]);
    }
    for (size_t k = 0; k < n; k++) {
      const Entry entry = entries_[begin + k];
      size_t i = hashes[k] >> shift_;
      while (slots_[i].entry &&
             !(slots_[i].holds(keys[k]) && (keys[k].is_short() || text(entries_[slots_[i].entry - 1]) == text(entry))))
        i = (i + 1) & mask_;
      Slot& slot = slots_[i];
      if (slot.entry && equal == Equal::Replaced) {
        entries_[slot.entry - 1].id = slot.id = entry.id;
        continue;
      }
      entries_[kept++] = entry;
      slot = {keys[k].low, keys[k].high, keys[k].length, uint32_t(kept), entry.id};
    }
  }
  entries_.resize(kept);
}

void Vocab::finish(const std::string& where, Equal equal) {
  index(equal);
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
void Vocab::finish_rare() {
  index(Equal::Replaced);
  maybe_.assign(std::bit_ceil(entries_.size() / 4 + 1), 0);
  for (const Entry& e : entries_) {
    const size_t i = bit(WordKey::within(pool_, text(e)).hash());
    maybe_[i >> 6] |= 1ull << (i & 63);
  }
}

}  // namespace ef::tokenizers
