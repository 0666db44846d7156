// What came out of words seen before. One thread at a time.
#pragma once
#include <cstring>
#include <string_view>
#include <vector>

#include "tokenizers/models/word_key.h"

namespace ef::tokenizers {

// Short words of few tokens: one cache line holds all, and a new word takes the place of an old one.
class ShortWordCache {
 public:
  static constexpr size_t kMostTokens = 3;
  struct Entry {
    uint64_t low = 0, high = 0;
    uint32_t ids[kMostTokens] = {};
    uint8_t lengths[kMostTokens] = {};
    uint8_t size = 0;  // length of the word, number of tokens
    bool holds(const WordKey& key) const {
      return low == key.low && high == key.high && uint32_t(size & 31) == key.length;
    }
    size_t count() const { return size >> 5; }
  };
  static_assert(sizeof(Entry) == 32);
  Entry& at(uint64_t hash) {
    if (entries_.empty()) entries_.resize(kEntries);
    return entries_[hash >> (64 - kBits)];
  }

 private:
  static constexpr int kBits = 14;
  static constexpr size_t kEntries = size_t(1) << kBits;
  std::vector<Entry> entries_;
};

// The others; forgets everything when full.
template <class Item>
class WordCache {
 public:
  static constexpr size_t kLongestWord = 64;
  struct Found {
    const Item* items = nullptr;
    uint32_t count = 0;
  };
  Found find(std::string_view word, uint64_t hash) const {
    if (slots_.empty()) return {};
    for (size_t i = hash & (kSlots - 1);; i = (i + 1) & (kSlots - 1)) {
      const Slot& s = slots_[i];
      if (!s.count) return {};
      if (s.tag == uint32_t(hash >> 32) && s.length == word.size() &&
          !std::memcmp(text_.data() + s.text, word.data(), word.size()))
        return {items_.data() + s.items, s.count};
    }
  }
  void add(std::string_view word, uint64_t hash, const Item* items, size_t count) {
    if (slots_.empty()) slots_.resize(kSlots);
    if (used_ * 2 >= kSlots) {
      slots_.assign(kSlots, Slot{});
      text_.clear();
      items_.clear();
      used_ = 0;
    }
    size_t i = hash & (kSlots - 1);
    while (slots_[i].count) i = (i + 1) & (kSlots - 1);
    slots_[i] = {uint32_t(text_.size()), uint32_t(hash >> 32), uint32_t(items_.size()), uint16_t(word.size()),
                 uint16_t(count)};
    text_.append(word);
    items_.insert(items_.end(), items, items + count);
    used_++;
  }

 private:
  static constexpr size_t kSlots = 1 << 16;
  struct Slot {
    uint32_t text = 0, tag = 0, items = 0;
    uint16_t length = 0, count = 0;
  };
  std::vector<Slot> slots_;
  std::string text_;
  std::vector<Item> items_;
  size_t used_ = 0;
};

}  // namespace ef::tokenizers
