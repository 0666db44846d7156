// What came out of words seen before. One thread at a time.
#pragma once
#include <cstring>
#include <string_view>
#include <vector>

#include "tokenizers/models/big_vector.h"
#include "tokenizers/models/word_key.h"

namespace ef::tokenizers {

struct WordPart {  // a token of a word, and how many bytes of it
  uint32_t id, length;
};

// Short words of few tokens: one entry holds all, and a new word takes the place of an old one. The two entries that a
// word may be in are neighbours.
class ShortWordCache {
 public:
  static constexpr size_t kMostTokens = 3;
  static constexpr size_t kInTheOther = 7;  // as count(): look in the other cache
  struct alignas(32) Entry {
    uint64_t low = 0, high = 0;
    uint32_t ids[kMostTokens] = {};
    uint8_t lengths[kMostTokens] = {};
    uint8_t size = 0;  // length of the word, number of tokens
    bool holds(const WordKey& key) const {
      return ((low ^ key.low) | (high ^ key.high) | (uint32_t(size & 31) ^ key.length)) == 0;
    }
    size_t count() const { return size >> 5; }
    void set(const WordKey& key, size_t count) {
      low = key.low, high = key.high;
      size = uint8_t(key.length | count << 5);
    }
  };
  static_assert(sizeof(Entry) == 32);
  // The two places a word may be in.
  Entry* at(uint64_t hash) { return &entries_[2 * (hash >> (64 - kBits))]; }
  // Makes room at the first of them.
  static Entry& renew(Entry* set) { return set[1] = set[0], set[0]; }
  void prepare() {  // before the first at()
    if (entries_.empty()) entries_.resize(kEntries);
  }
  void clear() { entries_.assign(entries_.size(), Entry{}); }

 private:
  static constexpr int kBits = 15;
  static constexpr size_t kEntries = size_t(2) << kBits;
  BigVector<Entry> entries_;
};

// The others: grows up to a limit, then forgets everything.
class LongWordCache {
 public:
  static constexpr size_t kLongestWord = 128;
  struct Found {
    const WordPart* parts = nullptr;
    uint32_t count = 0;
  };
  Found find(std::string_view word, uint64_t hash) const {
    if (slots_.empty()) return {};
    for (size_t i = hash & mask();; i = (i + 1) & mask()) {
      const Slot& s = slots_[i];
      if (!s.count) return {};
      if (s.tag == uint32_t(hash >> 32) && s.length == word.size() &&
          !std::memcmp(&parts_[s.parts + s.count], word.data(), word.size()))
        return {&parts_[s.parts], s.count};
    }
  }
  void prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & mask()]);
  }
  // The caller fills in what it returns.
  WordPart* add(std::string_view word, uint64_t hash, size_t count) {
    if (used_ * 2 >= slots_.size()) make_room();
    const size_t at = parts_.size();
    put({uint32_t(hash >> 32), uint32_t(hash), uint32_t(at), uint16_t(word.size()), uint16_t(count)});
    parts_.resize(at + count + (word.size() + sizeof(WordPart) - 1) / sizeof(WordPart));
    std::memcpy(&parts_[at + count], word.data(), word.size());
    used_++;
    return &parts_[at];
  }
  void clear() {
    slots_.assign(slots_.size(), Slot{});
    parts_.clear();
    used_ = 0;
  }

 private:
  static constexpr size_t kLeast = 1 << 12, kMost = 1 << 17;  // slots, half of which are used
  struct Slot {
    uint32_t tag = 0, low = 0, parts = 0;  // the halves of the hash; where the tokens are, and the word behind them
    uint16_t length = 0, count = 0;
  };
  size_t mask() const { return slots_.size() - 1; }
  void put(const Slot& slot) {
    size_t i = slot.low & mask();
    while (slots_[i].count) i = (i + 1) & mask();
    slots_[i] = slot;
  }
  void make_room() {
    if (slots_.size() == kMost) return clear();
    BigVector<Slot> old(slots_.empty() ? kLeast : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.count) put(slot);
  }
  BigVector<Slot> slots_;
  std::vector<WordPart> parts_;
  size_t used_ = 0;
};

}  // namespace ef::tokenizers
