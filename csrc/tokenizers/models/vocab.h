// Tokens and their ids, both ways.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/models/big_vector.h"
#include "tokenizers/models/word_key.h"

namespace ef::tokenizers {

// Ids need not be dense, but an id far beyond the number of tokens is refused by finish().
class Vocab {
 public:
  void reserve(size_t tokens) { entries_.reserve(tokens); }
  void add(std::string_view token, uint32_t id);
  // Of equal tokens the last id wins; where they are listed, the earlier ids keep their texts.
  enum class Equal { Replaced, Listed };
  // Both ways between tokens and ids; TokenizerError for absurd ids. Nothing is found before.
  void finish(const std::string& where, Equal equal = Equal::Replaced);
  void finish_rare();  // the way from tokens alone, for find_rare()

  std::optional<uint32_t> find(std::string_view token) const {
    const WordKey key(token);
    return find(token, key, key.hash());
  }
  std::optional<uint32_t> find(std::string_view token, const WordKey& key, uint64_t hash) const {
    if (slots_.empty()) return std::nullopt;
    for (size_t i = hash >> shift_;; i = (i + 1) & mask_) {
      const Slot& s = slots_[i];
      if (!s.entry) return std::nullopt;
      if (s.holds(key) && (key.is_short() || text(entries_[s.entry - 1]) == token)) return s.id;
    }
  }
  // The same for texts that are mostly no tokens: a small table of bits answers for most of them. After finish_rare().
  std::optional<uint32_t> find_rare(std::string_view token, const WordKey& key, uint64_t hash) const {
    if (maybe_.empty() || !(maybe_[bit(hash) >> 6] >> (bit(hash) & 63) & 1)) return std::nullopt;
    return find(token, key, hash);
  }
  void prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash >> shift_]);
  }
  std::optional<std::string_view> token(uint32_t id) const {
    if (id >= by_id_.size() || !by_id_[id].known) return std::nullopt;
    return std::string_view(pool_.data() + by_id_[id].offset, by_id_[id].length);
  }
  size_t size() const { return entries_.size(); }
  uint32_t id_limit() const { return uint32_t(by_id_.size()); }  // every id is below
  size_t longest() const { return longest_; }                    // bytes
  template <class F>
  void for_each(F&& f) const {  // f(token, id), by ascending id
    for (uint32_t id = 0; id < by_id_.size(); id++)
      if (const auto t = token(id)) f(*t, id);
  }

  template <class F>
  void for_each_added(F&& f) const {  // the same in the order of adding
    for (const Entry& e : entries_) f(text(e), e.id);
  }

 private:
  struct Entry {
    uint32_t offset, length, id;
  };
  struct Slot {
    uint64_t low = 0, high = 0;
    uint32_t length = 0;
    uint32_t entry = 0;  // index + 1; 0: free
    uint32_t id = 0;
    bool holds(const WordKey& key) const { return low == key.low && high == key.high && length == key.length; }
  };
  struct Place {
    uint32_t offset = 0;
    uint32_t length : 31 = 0, known : 1 = 0;
  };
  std::string_view text(const Entry& e) const { return {pool_.data() + e.offset, e.length}; }
  void index(Equal equal);
  std::string pool_;
  std::vector<Entry> entries_;
  BigVector<Slot> slots_;
  std::vector<Place> by_id_;
  std::vector<uint64_t> maybe_;
  size_t bit(uint64_t hash) const { return uint32_t(hash) & (maybe_.size() * 64 - 1); }
  size_t mask_ = 0, longest_ = 0;
  int shift_ = 63;
};

}  // namespace ef::tokenizers
